"""The folder of an analysis: its files change all together or not at all, and none of an earlier run stays behind."""

import json
import re
import shutil
import stat
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from boundary.analysis.output.files import FIGURE_FOLDER, FIGURE_FORMATS, FILES, FITS_FOLDER, refuse_link
from boundary.data.tables.writing import ANOTHER, check_writable, refuse_inputs, refuse_run_folder
from boundary.errors import InputError

# Lists what was written, one name a line, so that the next run knows what to remove.
LISTING = ".boundary-files"
UNFINISHED = ".boundary-unfinished-"
LARGEST_LISTING = 1 << 20
# Writing takes minutes at most: what is unfinished after an hour is of a process that was killed.
ABANDONED_SECONDS = 3600

_move_lock = threading.Lock()
_unfinished: set[Path] = set()
_completed: list[Path] = []


def check_output(folder: str | Path, inputs: Iterable[str | Path]) -> None:
    """Check before the fit that the output folder can be written, and that no file of others would be overwritten.

    Parameters
    ----------
    folder
        The output folder; it may be missing, and is not made here.
    inputs
        What the analysis reads: counts, run folders, samples, claims, rates, audits.

    Raises
    ------
    InputError
        If it cannot be written, is a run folder, or one of the files to be written is an input, a folder, or a file
        that no earlier analysis wrote.
    """
    folder, inputs = Path(folder), list(inputs)
    check_writable(folder, is_folder=True)
    for name in (FIGURE_FOLDER, FITS_FOLDER):
        refuse_link(folder / name)
        check_writable(folder / name, is_folder=True)
    refuse_run_folder(folder, inputs)
    for name in FILES:
        if (folder / name).is_dir():
            raise InputError(f"'{folder / name}' is a folder, where a file is to be. {ANOTHER}")
    figures = sorted((folder / FIGURE_FOLDER).glob("*")) if (folder / FIGURE_FOLDER).is_dir() else []
    refuse_inputs([*(folder / name for name in FILES), *figures], inputs)
    figure_names = (f"{FIGURE_FOLDER}/{path.name}" for path in figures)
    refuse_files_of_others(folder, [*FILES, *filter(may_remove, figure_names)])


def refuse_files_of_others(folder: Path, names: Iterable[str]) -> None:
    """Refuse to overwrite a file that no earlier analysis wrote; a link is replaced, and what it points to stays.

    Parameters
    ----------
    folder
        Of an analysis; it may be missing.
    names
        Files to be written, within the folder.

    Raises
    ------
    InputError
        Naming the first.
    """
    own = set(FILES if _is_unlisted_analysis(folder) else _listed(folder))
    for name in names:
        path = folder / name
        if name not in own and path.is_file() and not path.is_symlink():
            raise InputError(
                f"'{path}' would be overwritten, and no earlier analysis wrote it. Name another folder with -o, or "
                "move the file."
            )


def _is_unlisted_analysis(folder: Path) -> bool:
    """Whether an analysis wrote the folder before there were listings: its summary says so."""
    if (folder / LISTING).exists():
        return False
    try:
        summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(summary, dict) and {"ok", "models", "verdicts", "diagnostics", "settings"} <= set(summary)


@contextmanager
def written_together(folder: Path) -> Iterator[Path]:
    """A folder to write into, whose files take their places in `folder` at the end.

    Parameters
    ----------
    folder
        Made where it is missing. Where writing fails or is interrupted, what is in it stays as it was. Files that an
        earlier analysis wrote there and this one did not are removed; files of others stay.

    Yields
    ------
    A new folder inside of it.

    Raises
    ------
    InputError
        If it cannot be written into, or a file would be overwritten that no earlier analysis wrote.
    """
    missing = next((path for path in (*reversed(folder.parents), folder) if not path.exists()), None)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        stage = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=folder))
    except OSError as error:
        raise InputError(f"Cannot write into '{folder}': {error.strerror}. Choose another output folder.") from error
    _unfinished.add(stage)
    try:
        yield stage
        with _move_lock:
            _move(stage, folder)
            _completed.append(folder)
        _remove_abandoned(folder)
    finally:
        _unfinished.discard(stage)
        shutil.rmtree(stage, ignore_errors=True)
        if missing is not None:
            _remove_empty(folder, missing)


