"""A file of samples as it streams by: plain, .gz or .zst; bad lines named, or left out and counted."""

import gzip
import io
import json
import mmap
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any, TypeVar

import msgspec

from boundary.data.readers import limits
from boundary.data.readers.file_kinds import BOM
from boundary.data.readers.unpacking import Bounded
from boundary.data.readers.zstd import ZstdFile
from boundary.data.records import Audit
from boundary.errors import InputError

Progress = Callable[[str, int, int], None]
Row = TypeVar("Row")

HEAD = 1 << 18
CHUNK = 1 << 22
GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
# A text, to its end or the file's: begun anew at each quote within one that has no end, it would take quadratic time.
PYTHONS_OWN = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|-?\b(?:NaN|Infinity)\b', re.DOTALL)
# A pair of half characters, a half alone, or any other escape.
ESCAPE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\(u[dD][89a-fA-F][0-9a-fA-F]{2})|\\.", re.DOTALL
)


class Source:
    """One file being read, with the notes, settings and audits that its format's reader collects.

    Parameters
    ----------
    path
        The file.
    skip_bad
        Leave broken records out and count them, instead of stopping at the first.
    progress
        Called with the file's name, the bytes read and the bytes in all.

    Attributes
    ----------
    skipped
        Number of records left out so far, and the first of them in words (`first_skipped`).
    notes
        Sentences that the user should read.
    left_out, n_samples
        Samples that were left out, by the reason in words, and of how many samples in all.
    settings
        What the file or its name says of the sampling (temperature, verifier, ...).
    conditions
        What else must be the same in runs that are pooled: it changes what is sampled or judged. A mapping among the
        values is complete; of other names those that are missing are unknown.
    audits
        Verdicts checked by a stricter judge, where the file holds both.
    sidecars
        Files beside it that were read for what they say of the sampling.
    shared
        What a format's reader remembers from file to file: one mapping for all files of an import.
    """

    def __init__(self, path: Path, skip_bad: bool = False, progress: Progress | None = None) -> None:
        self.shared: dict[str, Any] = {}
        self.path, self.skip_bad = path, skip_bad
        self.size = path.stat().st_size
        self.skipped, self.first_skipped = 0, ""
        self.notes: list[str] = []
        self.left_out: dict[str, int] = {}
        self.n_samples = 0
        self.settings: dict[str, Any] = {}
        self.conditions: dict[str, Any] = {}
        self.audits: list[Audit] = []
        self.sidecars: set[Path] = set()
        self._progress = progress

    @property
    def plain_name(self) -> str:
        """Name of the file, less the ending of its packing."""
        return self.path.name.removesuffix(".gz").removesuffix(".zst")

    def error(self, why: str, line: int | None = None) -> InputError:
        """The error to raise where the file as a whole cannot be used."""
        place = f", line {line}" if line else ""
        # Names in a file may be as long as it likes.
        why = why if len(why) <= limits.LONGEST_MESSAGE else f"{why[: limits.LONGEST_MESSAGE]}..."
        return InputError(f"'{self.path}'{place}: {why}.")

    def broken(self, why: str, line: int | None = None) -> None:
        """Stop at a broken record, or count it where the user asked for that."""
        error = self.error(why, line)
        if not self.skip_bad:
            raise error
        self.skipped += 1
        self.first_skipped = self.first_skipped or str(error)

    def note(self, text: str) -> None:
        """Add a sentence that the user should read, once."""
        if text not in self.notes:
            self.notes.append(text)

    def leave_out(self, count: int, total: int, reason: str) -> None:
        """Count samples that are left out, of so many; the notes of the import say how many of all files."""
        self.left_out[reason] = self.left_out.get(reason, 0) + count
        self.n_samples = max(self.n_samples, total)

    def head(self) -> bytes:
        """The first 256 KiB, decompressed."""
        with self.open() as file:
            return file.read(HEAD)

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """Open the file, decompressed; progress is reported as it is read."""
        with self.path.open("rb") as raw:
            start = raw.read(4)
            raw.seek(0)
            reporting: Any = io.BufferedReader(_ReportingFile(raw, self.tell), CHUNK)
            if not start.startswith((GZIP, ZSTD)):
                yield reporting
                return
            unpacked: Any = gzip.GzipFile(fileobj=reporting) if start.startswith(GZIP) else ZstdFile(reporting)
            most = limits.most_unpacked(self.size)
            bounded: Any = Bounded(unpacked, most, lambda: self._too_much(most))
            yield io.BufferedReader(bounded, CHUNK)

    def _too_much(self, most: int) -> InputError:
        return self.error(
            f"it unpacks to more than {limits.mib(most)}, {limits.MOST_TIMES} times its size and more than files of "
            "samples do. If you trust it, unpack it yourself and give the plain file"
        )

    def tell(self, done: int) -> None:
        """Report how many bytes of the file have been read."""
        if self._progress:
            self._progress(self.path.name, done, self.size)

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Lines that hold anything, each with its number (1 is the first)."""
        with self.open() as file:
            number = 0
            while line := file.readline(limits.LONGEST_LINE):
                number += 1
                if number == 1:
                    self._is_text(line)
                    line = line.removeprefix(BOM)
                if len(line) >= limits.LONGEST_LINE:
                    raise self.error(f"longer than {limits.mib(limits.LONGEST_LINE)}; is it JSON Lines", number)
                if line.strip():
                    yield number, line

    def rows(self, row_type: type[Row]) -> Iterator[tuple[int, Row]]:
        """Records of a JSON Lines file: fields that the type does not name are passed over without being built.

        Yields
        ------
        Line number and record. A line that is no JSON, or not of the type, is `broken`.
        """
        decoder = msgspec.json.Decoder(row_type)
        for number, line in self.lines():
            try:
                row = _decoded(line, decoder)
            except msgspec.ValidationError as error:
                self.broken(misfit_message(error), number)
            except (ValueError, RecursionError) as error:
                self.broken(f"not JSON ({_plain(error)})", number)
            else:
                yield number, row

    def document(self, document_type: type[Row]) -> Row:
        """A whole JSON file, read from disk through a memory map; fields that the type does not name are passed over.

        Raises
        ------
        InputError
            If it is no JSON or not of the type, with line or place.
        """
        with self.mapped() as data:
            if not data[:1]:
                raise self.error("the file is empty")
            self._is_text(data[:4])
            try:
                return _decoded(data, msgspec.json.Decoder(document_type))
            except msgspec.ValidationError as error:
                raise self.error(misfit_message(error)) from error
            except (ValueError, RecursionError) as error:
                raise self.error(f"not JSON ({_plain(error)})", _line_of(error, data)) from error

    @contextmanager
    def mapped(self) -> Iterator[Any]:
        """The file's bytes, decompressed, without holding them in memory."""
        with self._on_disk() as file:
            if file.seek(0, io.SEEK_END) == 0:
                yield b""
            else:
                # Closed when nothing points into it any more: texts that were not built (msgspec.Raw) do.
                yield mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self.tell(self.size)

    @contextmanager
    def _on_disk(self) -> Iterator[IO[bytes]]:
        with self.path.open("rb") as file:
            if not file.read(4).startswith((GZIP, ZSTD)):
                yield file
                return
        with self.open() as packed, tempfile.TemporaryFile() as file:
            while chunk := packed.read(CHUNK):
                file.write(chunk)
            file.flush()
            yield file

    def _is_text(self, start: bytes) -> None:
        if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise self.error("encoded as UTF-16. Save it as UTF-8")


