"""Published samples of any known format, read into samples and counts."""

import os
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from boundary.data.counts import Counts
from boundary.data.formats import FORMATS
from boundary.data.importing.collection import Collection
from boundary.data.importing.file_notes import file_notes
from boundary.data.importing.foreign_files import foreign_description
from boundary.data.importing.missing_shards import missing_shards
from boundary.data.importing.pooled_tables import counts_table, samples_table
from boundary.data.importing.repeated_lines import drop_repeated_lines
from boundary.data.importing.repeated_runs import refuse_copies, repeated_texts, texts_under_two_names
from boundary.data.importing.uniform_verdicts import uniform_verdicts
from boundary.data.readers.arrow_rows import STATE_FILES
from boundary.data.readers.file_kinds import foreign_kind
from boundary.data.readers.pipes import refuse_pipe
from boundary.data.readers.streams import Progress, Source
from boundary.data.readers.zstd import ZstdError
from boundary.data.records import Audit
from boundary.errors import InputError, did_you_mean
from boundary.plain_text import agreeing, count_text

AUTO = "auto"


@dataclass(frozen=True)
class Imported:
    r"""What `import_files` read.

    Parameters
    ----------
    counts
        The counts table.
    collected
        The samples, from which `samples` makes a table.
    format
        The format of the files.
    settings
        What the files say of the sampling.
    notes
        What the user should know before relying on the counts.
    skipped
        Number of broken records that were left out.
    audits
        Verdicts that a stricter judge checked, where the files hold both; `audit_table` makes a table of them.

    Examples
    --------
    A file whose second line is broken:

    >>> import tempfile
    >>> from pathlib import Path
    >>> import boundary as bd
    >>> folder = tempfile.TemporaryDirectory()
    >>> file = Path(folder.name, "samples.jsonl")
    >>> _ = file.write_text('{"id": "p1", "correct": true}\n{"id": "p1", "corr\n')
    >>> imported = bd.import_files(file, "rows", model="m", skip_bad=True)
    >>> imported.format, imported.skipped, len(imported.samples)
    ('rows', 1, 1)
    >>> imported.notes[-1].split(";")[0]
    '1 broken record was left out'
    >>> folder.cleanup()
    """

    counts: Counts
    collected: Collection
    format: str
    settings: Mapping[str, Any]
    notes: tuple[str, ...]
    skipped: int
    audits: tuple[Audit, ...] = ()

    @property
    def samples(self) -> pd.DataFrame:
        """The samples, a row each: model, benchmark, problem_id, sample_index, outcome; run and text_hash where known.

        Raises
        ------
        InputError
            Where the format holds counts only.
        """
        if not self.collected.problem:
            raise InputError(f"{self.counts.source}: the format {self.format} holds counts only, no single samples.")
        table = samples_table(self.collected)
        table.attrs = {"notes": list(self.notes), "settings": dict(self.settings)}
        return table


