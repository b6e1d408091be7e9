"""A plain matrix of 0 and 1: a problem a row, a sample a column; CSV, TSV or `.npy`.

CSV may have a header whose first cell is `problem_id` (or problem, id, idx, or empty) and whose others are numbered
(s1, s2, ...); then the first column names the problems, otherwise rows are numbered from 0. Empty cells and
NaN are samples that were not taken.
"""

import csv
import io
import struct
import warnings
from collections.abc import Iterator
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np

from boundary.data.formats.parts.matrix_header import IDS, has_unusual_stem, header_of, looks_like_header
from boundary.data.formats.parts.option_values import one_of
from boundary.data.readers.delimited_rows import is_header, repeated_headers_text
from boundary.data.readers.file_kinds import BOM
from boundary.data.readers.streams import Source
from boundary.data.records import CORRECT, MISSING_CELLS, WRONG, Answers
from boundary.plain_text import agreeing, count_text

NPY = b"\x93NUMPY"
WORDS = {"1": CORRECT, "0": WRONG, "1.0": CORRECT, "0.0": WRONG, "true": CORRECT, "false": WRONG}
AS_WRITTEN, WITH_HEADER, WITHOUT_HEADER = "", "yes", "no"
LONGEST_HEADER = 10_000
# Columns that a note names before it leaves some out.
MOST_COLUMNS = 6


def recognises(path: Path, head: bytes) -> bool:
    """Whether it is an array of two axes, or the first rows of a table hold nothing but 0 and 1."""
    if head.startswith(NPY):
        return len(_shape(head)) == 2
    try:
        text = head.removeprefix(BOM).decode()
    except UnicodeDecodeError:
        return False
    lines = [line for line in text.splitlines()[:3] if line.strip()]
    rows = [line.replace("\t", ",").split(",") for line in lines]
    if not rows:
        return False
    headed, has_names = looks_like_header(rows[0])
    samples = [row for row in rows[1:] if not _repeats(row, rows[0])] if headed else rows
    rows = [row[1:] if has_names else row for row in samples or rows]
    cells = [cell.strip().strip('"').lower() for row in rows for cell in row]
    # A table of one cell is a reward or an exit code that a tool wrote.
    return (
        any(cell in WORDS for cell in cells)
        and len(cells) > 1
        and all(cell in WORDS or cell in MISSING_CELLS for cell in cells)
    )


def read(source: Source, *, rows: str = "problems", header: str = AS_WRITTEN) -> Iterator[Answers]:
    """Samples of each problem.

    Parameters
    ----------
    rows
        `problems`; or `samples`, where a row holds a sample of each problem.
    header
        `yes` or `no`, where the first line may be a header (0, 1) or verdicts.
    """
    one_of("rows", rows, "problems", "samples")
    one_of("header", header, AS_WRITTEN, WITH_HEADER, WITHOUT_HEADER)
    names, cells = _array(source) if source.head().startswith(NPY) else _table(source, header)
    if rows == "samples":
        if names is not None:
            raise source.error("its rows are named as problems; leave out --option rows=samples")
        cells = [list(column) for column in zip(*cells, strict=True)]
    missing = 0
    for place, row in enumerate(cells):
        columns = [index for index, outcome in enumerate(row) if outcome is not None]
        missing += len(row) - len(columns)
        name = str(place) if names is None else names[place]
        yield Answers(name, [row[index] for index in columns], sample_index=columns)
    if missing:
        source.note(
            f"'{source.path}': {count_text(missing, 'empty cell')}; {agreeing(missing, 'it was', 'they were')} left "
            "out, not taken for wrong."
        )


def _table(source: Source, header: str) -> tuple[list[str] | None, list[list[Any]]]:
    names: list[str] | None = None
    cells: list[list[Any]] = []
    width = 0
    header_row: list[str] = []
    headers: list[int] = []
    for line, row in _lines(source):
        if not width:
            width = len(row)
            has_names = _has_names(row, header, source, line)
            names = [] if has_names else None
            if has_names is not None:
                header_row = row
                continue
        if _repeats(row, header_row):
            headers.append(line)
            continue
        if len(row) != width:
            source.broken(f"{len(row)} cells, where the first row has {width}", line)
            continue
        try:
            outcomes = [_outcome(cell, bool(header_row)) for cell in (row if names is None else row[1:])]
            if names is not None and not row[0].strip():
                raise ValueError("the problem has no name")
        except ValueError as error:
            source.broken(str(error), line)
            continue
        cells.append(outcomes)
        if names is not None:
            names.append(row[0].strip())
    if headers:
        source.note(repeated_headers_text(source.path, headers))
    _note_columns(header_row, source)
    return names, cells


