"""Settings of the runs that are pooled: samples taken under other ones are not samples of one solve rate."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from boundary.data.readers.streams import Source
from boundary.data.records import text_hash
from boundary.plain_text import count_text

REMEDY = "Import them apart, each with its own --model NAME, or pool them all the same with --pool-settings"
SECRET_NAME = re.compile(
    r"(api|access|auth|hf|private|secret|bearer)[-_]?(key|token)|authorization|passw|secret|credential|cookie", re.I
)
SECRET_VALUE = re.compile(r"\b(sk-|hf_|ghp_|Bearer )[\w-]{8,}|://[^/\s:@]{1,200}:[^/\s@]{1,200}@")
# In a message; further ones are counted.
MOST_NAMED = 4
LONGEST_VALUE = 60
Arm = tuple[str, str]


class RunSettings:
    """What the files say of the sampling and judging of each model on each benchmark, compared as they come in.

    Parameters
    ----------
    pool
        Pool samples of other settings all the same, and say so in a note.

    Notes
    -----
    A name that a file does not have is unknown there. A value that is itself a mapping is complete: a name that it
    lacks was not set.
    """

    def __init__(self, pool: bool = False) -> None:
        self.pool = pool
        self._first_values: dict[Arm, dict[str, tuple[Any, Path]]] = {}
        self._files: dict[Arm, dict[Path, set[str]]] = {}
        self._pooled: dict[Arm, dict[str, list[str]]] = {}
        self._last: tuple[Arm, Path, dict[str, Any]] | None = None

    def check(self, arm: Arm, settings: Mapping[str, Any], source: Source, line: int | None) -> None:
        """Take the settings of a record.

        Raises
        ------
        InputError
            Where a setting is another than that of earlier samples of this model and benchmark; the message names it
            with both values.
        """
        latest = (arm, source.path, dict(settings))
        if latest == self._last:
            return
        self._last = latest
        known_values = self._first_values.setdefault(arm, {})
        self._files.setdefault(arm, {}).setdefault(source.path, set()).update(settings)
        for name, value in settings.items():
            known_values.setdefault(name, (value, source.path))
        differing = {name: known_values[name] for name in settings if known_values[name][0] != settings[name]}
        if not differing:
            return
        pairs = _differing_values({name: (settings[name], before) for name, (before, _) in differing.items()})
        if not self.pool:
            path = next(iter(differing.values()))[1]
            raise source.error(f"{arm[0]} on {arm[1]} has {_in_words(pairs)} in '{path}'. {REMEDY}", line)
        for name, values in pairs.items():
            pooled = self._pooled.setdefault(arm, {}).setdefault(name, [])
            pooled += [text for text in map(value_text, reversed(values)) if text not in pooled]

    def notes(self) -> Iterator[str]:
        """Sentences on settings that were pooled, and on files that do not say what others say."""
        for arm, pooled in self._pooled.items():
            values = "; ".join(f"{name} {' and '.join(texts[:3])}" for name, texts in pooled.items())
            yield f"{arm[0]} on {arm[1]} is pooled over different settings, as you asked: {values}."
        for arm, known_values in self._first_values.items():
            for path, names in self._files[arm].items():
                unsaid = [name for name in known_values if name not in names]
                if unsaid:
                    value, other = known_values[unsaid[0]]
                    yield (
                        f"'{path}' does not say its {unsaid[0]}, which is {value_text(value)} in '{other}'. Samples of "
                        f"{arm[0]} on {arm[1]} were pooled as if it were the same."
                    )
                    break


class Prompts:
    """What each problem's samples were given: another file's must have the same prompt.

    Parameters
    ----------
    pool
        Pool samples of other prompts all the same, and say so in a note.

    Notes
    -----
    Within a file the prompts of a problem may differ, as where choices are shuffled for each sample: then nothing is
    compared.
    """

    def __init__(self, pool: bool = False) -> None:
        self.pool = pool
        self._first_values: dict[tuple[str, str, str], tuple[int, Path]] = {}
        self._pooled: dict[Arm, set[str]] = {}

    def check(self, key: tuple[str, str, str], prompt: str | bytes, source: Source, line: int | None) -> None:
        """Take the prompt of a record.

        Raises
        ------
        InputError
            Where another file has another prompt for this model and problem.
        """
        latest = text_hash(prompt)
        before, path = self._first_values.setdefault(key, (latest, source.path))
        if before in (latest, 0):
            return
        if path == source.path:
            self._first_values[key] = (0, path)
        elif not self.pool:
            raise source.error(
                f"problem {key[2]} of {key[0]} on {key[1]} was asked by another prompt (other worked examples, another "
                f"template or system message) than in '{path}'. {REMEDY}",
                line,
            )
        else:
            self._pooled.setdefault(key[:2], set()).add(key[2])

    def notes(self) -> Iterator[str]:
        """Sentences on prompts that were pooled."""
        for (model, benchmark), problems in self._pooled.items():
            number = count_text(len(problems), "problem")
            yield f"{model} on {benchmark} is pooled over different prompts, as you asked: on {number}."


def relevant_settings(settings: Mapping[str, Any] | None, *names: str) -> dict[str, Any]:
    """Settings less those that change nothing of what is sampled or judged, and less those that are not set."""
    return {
        name: value for name, value in (settings or {}).items() if name not in names and value not in (None, {}, [])
    }


def without_secrets(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings less keys, passwords and addresses with a password in them, at any depth."""
    public: dict[str, Any] = {}
    for name, value in settings.items():
        if SECRET_NAME.search(str(name)) or (isinstance(value, str) and SECRET_VALUE.search(value)):
            continue
        public_value = without_secrets(value) if isinstance(value, Mapping) else value
        if public_value != {} or value == {}:
            public[name] = public_value
    return public


