"""A plain matrix of 0 and 1: a problem a row, a sample a column; CSV, TSV or `.npy`.

CSV may have a header whose first cell is `problem_id` (or problem, id, idx, or empty) and whose others are numbered
(s1, s2, ...); then the first column names the problems, otherwise rows are numbered from 0. Empty cells, and NaN in
arrays, are samples that were not taken.
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

from boundary.data.formats.parts.matrix_header import header_of, looks_like_header
from boundary.data.formats.parts.option_values import one_of
from boundary.data.readers.file_kinds import BOM
from boundary.data.readers.streams import Source
from boundary.data.records import CORRECT, WRONG, Answers

NPY = b"\x93NUMPY"
WORDS = {"1": CORRECT, "0": WRONG, "1.0": CORRECT, "0.0": WRONG, "true": CORRECT, "false": WRONG}
AS_WRITTEN, WITH_HEADER, WITHOUT_HEADER = "", "yes", "no"
LONGEST_HEADER = 10_000


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
    rows = [row[1:] if has_names else row for row in rows[headed:] or rows]
    cells = [cell.strip().strip('"').lower() for row in rows for cell in row]
    # A table of one cell is a reward or an exit code that a tool wrote.
    return any(cells) and len(cells) > 1 and all(cell in WORDS or not cell for cell in cells)


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
        source.note(f"'{source.path}': {missing} empty cells; they were left out, not taken for wrong.")


def _table(source: Source, header: str) -> tuple[list[str] | None, list[list[Any]]]:
    names: list[str] | None = None
    cells: list[list[Any]] = []
    width = 0
    for line, row in _lines(source):
        if not width:
            width = len(row)
            has_names = _has_names(row, header, source, line)
            names = [] if has_names else None
            if has_names is not None:
                continue
        if len(row) != width:
            source.broken(f"{len(row)} cells, where the first row has {width}", line)
            continue
        try:
            outcomes = [_outcome(cell) for cell in (row if names is None else row[1:])]
            if names is not None and not row[0].strip():
                raise ValueError("the problem has no name")
        except ValueError as error:
            source.broken(str(error), line)
            continue
        cells.append(outcomes)
        if names is not None:
            names.append(row[0].strip())
    return names, cells


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


def _outcome(cell: str) -> str | None:
    word = cell.strip().lower()
    if word and word not in WORDS:
        raise ValueError(
            f"{cell.strip()[:40]!r} is not 0 or 1. Where the first column names the problems, head it problem_id"
        )
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
