"""Records of any plain file, fields as JSON: JSON Lines, a JSON list, CSV, TSV, Parquet, an Arrow stream."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from boundary.data.readers.arrow_rows import arrow_columns, arrow_rows, is_arrow_stream
from boundary.data.readers.delimited_rows import delimited_rows, header_cells
from boundary.data.readers.parquet_files import MAGIC
from boundary.data.readers.parquet_rows import column_names, parquet_rows
from boundary.data.readers.streams import Source, first_record, is_list, is_object
from boundary.errors import InputError

Row = Mapping[str, msgspec.Raw]
JSON, DELIMITED, PARQUET, ARROW = "JSON", "a table", "Parquet", "Arrow"


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
    """The first record, with all its fields; None where there is none.

    Raises
    ------
    InputError
        Where the file is damaged.
    """
    kind = record_kind(head)
    if kind == JSON:
        record = first_record(path, head)
        return record if isinstance(record, Mapping) else None
    if kind is None:
        return None
    source = Source(path, skip_bad=True)
    if kind == DELIMITED:
        try:
            return next((row for _, row in delimited_rows(source)), None)
        except InputError:  # a text that only looks like a table; reading it says what is wrong
            return None
    names = column_names(path, head) if kind == PARQUET else arrow_columns(path)
    reader = parquet_rows if kind == PARQUET else arrow_rows
    row = next((row for _, row in reader(source, names)), None)
    # As JSON has it: without types that only the table knows.
    return None if row is None else msgspec.json.decode(_encode(row))


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
            yield line, {name: _raw(cell) for name in fields if (cell := cells.get(name)) not in (None, "")}
    else:
        reader: Callable[..., Iterator[tuple[int, Mapping[str, Any]]]] = parquet_rows if kind == PARQUET else arrow_rows
        for number, values in reader(source, _columns(fields)):
            yield number, {name: _raw(value) for name, value in values.items() if value is not None}


def _columns(fields: Sequence[str]) -> list[str]:
    """Columns that hold fields: the part before a dot too, which is a struct's."""
    return list(dict.fromkeys(name for field in fields for name in (field, field.partition(".")[0])))


def field_value(row: Mapping[str, Any], name: str) -> Any:
    """The value of a field of a record, as JSON or as it is; `a.b` is the field b within a, where no field is named so.

    Raises
    ------
    KeyError
        Where there is none.
    """
    if name in row:
        return row[name]
    outer, dot, inner = name.partition(".")
    value = row[outer] if dot else row[name]
    if isinstance(value, msgspec.Raw):
        return _raw(_within(msgspec.json.decode(value), inner))
    return _within(value, inner)


def optional_field(row: Row, name: str) -> msgspec.Raw | None:
    """The JSON of a field that a record may lack, or hold as null; "" names none."""
    try:
        raw = field_value(row, name) if name else None
    except KeyError:
        return None
    return None if raw is None or bytes(raw) == b"null" else raw


def _within(value: Any, path: str) -> Any:
    for part in path.split("."):
        if not isinstance(value, Mapping) or part not in value:
            raise KeyError(path)
        value = value[part]
    return value


def _raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(_encode(value))


def _encode(value: Any) -> bytes:
    try:
        return msgspec.json.encode(value)
    except (TypeError, ValueError, UnicodeEncodeError, RecursionError):
        return msgspec.json.encode(ascii(value))
