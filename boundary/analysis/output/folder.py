"""The folder of an analysis: its files change all together or not at all, and none of an earlier run stays behind."""

import re
import shutil
import stat
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from boundary.analysis.output.files import FIGURE_FOLDER, FIGURE_FORMATS, FILES, FITS_FOLDER, refuse_link
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
        If it cannot be written into.
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
        earlier = _listed(folder)
        for name in names:
            (folder / name).parent.mkdir(exist_ok=True)
            (stage / name).replace(folder / name)
        for name in earlier:
            path = folder / name
            if name not in names and path.is_file() and not (path.is_symlink() or path.parent.is_symlink()):
                path.unlink()
        (stage / LISTING).write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
        (stage / LISTING).replace(folder / LISTING)
        if not any(name.startswith(f"{FIGURE_FOLDER}/") for name in names) and (folder / FIGURE_FOLDER).is_dir():
            _remove_empty(folder / FIGURE_FOLDER, folder / FIGURE_FOLDER)
    except OSError as error:
        raise InputError(f"Cannot write into '{folder}': {error.strerror}. Choose another output folder.") from error


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
