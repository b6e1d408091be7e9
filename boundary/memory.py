"""Memory that is free within the process, given back to the system."""

import ctypes
import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

# With less in memory nothing is given back, since what is allocated next would be asked for anew.
MUCH = 2**29 + 2**28


def release_memory() -> None:
    """Give back what was freed, where the process holds much: glibc keeps 30 MB and more after each large fit.

    Takes some milliseconds; does nothing where the C library has no `malloc_trim`.
    """
    trim = _malloc_trim()
    if trim is not None and _resident() > MUCH:
        trim(0)


def _resident() -> int:
    """Bytes that the process has in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@cache
def _malloc_trim() -> Any:
    if not (sys.platform.startswith("linux") and Path("/proc/self/statm").exists()):
        return None
    try:
        return ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError):  # another C library
        return None
