"""Parquet files, opened so that none expands to more than its size says.

A dictionary lets a few bytes stand for a text repeated without end. Columns of text are therefore read as dictionaries,
and what they would expand to is added up before it is made.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from boundary.data.readers import limits
from boundary.errors import InputError

MAGIC = b"PAR1"
# Rows of a table of counts, looked at together.
TABLE_ROWS = 4096


def check_table(path: Path) -> None:
    """Refuse a Parquet file that would expand to more than a table of counts of its size holds.

    Raises
    ------
    InputError
        For more rows or more bytes.
    pyarrow.ArrowException, OSError
        Where it is no Parquet file, cut short or damaged.
    """
    file = _opened(path)
    most = limits.most_rows(path.stat().st_size)
    if file.metadata.num_rows > most:
        raise InputError(
            f"'{path}' has {file.metadata.num_rows:,} rows, where a table of counts of its size has {most:,} at most. "
            "If you trust it, write it as CSV."
        )
    left = limits.LARGEST_TABLE
    for batch in file.iter_batches(batch_size=TABLE_ROWS, use_threads=False):
        left -= expanded_bytes(batch.columns)
        if left < 0:
            raise expansion_error(path, limits.LARGEST_TABLE)


def opened_parquet(path: Path, head: bytes) -> Any:
    """A Parquet file whose texts come as dictionaries.

    Raises
    ------
    InputError
        If it is compressed as a whole, cut short, damaged, or says that it expands to more than any honest file.
    """
    import pyarrow as pa

    with path.open("rb") as file:
        packed = not file.read(4).startswith(MAGIC)
    if packed and head.startswith(MAGIC):
        raise InputError(f"'{path}' is a Parquet file within another compression. Unpack it first.")
    try:
        return _opened(path)
    except (pa.ArrowException, OSError) as error:
        raise unreadable_error(path) from error


def _opened(path: Path) -> Any:
    import pyarrow as pa

    try:
        return _bounded(path)
    except UnicodeDecodeError as error:  # a damaged name of a column
        raise pa.ArrowInvalid(f"a name is no text: {error}") from error


def _bounded(path: Path) -> Any:
    """The file, if it does not say that it expands to more than any honest file."""
    import pyarrow.parquet as pq

    plain = pq.ParquetFile(path, page_checksum_verification=True)
    leaves = [plain.schema.column(place) for place in range(len(plain.schema))]
    texts = [leaf.path for leaf in leaves if leaf.physical_type == "BYTE_ARRAY"]
    promised = sum(plain.metadata.row_group(number).total_byte_size for number in range(plain.num_row_groups))
    most = limits.most_unpacked(path.stat().st_size)
    if promised > most:
        raise expansion_error(path, most)
    return pq.ParquetFile(path, page_checksum_verification=True, read_dictionary=texts)


def expanded_bytes(arrays: Sequence[Any]) -> int:
    """Bytes of arrays after their dictionaries of texts are expanded."""
    import pyarrow as pa
    import pyarrow.compute as pc

    total = 0
    for array in arrays:
        if pa.types.is_dictionary(array.type):
            lengths = pc.binary_length(array.dictionary.cast(pa.large_binary()))
            total += 8 * len(array) + (pc.sum(lengths.take(array.indices)).as_py() or 0)
        elif pa.types.is_struct(array.type):
            total += expanded_bytes(array.flatten())
        elif pa.types.is_list(array.type) or pa.types.is_large_list(array.type) or pa.types.is_map(array.type):
            inner = [array.keys, array.items] if pa.types.is_map(array.type) else [array.flatten()]
            total += 8 * len(array) + expanded_bytes(inner)
        else:
            total += int(array.nbytes)
    return total


def expansion_error(path: Path, most: int) -> InputError:
    """The error for a file that expands to more than it may."""
    return InputError(
        f"'{path}' is a Parquet file that expands to more than {limits.mib(most)}, which no honest file of its size "
        "does. If you trust it, write it as CSV or JSON Lines."
    )


def unreadable_error(path: Path) -> InputError:
    """The error for a file that cannot be read."""
    return InputError(f"'{path}' is a Parquet file that is cut short or damaged. Fetch or write it again.")
