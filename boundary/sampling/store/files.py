"""Files of a run folder, written so that they are there whole, on the disk, or not at all, and locks beside them."""

import fcntl
import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from boundary.data.readers.zstd import CompressionParameter, compress
from boundary.data.runs.folder import SUFFIX, VERDICTS
from boundary.errors import InputError

# A lock that others hold for the time of a small file is waited for so long.
LOCK_SECONDS = 60.0


def write_shard(folder: Path, lines: Iterable[Any], prefix: str, header: Mapping[str, Any] | None = None) -> Path:
    """Write JSON lines, compressed, under a name of their own: there whole, on the disk, or not at all.

    Parameters
    ----------
    header
        Goes before the lines as a zstd frame of its own, with the number of bytes that follow it.
    """
    name = f"{prefix}-{uuid4().hex[:12]}"
    hidden, final = folder / f".{name}.tmp", folder / f"{name}{SUFFIX}"
    data = _compressed(lines)
    if header is not None:
        data = _compressed([{**header, "bytes": len(data)}]) + data
    with writing(folder):
        own_folder(folder)
        _write_flushed(hidden, data)
        hidden.rename(final)
        _flush_folder(folder)
    return final


def own_folder(folder: Path) -> None:
    """Make a folder inside an arm, and refuse one that is a link: what is written there would land somewhere else.

    Raises
    ------
    InputError
        If it is a link.
    """
    if folder.is_symlink() or (folder.parent.name == VERDICTS and folder.parent.is_symlink()):
        raise InputError(f"'{folder}' is a link to another place. Put a folder there, then start again.")
    folder.mkdir(parents=True, exist_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a small file, whole or not at all."""
    hidden = path.with_name(f".{path.name}-{uuid4().hex[:8]}.new")
    _write_flushed(hidden, text.encode())
    hidden.rename(path)
    _flush_folder(path.parent)


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Say plainly that a folder cannot be written, and why.

    Raises
    ------
    InputError
        For any error of the operating system.
    """
    try:
        yield
    except OSError as error:
        raise InputError(
            f"Cannot write '{folder}': {error.strerror or error}. What is stored stays. Mend that, then start again."
        ) from error


@contextmanager
def short_lock(path: Path) -> Iterator[None]:
    """Hold a lock for the time of a small file; others wait for it.

    Raises
    ------
    InputError
        If it is not free after a minute.
    """
    descriptor = open_lock(path)
    try:
        until = time.monotonic() + LOCK_SECONDS
        while not locked(descriptor, path):
            if time.monotonic() > until:
                raise InputError(f"'{path.parent}' is held by another process. Wait for it, or end it.")
            time.sleep(0.02)
        yield
    finally:
        os.close(descriptor)


def open_lock(path: Path) -> int:
    """Open a lock file, which is no link; the lock goes with the descriptor, and with the process, however it ends."""
    with writing(path.parent):
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)


def locked(descriptor: int, path: Path) -> bool:
    """Take the lock of an open lock file, if no other process holds it.

    Raises
    ------
    InputError
        If the file system has no locks.
    """
    with writing(path.parent):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def _compressed(lines: Iterable[Any]) -> bytes:
    text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)
    options: dict[int, int] = {CompressionParameter.compression_level: 3, CompressionParameter.checksum_flag: True}
    return compress(text.encode(), options=options)


def _write_flushed(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    """Put a new name on the disk, not only the file's content."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError:  # some network file systems do not flush folders
        pass
    finally:
        os.close(descriptor)