class _ReportingFile(io.RawIOBase):
    """A file that reports how many bytes of it have been read."""

    def __init__(self, raw: Any, tell: Callable[[int], None]) -> None:
        self._raw, self._tell, self._done = raw, tell, 0

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read what fits."""
        length = int(self._raw.readinto(buffer))
        self._done += length
        self._tell(self._done)
        return length


def decode_json(data: bytes, row_type: type[Row]) -> Row:
    """One JSON value; fields that the type does not name are passed over.

    Raises
    ------
    msgspec.ValidationError
        If it is not of the type.
    ValueError, RecursionError
        If it is no JSON.
    """
    return _decoded(data, msgspec.json.Decoder(row_type))


def _decoded(data: Any, decoder: "msgspec.json.Decoder[Row]") -> Row:
    """Decode JSON; where it is only JSON as Python writes it (NaN, half characters), decode that."""
    try:
        return decoder.decode(data)
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        try:
            # Replaced in the text, since building all its values would take many times its size.
            return decoder.decode(PYTHONS_OWN.sub(partial(_strict, as_words=True), data))
        except msgspec.ValidationError:
            return decoder.decode(PYTHONS_OWN.sub(partial(_strict, as_words=False), data))
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise error from None


def _strict(token: re.Match[bytes], as_words: bool) -> bytes:
    """What stands in strict JSON for a text with half characters, or for a constant of Python: its name, or null."""
    text = token[0]
    if text[:1] != b'"':
        return b'"' + text + b'"' if as_words else b"null"
    return ESCAPE.sub(lambda escape: b"?" if escape[1] else escape[0], text) if b"\\ud" in text.lower() else text


def misfit_message(error: msgspec.ValidationError) -> str:
    """`Object missing required field `idx` - at `$[2]`` in plain words."""
    text = str(error).replace("`", "'").replace("Object missing required field", "no field")
    complaint, _, path = text.partition(" - at ")
    place = f" at {path.replace('$', '').strip(chr(39)).lstrip('.')}" if path.strip("'$") else ""
    return f"{complaint[:1].lower()}{complaint[1:]}{place}"


def _plain(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    text = str(error).removeprefix("JSON is malformed: ")
    return re.sub(r"\s+", " ", text)[:80]


def _line_of(error: Exception, data: Any) -> int | None:
    offset = re.search(r"\(byte (\d+)\)", str(error))
    return bytes(data[: int(offset[1])]).count(b"\n") + 1 if offset else None


def first_record(path: Path, head: bytes) -> Any:
    """The first line of a JSON Lines file, or the first entry of a JSON list; None where it cannot be read."""
    start = head.removeprefix(BOM).lstrip()
    try:
        if start.startswith(b"["):
            text = start.decode("utf-8", "ignore")
            return json.JSONDecoder(parse_constant=str).raw_decode(text, len(text) - len(text[1:].lstrip()))[0]
        line = start.split(b"\n", 1)[0]
        if line == start and len(head) == HEAD:
            with Source(path).open() as file:
                line = file.readline(limits.LONGEST_FIRST).removeprefix(BOM)
        try:
            return json.loads(line.decode(), parse_constant=str)
        except ValueError:  # one object over several lines
            return json.loads(start.decode(), parse_constant=str) if len(head) < HEAD else None
    except (ValueError, RecursionError, EOFError, OSError):
        return None


def has_keys(head: bytes, *keys: str) -> bool:
    """Whether JSON keys stand in the beginning of a file; a quoted word inside a text does not count."""
    return all(re.search(rb'(?<!\\)"' + re.escape(key.encode()) + rb'"\s*:', head) for key in keys)


def is_list(head: bytes) -> bool:
    """Whether a file begins as a JSON list."""
    return head.removeprefix(BOM).lstrip()[:1] == b"["


def is_object(head: bytes) -> bool:
    """Whether a file begins with a JSON object: the whole file, or its first line."""
    return head.removeprefix(BOM).lstrip()[:1] == b"{"
