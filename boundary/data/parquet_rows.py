"""Parquet files as they stream by, a few columns and rows at a time."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from boundary.data.streams import Source
from boundary.errors import InputError

MAGIC = b"PAR1"
# Rows at once: lists of ten thousand completions each must fit in memory.
ROWS = 16


def column_names(path: Path, head: bytes) -> list[str]:
    """Columns of a Parquet file; none where it is no Parquet file.

    Raises
    ------
    InputError
        If it begins as one, but is compressed as a whole, cut short or damaged.
    """
    return list(_opened(path, head).schema_arrow.names) if head.startswith(MAGIC) else []


def parquet_rows(source: Source, columns: list[str], at_once: int = ROWS) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Rows of a Parquet file, those of `columns` that it has.

    Yields
    ------
    Number (1 is the first) and row.

    Raises
    ------
    InputError
        If the file is damaged.
    """
    import pyarrow as pa

    file = _opened(source.path, source.head())
    there = [name for name in columns if name in file.schema_arrow.names]
    number, rows = 0, max(file.metadata.num_rows, 1)
    try:
        for batch in file.iter_batches(batch_size=at_once, columns=there, use_threads=False):
            for row in batch.to_pylist():
                number += 1
                yield number, row
            source.tell(source.size * number // rows)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _damaged(source.path) from error


def _opened(path: Path, head: bytes) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with path.open("rb") as file:
        packed = not file.read(4).startswith(MAGIC)
    if packed and head.startswith(MAGIC):
        raise InputError(f"'{path}' is a Parquet file within another compression. Unpack it first.")
    try:
        return pq.ParquetFile(path, page_checksum_verification=True)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _damaged(path) from error


def _damaged(path: Path) -> InputError:
    return InputError(f"'{path}' is a Parquet file that is cut short or damaged. Fetch or write it again.")
