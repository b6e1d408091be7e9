"""Records of any plain file, fields as JSON: JSON Lines, a JSON list, CSV, TSV, Parquet, an Arrow stream."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from boundary.data.readers.arrow_rows import arrow_columns, arrow_rows, is_arrow_stream
from boundary.data.readers.delimited_rows import delimited_rows, header_cells
from boundary.data.readers.file_kinds import BOM
from boundary.data.readers.parquet_files import MAGIC
from boundary.data.readers.parquet_rows import column_names, parquet_rows
from boundary.data.readers.streams import HEAD, Source, first_record, is_list, is_object
from boundary.data.records import MISSING_CELLS
from boundary.errors import InputError

Row = Mapping[str, msgspec.Raw]
JSON, DELIMITED, PARQUET, ARROW = "JSON", "a table", "Parquet", "Arrow"
# Records at the beginning of a file from which its fields are known; of a table whose rows are read so many at once.
EXAMPLES, EXAMPLE_ROWS = 100, 16
WHITE_SPACE = re.compile(r"\s*")


def record_kind(head: bytes) -> str | None:
    """How the records of a file are written; None where it holds none that can be read."""
    if head.startswith(MAGIC):
        return PARQUET
    if is_arrow_stream(head):
        return ARROW
    if is_object(head) or is_list(head):
        return JSON
    return DELIMITED if header_cells(head) else None


def example_record(path: Path, head: bytes) -> Mapping[str, Any] | None:
    """The first record, with the fields that the next ones add or fill; None where there is none.

    Optional fields (an error, a reason to stop, a model) are often null or absent in the first record.

    Raises
    ------
    InputError
        Where the file is damaged.
    """
    merged: dict[str, Any] = {}
    for record in _first_records(path, head):
        if not isinstance(record, Mapping):
            break
        for name, value in record.items():
            if merged.get(name) is None:
                merged[name] = value
    return merged or None


def _first_records(path: Path, head: bytes) -> Iterator[Any]:
    """The first records of a file, as JSON has them."""
    kind = record_kind(head)
    if kind == JSON:
        first = first_record(path, head)
        yield first
        if isinstance(first, Mapping):
            yield from islice(_next_records(head), EXAMPLES)
        return
    if kind is None:
        return
    source = Source(path, skip_bad=True)
    if kind == DELIMITED:
        try:
            for _, cells in islice(delimited_rows(source), EXAMPLES):
                yield {name: None if cell.strip().lower() in MISSING_CELLS else cell for name, cell in cells.items()}
        except InputError:  # a text that only looks like a table; reading it says what is wrong
            return
    else:
        names = column_names(path, head) if kind == PARQUET else arrow_columns(path)
        reader = parquet_rows if kind == PARQUET else arrow_rows
        for _, row in islice(reader(source, names), EXAMPLE_ROWS):
            # As JSON has it: without types that only the table knows.
            yield msgspec.json.decode(_encode(row))


def _next_records(head: bytes) -> Iterator[Any]:
    """The records of the head of a JSON file, as far as they are whole there."""
    start = head.removeprefix(BOM).lstrip()
    if start.startswith(b"["):
        yield from _listed_records(start.decode("utf-8", "ignore"))
        return
    lines = start.split(b"\n")
    with suppress(ValueError, RecursionError):
        for line in lines[:-1] if len(head) == HEAD else lines:
            if line.strip():
                yield json.loads(line.decode(), parse_constant=str)


def _listed_records(text: str) -> Iterator[Any]:
    """The entries of a JSON list of which a text is the beginning."""
    decoder, place = json.JSONDecoder(parse_constant=str), 1
    with suppress(ValueError, RecursionError):
        while True:
            record, end = decoder.raw_decode(text, _after_space(text, place))
            yield record
            place = _after_space(text, end) + 1
            if text[place - 1 : place] != ",":
                return


def _after_space(text: str, place: int) -> int:
    space = WHITE_SPACE.match(text, place)
    return place if space is None else space.end()


def records(source: Source, fields: Sequence[str]) -> Iterator[tuple[int | None, Row]]:
    """Records with at least the fields named, as far as they have them.

    Yields
    ------
    Line or row (1 is the first), None where the file does not say, and the fields as JSON. A record that is none is
    `broken`.
    """
    head = source.head()
    kind = record_kind(head)
    if kind == JSON and is_list(head):
        for row in source.document(list[dict[str, msgspec.Raw]]):
            yield None, row
    elif kind == JSON:
        yield from source.rows(dict[str, msgspec.Raw])
    elif kind == DELIMITED:
        for line, cells in delimited_rows(source):
            yield line, {name: as_json(cell) for name in fields if (cell := cells.get(name)) not in (None, "")}
    else:
        reader: Callable[..., Iterator[tuple[int, Mapping[str, Any]]]] = parquet_rows if kind == PARQUET else arrow_rows
        for number, values in reader(source, _columns(fields)):
            yield number, {name: as_json(value) for name, value in values.items() if value is not None}


def _columns(fields: Sequence[str]) -> list[str]:
    """Columns that hold fields: the part before a dot too, which is a struct's."""
    return list(dict.fromkeys(name for field in fields for name in (field, *_prefixes(field))))


def field_value(row: Mapping[str, Any], name: str) -> Any:
    """The value of a field of a record, as JSON or as it is; `a.b` is the field b within a, where no field is named so.

    Raises
    ------
    KeyError
        Where there is none.
    """
    if name in row:
        return row[name]
    outer = next((part for part in _prefixes(name) if part in row), None)
    if outer is None:
        raise KeyError(name)
    value, inner = row[outer], name[len(outer) + 1 :]
    if isinstance(value, msgspec.Raw):
        decoded = msgspec.json.decode(value)
        return as_json(field_value(decoded if isinstance(decoded, Mapping) else {}, inner))
    return field_value(value if isinstance(value, Mapping) else {}, inner)


def _prefixes(name: str) -> Iterator[str]:
    """The parts before each dot of a name, the longest first."""
    while "." in name:
        name = name.rpartition(".")[0]
        yield name


def optional_field(row: Row, name: str) -> msgspec.Raw | None:
    """The JSON of a field that a record may lack, or hold as null; "" names none."""
    try:
        raw = field_value(row, name) if name else None
    except KeyError:
        return None
    return None if raw is None or bytes(raw) == b"null" else raw


def as_json(value: Any) -> msgspec.Raw:
    """A value as JSON; as text where JSON has no such value."""
    return msgspec.Raw(_encode(value))


def _encode(value: Any) -> bytes:
    try:
        return msgspec.json.encode(value)
    except (TypeError, ValueError, UnicodeEncodeError, RecursionError):
        return msgspec.json.encode(ascii(value))
