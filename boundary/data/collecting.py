"""Samples gathered from files: pooled by model, benchmark and problem, checked, and turned into tables."""

from array import array
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from boundary.data import limits
from boundary.data.records import OUTCOMES, Answers, Tally, text_hash
from boundary.data.streams import Source
from boundary.data.validation import DEFAULT_BENCHMARK
from boundary.errors import InputError

# Samples taken under different ones of these are not samples of one solve rate.
SETTINGS = ("temperature", "top_p", "max_tokens", "checkpoint_step")
CODE = {outcome: code for code, outcome in enumerate(OUTCOMES)}
Key = tuple[str, str, str]


class Collection:
    """Samples and counts from several files, in a few bytes a sample.

    Parameters
    ----------
    model, benchmark
        Names to use in place of what the files say.
    """

    def __init__(self, model: str | None = None, benchmark: str | None = None) -> None:
        self.names = {"model": model, "benchmark": benchmark}
        self.keys: dict[Key, int] = {}
        self.tallies: dict[Key, tuple[int, int]] = {}
        self.facts: dict[Key, dict[str, Any]] = {}
        self.runs: dict[tuple[str | None, int], int] = {}
        self.problem, self.run, self.index = array("i"), array("i"), array("q")
        self.outcome, self.text = array("b"), array("Q")
        self.files: list[Path] = []
        self._said: dict[str, set[str]] = {"model": set(), "benchmark": set()}
        self._questions: dict[tuple[str, ...], tuple[int, Path]] = {}
        self._seen: set[tuple[int, int]] = set()
        self._next: dict[tuple[int, int], int] = {}
        self._named: dict[tuple[int, str], int] = {}

    def add(self, record: Answers | Tally, source: Source) -> None:
        """Take one record of a file.

        Raises
        ------
        InputError
            Where it contradicts what came before: the problem again, another question under its name, other settings.
        """
        if not self.files or self.files[-1] is not source.path:
            self.files.append(source.path)
        self._check_names(record, source)
        key = self._key(record, source)
        shared = {name: value for name, value in source.settings.items() if name in SETTINGS}
        self._learn(key, shared | dict(record.facts), source, record)
        if isinstance(record, Tally):
            self._add_tally(key, record, source)
        else:
            self._add_answers(key, record, source)

    def _key(self, record: Answers | Tally, source: Source) -> Key:
        model = self._name("model", record.model)
        if model is None:
            raise source.error("it does not say which model. Give it with --model NAME")
        benchmark = self._name("benchmark", record.benchmark) or DEFAULT_BENCHMARK
        return model, benchmark, record.problem_id

    def _check_names(self, record: Answers | Tally, source: Source) -> None:
        for what in ("model", "benchmark", "problem_id"):
            name = getattr(record, what)
            if name is not None and len(name) > limits.LONGEST_NAME:
                raise source.error(f"a {what} of {len(name)} characters is no name ({name[:20]}...)", record.line)

    def _name(self, what: str, said: str | None) -> str | None:
        given = self.names[what]
        if given is None or said is None:
            return given or said
        known = self._said[what]
        known.add(said)
        if len(known) > 1:
            several = " and ".join(sorted(known)[:2])
            raise InputError(
                f"The files hold more than one {what} ({several}): leave out --{what}, or import them apart."
            )
        return given

    def _learn(self, key: Key, facts: Mapping[str, Any], source: Source, record: Answers | Tally) -> None:
        known = self.facts.setdefault(key, {})
        for name, value in facts.items():
            if known.setdefault(name, value) != value and name in SETTINGS:
                raise source.error(
                    f"problem {key[2]} of {key[0]} has {name} {value}, where it had {known[name]} before. Import them "
                    "apart, each with its own --model NAME",
                    record.line,
                )

    def _add_tally(self, key: Key, record: Tally, source: Source) -> None:
        if key in self.tallies:
            raise source.error(f"problem {key[2]} of {key[0]} on {key[1]} appears twice. Leave one out", record.line)
        if not 0 <= record.n_correct <= record.n_samples:
            raise source.error(f"{record.n_correct} correct of {record.n_samples} samples", record.line)
        self.tallies[key] = (record.n_samples, record.n_correct)

    def _add_answers(self, key: Key, record: Answers, source: Source) -> None:
        code = self.keys.setdefault(key, len(self.keys))
        file = len(self.files) - 1
        self._check_question(key, record, source)
        if record.whole and (code, file) in self._seen:
            raise source.error(f"problem {key[2]} of {key[0]} on {key[1]} appears twice. Leave one out", record.line)
        self._seen.add((code, file))
        self._check_run(code, key, file, record, source)
        run = self.runs.setdefault((record.run, file), len(self.runs))
        count = len(record.outcomes)
        start = self._next.get((code, run), 0)
        self._next[code, run] = start + count
        self.problem.extend([code] * count)
        self.run.extend([run] * count)
        self.index.extend(range(start, start + count) if record.sample_index is None else record.sample_index)
        self.outcome.extend([CODE[outcome] for outcome in record.outcomes])
        self.text.extend([0] * count if record.texts is None else record.texts)

    def _check_run(self, code: int, key: Key, file: int, record: Answers, source: Source) -> None:
        """One seed stands in one file for a problem: a second one is a copy, or was sampled otherwise."""
        if record.run is None:
            return
        before = self._named.setdefault((code, record.run), file)
        if before != file:
            raise source.error(
                f"problem {key[2]} of {key[0]} has samples of {record.run} in '{self.files[before]}' too. Leave one "
                "file out, or import them apart, each with its own --model NAME",
                record.line,
            )

    def _check_question(self, key: Key, record: Answers, source: Source) -> None:
        """Two benchmarks whose problems are both numbered from 0 must not be pooled."""
        if record.question is None:
            return
        asked = text_hash(record.question)
        before, path = self._questions.setdefault(key[1:], (asked, source.path))
        if asked != before:
            raise source.error(
                f"problem {key[2]} asks something else than in '{path}'. Two benchmarks? Import them apart, each with "
                "its own --benchmark NAME",
                record.line,
            )
