"""CSV and TSV as they stream by: a row at a time, cells as text, quoted line ends within them.

Excel may begin a file with a line that says the separator, `sep=;`, which is no row.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from boundary.data.readers import limits
from boundary.data.readers.file_kinds import BOM
from boundary.data.readers.formula_cells import unguarded
from boundary.data.readers.streams import HEAD, Source

SEPARATOR_LINE = re.compile(rb"\A(?:\xef\xbb\xbf)?\"?sep=([,;|:^~\t])\"?\r?\n", re.IGNORECASE)
# Lines that a note names before it leaves some out.
MOST_LINES = 5


def header_cells(head: bytes) -> list[str]:
    """The cells of the first line of a table; none where it is no text, or one cell.

    Parameters
    ----------
    head
        The beginning of the file, decompressed.
    """
    try:
        start = SEPARATOR_LINE.sub(b"", head).removeprefix(BOM)
        text = start.decode("utf-8", "strict" if len(head) < HEAD else "ignore")
        cells = next(csv.reader(io.StringIO(text, newline=""), delimiter=separator(head), strict=True), [])
    except (UnicodeDecodeError, csv.Error):
        return []
    names = [unguarded(cell.strip()) for cell in cells]
    return names if len(names) > 1 else []


def separator(head: bytes) -> str:
    """What the first line says, or separates its cells: a tab, or the more frequent of comma and semicolon."""
    said_separator = SEPARATOR_LINE.match(head)
    if said_separator:
        return said_separator[1].decode()
    line = head.removeprefix(BOM).lstrip(b"\r\n").split(b"\n", 1)[0].decode("utf-8", "replace")
    return "\t" if "\t" in line else max(",;", key=line.count)


def delimited_rows(source: Source) -> Iterator[tuple[int, dict[str, str]]]:
    """Rows by the names of the header, each with the line on which it begins; a header within the table is noted.

    Raises
    ------
    InputError
        Where the header has a name twice, or a row has another number of cells (`broken`).
    """
    head = source.head()
    delimiter, has_separator_line = separator(head), SEPARATOR_LINE.match(head) is not None
    headers: list[int] = []
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
                if headers:
                    source.note(repeated_headers_text(source.path, headers))
                return
            except UnicodeDecodeError as error:
                raise source.error("not UTF-8 text. Save it as UTF-8", start) from error
            except csv.Error as error:
                raise source.error(f"not a row of a table ({str(error)[:60]}). Check the quotes", start) from error
            line = reader.line_num + 1
            if not any(cell.strip() for cell in cells) or (start == 1 and has_separator_line):
                continue
            if names and is_header(cells, names):
                headers.append(start)
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


def is_header(cells: Sequence[str], names: Sequence[str]) -> bool:
    """Whether a row is the header again, as where tables were joined; a mark of UTF-8 may stand before it."""
    return len(cells) == len(names) and all(
        unguarded(cell.strip("\ufeff \t\r\n")) == name for cell, name in zip(cells, names, strict=True)
    )


def repeated_headers_text(path: Path, lines: Sequence[int]) -> str:
    """The sentence on lines that repeat the header of a file and were left out."""
    few = ", ".join(map(str, lines[:MOST_LINES])) + ", ..." * (len(lines) > MOST_LINES)
    return f"'{path}': the header stands again in line {few}, as where tables were joined, and was left out there."


@contextmanager
def long_cells() -> Iterator[None]:
    """Allow cells as long as a sample may be; the limit of the module `csv` is shared, and put back."""
    before = csv.field_size_limit(limits.LONGEST_SAMPLE)
    try:
        yield
    finally:
        csv.field_size_limit(before)
