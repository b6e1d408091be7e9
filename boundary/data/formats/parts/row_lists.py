"""Records that hold several samples: a list of records (`responses: [{text, reward}, ...]`), or a column a trial."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from boundary.data.formats.parts.matrix_header import NOT_SAMPLES
from boundary.data.formats.parts.records import Row
from boundary.data.formats.parts.row_names import FieldNames, usual_spelling

# Names of lists of samples. Others (steps, tests, choices, messages) hold something else.
SAMPLE_LISTS = (
    *("completions", "responses", "outputs", "generations", "samples", "rollouts", "attempts", "trials"),
    *("predictions", "runs", "trajectories", "episodes", "candidates", "solutions"),
)
TRIAL = re.compile(r"(?P<stem>[a-z][a-z_]*?)[_.#]*(?P<number>\d+)([_.](?P<verdict>[a-z_]+))?")
TRIALS = ("trial", "sample", "attempt", "run", "rollout", "seed", "try", "rep", "repeat", "repetition")
# Numbered fields of these hold texts, and fields named after them may hold the verdicts: `response_1_correct`.
TEXTS = ("response", "completion", "generation", "gen", "output", "answer", "solution", "prediction")
MOST_ENTRIES = 100
# A longer name is no column's of trials; the pattern takes quadratic time on one of underscores.
LONGEST_NAME = 80
NULL = msgspec.Raw(b"null")


def lists_of_samples(record: Mapping[str, Any], verdicts: tuple[str, ...]) -> list[str]:
    """Fields of a record that hold a list of records, each with a verdict."""
    return [
        name
        for name, value in record.items()
        if usual_spelling(str(name)) in SAMPLE_LISTS
        and (entry := merged_entry(value))
        and FieldNames(entry).all(verdicts, verdicts)
    ]


def entries(value: Any) -> list[Any] | None:
    """The entries of a list of records, which a table may hold as JSON; None for any other value."""
    if isinstance(value, str) and value.lstrip().startswith("[") and "{" in value[:40]:
        try:
            value = msgspec.json.decode(value)
        except (ValueError, RecursionError):
            return None
    is_list = isinstance(value, list) and any(isinstance(entry, Mapping) for entry in value)
    return value if is_list else None


def merged_entry(value: Any) -> dict[str, Any]:
    """The first entry of a list of records, with the fields that later ones add; empty for any other value."""
    merged: dict[str, Any] = {}
    for entry in (entries(value) or [])[:MOST_ENTRIES]:
        for name, part in entry.items() if isinstance(entry, Mapping) else ():
            if merged.get(name) is None:
                merged[name] = part
    return merged


def spread_record(record: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A record as those are that `spread_rows` gives, by which its fields are known."""
    outer = {field: value for field, value in record.items() if field != name}
    return outer | {f"{name}.{field}": value for field, value in merged_entry(record[name]).items()}


def spread_row(row: Row, name: str, verdict: str) -> Iterator[Row]:
    """A record for each entry of a list of records, whose fields are named `list.field`; of no entry the record itself.

    Raises
    ------
    ValueError
        Where the field is no list of records.
    """
    outer = {field: value for field, value in row.items() if field != name}
    samples = [] if name not in row or bytes(row[name]) == b"null" else _entries_of(row[name], name)
    if not samples:
        yield {**row, verdict: NULL}
        return
    for place, entry in enumerate(samples):
        if not isinstance(entry, dict):
            raise ValueError(f"entry {place} of '{name}' is no record")
        yield outer | {f"{name}.{field}": value for field, value in entry.items()}


def _entries_of(raw: msgspec.Raw, name: str) -> list[Any]:
    """Entries of a list, the fields of each as JSON."""
    try:
        if bytes(memoryview(raw)[:1]) == b'"':
            raw = msgspec.Raw(msgspec.json.decode(raw, type=str).encode())
        return msgspec.json.decode(raw, type=list[dict[str, msgspec.Raw]])
    except (ValueError, RecursionError) as error:
        raise ValueError(f"'{name}' is no list of records, as in the records before") from error


def trial_columns(record: Mapping[str, Any], verdicts: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Fields that each hold the verdict on one trial (`trial_1`, `trial_2`, ...), by what they have in common."""
    groups: dict[str, dict[int, str]] = {}
    for name in record:
        match = TRIAL.fullmatch(usual_spelling(str(name))) if len(str(name)) <= LONGEST_NAME else None
        if match is None or len(match["number"]) > 6:
            continue
        stem, verdict = match["stem"].rstrip("_"), match["verdict"]
        if verdict is None and stem in (*TRIALS, *verdicts) and stem not in NOT_SAMPLES:
            groups.setdefault(f"{stem}_*", {})[int(match["number"])] = str(name)
        elif verdict in verdicts and stem in (*TRIALS, *TEXTS):
            groups.setdefault(f"{stem}_*_{verdict}", {})[int(match["number"])] = str(name)
    return {
        pattern: tuple(numbered[number] for number in sorted(numbered))
        for pattern, numbered in groups.items()
        if len(numbered) > 1 and sorted(numbered) == list(range(min(numbered), min(numbered) + len(numbered)))
    }


def matching_columns(record: Mapping[str, Any], pattern: str) -> tuple[str, ...]:
    """Fields with a number for each `*` of a pattern such as `trial_*`, in their order; none if a field is named so."""
    if "*" not in pattern or pattern in record:
        return ()
    numbered = re.compile("[0-9]+".join(map(re.escape, re.split(r"\*+", pattern))))
    names = [str(name) for name in record if numbered.fullmatch(str(name))]
    return tuple(sorted(names, key=lambda name: ([int(part) for part in re.findall(r"\d{1,9}", name)], name)))