def import_files(
    paths: Any,
    format: str = AUTO,
    *,
    model: str | None = None,
    benchmark: str | None = None,
    skip_bad: bool = False,
    pool_settings: bool = False,
    progress: Progress | None = None,
    **options: Any,
) -> Imported:
    r"""Read files that another tool wrote, in one of FORMATS, and count the samples in them.

    `read_counts` and `read_samples` are this function, for those who need the counts or the samples alone.

    Parameters
    ----------
    paths
        A file, a folder (every file in it that is of the format) or a sequence of these; .gz and .zst are read as they
        are.
    format
        A name in FORMATS, or `auto` to tell by content.
    model, benchmark
        Names to use, where the files do not say or should not decide.
    skip_bad
        Leave broken records out and count them.
    pool_settings
        Pool samples of one model and benchmark that were taken under different settings or prompts too.
    progress
        Called with a file's name, the bytes read of it and the bytes in all.
    **options
        What the format's reader takes (its keyword arguments).

    Returns
    -------
    Imported
        The counts, the samples, and what the user should know of them.

    Raises
    ------
    InputError
        With the first thing that is wrong, named by file and line, or what makes the files unfit to be counted.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import boundary as bd
    >>> folder = tempfile.TemporaryDirectory()
    >>> file = Path(folder.name, "samples.jsonl")
    >>> _ = file.write_text('{"id": "p1", "correct": true}\n{"id": "p1", "correct": false}\n')
    >>> imported = bd.import_files(file, "rows", model="m")
    >>> imported.counts.table[["model", "problem_id", "n_samples", "n_correct"]].to_numpy().tolist()
    [['m', 'p1', 2, 1]]
    >>> imported.samples["outcome"].tolist()
    ['correct', 'wrong']
    >>> folder.cleanup()
    """
    files = _files(paths)
    name, format_files, left_out = _files_of_format(files, format, bool(options))
    FORMATS[name].check_options(options)
    collected = Collection(model, benchmark, pool_settings)
    sources = [Source(path, skip_bad, progress) for path in format_files]
    shared: dict[str, Any] = {"number of files": len(sources)}
    for source in sources:
        source.shared = shared
        with plain_errors(source.path):
            for record in FORMATS[name].read(source, options):
                collected.add(record, source)
    collected.name_checkpoints()
    if not (collected.keys or collected.tallies):
        lost = " ".join(dict.fromkeys([*file_notes(sources), *collected.notes()]))
        raise InputError(f"'{format_files[0]}': no samples of the format {name} in it.{' ' * bool(lost)}{lost}")
    refuse_copies(collected)
    dropped = drop_repeated_lines(collected)
    counts = counts_table(collected, str(format_files[0]) if len(format_files) == 1 else f"{len(format_files)} files")
    sidecars = set().union(*(source.sidecars for source in sources))
    left_out = [path for path in left_out if path.resolve() not in sidecars]
    skipped = sum(source.skipped for source in sources)
    audits = tuple(audit for source in sources for audit in source.audits)
    notes = tuple(_notes(sources, collected, [*dropped, *(remark.text for remark in counts.remarks)], left_out))
    return Imported(counts, collected, name, _settings(sources), notes, skipped, audits)


def _notes(
    sources: Sequence[Source], collected: Collection, further_notes: Sequence[str], left_out: Sequence[Path]
) -> dict[str, None]:
    """Sentences for the user, each once."""
    notes = [*file_notes(sources), *collected.notes(), *further_notes]
    notes += [*repeated_texts(collected), *texts_under_two_names(collected), *uniform_verdicts(collected)]
    if left_out:
        kind = foreign_description(left_out[0], Source(left_out[0]).head())
        first = ", the first of them" * (len(left_out) > 1)
        notes.append(
            f"{count_text(len(left_out), 'file')} of no known format {agreeing(len(left_out), 'was', 'were')} "
            f"left out{first or ':'} '{left_out[0]}'{f': it is {kind}' if kind else ''}."
        )
    notes += missing_shards([source.path for source in sources])
    skipped = [source for source in sources if source.skipped]
    if skipped:
        count = sum(source.skipped for source in skipped)
        notes.append(
            f"{count_text(count, 'broken record')} {agreeing(count, 'was', 'were')} left out; the first: "
            f"{skipped[0].first_skipped}"
        )
    return dict.fromkeys(notes)


def read_samples(paths: Any, format: str = AUTO, **options: Any) -> pd.DataFrame:
    r"""Samples from published files, a row each: `import_files(...).samples`.

    Parameters
    ----------
    paths, format, **options
        As `import_files` takes them.

    Returns
    -------
    DataFrame
        Columns model, benchmark, problem_id, sample_index, outcome (`correct`, `wrong`, `no_answer`, `truncated`,
        `timeout`, `empty` or `verifier_error`); run and text_hash where known. `attrs` holds `notes` and `settings`.

    Raises
    ------
    InputError
        Where `import_files` raises it, and where the format holds counts alone.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import boundary as bd
    >>> folder = tempfile.TemporaryDirectory()
    >>> file = Path(folder.name, "samples.jsonl")
    >>> _ = file.write_text('{"id": "p1", "correct": true}\n{"id": "p1", "correct": false}\n')
    >>> bd.read_samples(file, "rows", model="m")[["problem_id", "sample_index", "outcome"]].values.tolist()
    [['p1', 0, 'correct'], ['p1', 1, 'wrong']]
    >>> folder.cleanup()
    """
    return import_files(paths, format, **options).samples


