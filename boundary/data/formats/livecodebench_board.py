"""The leaderboard of LiveCodeBench, `performances_{scenario}.json`: a pass@1 in per cent for each model and problem.

Fields: performances[]{question_id, model, difficulty, pass@1, platform}; in code execution sample_id, Pass@1 and
Pass@1-COT, -1 where a model was not run; in test output prediction a question has several rows, its tests in order.
The number of samples is not in the file: it is 10 (the default of LiveCodeBench), and 1 for models of whose values all
are 0 or 100.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec

from boundary.data.formats.parts.option_values import number
from boundary.data.readers.streams import Source, has_keys, is_object
from boundary.data.records import Tally
from boundary.errors import InputError
from boundary.plain_text import agreeing, count_text

NAME = re.compile(r"performances_([a-z]+)")
USUAL, NOT_RUN = 10, -1
NEAR = 5e-5


class Row(msgspec.Struct):
    """A model's result on a problem."""

    model: str
    question_id: str | int
    sample_id: str | int | None = None
    platform: str | None = None
    difficulty: str | None = None
    direct: Any = msgspec.field(name="Pass@1", default=None)
    thought: Any = msgspec.field(name="Pass@1-COT", default=None)
    plain: Any = msgspec.field(name="pass@1", default=None)


class Board(msgspec.Struct):
    """The file."""

    performances: list[Row]


def recognises(path: Path, head: bytes) -> bool:
    """Whether it is a board of performances."""
    return is_object(head) and has_keys(head, "performances", "question_id") and b"ass@1" in head


def read(source: Source, *, n: str = "") -> Iterator[Tally]:
    """Counts of each model and problem.

    Parameters
    ----------
    n
        Number of samples of every model; by default worked out as above.
    """
    n_samples = _n_samples(n)
    rows = source.document(Board).performances
    file_name = NAME.search(source.plain_name)
    benchmark = "livecodebench" + (f"-{file_name[1]}" if file_name and file_name[1] != "generation" else "")
    for column, ending in (("plain", ""), ("direct", ""), ("thought", "-cot")):
        values = list(_values(rows, column, source))
        if values:
            yield from _tallies(values, benchmark + ending, n_samples, source)


def _n_samples(n: str) -> int | None:
    if n == "":
        return None
    value = number("n", n)
    if value < 1 or value != int(value) or value > 1 << 31:
        raise InputError(f"Option n is {n!r}: give a whole number, such as n=10.")
    return int(value)


def _values(rows: list[Row], column: str, source: Source) -> Iterator[tuple[str, Row, float]]:
    """Name of the problem, row and per cent."""
    order: Counter[tuple[str, str]] = Counter()
    left_out = 0
    for row in rows:
        name = str(row.question_id if row.sample_id is None else row.sample_id)
        if row.platform is None and row.sample_id is None:
            place = order[row.model, name]
            order[row.model, name] += 1
            name = f"{name}#{place}"
        value = getattr(row, column)
        if value is None and all(getattr(row, other) is None for other in ("plain", "direct", "thought")):
            source.broken(f"{row.model} has no pass@1 on problem {name}")
        elif value == NOT_RUN and not isinstance(value, bool):
            left_out += 1
        elif value is not None and (
            isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100
        ):
            source.broken(f"{row.model} on problem {name}: {str(value)[:40]!r} is no pass@1 in per cent")
        elif value is not None:
            yield name, row, value
    if left_out:
        source.note(
            f"'{source.path}': {count_text(left_out, 'value')} {agreeing(left_out, 'is', 'are')} -1, not run; "
            f"{agreeing(left_out, 'it was', 'they were')} left out, not taken for failures."
        )


def _tallies(
    values: list[tuple[str, Row, float]], benchmark: str, n_samples: int | None, source: Source
) -> Iterator[Tally]:
    once: defaultdict[str, bool] = defaultdict(lambda: True)
    for _, row, value in values:
        once[row.model] &= value in (0, 100)
    odd = 0
    for name, row, value in values:
        n = n_samples or (1 if once[row.model] else USUAL)
        share = Fraction(value / 100).limit_denominator(n)
        if abs(float(share) - value / 100) > NEAR:
            source.broken(f"{row.model} on problem {name}: {value} % is no share of {n} samples")
            continue
        if n % share.denominator:
            n, odd = share.denominator, odd + 1
        facts = {} if row.difficulty is None else {"level": row.difficulty}
        yield Tally(name, n, int(share * n), row.model, benchmark, facts)
    _tell(sum(once.values()), len(once), odd, n_samples, source)


def _tell(once: int, models: int, odd: int, n_samples: int | None, source: Source) -> None:
    if n_samples is None:
        source.note(
            f"The board does not say how many samples were taken. Taken for {USUAL}, the default of LiveCodeBench; for "
            f"{once} of {models} models, all of whose values are 0 or 100, for 1. Say otherwise with --option n=NUMBER."
        )
    if odd:
        source.note(
            f"{count_text(odd, 'value')} {agreeing(odd, 'is', 'are')} no share of the samples; read with as few "
            "samples as that needs."
        )
