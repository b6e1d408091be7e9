"""The store: samples and verdicts of an arm on disk, written shard by shard, so that a stop at any moment loses little.

A shard is written under a hidden name, flushed to the disk, and then renamed, so that it is there whole or not at all.
Nothing is ever changed in place. What is there is read from the shards' headers, so a run that starts again samples
only what is missing.
"""

import fcntl
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

from boundary.data.run_counts import differing
from boundary.data.runs import (
    MANIFEST,
    PROBLEMS,
    SAMPLES,
    SUFFIX,
    VERDICTS,
    manifest_hash,
    read_manifest,
    read_problems,
    read_samples,
    read_verdicts,
    sample_index,
    shards,
)
from boundary.errors import InputError
from boundary.sampling.task import Completion, Problem, Verdict, problem_set_hash

WHOLE = (0, 1)


@dataclass(frozen=True)
class Store:
    """An arm that is open for writing; make one with `open_store`.

    Parameters
    ----------
    arm
        Its folder.
    problems
        Its problems; with shard (i, N), every N-th of them from the i-th.
    shard
        Which part of the problems this process samples.
    manifest
        What the samples are.
    """

    arm: Path
    problems: tuple[Problem, ...]
    shard: tuple[int, int]
    manifest: Mapping[str, Any]
    _held: dict[str, set[int]] = field(default_factory=dict)

    def missing(self, problem_id: str, n: int) -> tuple[int, ...]:
        """Places 0..n-1 of a problem's samples that are not stored yet."""
        held = self._held.get(problem_id, set())
        return tuple(index for index in range(n) if index not in held)

    def n_held(self, problem_id: str | None = None) -> int:
        """Number of samples stored, of a problem or of all; those of other shards as they were at opening."""
        if problem_id is not None:
            return len(self._held.get(problem_id, ()))
        return sum(len(held) for held in self._held.values())

    def append(self, completions: Iterable[Completion]) -> Path | None:
        """Write samples as one shard, whole or not at all.

        Samples that ended in an error are left out: they stay missing.

        Returns
        -------
        The shard; None where there was nothing to write.

        Raises
        ------
        ValueError
            For a sample that is stored already, or of a problem that is not this arm's: a fault of the caller.
        """
        good = [completion for completion in completions if completion.finish_reason != "error"]
        known = {problem.problem_id for problem in self.problems}
        new: set[tuple[str, int]] = set()
        for completion in good:
            key = (completion.problem_id, completion.sample_index)
            if completion.problem_id not in known:
                raise ValueError(f"no problem {completion.problem_id} in this part of {self.arm}")
            if key in new or completion.sample_index in self._held.get(completion.problem_id, ()):
                raise ValueError(f"sample {completion.sample_index} of {completion.problem_id} is stored already")
            new.add(key)
        if not good:
            return None
        header = {"manifest": manifest_hash(self.manifest), "samples": [_index_row(sample) for sample in good]}
        shard = write_shard(self.arm / SAMPLES, map(_record, good), _part(self.shard), header)
        for problem_id, place in new:
            self._held.setdefault(problem_id, set()).add(place)
        return shard

    def completions(self) -> Iterator[Completion]:
        """Every stored sample."""
        return stored_completions(self.arm)

    def append_verdicts(self, verifier: str, verdicts: Iterable[Verdict]) -> Path | None:
        """Write verdicts of a verifier (its key, NAME-VERSION) as one shard."""
        return append_verdicts(self.arm, verifier, verdicts, part=_part(self.shard))

    def unjudged(self, verifier: str) -> Iterator[Completion]:
        """Stored samples of this part's problems that a verifier has not judged yet."""
        mine = {problem.problem_id for problem in self.problems}
        return (sample for sample in unjudged(self.arm, verifier) if sample.problem_id in mine)


