"""Files that commands write: there whole or not at all, never through a link, and never over an input."""

import csv
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from stat import S_IMODE, S_ISDIR
from typing import Literal
from uuid import uuid4

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from boundary.data.runs.folder import MANIFEST, PROBLEMS, SAMPLES, VERDICTS, arms, is_run
from boundary.data.tables.spreadsheets import guarded_table
from boundary.errors import InputError

ANOTHER = "Name another place with -o."
# Of the folder MODEL/BENCHMARK in a run folder.
ARM_DEPTH = 2


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A new file beside `path` that takes its place at the end; where something fails, `path` stays what it was.

    A link at `path` is replaced, and what it points to stays. A device or a pipe is written to as it is.

    Yields
    ------
    The file to write; its name ends as `path` does.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    try:
        if _is_stream(path):
            yield path
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(f".{uuid4().hex[:12]}{''.join(path.suffixes[-2:])}")
        os.close(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
        try:
            if path.is_file() and not path.is_symlink():
                with suppress(OSError):  # a file system without permissions
                    new.chmod(S_IMODE(path.stat().st_mode))
            yield new
            new.replace(path)
        finally:
            new.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(f"Cannot write '{path}': {error.strerror or error}. {ANOTHER}") from error


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file's content, whole or not at all."""
    with replacing(path) as new:
        new.write_bytes(content)


def write_text(path: Path, text: str) -> None:
    """Write a text as UTF-8, whole or not at all; half a character as an escape."""
    write_bytes(path, text.encode("utf-8", "backslashreplace"))


def csv_text(table: pd.DataFrame, float_format: str | None = None) -> str:
    """A table as CSV in which no cell is a formula."""
    cells, quoting = _cells(table, float_format)
    return cells.to_csv(index=False, float_format=float_format, lineterminator="\n", quoting=quoting)


def write_csv(table: pd.DataFrame, path: Path, float_format: str | None = None) -> None:
    """Write a table as CSV, gzipped where the name says so, in which no cell is a formula."""
    cells, quoting = _cells(table, float_format)
    with replacing(path) as new:
        cells.to_csv(
            new,
            index=False,
            float_format=float_format,
            lineterminator="\n",
            errors="backslashreplace",
            quoting=quoting,
        )


def _cells(table: pd.DataFrame, float_format: str | None) -> tuple[pd.DataFrame, Literal[0, 2]]:
    """What is written of a table, and how it is quoted.

    Numbers are formatted here where texts need no quotes: pandas takes three times as long for each.
    """
    cells, quoting = guarded_table(table), _quoting(table)
    if float_format is not None and quoting == csv.QUOTE_MINIMAL:
        for place, kind in enumerate(cells.dtypes):
            if kind == np.float64:
                numbers = cells.iloc[:, place].tolist()
                texts = [float_format % number if number == number else "" for number in numbers]
                cells.isetitem(place, np.array(texts, dtype=object))
    return cells, quoting


def _quoting(table: pd.DataFrame) -> Literal[0, 2]:
    """All texts are quoted where one holds a carriage return, which Python before 3.13 leaves to end the line."""
    texts = [
        table.iloc[:, place].unique() if kind == "str" else table.iloc[:, place]
        for place, kind in enumerate(table.dtypes)
        if not is_numeric_dtype(kind)
    ]
    returns = any(isinstance(cell, str) and "\r" in cell for cells in (table.columns, *texts) for cell in cells)
    return csv.QUOTE_NONNUMERIC if returns else csv.QUOTE_MINIMAL


def check_writable(path: Path, is_folder: bool = False) -> None:
    """Try an output before work is spent on it, without making anything.

    Parameters
    ----------
    path
        The file, or with `is_folder` the folder, which need not be there.

    Raises
    ------
    InputError
        If it cannot be written, or is a folder where a file is to be, or a file where a folder.
    """
    try:
        if not is_folder and _is_stream(path):
            return
        if is_folder and path.is_symlink() and not path.exists():
            raise InputError(f"'{path}' is a link that points to nothing. {ANOTHER}")
        # Looked at once: another process may remove it meanwhile.
        if (kind := _kind(path)) is not None and S_ISDIR(kind) != is_folder:
            raise InputError(f"'{path}' is a {'file' if is_folder else 'folder'}. {ANOTHER}")
        folder = path if is_folder else path.parent
        for place in (folder, *folder.absolute().parents):
            if place.exists():
                try:
                    with tempfile.TemporaryFile(dir=place):
                        return
                except FileNotFoundError:  # another process may have just removed it
                    if place.exists():
                        raise
    except OSError as error:
        raise InputError(f"Cannot write '{path}': {error.strerror or error}. {ANOTHER}") from error


def _kind(path: Path) -> int | None:
    """The mode of a file or folder, None where there is none."""
    try:
        return path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None


def refuse_inputs(outputs: Iterable[Path], inputs: Iterable[str | Path]) -> None:
    """Refuse an output that is one of the inputs, under whatever name, or another output.

    Parameters
    ----------
    outputs
        Files to be written.
    inputs
        Files and folders that are read; of a run folder what counts rest on, of any other folder its counts.csv. Names
        of shipped sets are no files.

    Raises
    ------
    InputError
        Naming the first.
    """
    read = {key: file for path in inputs for file in _files_of(Path(path)) if (key := _identity(file)) is not None}
    written_paths: set[Path] = set()
    for output in outputs:
        identity = _identity(output)
        if identity is not None and (source := read.get(identity)) is not None:
            raise InputError(f"The output '{output}' is an input: '{source}' would be overwritten. {ANOTHER}")
        if output.absolute() in written_paths and not _is_stream(output):
            raise InputError(f"Two outputs name one file, '{output}'. Give each a name of its own.")
        written_paths.add(output.absolute())


def refuse_run_folder(folder: Path, inputs: Iterable[str | Path]) -> None:
    """Refuse a folder of results that is a run folder, or an arm of one.

    Raises
    ------
    InputError
        Where results would lie among samples.
    """
    for run in (Path(path) for path in inputs):
        places = [run, *arms(run)] if is_run(run) else []
        if folder.exists() and _identity(folder) in map(_identity, places):
            raise InputError(f"'{folder}' holds the samples. Name a folder of its own with -o, as in -o report.")


def refuse_within_arms(folder: Path, inputs: Iterable[str | Path]) -> None:
    """Refuse inputs that lie in an arm (MODEL/BENCHMARK) of the run folder that is to be written.

    Raises
    ------
    InputError
        Naming the first.
    """
    for path in map(Path, inputs):
        if folder.resolve() in path.resolve().parents[ARM_DEPTH:] and path.is_file():
            raise InputError(f"'{path}' lies where samples are to be written. Move it elsewhere. {ANOTHER}")


def _files_of(path: Path) -> Iterator[Path]:
    if not _is_folder(path):
        yield path
    elif not is_run(path):
        yield path / "counts.csv"
    else:
        for arm in arms(path):
            yield from (arm / MANIFEST, arm / PROBLEMS, *arm.glob(f"{SAMPLES}/*"), *arm.glob(f"{VERDICTS}/*/*"))


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # too long for a name: of a set that does not exist, or of nothing
        return False


def _identity(path: Path) -> tuple[int, int] | None:
    """Device and inode of a file, which are the same for all links to it; None where there is no file."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino


def _is_stream(path: Path) -> bool:
    """Whether it is a device, a pipe or an open file, such as /dev/stdout, which cannot be replaced."""
    return path.absolute().is_relative_to("/dev") or (path.exists() and not path.is_file() and not path.is_dir())
