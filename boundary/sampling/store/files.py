"""Files of a run folder, written so that they are there whole, on the disk, or not at all."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from boundary.data.readers.zstd import CompressionParameter, compress
from boundary.data.runs.folder import SUFFIX, VERDICTS
from boundary.errors import InputError


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
    hidden.replace(path)
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
    """Put a new name on the disk, not only the file's content; Windows does so by itself."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError:  # some network file systems do not flush folders
        pass
    finally:
        os.close(descriptor)