@contextmanager
def open_store(
    folder: str | Path, manifest: Mapping[str, Any], problems: Sequence[Problem], shard: tuple[int, int] = WHOLE
) -> Iterator[Store]:
    """Open the arm of a model and a benchmark in a run folder, and make it if it is not there.

    Parameters
    ----------
    folder
        The run folder.
    manifest
        model, benchmark, revision, template, engine, settings and so on; all but `n_samples`, `verifier` and `label`
        must be what they were when the arm was made.
    problems
        The whole problem set, whatever the shard.
    shard
        (i, N): this process samples every N-th problem from the i-th on.

    Raises
    ------
    InputError
        If the arm on disk holds samples of other settings, another process writes this part, or it cannot be written.
    """
    _check_problems(problems)
    arm = arm_folder(folder, str(manifest["model"]), str(manifest["benchmark"]))
    full = dict(manifest) | {"problem_set_hash": problem_set_hash(problems), "n_problems": len(problems)}
    with _writing(arm):
        (arm / SAMPLES).mkdir(parents=True, exist_ok=True)
        lock = (arm / f".lock-{_part(shard)}").open("a")
    with lock:
        with _writing(arm):
            _lock(lock, arm)
            agreed = _agree(arm, full, problems)
            for torn in (arm / SAMPLES).glob(f".{_part(shard)}-*"):
                torn.unlink(missing_ok=True)
        yield Store(arm, tuple(problems[shard[0] :: shard[1]]), shard, agreed, _held(arm))


def _held(arm: Path) -> dict[str, set[int]]:
    index = sample_index(arm)
    held: dict[str, set[int]] = {}
    for problem_id, place in zip(index["problem_id"], index["sample_index"], strict=True):
        held.setdefault(problem_id, set()).add(int(place))
    return held


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(
            f"Cannot write '{folder}': {error.strerror or error}. What is stored stays. Mend that, then start again."
        ) from error


def arm_folder(folder: str | Path, model: str, benchmark: str) -> Path:
    """Where the samples of a model on a benchmark are kept."""
    return Path(folder) / slug(model) / slug(benchmark)


def slug(name: str) -> str:
    """A name as a folder's name."""
    return re.sub(r"[^A-Za-z0-9._=-]+", "-", name).strip("-.") or "unnamed"


def stored_problems(arm: Path) -> tuple[Problem, ...]:
    """The problems of an arm, without their images."""
    return tuple(Problem(**(line | {"messages": tuple(line["messages"])})) for line in read_problems(arm))


def stored_completions(arm: Path) -> Iterator[Completion]:
    """Every sample of an arm."""
    return (Completion(**line) for line in read_samples(arm))


def unjudged(arm: Path, verifier: str) -> Iterator[Completion]:
    """Samples of an arm that a verifier (its key, NAME-VERSION) has not judged yet."""
    table = read_verdicts(arm, verifier)
    judged = set(zip(table["problem_id"], table["sample_index"], strict=True))
    for sample in stored_completions(arm):
        if (sample.problem_id, sample.sample_index) not in judged:
            yield sample


def append_verdicts(arm: Path, verifier: str, verdicts: Iterable[Verdict], part: str = "verify") -> Path | None:
    """Write verdicts as one shard; of a sample judged twice the later verdict counts."""
    rows = [[v.problem_id, v.sample_index, v.outcome, v.answer, v.reason] for v in verdicts]
    if not rows:
        return None
    folder = arm / VERDICTS / slug(verifier)
    numbers = [path.name.split("-")[0] for path in shards(folder)]
    number = 1 + max((int(word) for word in numbers if word.isdecimal()), default=0)
    return write_shard(folder, rows, prefix=f"{number:06d}-{part}")


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
    with _writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        _write_flushed(hidden, data)
        hidden.rename(final)
        _flush_folder(folder)
    return final


def _compressed(lines: Iterable[Any]) -> bytes:
    import zstandard

    text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)
    return zstandard.ZstdCompressor(level=3, write_checksum=True).compress(text.encode())


def set_in_manifest(arm: Path, **values: Any) -> None:
    """Change what may change of a manifest: n_samples, verifier, label."""
    write_text(arm / MANIFEST, _pretty(read_manifest(arm) | values))