def read_counts(paths: Any, format: str = AUTO, **options: Any) -> Counts:
    r"""Counts from published files: `import_files(...).counts`.

    Parameters
    ----------
    paths, format, **options
        As `import_files` takes them.

    Returns
    -------
    Counts
        The validated table, as `load_counts` gives it.

    Raises
    ------
    InputError
        Where `import_files` raises it.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import boundary as bd
    >>> folder = tempfile.TemporaryDirectory()
    >>> file = Path(folder.name, "samples.jsonl")
    >>> _ = file.write_text('{"id": "p1", "correct": true}\n{"id": "p1", "correct": false}\n')
    >>> bd.read_counts(file, "rows", model="m").table[["problem_id", "n_samples", "n_correct"]].values.tolist()
    [['p1', 2, 1]]
    >>> folder.cleanup()
    """
    return import_files(paths, format, **options).counts


def recognised_format(path: Path) -> str | None:
    """Name of the format that recognises a file by its content, or None.

    Raises
    ------
    InputError
        If it cannot be read, or is of several formats at once.
    """
    with plain_errors(path):
        head = Source(path).head()
        names = _recognising(path, head, fallback=False) or _recognising(path, head, fallback=True)
    if len(names) > 1:
        raise InputError(f"'{path}' can be read as {' or '.join(names)}. Name the format in place of auto.")
    return names[0] if names else None


def _recognising(path: Path, head: bytes, fallback: bool) -> list[str]:
    formats = [format for format in FORMATS.values() if format.fallback == fallback]
    return [format.name for format in formats if format.module.recognises(path, head)]


@contextmanager
def plain_errors(path: Path) -> Iterator[None]:
    """Turn failures to read or decompress a file into a plain message."""
    try:
        yield
    except OSError as error:
        raise InputError(f"Cannot read '{path}': {error.strerror or error}.") from error
    except (EOFError, zlib.error, ZstdError, zipfile.BadZipFile) as error:
        raise InputError(f"'{path}' is cut short or damaged ({error}). Fetch or write it again.") from error


def _files(paths: Any) -> list[tuple[Path, bool]]:
    """Files to read, sorted within folders; True where the user named the file itself."""
    given_paths = [paths] if isinstance(paths, str | Path) else list(paths)
    files: list[tuple[Path, bool]] = []
    for path in map(Path, given_paths):
        with plain_errors(path):
            if path.is_dir():
                inside = sorted(p for p in path.rglob("*") if p.is_file() and not p.name.startswith("."))
                files += [(p, False) for p in inside]
            elif path.exists():
                refuse_pipe(path)
                files.append((path, True))
            else:
                raise InputError(f"No file '{path}'. Check the path.")
    if not files:
        raise InputError("No files to read. Name files, or a folder that holds some.")
    twice = [path for path, count in Counter(path.resolve() for path, _ in files).items() if count > 1]
    if twice:
        raise InputError(f"'{twice[0]}' is named twice. Name it once.")
    return files


def _files_of_format(
    files: list[tuple[Path, bool]], name: str, has_options: bool
) -> tuple[str, list[Path], list[Path]]:
    """The format, the files of it, and the files in folders that are of no format."""
    if name != AUTO and name not in FORMATS:
        hint = did_you_mean(name, FORMATS)
        raise InputError(f"No format '{name}'.{hint} There are: auto, {', '.join(FORMATS)}.")
    if name != AUTO and all(is_explicit for _, is_explicit in files):
        for path, _ in files:
            _refuse_foreign(path, name)
        return name, [path for path, _ in files], []
    if name != AUTO and has_options and (readable := FORMATS[name].readable) is not None:
        fitting = [path for path, is_explicit in files if is_explicit or _is_readable(path, readable)]
        if not fitting:
            raise InputError(f"No file in '{files[0][0].parent}' can be read as {name}.")
        return name, fitting, [path for path, _ in files if path not in fitting and path.name not in STATE_FILES]
    kinds = {path: recognised_format(path) for path, _ in files}
    unknown = [path for path, _ in files if kinds[path] is None and path.name not in STATE_FILES]
    for path, is_explicit in files:
        if is_explicit and kinds[path] is None:
            _refuse_unknown(path, name)
    if name == AUTO:
        name = _only(kinds)
    return (
        name,
        [path for path, is_explicit in files if kinds[path] == name or (is_explicit and kinds[path] is None)],
        unknown,
    )


