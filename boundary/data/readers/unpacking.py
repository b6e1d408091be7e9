"""Packed streams, unpacked a little at a time and counted, so that none fills memory or disk."""

import io
from collections.abc import Callable, Iterator
from typing import Any

# Packed bytes unpacked at once: zstd can make 32,768 bytes of one.
FEW = 1 << 10


class Unzstd(io.RawIOBase):
    """Frames of zstd that follow each other; one that is cut short is an error, which zstandard's own reader passes."""

    def __init__(self, packed: Any) -> None:
        import zstandard

        self._packed, self._data = packed, memoryview(b"")
        self._frame: Any = None
        self._start: Callable[[], Any] = zstandard.ZstdDecompressor().decompressobj

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Unpack what fits."""
        while not self._data:
            packed = self._packed.read(FEW)
            if not packed:
                if self._frame is not None:
                    raise EOFError("it ends within a frame")
                return 0
            self._data = memoryview(b"".join(self._unpacked(packed)))
        length = min(len(buffer), len(self._data))
        buffer[:length] = self._data[:length]
        self._data = self._data[length:]
        return length

    def _unpacked(self, packed: bytes) -> Iterator[bytes]:
        while packed:
            self._frame = self._frame or self._start()
            yield self._frame.decompress(packed)
            packed = self._frame.unused_data if self._frame.eof else b""
            self._frame = None if self._frame.eof else self._frame


class Bounded(io.RawIOBase):
    """A stream that raises an error where it goes on beyond a number of bytes.

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
