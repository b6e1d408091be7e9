"""Files as raw tables: every cell of a CSV as text, with the line it stands on."""

import csv
import gzip
import io
import zlib
from pathlib import Path

import pandas as pd

from boundary.errors import InputError

# Where a row came from, carried beside the data until validation is done.
LINE = "__line__"
TEXT_SUFFIXES = (".csv", ".tsv", ".csv.gz", ".tsv.gz")
PARQUET_SUFFIXES = (".parquet", ".pq")


def read_table(path: Path) -> pd.DataFrame:
    """Read a CSV, TSV (also gzipped) or Parquet file.

    Returns
    -------
    The table. Of a text file every cell is text, and the column `__line__` holds each row's line (the header is line 1).

    Raises
    ------
    InputError
        If the file is missing, a folder, unreadable, of an unknown kind, empty or no table.
    """
    if path.is_dir():
        return read_table(_in_folder(path))
    if not path.exists():
        raise InputError(f"There is no file '{path}'. Check the path, or see the shipped sets with: boundary data list.")
    name = path.name.lower()
    try:
        if name.endswith(PARQUET_SUFFIXES):
            return _parquet(path)
        if name.endswith(TEXT_SUFFIXES):
            return _text(path, delimiter="\t" if ".tsv" in name else ",")
    except OSError as error:
        raise InputError(f"Cannot read '{path}': {error.strerror or error}.") from error
    raise InputError(f"'{path}' is of an unknown kind. Counts are read from .csv, .tsv (also .gz) or .parquet files.")


def _in_folder(folder: Path) -> Path:
    counts = folder / "counts.csv"
    if not counts.is_file():
        raise InputError(f"'{folder}' is a folder without a counts.csv in it. Name a counts file (.csv, .tsv or .parquet).")
    return counts


def _parquet(path: Path) -> pd.DataFrame:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table: pd.DataFrame = pq.read_table(path).to_pandas()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise InputError(f"'{path}' is not a Parquet file that can be read. Write it again, or give a CSV.") from error
    return table.reset_index() if any(name is not None for name in table.index.names) else table


def _text(path: Path, delimiter: str) -> pd.DataFrame:
    text = _decoded(path)
    if not text.strip():
        raise InputError(f"'{path}' is empty. It needs a header line and a row for each model and problem.")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[list[str]] = []
    lines: list[int] = []
    try:
        header = next(reader)
        start = reader.line_num + 1
        for row in reader:
            if row and not (len(row) == 1 and not row[0].strip()):
                _check_width(path, row, header, start)
                rows.append(row)
                lines.append(start)
            start = reader.line_num + 1
    except csv.Error as error:
        raise InputError(f"'{path}', line {reader.line_num}: not a table ({error}). Check quotes and separators there.") from error
    header = [name.strip() for name in header]
    repeated = sorted({name for name in header if header.count(name) > 1})
    if repeated:
        raise InputError(f"'{path}', line 1: the column '{repeated[0]}' appears more than once. Rename or remove one.")
    table = pd.DataFrame(rows, columns=header, dtype=object)
    table[LINE] = lines
    return table


def _check_width(path: Path, row: list[str], header: list[str], line: int) -> None:
    if len(row) != len(header):
        raise InputError(
            f"'{path}', line {line}: {len(row)} cells where the header has {len(header)}. Check separators and quotes there."
        )


def _decoded(path: Path) -> str:
    data = path.read_bytes()
    if path.name.lower().endswith(".gz"):
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as error:
            raise InputError(f"'{path}' is not a whole gzip file. Compress it again, or give the plain file.") from error
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise InputError(f"'{path}' is encoded as UTF-16. Save it as UTF-8.")
    if b"\0" in data:
        raise InputError(f"'{path}' is not text but binary data. Counts are read from text tables or Parquet files.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise InputError(f"'{path}', line {line}: not UTF-8 text (byte 0x{data[error.start]:02x}). Save it as UTF-8.") from error