def _is_readable(path: Path, readable: Callable[[Path, bytes], bool]) -> bool:
    with plain_errors(path):
        return readable(path, Source(path).head())


def _refuse_foreign(path: Path, name: str) -> None:
    """Refuse what cannot be of the format that the user named, by its first bytes."""
    with plain_errors(path):
        head = Source(path).head()
        kind = None if FORMATS[name].module.recognises(path, head) else foreign_kind(path.name, head)
    if kind:
        raise InputError(f"'{path}' is {kind}.")


def _refuse_unknown(path: Path, name: str) -> None:
    """Refuse a file that the user named and no format recognises; the message says what it is where that is known."""
    with plain_errors(path):
        head = Source(path).head()
        kind = foreign_description(path, head) if name == AUTO else foreign_kind(path.name, head)
    if kind:
        raise InputError(f"'{path}' is {kind}.")
    if name == AUTO:
        raise InputError(
            f"'{path}' is of no known format. Samples of one's own are read from JSON Lines, JSON, CSV, TSV, Parquet "
            f"and Arrow: write them so, or name the format; there are: {', '.join(FORMATS)}."
        )


def _only(kinds: Mapping[Path, str | None]) -> str:
    """The one format of all files; where there are several, what to do."""
    by_format: dict[str, list[Path]] = {}
    for path, kind in kinds.items():
        if kind is not None:
            by_format.setdefault(kind, []).append(path)
    if len(by_format) > 1:
        parts = [
            f"{len(paths)} of {kind} ('{paths[0].name}'{', ...' * (len(paths) > 1)})"
            for kind, paths in by_format.items()
        ]
        first = next(iter(by_format))
        raise InputError(
            f"The files are of {len(by_format)} formats: {', '.join(parts)}. Import each apart, as in: "
            f"boundary import {first} {_folder_of(kinds)} -o {first}.csv. boundary analyze takes several tables."
        )
    if not by_format:
        if len(kinds) == 1:
            _refuse_unknown(next(iter(kinds)), AUTO)
        raise InputError(_of_no_format(list(kinds)))
    return next(iter(by_format))


def _of_no_format(paths: Sequence[Path]) -> str:
    """What was looked at in a folder of which no file is of a known format, and what to do."""
    endings = Counter("".join(path.suffixes[-2:]) or "no ending" for path in paths)
    kinds = ", ".join(f"{count} {ending}" for ending, count in endings.most_common(6))
    described: dict[str, Path] = {}
    for path in paths:
        if path.suffix not in {other.suffix for other in described.values()} and len(described) < 3:
            with plain_errors(path):
                described[foreign_description(path, Source(path).head()) or "of no kind that is known"] = path
    files = " ".join(f"'{path}' is {description}." for description, path in described.items())
    return (
        f"None of {len(paths)} files in '{_folder_of(paths)}' is of a known format ({kinds}). {files} To read files "
        f"of one kind, name them (as in {_folder_of(paths)}/*{paths[0].suffix}) and their format: boundary import rows "
        "... --columns problem=NAME,correct=NAME."
    )


def _folder_of(paths: Iterable[Path]) -> str:
    """The folder that holds all files, for messages."""
    try:
        return os.path.commonpath([path.parent for path in paths]) or "."
    except ValueError:  # some with their drive or root, others without
        return "FILES"


def _settings(sources: Sequence[Source]) -> dict[str, Any]:
    """What the files say of the sampling; a list where they differ."""
    by_name: dict[str, list[Any]] = {}
    for source in sources:
        for name, value in source.settings.items():
            if value not in by_name.setdefault(name, []):
                by_name[name].append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in by_name.items()}
