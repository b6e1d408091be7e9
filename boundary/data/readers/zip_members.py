"""Members of a zip file, of bounded size, stored, deflated or compressed by zstd (which older Pythons cannot read)."""

import io
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from boundary.data.readers import limits
from boundary.data.readers.streams import Source
from boundary.data.readers.zstd import ZstdError, ZstdFile

ZIP_MAGIC = b"PK\x03\x04"
# Number of the method in the zip specification, 4.4.5 (APPNOTE 6.3.8).
ZSTD = 93
LOCAL_HEADER = 30
Member = Callable[[ZipInfo], bytes]


def member_names(path: Path, head: bytes) -> list[str]:
    """Names of the members, empty where a file is no zip file.

    Raises
    ------
    zipfile.BadZipFile
        If it begins as one, but is cut short or damaged.
    """
    if not head.startswith(ZIP_MAGIC):
        return []
    try:
        with ZipFile(path) as zipped:
            return zipped.namelist()
    except (ValueError, NotImplementedError, struct.error, OverflowError) as error:
        raise BadZipFile(str(error)) from error


@contextmanager
def open_members(source: Source) -> Iterator[tuple[list[ZipInfo], Member]]:
    """Members of a zip file, and a function that reads one.

    Raises
    ------
    InputError
        If it is damaged, holds a name twice, or would unpack to more than any honest file: on opening or on reading.
    """
    try:
        zipped = ZipFile(source.path)
    except (BadZipFile, ValueError, NotImplementedError, struct.error, OverflowError) as error:
        raise source.error(
            f"a zip file that is cut short or damaged ({_plain(error)}). Fetch or write it again"
        ) from error
    with zipped:
        members = zipped.infolist()
        _check(members, source)
        yield members, lambda info: _read(zipped, info, source)


def _check(members: list[ZipInfo], source: Source) -> None:
    unpacked = sum(info.file_size for info in members)
    if unpacked > limits.most_unpacked(source.size):
        raise source.error(
            f"it would unpack to {limits.mib(unpacked)}, which is more than {limits.MOST_TIMES} times its size and "
            "more than files of samples do. If you trust it, unpack it yourself and give what is in it"
        )
    if sum(info.compress_size for info in members) > source.size:
        raise source.error("its members lie over each other. Write it anew")
    names: set[str] = set()
    for info in members:
        if info.filename in names:
            raise source.error(f"it holds '{info.filename}' twice. Write it anew")
        names.add(info.filename)


def _read(zipped: ZipFile, info: ZipInfo, source: Source) -> bytes:
    name = info.filename
    if info.file_size > limits.LARGEST_MEMBER:
        raise source.error(f"'{name}' in it is longer than {limits.mib(limits.LARGEST_MEMBER)}")
    if info.flag_bits & 1:
        raise source.error(f"'{name}' in it is encrypted. Write it without a password")
    if info.compress_type not in (ZIP_STORED, ZIP_DEFLATED, ZSTD):
        raise source.error(f"'{name}' in it is compressed by method {info.compress_type}; known are deflate and zstd")
    try:
        data = _unzstd(zipped, info) if info.compress_type == ZSTD else zipped.read(info)
    except (BadZipFile, zlib.error, EOFError, ValueError, RuntimeError, NotImplementedError, struct.error) as error:
        raise source.error(
            f"'{name}' in it is cut short or damaged ({_plain(error)}). Fetch or write it again"
        ) from error
    source.tell(info.header_offset + info.compress_size)
    return data


def _unzstd(zipped: ZipFile, info: ZipInfo) -> bytes:
    # Long members are written as several frames, of which the zipfile of Python 3.14 reads the first alone.
    with ZstdFile(io.BytesIO(_packed(zipped, info))) as stream:
        try:
            data = stream.read(info.file_size + 1)
        except ZstdError as error:
            raise BadZipFile(str(error)) from error
    if len(data) != info.file_size or zlib.crc32(data) != info.CRC:
        raise BadZipFile("its checksum differs")
    return data


def _packed(zipped: ZipFile, info: ZipInfo) -> bytes:
    """Bytes of a member as they stand in the file, behind its local header."""
    file = zipped.fp
    assert file is not None
    file.seek(info.header_offset)
    header = file.read(LOCAL_HEADER)
    if len(header) < LOCAL_HEADER or not header.startswith(ZIP_MAGIC):
        raise BadZipFile("no local header")
    name, extra = struct.unpack("<HH", header[-4:])
    file.seek(name + extra, 1)
    return file.read(info.compress_size)


def _plain(error: Exception) -> str:
    return re.sub(r"[^ -~]+", " ", str(error))[:80]
