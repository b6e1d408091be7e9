"""Fields that are not read though they differ among the samples of a problem, as those of models and benchmarks do."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from boundary.data.formats.parts.records import Row, optional_field
from boundary.data.formats.parts.row_fields import (
    CORRECT_COUNTS,
    FINISH,
    LISTS,
    PLACES,
    REASONS,
    SEED,
    TEXTS,
    TOKENS,
    TOTALS,
    VERDICTS,
    WORDS,
    Fields,
    word_of,
)
from boundary.data.formats.parts.row_names import usual_spelling
from boundary.plain_text import plain

# Fields of these names tell of a sample itself.
OF_A_SAMPLE = {*CORRECT_COUNTS, *FINISH, *LISTS, *PLACES, *REASONS, SEED, *TEXTS, *TOKENS, *TOTALS, *VERDICTS}
SAMPLE_WORDS = {
    *("answer", "answers", "pred", "prediction", "extracted", "parsed", "choice", "time", "date", "timestamp"),
    *("length", "tokens"),
}
FRACTION = re.compile(r"\A[+-]?[0-9]*[.][0-9]*(e[+-]?[0-9]+)?", re.IGNORECASE)
MOST_FIELDS, MOST_VALUES, LONGEST_VALUE, MOST_SHOWN = 30, 30, 60, 3


def unread_fields(record: Mapping[str, Any], fields: Fields) -> tuple[str, ...]:
    """Fields without a role that hold short texts or whole numbers, and are no sample's own by their names."""
    in_use = set(fields.names)
    candidates = [
        name
        for name, value in record.items()
        if name not in in_use and _may_tell_apart(value) and not _is_of_a_sample(str(name))
    ]
    return tuple(candidates[:MOST_FIELDS])


def _may_tell_apart(value: Any) -> bool:
    if isinstance(value, str):
        return 0 < len(value) <= LONGEST_VALUE and not FRACTION.fullmatch(value)
    return isinstance(value, int) and not isinstance(value, bool)


def _is_of_a_sample(name: str) -> bool:
    spelling = usual_spelling(name.rpartition(".")[2])
    return spelling in OF_A_SAMPLE or not SAMPLE_WORDS.isdisjoint(spelling.split("_"))


class VaryingFields:
    """The values of some fields, as far as they are few, and whether they differ among the samples of a problem.

    It is of all files of an import: a field may be the same in each and differ between them.
    """

    def __init__(self) -> None:
        self._values: dict[str, dict[bytes, None]] = {}
        self._first_values: dict[str, dict[tuple[Any, ...], bytes]] = {}
        self._varying: set[str] = set()
        # Fields of many values, and those that were noted.
        self._finished: set[str] = set()

    def follow(self, names: tuple[str, ...]) -> None:
        """Take the fields of a further file."""
        for name in names:
            if name not in self._finished:
                self._values.setdefault(name, {})
                self._first_values.setdefault(name, {})

    def add(self, row: Row, problem: tuple[Any, ...]) -> None:
        """Take a record of a problem."""
        for name in list(self._values):
            raw = optional_field(row, name)
            if raw is None:
                continue
            value = bytes(raw)
            self._values[name][value] = None
            if len(value) > 2 * LONGEST_VALUE or len(self._values[name]) > MOST_VALUES:
                self._finish(name)
            elif self._first_values[name].setdefault(problem, value) != value:
                self._varying.add(name)

    def texts(self) -> list[tuple[str, str]]:
        """The fields that differ, each with some of its values; those of which this said so before are left out."""
        texts = []
        for name in sorted(self._varying):
            values = [msgspec.json.decode(value) for value in self._values[name]]
            if not _are_verdicts(values) and not _are_places(values):
                few = ", ".join(plain(str(value)) for value in values[:MOST_SHOWN]) + ", ..." * (
                    len(values) > MOST_SHOWN
                )
                texts.append((name, few))
                self._finish(name)
        return texts

    def _finish(self, name: str) -> None:
        self._finished.add(name)
        self._varying.discard(name)
        del self._values[name], self._first_values[name]


def _are_verdicts(values: list[Any]) -> bool:
    return all(word_of(value) in WORDS for value in values)


def _are_places(values: list[Any]) -> bool:
    """Whether the values are 0, 1, 2, ... or 1, 2, 3, ..., as samples and levels are numbered."""
    numbers = [int(str(value)) for value in values if re.fullmatch(r"[0-9]{1,9}", str(value))]
    return len(numbers) == len(values) and sorted(numbers) in ([*range(len(numbers))], [*range(1, len(numbers) + 1)])
