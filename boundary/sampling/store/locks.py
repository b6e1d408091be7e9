"""Locks of a run folder: one process writes a part of an arm, and small files are changed by one at a time.

A lock is a file beside what it guards. It goes with the process, however that ends.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from boundary.errors import InputError
from boundary.sampling.store.files import writing

# A lock that others hold for the time of a small file is waited for so long.
LOCK_SECONDS = 60.0


@contextmanager
def short_lock(path: Path) -> Iterator[None]:
    """Hold a lock for the time of a small file; others wait for it.

    Raises
    ------
    InputError
        If it is not free after a minute, or cannot be made.
    """
    lock = take_lock(path, LOCK_SECONDS)
    if lock is None:
        raise InputError(f"'{path.parent}' is held by another process. Wait for it, or end it.")
    try:
        yield
    finally:
        lock.release()


def take_lock(path: Path, seconds: float = 0.0) -> FileLock | None:
    """A lock that is held until its `release()`; None where another process still holds it after so many seconds.

    Raises
    ------
    InputError
        If the lock file is a link or cannot be made, or the file system has no locks.
    """
    if path.is_symlink():
        raise InputError(f"Cannot write '{path}': it is a link to another place. Delete it, then start again.")
    lock = FileLock(path, thread_local=False)
    with writing(path.parent):
        try:
            lock.acquire(timeout=seconds, poll_interval=0.02)
        except Timeout:
            return None
        except NotImplementedError as error:
            raise InputError(f"The file system of '{path.parent}' has no locks. Sample into another folder.") from error
    return lock
