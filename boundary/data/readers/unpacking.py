"""A stream that is counted as it unpacks, so that none fills memory or disk."""

import io
from collections.abc import Callable
from typing import Any


class Bounded(io.RawIOBase):
    """A stream that raises an error beyond a given number of bytes.

    Parameters
    ----------
    stream
        Anything with `readinto`.
    most
        Bytes that may be read.
    error
        Makes the error.
    """

    def __init__(self, stream: Any, most: int, error: Callable[[], Exception]) -> None:
        self._stream, self._left, self._error = stream, most, error

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read what fits, and count it."""
        length = int(self._stream.readinto(buffer))
        self._left -= length
        if self._left < 0:
            raise self._error()
        return length
