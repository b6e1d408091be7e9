"""CSV and TSV as they stream by: a row at a time, cells as text, quoted line ends within them."""

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager

from boundary.data.readers import limits
from boundary.data.readers.file_kinds import BOM
from boundary.data.readers.formula_cells import unguarded
from boundary.data.readers.streams import HEAD, Source

SEPARATORS = (",", "\t", ";")


def header_cells(head: bytes) -> list[str]:
    """The cells of the first line of a table; none where it is no text, or one cell.

    Parameters
    ----------
    head
        The beginning of the file, decompressed.
    """
    try:
        text = head.removeprefix(BOM).decode("utf-8", "strict" if len(head) < HEAD else "ignore")
        cells = next(csv.reader(io.StringIO(text, newline=""), delimiter=separator(head), strict=True), [])
    except (UnicodeDecodeError, csv.Error):
        return []
    names = [unguarded(cell.strip()) for cell in cells]
    return names if len(names) > 1 else []


def separator(head: bytes) -> str:
    """What separates the cells of the first line: a tab, or the more frequent of comma and semicolon."""
    line = head.removeprefix(BOM).lstrip(b"\r\n").split(b"\n", 1)[0].decode("utf-8", "replace")
    return "\t" if "\t" in line else max(",;", key=line.count)


def delimited_rows(source: Source) -> Iterator[tuple[int, dict[str, str]]]:
    """Rows by the names of the header, each with the line on which it begins.

    Raises
    ------
    InputError
        Where the header has a name twice, or a row has another number of cells (`broken`).
    """
    delimiter = separator(source.head())
    with source.open() as raw, long_cells():
        text = io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")
        reader = csv.reader(text, delimiter=delimiter, strict=True)
        names: list[str] = []
        line = 1
        while True:
            start = line
            try:
                cells = next(reader)
            except StopIteration:
                return
            except UnicodeDecodeError as error:
                raise source.error("not UTF-8 text. Save it as UTF-8", start) from error
            except csv.Error as error:
                raise source.error(f"not a row of a table ({str(error)[:60]}). Check the quotes", start) from error
            line = reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if not names:
                names = [unguarded(cell.strip()) for cell in cells]
                twice = next((name for name in names if names.count(name) > 1), None)
                if twice is not None:
                    raise source.error(f"the column '{twice[:40]}' stands in the header twice. Rename one", start)
                continue
            if len(cells) != len(names):
                source.broken(f"{len(cells)} cells, where the header has {len(names)}", start)
                continue
            yield start, dict(zip(names, map(unguarded, cells), strict=True))


@contextmanager
def long_cells() -> Iterator[None]:
    """Allow cells as long as a sample may be; the limit of the module `csv` is shared, and put back."""
    before = csv.field_size_limit(limits.LONGEST_SAMPLE)
    try:
        yield
    finally:
        csv.field_size_limit(before)
