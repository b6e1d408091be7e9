"""Counts as passk-inference reads them: JSON Lines of `id`, `c` (correct) and `n` (samples), a file a model."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import msgspec

from boundary.data.records import Tally
from boundary.data.streams import Source, has_keys, is_object

Whole = Annotated[int, msgspec.Meta(ge=0, le=1 << 53)]


class Row(msgspec.Struct):
    """A problem's counts."""

    id: str | int
    c: Whole
    n: Annotated[int, msgspec.Meta(ge=1, le=1 << 53)]


def recognises(path: Path, head: bytes) -> bool:
    """Whether the first line has an id and its counts, and no more than a few other things."""
    first = head.split(b"\n", 1)[0]
    return is_object(head) and has_keys(first, "id", "c", "n") and first.count(b":") < 10


def read(source: Source) -> Iterator[Tally]:
    """Counts of each problem."""
    for line, row in source.rows(Row):
        if row.c > row.n:
            source.broken(f"{row.c} correct of {row.n} samples", line)
            continue
        yield Tally(str(row.id), row.n, row.c, line=line)
