"""Usual names of fields, found in records that spell them otherwise (`isCorrect`) or hold them within another field."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

WORD_BREAK = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[\s\-]+")
PATH_BREAK = re.compile(r"[./]")
# Fields that are looked at, within a record and within one another.
MOST_FIELDS, DEEPEST = 400, 3
# A model or temperature within these is that of a judge, and tokens or a text within those are what was asked.
JUDGE_FIELDS = re.compile(r"judge|grader|grading|verifier|verification|evaluator|scorer|teacher|reward|user")
PROMPT_FIELDS = re.compile(r"prompt|question|problem|query|request|input|example|document|doc|reference|gold|target")


def usual_spelling(name: str) -> str:
    """A name in small letters, its words joined by underscores: `isCorrect` and `Is correct` are `is_correct`."""
    return WORD_BREAK.sub("_", name.strip()).lower()


class FieldNames:
    """The fields of a record with a value, by their usual names.

    Parameters
    ----------
    record
        The record.

    Attributes
    ----------
    paths
        Fields, and fields within them as `outer.inner`, with their values.
    """

    def __init__(self, record: Mapping[str, Any]) -> None:
        self.paths: dict[str, Any] = {}
        for path, value in _paths(record, ""):
            if len(self.paths) == MOST_FIELDS:
                break
            self.paths.setdefault(path, value)
        self._by_spelling: dict[str, list[str]] = {}
        self._by_last_word: dict[str, list[str]] = {}
        for path in self.paths:
            parts = [usual_spelling(part) for part in PATH_BREAK.split(path)]
            self._by_spelling.setdefault("_".join(parts), []).append(path)
            if len(parts) > 1:
                self._by_last_word.setdefault(parts[-1], []).append(path)

    def all(
        self, names: Sequence[str], within: Collection[str] = (), unlike: re.Pattern[str] | None = None
    ) -> list[str]:
        """Fields of one of the names, best first: as they are, spelled otherwise, within other fields.

        Parameters
        ----------
        names
            Usual names, best first.
        within
            Those that are looked for within other fields too.
        unlike
            What the field around must not be named.
        """
        exact = [name for name in names if name in self.paths]
        respelled = [path for name in names for path in self._by_spelling.get(name, [])]
        inner = [path for name in names if name in within for path in self._by_last_word.get(name, [])]
        return [
            path
            for path in dict.fromkeys([*exact, *respelled, *inner])
            if unlike is None or not unlike.search(_around(path))
        ]

    def all_within(self, names: Sequence[str], unlike: re.Pattern[str] | None = None) -> list[str]:
        """Fields of one of the names, best first, with those within other fields."""
        return self.all(names, names, unlike)


def _around(path: str) -> str:
    """The fields around a field, in their usual spelling; "" where there are none."""
    return ".".join(usual_spelling(part) for part in PATH_BREAK.split(path)[:-1])


def _paths(record: Mapping[str, Any], outer: str) -> Iterator[tuple[str, Any]]:
    """Fields of a record, then those within them."""
    for name, value in record.items():
        if value is not None and isinstance(name, str) and not isinstance(value, Mapping):
            yield outer + name, value
    if outer.count(".") == DEEPEST - 1:
        return
    for name, value in record.items():
        if isinstance(value, Mapping) and isinstance(name, str):
            yield from _paths(value, f"{outer}{name}.")
