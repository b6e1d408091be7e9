"""Files as raw tables: every cell of a CSV as text, with the line it stands on."""

import csv
import gzip
import io
import zlib
from pathlib import Path

import pandas as pd

from boundary.data.readers import limits
from boundary.data.readers.delimited_rows import SEPARATOR_LINE, is_header, repeated_headers_text
from boundary.data.readers.file_kinds import BOM, foreign_kind
from boundary.data.readers.parquet_files import check_table
from boundary.data.readers.pipes import refuse_pipe
from boundary.data.runs.counts import run_table
from boundary.data.runs.folder import is_run
from boundary.data.tables.spreadsheets import unguarded
from boundary.data.validation import LINE
from boundary.errors import InputError

HEAD = 1 << 16
PARQUET = b"PAR1"
TEXT_SUFFIXES = (".csv", ".tsv", ".csv.gz", ".tsv.gz")
PARQUET_SUFFIXES = (".parquet", ".pq")
LONGEST_SEPARATOR_LINE = 16
SEPARATORS = {",": "commas", "\t": "tabs", ";": "semicolons"}


def read_table(path: Path) -> pd.DataFrame:
    """Read a CSV, TSV (also gzipped) or Parquet file, or a folder of samples that are judged.

    Returns
    -------
    The table. Of a text file every cell is text, and the column `__line__` holds each row's line (1 is the first);
    `attrs["note"]` says which lines were left out, since they repeat the header.

    Raises
    ------
    InputError
        If the file is missing, a folder, unreadable, of an unknown kind, empty or no table.
    """
    name = path.name.lower()
    try:
        if path.is_dir():
            return run_table(path) if is_run(path) else read_table(_in_folder(path))
        if not path.exists():
            raise InputError(f"No file '{path}'. Check the path, or see the shipped sets with: boundary data list.")
        refuse_pipe(path)
        if name.endswith(PARQUET_SUFFIXES):
            return _parquet(path)
        if name.endswith(TEXT_SUFFIXES):
            return _text(path, delimiter="\t" if ".tsv" in name else ",")
        with path.open("rb") as file:
            kind = _kind(path.name, file.read(HEAD))
    except OSError as error:
        raise InputError(f"Cannot read '{path}': {error.strerror or error}.") from error
    raise InputError(
        f"'{path}' is {kind or 'of an unknown kind'}. Counts are read from .csv, .tsv (also .gz) or .parquet files."
    )


def _kind(name: str, head: bytes) -> str | None:
    """What a file is that is no table, by its first bytes."""
    if head.startswith(PARQUET):
        return "a Parquet file, which is binary, under another name. Name it .parquet"
    return foreign_kind(name, head)


def _in_folder(folder: Path) -> Path:
    counts = folder / "counts.csv"
    if not counts.is_file():
        raise InputError(
            f"'{folder}' is a folder without a counts.csv, and not a folder of samples either. "
            "Name a counts file (.csv, .tsv or .parquet), or make one of what others sampled: boundary import auto."
        )
    return counts


def _parquet(path: Path) -> pd.DataFrame:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        check_table(path)
        # pq.read_table would take folders named key=value for columns.
        table: pd.DataFrame = pq.ParquetFile(path).read().to_pandas()
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno:  # not to be opened at all; a broken file has no number
            raise
        with path.open("rb") as file:
            kind = foreign_kind(path.name, file.read(HEAD))
        why = f": it is {kind}" if kind else ". Write it again, or give a CSV"
        raise InputError(f"'{path}' is not a Parquet file that can be read{why}.") from error
    return table.reset_index() if any(name is not None for name in table.index.names) else table


def _text(path: Path, delimiter: str) -> pd.DataFrame:
    text = _decoded(path)
    said_separator = SEPARATOR_LINE.match(text[:LONGEST_SEPARATOR_LINE].encode())
    delimiter = said_separator[1].decode() if said_separator else delimiter
    lines = _lines(path, text, delimiter)[said_separator is not None :]
    if not lines:
        raise InputError(f"'{path}' is empty. It needs a header line and a row for each model and problem.")
    (line, header), *rows = lines
    other = next((mark for mark in SEPARATORS if mark in header[0]), None)
    if len(header) == 1 and other:
        expected = SEPARATORS[delimiter]
        actual = SEPARATORS[other]
        raise InputError(f"'{path}', line {line}: the cells are separated by {actual}. Separate them by {expected}.")
    headers = [line for line, row in rows if is_header(row, header)]
    rows = [(line, row) for line, row in rows if line not in headers]
    for line, row in rows:
        if len(row) != len(header):
            raise InputError(
                f"'{path}', line {line}: {len(row)} cells where the header has {len(header)}. "
                "Check separators and quotes there."
            )
    table = pd.DataFrame([row for _, row in rows], columns=header, dtype=object)
    table[LINE] = [line for line, _ in rows]
    if headers:
        table.attrs["note"] = repeated_headers_text(path, headers)
    return table


def _lines(path: Path, text: str, delimiter: str) -> list[tuple[int, list[str]]]:
    """Rows that hold anything, each with the line it starts on."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows, start = [], 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append((start, [unguarded(cell) for cell in row]))
            start = reader.line_num + 1
    except csv.Error as error:
        raise InputError(f"'{path}', line {start}: not a table ({error}). Check the quotes there.") from error
    return rows


def _gunzipped(path: Path, packed: bytes) -> bytes:
    most = limits.most_unpacked(len(packed))
    with gzip.GzipFile(fileobj=io.BytesIO(packed)) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise InputError(
            f"'{path}' unpacks to more than {limits.mib(most)}, {limits.MOST_TIMES} times its size, which no table of "
            "counts does. If you trust it, unpack it yourself and give the plain file."
        )
    return data


def _decoded(path: Path) -> str:
    data = path.read_bytes()
    if path.name.lower().endswith(".gz"):
        try:
            data = _gunzipped(path, data)
        except (OSError, EOFError, zlib.error) as error:
            raise InputError(f"'{path}' is not a whole gzip file. Compress it again, or give it plain.") from error
    kind = _kind(path.name, data[:HEAD])
    if kind is not None and data.removeprefix(BOM).strip():
        raise InputError(f"'{path}' is {kind}.")
    if b"\0" in data:
        raise InputError(f"'{path}' is not text but binary data. Counts are read from text tables or Parquet files.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        byte = data[error.start]
        raise InputError(f"'{path}', line {line}: not UTF-8 text (byte 0x{byte:02x}). Save it as UTF-8.") from error
