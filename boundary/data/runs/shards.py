"""Shards of run folders, read a line at a time and counted: a small one may unpack to gigabytes."""

import io
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import msgspec

from boundary.data.readers import limits
from boundary.data.readers.unpacking import Bounded
from boundary.data.readers.zstd import ZstdDecompressor, ZstdError, ZstdFile
from boundary.data.runs.stored_types import ShardHeader
from boundary.errors import InputError

CHUNK = 1 << 20
# Packed bytes of a header that are unpacked at once: zstd can make 32,768 bytes of one.
HEADER_CHUNK = 1 << 10


def read_lines(path: Path) -> Iterator[Any]:
    """JSON values of a shard, a line each, unpacked as they are asked for.

    Raises
    ------
    InputError
        If the shard is cut short or damaged, or holds more than any shard of ours; the message says how to go on.
    """
    with plain_damage_errors(path), path.open("rb") as packed:
        unpacked: Any = Bounded(ZstdFile(packed), limits.LARGEST_SHARD, lambda: _too_much(limits.LARGEST_SHARD))
        lines = io.BufferedReader(unpacked, CHUNK)
        while line := lines.readline(limits.LONGEST_SAMPLE):
            if len(line) >= limits.LONGEST_SAMPLE:
                raise ValueError(f"a line of it is longer than {limits.mib(limits.LONGEST_SAMPLE)}")
            yield json.loads(line)


def read_header(path: Path) -> dict[str, Any]:
    """What a shard of samples says that it holds, without reading the samples; that they are all there is checked.

    Returns
    -------
    manifest (a fingerprint), bytes (that follow the header), samples (rows of INDEX).

    Raises
    ------
    InputError
        If the shard is cut short or damaged.
    """
    with plain_damage_errors(path), path.open("rb") as file:
        text, length = _first_frame(file)
        header = msgspec.json.decode(text, type=ShardHeader)
        if length + header.bytes != path.stat().st_size:
            raise ValueError("the file ends too early")
        return {"manifest": header.manifest, "bytes": header.bytes, "samples": [list(row) for row in header.samples]}


def _first_frame(file: IO[bytes]) -> tuple[bytes, int]:
    """The first zstd frame of a shard, unpacked, and its length in the file."""
    frame = ZstdDecompressor()
    text, length = b"", 0
    while not frame.eof:
        packed = file.read(HEADER_CHUNK)
        if not packed:
            raise ValueError("the file ends too early")
        length += len(packed)
        text += frame.decompress(packed)
        if len(text) > limits.LARGEST_HEADER:
            raise _too_much(limits.LARGEST_HEADER)
    return text, length - len(frame.unused_data)


def _too_much(most: int) -> ValueError:
    return ValueError(f"it unpacks to more than {limits.mib(most)}, as nothing does that boundary writes")


@contextmanager
def plain_damage_errors(path: Path) -> Iterator[None]:
    """Turn what a damaged shard raises into a plain message."""
    try:
        yield
    except InputError:
        raise
    except (ZstdError, ValueError, KeyError, TypeError, OSError, EOFError, RecursionError) as error:
        raise InputError(
            f"'{path}' is cut short or damaged ({error}). Delete it: what it held is sampled or judged again."
        ) from error


def distinct_rows(paths: Sequence[Path], row_of: Callable[[Any], tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Rows of shards, in the order in which each last came; equal rows and equal texts are kept once.

    Parameters
    ----------
    paths
        The shards, in order.
    row_of
        Turns a line into a row; raises ValueError for one that is none.

    Raises
    ------
    InputError
        If a shard cannot be read, or their rows are longer than any that boundary writes.
    """
    left = limits.most_unpacked(sum(path.stat().st_size for path in paths))
    rows: dict[tuple[Any, ...], None] = {}
    texts: dict[str, str] = {}
    for path in paths:
        for line in read_lines(path):
            with plain_damage_errors(path):
                cells = row_of(line)
                new = {cell for cell in cells if isinstance(cell, str) and cell not in texts}
                row = tuple(texts.setdefault(cell, cell) if isinstance(cell, str) else cell for cell in cells)
                left -= sum(map(len, new)) + (0 if row in rows else limits.VERDICT_ROW)
                if left < 0:
                    raise ValueError("its verdicts are longer than any that boundary writes")
                rows.pop(row, None)
                rows[row] = None
    return list(rows)