def abandon() -> list[Path]:
    """Give up what is being written, for a process that is about to end; nothing takes its place any more.

    Returns
    -------
    Folders that were written whole before.
    """
    _move_lock.acquire(timeout=1)  # kept for good; a move that has begun takes milliseconds
    for stage in list(_unfinished):
        shutil.rmtree(stage, ignore_errors=True)
        shutil.rmtree(stage, ignore_errors=True)  # what was made while the rest was removed
    return list(_completed)


def _remove_abandoned(folder: Path) -> None:
    for stage in folder.glob(f"{UNFINISHED}*"):
        with suppress(OSError):
            status = stage.lstat()
            if stat.S_ISDIR(status.st_mode) and status.st_mtime < time.time() - ABANDONED_SECONDS:
                shutil.rmtree(stage, ignore_errors=True)


def n_kept_fits(folder: Path) -> int:
    """Number of finished fits in the folder of an analysis that was interrupted."""
    return sum(1 for _ in (folder / FITS_FOLDER).glob("[0-9a-f]*.npz"))


def _move(stage: Path, folder: Path) -> None:
    refuse_link(folder / FIGURE_FOLDER)
    names = sorted(path.relative_to(stage).as_posix() for path in stage.rglob("*") if path.is_file())
    try:
        refuse_files_of_others(folder, names)
        earlier = _listed(folder)
        _list(stage, folder, [*earlier, *names])  # before the files: the process may be killed between them
        for name in names:
            (folder / name).parent.mkdir(exist_ok=True)
            (stage / name).replace(folder / name)
        for name in earlier:
            path = folder / name
            if name not in names and path.is_file() and not (path.is_symlink() or path.parent.is_symlink()):
                path.unlink()
        _list(stage, folder, names)
        if not any(name.startswith(f"{FIGURE_FOLDER}/") for name in names) and (folder / FIGURE_FOLDER).is_dir():
            _remove_empty(folder / FIGURE_FOLDER, folder / FIGURE_FOLDER)
    except OSError as error:
        raise InputError(f"Cannot write into '{folder}': {error.strerror}. Choose another output folder.") from error


def _list(stage: Path, folder: Path, names: Iterable[str]) -> None:
    (stage / LISTING).write_text("".join(f"{name}\n" for name in dict.fromkeys(names)), encoding="utf-8")
    (stage / LISTING).replace(folder / LISTING)


def _listed(folder: Path) -> list[str]:
    """Files of an earlier analysis; a listing that was tampered with can name no others."""
    listing = folder / LISTING
    if listing.is_symlink() or not listing.is_file() or listing.stat().st_size > LARGEST_LISTING:
        return []
    lines = listing.read_text(encoding="utf-8", errors="replace").splitlines()
    return [line for line in dict.fromkeys(lines) if may_remove(line)]


def may_remove(name: str) -> bool:
    """Whether a file is one that an analysis may write, and so may remove.

    Parameters
    ----------
    name
        Within the folder of an analysis, as in its listing; there one that is no such file is not touched.
    """
    from boundary.analysis.figures import FIGURES, OVERVIEW_FIGURES

    stems = "|".join(re.escape(figure.name) for figure in (*FIGURES, *OVERVIEW_FIGURES))
    figures = rf"{FIGURE_FOLDER}/[\w.-]+-(?:{stems})\.(?:{'|'.join(FIGURE_FORMATS)})"
    return name in FILES or re.fullmatch(figures, name) is not None


def _remove_empty(folder: Path, furthest: Path) -> None:
    """Remove an empty folder and those above it, no further up than one."""
    for path in (folder, *folder.parents):
        try:
            path.rmdir()
        except OSError:
            return
        if path == furthest:
            return
