"""Arrow streams, `data-00000-of-00001.arrow`, as data sets saved to disk by `datasets` are: a few rows at a time.

A stream is a schema and batches, as in memory. Batches that are compressed are refused: what they unpack to is not
known before. The Feather format (`ARROW1`) is another one.
"""

import struct
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from boundary.data.readers import limits
from boundary.data.readers.parquet_files import expanded_bytes
from boundary.data.readers.streams import Source
from boundary.errors import InputError

# Marks the length of a message; then the message begins, which for a file is its schema.
CONTINUATION = b"\xff\xff\xff\xff"
RECORD_BATCH = 3
# Rows that are made at once.
ROWS = 64
# What `datasets` writes beside its files.
STATE_FILES = ("state.json", "dataset_info.json", "dataset_dict.json")


def is_arrow_stream(head: bytes) -> bool:
    """Whether a file begins as an Arrow stream does."""
    return (
        head.startswith(CONTINUATION)
        and len(head) > 8
        and 0 < struct.unpack_from("<i", head, 4)[0] < limits.LARGEST_HEADER
    )


def arrow_columns(path: Path) -> list[str]:
    """Columns of an Arrow stream.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    import pyarrow as pa

    try:
        with pa.memory_map(str(path)) as file, pa.ipc.open_stream(file) as reader:
            return list(reader.schema.names)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _unreadable(path) from error


def arrow_rows(source: Source, columns: Sequence[str]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Rows of an Arrow stream, those of `columns` that it has.

    Yields
    ------
    Number (1 is the first) and row.

    Raises
    ------
    InputError
        If the file is damaged or compressed, or its dictionaries expand to more than any honest file.
    """
    import pyarrow as pa

    left = min(limits.most_unpacked(source.size), limits.LONGEST_LINE)
    number = 0
    try:
        _refuse_compressed(source)
        with pa.memory_map(str(source.path)) as file, pa.ipc.open_stream(file) as reader:
            present = [name for name in columns if reader.schema.names.count(name) == 1]
            for batch in reader:
                batch.validate(full=True)
                selection = batch.select(present)
                for start in range(0, selection.num_rows, ROWS):
                    part = selection.slice(start, ROWS)
                    if expanded_bytes(part.columns) > left:
                        raise source.error(
                            f"its texts expand to more than {limits.mib(left)}, which no honest file does"
                        )
                    for row in part.to_pylist():
                        number += 1
                        yield number, row
                source.tell(file.tell())
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        if isinstance(error, InputError):
            raise
        raise _unreadable(source.path) from error


def _refuse_compressed(source: Source) -> None:
    """Refuse batches whose header says that they are compressed, before any is unpacked."""
    import pyarrow as pa

    with pa.memory_map(str(source.path)) as file:
        while (message := _next_message(pa, file)) is not None:
            if message.type == "record batch" and _is_compressed(message.metadata.to_pybytes()):
                raise source.error("its batches are compressed. Write it as Parquet, or as Arrow without compression")


def _next_message(pa: Any, file: Any) -> Any:
    try:
        return pa.ipc.read_message(file)
    except EOFError:
        return None


def _is_compressed(metadata: bytes) -> bool:
    """Whether the header of a batch names a codec: the fourth field of a RecordBatch, in the tables of FlatBuffers."""
    try:
        message = struct.unpack_from("<I", metadata, 0)[0]
        header = _field(metadata, message, 2)
        return (
            header is not None
            and _field(metadata, header + struct.unpack_from("<I", metadata, header)[0], 3) is not None
        )
    except struct.error:
        return True


def _field(data: bytes, table: int, number: int) -> int | None:
    """Where a field of a table stands; None where the table lacks it."""
    offsets = table - struct.unpack_from("<i", data, table)[0]
    place = 4 + 2 * number
    if place >= struct.unpack_from("<H", data, offsets)[0]:
        return None
    offset = struct.unpack_from("<H", data, offsets + place)[0]
    return table + offset if offset else None


def _unreadable(path: Path) -> InputError:
    return InputError(f"'{path}' is an Arrow file that is cut short or damaged. Fetch or write it again.")
