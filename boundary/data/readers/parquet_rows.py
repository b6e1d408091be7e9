"""Parquet files as they stream by, a few columns and rows at a time."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from boundary.data.readers import limits
from boundary.data.readers.parquet_files import MAGIC, expanded_bytes, expansion_error, opened_parquet, unreadable_error
from boundary.data.readers.streams import Source
from boundary.errors import InputError

# Rows at once: lists of ten thousand completions each must fit in memory.
ROWS = 16


def column_names(path: Path, head: bytes) -> list[str]:
    """Columns of a Parquet file; none where it is no Parquet file.

    Raises
    ------
    InputError
        If it begins as one, but is compressed as a whole, cut short or damaged.
    """
    return list(opened_parquet(path, head).schema_arrow.names) if head.startswith(MAGIC) else []


def column_types(path: Path, head: bytes) -> dict[str, str]:
    """What the columns of a Parquet file hold: `number` (true and false too), or anything `else`.

    Raises
    ------
    InputError
        As `column_names` does.
    """
    import pyarrow as pa

    if not head.startswith(MAGIC):
        return {}
    schema = opened_parquet(path, head).schema_arrow
    kinds = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean)
    return {field.name: "number" if any(kind(field.type) for kind in kinds) else "else" for field in schema}


def parquet_rows(source: Source, columns: list[str], at_once: int = ROWS) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Rows of a Parquet file, those of `columns` that it has.

    Yields
    ------
    Number (1 is the first) and row.

    Raises
    ------
    InputError
        If the file is damaged, or would expand to more than any honest file of its size.
    """
    import pyarrow as pa

    file = opened_parquet(source.path, source.head())
    present = [name for name in columns if name in file.schema_arrow.names]
    number, rows = 0, max(file.metadata.num_rows, 1)
    left = min(limits.most_unpacked(source.size), limits.LONGEST_LINE)
    try:
        for batch in file.iter_batches(batch_size=at_once, columns=present, use_threads=False):
            if expanded_bytes(batch.columns) > left:
                raise expansion_error(source.path, left)
            for row in batch.to_pylist():
                number += 1
                yield number, row
            source.tell(source.size * number // rows)
    except (pa.ArrowException, OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise unreadable_error(source.path) from error
