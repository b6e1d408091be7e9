"""Which figures the page holds where all of them would make it too large to open and to send."""

from collections.abc import Sequence

from boundary.analysis.figures import FIGURES
from boundary.analysis.report.pictures import OVERVIEW, Pictures

# Bytes of all figures together.
MOST_BYTES = 1_100_000


def pictures_that_fit(pictures: Pictures, benchmarks: Sequence[str], most: int = MOST_BYTES) -> Pictures:
    """The figures of the page, those of the first kinds of `FIGURES` before others; the others are files alone.

    Parameters
    ----------
    pictures
        All figures.
    benchmarks
        In the order of the page: of one kind, those of the first benchmarks are kept.
    most
        Bytes that they may take.
    """
    kept: Pictures = {}
    room = most
    for record in FIGURES:
        for benchmark in benchmarks:
            elements = pictures.get(benchmark, {}).get(record.name)
            size = 0 if elements is None else len(elements.encode())
            if elements is not None and size <= room:
                kept.setdefault(benchmark, {})[record.name] = elements
                room -= size
    return kept | {name: pictures[name] for name in (OVERVIEW,) if name in pictures}
