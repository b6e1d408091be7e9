"""Counts as passk-inference reads them: JSON Lines of `id`, `c` (correct) and `n` (samples), a file a model."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from boundary.data.readers.streams import Source, has_keys, is_object
from boundary.data.records import Tally, whole_number


class Row(msgspec.Struct):
    """A problem's counts."""

    id: str | int
    c: Any
    n: Any


def recognises(path: Path, head: bytes) -> bool:
    """Whether the first line has an id and its counts, and no more than a few other things."""
    first = head.split(b"\n", 1)[0]
    return is_object(head) and has_keys(first, "id", "c", "n") and first.count(b":") < 10


def read(source: Source) -> Iterator[Tally]:
    """Counts of each problem."""
    for line, row in source.rows(Row):
        try:
            n, c = whole_number(row.n, "n"), whole_number(row.c, "c")
            if c > n:
                raise ValueError(f"{c} correct of {n} samples")
        except ValueError as error:
            source.broken(str(error), line)
            continue
        yield Tally(str(row.id), n, c, line=line)