def _agree(arm: Path, manifest: dict[str, Any], problems: Sequence[Problem]) -> dict[str, Any]:
    """Make the manifest, or check it against the one that is there; the one that now holds."""
    manifest = json.loads(json.dumps(manifest))
    if not (arm / MANIFEST).exists():
        write_text(arm / PROBLEMS, "".join(json.dumps(_stored(problem), default=str) + "\n" for problem in problems))
        _create(arm / MANIFEST, _pretty(manifest))
    there = read_manifest(arm)
    if manifest_hash(there) != manifest_hash(manifest):
        raise InputError(
            f"'{arm}' holds samples of other settings: {', '.join(_changes(there, manifest))}. "
            "Samples of different settings are not pooled: name another folder with -o, or use the old settings."
        )
    changed = {key: manifest[key] for key in ("verifier", "label") if manifest.get(key) not in (None, there.get(key))}
    n = max(manifest.get("n_samples") or 0, there.get("n_samples") or 0)
    if changed or n != (there.get("n_samples") or 0):
        set_in_manifest(arm, **changed, n_samples=n)
    return read_manifest(arm)


def _changes(there: dict[str, Any], manifest: dict[str, Any]) -> list[str]:
    flat = [
        one | {f"settings.{key}": value for key, value in one.get("settings", {}).items()} for one in (there, manifest)
    ]
    return [f"{name} was {flat[0].get(name)!r}, now {flat[1].get(name)!r}" for name in differing(there, manifest)]


def _create(path: Path, text: str) -> None:
    """Write a file unless another process has just done so."""
    hidden = path.with_name(f".{path.name}-{uuid4().hex[:8]}.tmp")
    write_text(hidden, text)
    try:
        os.link(hidden, path)
    except FileExistsError:
        pass
    except OSError:  # a file system without links
        hidden.rename(path)
        return
    hidden.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a small file, whole or not at all."""
    hidden = path.with_name(f".{path.name}-{uuid4().hex[:8]}.new")
    _write_flushed(hidden, text.encode())
    hidden.rename(path)
    _flush_folder(path.parent)


def _write_flushed(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    """Put a new name on the disk, not only the file's content."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError:  # some network file systems do not flush folders
        pass
    finally:
        os.close(descriptor)


def _lock(file: IO[str], arm: Path) -> None:
    """Hold a part of an arm for one process; the lock goes with the process, however it ends."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise InputError(
            f"Another process is sampling the same part of '{arm}'. Wait for it, or divide with --shard i/N."
        ) from None


def _check_problems(problems: Sequence[Problem]) -> None:
    seen: set[str] = set()
    for problem in problems:
        if problem.problem_id in seen:
            raise InputError(f"Two problems are named '{problem.problem_id}'. Give each a problem_id of its own.")
        seen.add(problem.problem_id)
    if not problems:
        raise InputError("There are no problems to sample.")


def _index_row(sample: Completion) -> list[Any]:
    text = int.from_bytes(blake2b(sample.text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little") >> 1
    return [sample.problem_id, sample.sample_index, text, sample.n_tokens, sample.finish_reason]


def _record(sample: Completion) -> dict[str, Any]:
    return {
        "problem_id": sample.problem_id,
        "sample_index": sample.sample_index,
        "text": sample.text,
        "finish_reason": sample.finish_reason,
        "n_tokens": sample.n_tokens,
    }


def _stored(problem: Problem) -> dict[str, Any]:
    return {
        "problem_id": problem.problem_id,
        "prompt": problem.prompt,
        "answer": problem.answer,
        "messages": [dict(turn) for turn in problem.messages],
        "facts": dict(problem.facts),
    }


def _part(shard: tuple[int, int]) -> str:
    return f"{shard[0]:05d}of{shard[1]:05d}"


def _pretty(manifest: Mapping[str, Any]) -> str:
    return json.dumps(manifest, indent=2, sort_keys=True) + "\n"
