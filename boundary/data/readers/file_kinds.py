"""What a file is by its first bytes, where these rule out samples and counts: packed, a web page, a pointer, ..."""

import re

BOM = b"\xef\xbb\xbf"
# First bytes, and what they say. Such a file is no samples, whatever format the user named.
PACKED = {
    b"\xfd7zXZ\0": ("xz", "unxz"),
    **{f"BZh{level}1AY&SY".encode(): ("bzip2", "bunzip2") for level in range(1, 10)},
    b"7z\xbc\xaf\x27\x1c": ("7-Zip", "7z x"),
    b"Rar!\x1a\x07": ("RAR", "unrar x"),
    b"\x04\x22\x4d\x18": ("lz4", "unlz4"),
    b"LZIP": ("lzip", "lzip -d"),
    b"\x1f\x9d": ("compress", "uncompress"),
    b"\x5d\x00\x00": ("lzma", "unlzma"),
}
PICKLE = "a pickle of Python, which is never read, as it could run any code. Write its samples as JSON Lines"
OTHER = {
    **{bytes((0x80, version)): PICKLE for version in range(2, 6)},
    b"SQLite format 3\0": "a SQLite database. Export the table of samples as CSV or JSON Lines",
    b"%PDF-": "a PDF document. Fetch the data that it describes",
    b"\x89HDF\r\n": "an HDF5 file. Write its table of samples as CSV, Parquet or JSON Lines",
    b"ARROW1": "an Arrow (Feather) file. Write it as Parquet or JSON Lines",
    b"ORC\n": "an ORC table. Write it as Parquet or JSON Lines",
    b"Obj\x01": "an Avro file. Write it as Parquet or JSON Lines",
    b"\x89PNG": "a picture (PNG)",
    b"\xff\xd8\xff": "a picture (JPEG)",
    b"\xd0\xcf\x11\xe0": "an old Excel or Word file. Save its table as CSV in UTF-8",
}
POINTERS = {
    b"version https://git-lfs.github.com/spec": (
        "a Git LFS pointer, in place of the file itself. Run git lfs pull in its repository, or fetch the file again"
    ),
    b"/annex/objects/": "a git-annex pointer, in place of the file itself. Run git annex get in its repository",
    b"outs:\n- md5:": "a DVC pointer, in place of the file itself. Run dvc pull in its repository",
}
UTF_32 = (b"\xff\xfe\0\0", b"\0\0\xfe\xff")
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
PAGES = (b"<!doctype", b"<html", b"<?xml", b"<head", b"<body", b"<svg")
TAR = b"ustar"
ZIP = b"PK\x03\x04"
# The head of a member, of 30 bytes, then its name.
WORKBOOK_MEMBER = re.compile(rb"PK\x03\x04.{26}xl/", re.DOTALL)


def foreign_kind(name: str, head: bytes) -> str | None:
    """What a file that cannot hold samples is, by its first bytes, and what to do; None for any other file.

    Parameters
    ----------
    name
        The file's name.
    head
        Its first bytes, decompressed where it is .gz or .zst.
    """
    if not head.removeprefix(BOM).strip():
        return "empty. Fetch or write it again"
    for start, (packing, command) in PACKED.items():
        if head.startswith(start):
            return f"packed by {packing}. Unpack it first, for instance with {command} '{name}'"
    if head.startswith(ZIP) and WORKBOOK_MEMBER.search(head):
        return "an Excel workbook. Save its table as CSV in UTF-8"
    for start, kind in OTHER.items():
        if head.startswith(start):
            return kind
    for start, kind in POINTERS.items():
        if head.lstrip().startswith(start):
            return kind
    if head.removeprefix(BOM).lstrip()[:10].lower().startswith(PAGES):
        return "a web page (HTML or XML), such as an error page in place of a download. Fetch the raw file"
    if head[257:262] == TAR:
        return "a tar archive. Unpack it first, with tar -xf, and import the files in it"
    return _encoding(head)


def _encoding(head: bytes) -> str | None:
    if head.startswith(UTF_32):
        return "encoded as UTF-32. Save it as UTF-8"
    if head.startswith(UTF_16) or _has_every_other_zero(head):
        return "encoded as UTF-16. Save it as UTF-8"
    return None


def _has_every_other_zero(head: bytes) -> bool:
    """Whether it is text of two bytes a character, without the mark that says so."""
    start = head[:200]
    return len(start) > 8 and any(not any(start[i::2]) and start[1 - i :: 2].isascii() for i in (0, 1)) and any(start)