def _repeats(row: list[str], header_row: list[str]) -> bool:
    """Whether a row is the header again; one of numbers (0, 1) may be a row of verdicts too."""
    return is_header(row, header_row) and any(cell.strip().lower() not in WORDS for cell in row)


def _note_columns(header_row: list[str], source: Source) -> None:
    """Note which columns are taken for samples, where their name is no usual one of samples."""
    columns = [cell.strip() for cell in header_row[header_row[0].strip().lower() in IDS :]] if header_row else []
    if not has_unusual_stem(columns):
        return
    few = ", ".join(columns if len(columns) <= MOST_COLUMNS else (*columns[:2], "...", columns[-1]))
    models = ",".join(f"models={name}" for name in columns[:2]) + ",..." * (len(columns) > 2)
    source.note(
        f"'{source.path}': its columns ({few}) are taken for samples of one model. Where each holds the verdicts on a "
        f"model, name the format rows and --columns problem={header_row[0].strip() or 'NAME'},{models}."
    )


def _has_names(row: list[str], header: str, source: Source, line: int) -> bool | None:
    """Whether the first column names the problems; None where the first line is no header."""
    if header == WITHOUT_HEADER:
        return None
    if header == WITH_HEADER and {cell.strip() for cell in row} <= {"0", "1"}:
        return False
    try:
        return header_of(row).has_names
    except ValueError as error:
        raise source.error(str(error), line) from error


def _lines(source: Source) -> Iterator[tuple[int, list[str]]]:
    for number, line in source.lines():
        try:
            text = line.decode().rstrip("\r\n")
            row = next(csv.reader([text], delimiter="\t" if "\t" in text else ",", strict=True))
        except (UnicodeDecodeError, csv.Error, StopIteration) as error:
            source.broken(f"not a row of a table ({str(error)[:60]})", number)
            continue
        yield number, row


def _outcome(cell: str, has_header: bool) -> str | None:
    word = cell.strip().lower()
    if word not in WORDS and word not in MISSING_CELLS:
        remedy = "" if has_header else " Where the first column names the problems, head it problem_id"
        raise ValueError(f"{cell.strip()[:40]!r} is not 0 or 1.{remedy}".removesuffix("."))
    return WORDS.get(word)


def _shape(head: bytes) -> tuple[int, ...]:
    """Shape of an array; () where its header cannot be read."""
    try:
        file = io.BytesIO(head)
        major = np.lib.format.read_magic(file)[0]
        reader = np.lib.format.read_array_header_1_0 if major == 1 else np.lib.format.read_array_header_2_0
        with warnings.catch_warnings(action="ignore", category=UserWarning):
            return tuple(reader(file, max_header_size=LONGEST_HEADER)[0])
    except (ValueError, struct.error, SyntaxError, TokenError, TypeError, OverflowError, RecursionError, MemoryError):
        return ()


def _array(source: Source) -> tuple[None, list[list[Any]]]:
    with source.mapped() as data:
        bytes_ = bytes(data)
    shape = _shape(bytes_)
    if len(shape) != 2 or 0 in shape:
        raise source.error(f"an array of shape {shape}, not of problems and samples. scorio's have three axes")
    try:
        # numpy warns of headers that it has to parse twice.
        with warnings.catch_warnings(action="ignore", category=UserWarning):
            array = np.load(io.BytesIO(bytes_), allow_pickle=False, max_header_size=LONGEST_HEADER)
    except (ValueError, EOFError, TypeError, OverflowError, MemoryError) as error:
        raise source.error("an array that is cut short, damaged or of Python objects") from error
    if array.shape != shape:
        raise source.error("an array that is cut short or damaged")
    if array.dtype.kind not in "biuf":
        raise source.error(f"an array of {array.dtype}, not of 0 and 1")
    absent = np.isnan(array) if array.dtype.kind == "f" else np.zeros(array.shape, dtype=bool)
    strange = array[~absent & ~np.isin(array, (0, 1))]
    if strange.size:
        raise source.error(f"the array holds {strange.flat[0]}; verdicts are 0 and 1")
    words = np.array([WRONG, CORRECT, None], dtype=object)
    return None, words[np.where(absent, 2, array == 1)].tolist()