def value_text(value: Any) -> str:
    """A setting's value in a message: on one line, and not too long."""
    if value is None:
        return "not set"
    text = " ".join(_text(value).split()) or "empty"
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}..."


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)


def _differing_values(pairs: Mapping[str, tuple[Any, Any]], prefix: str = "") -> dict[str, tuple[Any, Any]]:
    """Names of single settings, within mappings too, with the later and the earlier value."""
    single: dict[str, tuple[Any, Any]] = {}
    for name, (value, before) in pairs.items():
        if isinstance(value, Mapping) and isinstance(before, Mapping):
            inner = {key: (value.get(key), before.get(key)) for key in dict.fromkeys((*value, *before))}
            differing = {key: pair for key, pair in inner.items() if pair[0] != pair[1]}
            single |= _differing_values(differing, f"{prefix}{name}.")
        elif name not in single:
            single[f"{prefix}{name}"] = (value, before)
    return single


def _in_words(pairs: dict[str, tuple[Any, Any]]) -> str:
    last = {name.rpartition(".")[2]: name for name in reversed(pairs)}
    short_names = {name: pair for name, pair in pairs.items() if last[name.rpartition(".")[2]] == name}
    parts = [f"{name} {_two_values_text(*pair)}" for name, pair in list(short_names.items())[:MOST_NAMED]]
    return "; ".join(parts) + (f"; and {len(short_names) - MOST_NAMED} more" if len(short_names) > MOST_NAMED else "")


def _two_values_text(value: Any, before: Any) -> str:
    """`high, where it had low`; of long values the part from shortly before the place where they differ."""
    texts = [value_text(value), value_text(before)]
    if texts[0] == texts[1]:
        whole = [_text(part) for part in (value, before)]
        place = next((i for i, (a, b) in enumerate(zip(*whole, strict=False)) if a != b), min(map(len, whole)))
        texts = [f"...{text[max(place - 10, 0) :][:LONGEST_VALUE]}" for text in whole]
    return f"{texts[0]}, where it had {texts[1]}"
