"""What a file is that no reader of samples takes: said in words, with what to do about it."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from boundary.data.parquet_rows import MAGIC as PARQUET
from boundary.data.parquet_rows import column_names
from boundary.data.streams import BOM, first_record, is_list, is_object

# First bytes, and what they say. Such a file is no samples, whatever format the user named.
PACKED = {
    b"\xfd7zXZ\0": ("xz", "unxz"),
    **{f"BZh{level}1AY&SY".encode(): ("bzip2", "bunzip2") for level in range(1, 10)},
    b"7z\xbc\xaf\x27\x1c": ("7-Zip", "7z x"),
    b"Rar!\x1a\x07": ("RAR", "unrar x"),
    b"\x04\x22\x4d\x18": ("lz4", "unlz4"),
    b"LZIP": ("lzip", "lzip -d"),
    b"\x1f\x9d": ("compress", "uncompress"),
    b"\x5d\x00\x00": ("lzma", "unlzma"),
}
PICKLE = "a pickle of Python, which is never read, as it could run any code. Write its samples as JSON Lines"
OTHER = {
    **{bytes((0x80, version)): PICKLE for version in range(2, 6)},
    b"SQLite format 3\0": "a SQLite database. Export the table of samples as CSV or JSON Lines",
    b"%PDF-": "a PDF document. Fetch the data that it describes",
    b"\x89HDF\r\n": "an HDF5 file. Write its table of samples as CSV, Parquet or JSON Lines",
    b"ARROW1": "an Arrow (Feather) file. Write it as Parquet or JSON Lines",
    b"ORC\n": "an ORC table. Write it as Parquet or JSON Lines",
    b"Obj\x01": "an Avro file. Write it as Parquet or JSON Lines",
    b"\x89PNG": "a picture (PNG)",
    b"\xff\xd8\xff": "a picture (JPEG)",
    b"\xd0\xcf\x11\xe0": "an old Excel or Word file. Save its table as CSV in UTF-8",
}
POINTERS = {
    b"version https://git-lfs.github.com/spec": (
        "a Git LFS pointer, in place of the file itself. Run git lfs pull in its repository, or fetch the file again"
    ),
    b"/annex/objects/": "a git-annex pointer, in place of the file itself. Run git annex get in its repository",
    b"outs:\n- md5:": "a DVC pointer, in place of the file itself. Run dvc pull in its repository",
}
UTF_32 = (b"\xff\xfe\0\0", b"\0\0\xfe\xff")
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
PAGES = (b"<!doctype", b"<html", b"<?xml", b"<head", b"<body", b"<svg")
ZIP, TAR = b"PK\x03\x04", b"ustar"
COUNTS = {"n_samples", "n_correct"}
# What others call the column `outcome`.
VERDICTS = (
    "correct",
    "is_correct",
    "passed",
    "pass",
    "success",
    "solved",
    "score",
    "reward",
    "verdict",
    "result",
    "acc",
)
SAMPLES_READ = "boundary analyze reads it as it is"


def never_samples(path: Path, head: bytes) -> str | None:
    """What a file is whose first bytes rule out every format; None where they do not.

    Parameters
    ----------
    path
        The file, for its name.
    head
        Its first bytes, decompressed where it is .gz or .zst.
    """
    if not head.removeprefix(BOM).strip():
        return "empty. Fetch or write it again"
    for start, (name, command) in PACKED.items():
        if head.startswith(start):
            return f"packed by {name}. Unpack it first, for instance with {command} '{path.name}'"
    for start, what in OTHER.items():
        if head.startswith(start):
            return what
    for start, what in POINTERS.items():
        if head.lstrip().startswith(start):
            return what
    if head.removeprefix(BOM).lstrip()[:10].lower().startswith(PAGES):
        return "a web page (HTML or XML), such as an error page in place of a download. Fetch the raw file"
    if head[257:262] == TAR:
        return "a tar archive. Unpack it first, with tar -xf, and import the files in it"
    return _encoding(head)


def description(path: Path, head: bytes) -> str | None:
    """What a file of no known format is, as far as can be told, and what to do; None where nothing can be told."""
    what = never_samples(path, head)
    if what is None and head.startswith(ZIP):
        what = _of_zip(path)
    if what is None and head.startswith(PARQUET):
        what = _of_table(column_names(path, head), path, "a Parquet table")
    if what is None and (is_object(head) or is_list(head)):
        what = _of_json(path, head)
    if what is None:
        what = _of_text(path, head)
    return what


def _encoding(head: bytes) -> str | None:
    if head.startswith(UTF_32):
        return "encoded as UTF-32. Save it as UTF-8"
    if head.startswith(UTF_16) or _has_every_other_zero(head):
        return "encoded as UTF-16. Save it as UTF-8"
    return None


def _has_every_other_zero(head: bytes) -> bool:
    """Whether it is text of two bytes a character, without the mark that says so."""
    start = head[:200]
    return len(start) > 8 and any(not any(start[i::2]) and start[1 - i :: 2].isascii() for i in (0, 1)) and any(start)


def _of_zip(path: Path) -> str:
    try:
        with ZipFile(path) as zipped:
            names = zipped.namelist()
    except (BadZipFile, ValueError, NotImplementedError, OSError):
        names = []
    if any(name.startswith("xl/") for name in names):
        return "an Excel workbook. Save its table as CSV in UTF-8"
    if any(name.endswith(("/data.pkl", ".pkl")) for name in names):
        return "a file of PyTorch or a pickle, which is never read, as it could run any code"
    few = ", ".join(names[:3]) + ", ..." * (len(names) > 3)
    return f"packed by zip{f' (it holds {few})' if few else ''}. Unpack it first, and import the files in it"


def _of_table(columns: Sequence[str], path: Path, kind: str) -> str | None:
    """What to do with a table whose columns show counts, or a row a sample."""
    names = {name.strip().strip('"').lower(): name.strip().strip('"') for name in columns}
    if names.keys() >= COUNTS:
        return f"a table that holds counts already. Give it to boundary analyze (load_counts) as it is{_renamed(path)}"
    lacking = [name for name in ("model", "problem_id") if name not in names]
    columns_to_add = f", once it has a column {' and a column '.join(lacking)}" if lacking else ""
    if "outcome" in names and ("problem_id" in names or "model" in names):
        return f"{kind} with a row a sample. {SAMPLES_READ}{columns_to_add}{_renamed(path)}"
    verdicts = next((names[name] for name in VERDICTS if name in names), None)
    if verdicts is not None and ("problem_id" in names or "model" in names):
        return f"{kind} with a row a sample. Rename {verdicts} to outcome, and {SAMPLES_READ}{columns_to_add}"
    if kind == "a Parquet table":
        return f"a Parquet table of the columns {', '.join(columns[:8])}{', ...' * (len(columns) > 8)}"
    return None


def _renamed(path: Path) -> str:
    """Where a table's name does not say what it is."""
    name = path.name.lower()
    ending = name.endswith((".csv", ".tsv", ".csv.gz", ".tsv.gz", ".parquet", ".pq"))
    return "" if ending else ", under a name that ends in .csv, .tsv or .parquet"


def _of_json(path: Path, head: bytes) -> str | None:
    record = first_record(path, head)
    if not isinstance(record, Mapping):
        return None
    return (
        f"JSON of no known format, with the fields {_few(record)}. Where each record is a sample, name the format rows "
        "and its fields"
    )


def _few(record: Mapping[str, Any]) -> str:
    names = list(record)
    return ", ".join(name[:40] for name in names[:8]) + ", ..." * (len(names) > 8)


def _of_text(path: Path, head: bytes) -> str | None:
    try:
        lines = head.removeprefix(BOM).decode().splitlines()
    except UnicodeDecodeError as error:
        if error.end < len(head) - 3:
            return "no text in UTF-8, and of no binary format that is known"
        lines = head[: error.start].decode().splitlines()
    header = next((line for line in lines if line.strip()), "")
    separator = "\t" if "\t" in header else ";" if header.count(";") > header.count(",") else ","
    try:
        columns = next(csv.reader([header], delimiter=separator), [])
    except csv.Error:
        return None
    return _of_table(columns, path, "a table") if len(columns) > 1 else None
