"""The store: samples and verdicts of an arm on disk, written shard by shard, so that a stop at any moment loses little.

A shard is written under a hidden name, flushed to the disk, and then renamed, so that it is there whole or not at all.
Nothing is ever changed in place. What is there is read from the shards' headers, so a run that starts again samples
only what is missing.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from filelock import FileLock

from boundary.data.confusable_names import visible
from boundary.data.readers.limits import LONGEST_NAME
from boundary.data.runs.folder import (
    MANIFEST,
    SAMPLES,
    VERDICTS,
    manifest_hash,
    read_samples,
    read_verdicts,
    sample_index,
    shards,
)
from boundary.errors import InputError
from boundary.sampling.problems import FINISH_REASONS, Completion, Problem, Verdict, text_hash
from boundary.sampling.store.files import own_folder, write_shard, writing
from boundary.sampling.store.locks import short_lock, take_lock
from boundary.sampling.store.manifests import (
    LOCK,
    Prompts,
    agree_manifest,
    compare_manifest,
    set_in_manifest,
    stored_problems,
)

__all__ = [
    "Store",
    "append_verdicts",
    "arm_folder",
    "open_store",
    "set_in_manifest",
    "slug",
    "stored_completions",
    "stored_problems",
    "unjudged",
    "view_store",
    "write_shard",
]

WHOLE = (0, 1)
PART_LOCK = ".lock-"


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
    _held: dict[str, dict[int, int]] = field(default_factory=dict)  # text hashes by problem and place

    def missing(self, problem_id: str, n: int) -> tuple[int, ...]:
        """Indices 0..n-1 of a problem's samples that are not stored yet."""
        held = self._held.get(problem_id, {})
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
        problem_ids = {problem.problem_id for problem in self.problems}
        new: set[tuple[str, int]] = set()
        for completion in good:
            key = (completion.problem_id, completion.sample_index)
            if completion.problem_id not in problem_ids:
                raise ValueError(f"no problem {completion.problem_id} in this part of {self.arm}")
            if key in new or completion.sample_index in self._held.get(completion.problem_id, ()):
                raise ValueError(f"sample {completion.sample_index} of {completion.problem_id} is stored already")
            new.add(key)
        if not good:
            return None
        header = {"manifest": manifest_hash(self.manifest), "samples": [_header_row(sample) for sample in good]}
        shard = write_shard(self.arm / SAMPLES, map(_line, good), part_name(self.shard), header)
        for sample in good:
            self._held.setdefault(sample.problem_id, {})[sample.sample_index] = text_hash(sample.text)
        return shard

    def completions(self) -> Iterator[Completion]:
        """Every stored sample."""
        return stored_completions(self.arm)

    def append_verdicts(self, verifier: str, verdicts: Iterable[Verdict]) -> Path | None:
        """Write verdicts of a verifier (its key, NAME-VERSION) as one shard, each for the text that is stored now."""
        keyed = (
            verdict
            if verdict.text_hash is not None
            else replace(verdict, text_hash=self._held[verdict.problem_id][verdict.sample_index])
            for verdict in verdicts
        )
        return append_verdicts(self.arm, verifier, keyed, part=part_name(self.shard))

    def unjudged(self, verifier: str) -> Iterator[Completion]:
        """Stored samples of this part's problems that a verifier has not judged yet."""
        own = {problem.problem_id for problem in self.problems}
        return (sample for sample in unjudged(self.arm, verifier) if sample.problem_id in own)


@contextmanager
def open_store(
    folder: str | Path,
    manifest: Mapping[str, Any],
    problems: Sequence[Problem],
    shard: tuple[int, int] = WHOLE,
    prompts: Prompts | None = None,
    arm: Path | None = None,
) -> Iterator[Store]:
    """Open the arm of a model and a benchmark in a run folder, and make it if it is not there.

    Parameters
    ----------
    folder
        The run folder.
    manifest
        model, benchmark, revision, template, engine, settings and so on; all but `n_samples`, `verifier`, `label` and
        `skipped` must be what they were when the arm was made. Another `engine_version` is recorded.
    problems
        The whole problem set, whatever the shard; it may hold more problems than the arm, or only some of them.
    shard
        (i, N): this process samples every N-th problem from the i-th on.
    prompts
        A problem's prompt as token ids; their fingerprint goes into the manifest.
    arm
        The arm's folder, where it is not MODEL/BENCHMARK in the run folder.

    Returns
    -------
    A context manager; while it is open no other process writes this part.

    Raises
    ------
    InputError
        If the arm on disk holds samples of other settings, another process writes this part or divides the problems
        otherwise, or it cannot be written.
    """
    _check_problems(problems)
    arm = arm or arm_folder(folder, str(manifest["model"]), str(manifest["benchmark"]))
    with writing(arm):
        arm.mkdir(parents=True, exist_ok=True)
        own_folder(arm / SAMPLES)
    with short_lock(arm / LOCK):
        lock = _lock_of_part(arm, shard)
        try:
            with writing(arm):
                agreed_manifest, places = agree_manifest(arm, manifest, problems, prompts)
                for torn in (arm / SAMPLES).glob(f".{part_name(shard)}-*"):
                    torn.unlink(missing_ok=True)
        except BaseException:
            lock.release()
            raise
    try:
        yield Store(arm, _part(problems, places, shard), shard, agreed_manifest, _held(arm))
    finally:
        lock.release()


def view_store(
    arm: Path,
    manifest: Mapping[str, Any],
    problems: Sequence[Problem],
    shard: tuple[int, int] = WHOLE,
    prompts: Prompts | None = None,
) -> Store:
    """An arm as it is now, or would be at its beginning: to look at alone, so that nothing is locked or written.

    Parameters
    ----------
    arm
        Its folder, which need not be there.
    manifest, problems, shard, prompts
        As for `open_store`.

    Raises
    ------
    InputError
        If the arm on disk holds samples of other settings.
    """
    _check_problems(problems)
    places = compare_manifest(arm, manifest, problems, prompts)
    held = _held(arm) if (arm / MANIFEST).exists() else {}
    return Store(arm, _part(problems, places, shard), shard, manifest, held)


def _part(problems: Sequence[Problem], places: Mapping[str, int], shard: tuple[int, int]) -> tuple[Problem, ...]:
    own = (problem for problem in problems if places[problem.problem_id] % shard[1] == shard[0])
    return tuple(sorted(own, key=lambda problem: places[problem.problem_id]))


def _lock_of_part(arm: Path, shard: tuple[int, int]) -> FileLock:
    """Hold a part of an arm for one process, where no other process divides the problems into other parts."""
    for path in sorted(arm.glob(f"{PART_LOCK}*of*")):
        parts = path.name.rpartition("of")[2]
        if parts.isdecimal() and int(parts) != shard[1]:
            other = take_lock(path)
            if other is None:
                raise InputError(
                    f"Another process is sampling '{arm}' with --shard I/{int(parts)}, and this one would divide "
                    f"the problems by {shard[1]}: both would sample some of them. Wait until it has ended, or "
                    f"use --shard I/{int(parts)}."
                )
            other.release()
    lock = take_lock(arm / f"{PART_LOCK}{part_name(shard)}")
    if lock is None:
        raise InputError(
            f"Another process is sampling the same part of '{arm}'. Wait for it, or divide with --shard i/N."
        )
    return lock


def _held(arm: Path) -> dict[str, dict[int, int]]:
    index = sample_index(arm)
    held: dict[str, dict[int, int]] = {}
    for problem_id, place, text in zip(index["problem_id"], index["sample_index"], index["text_hash"], strict=True):
        held.setdefault(problem_id, {})[int(place)] = int(text)
    return held


def arm_folder(folder: str | Path, model: str, benchmark: str) -> Path:
    """Where the samples of a model on a benchmark are kept."""
    return Path(folder) / slug(model) / slug(benchmark)


def slug(name: str) -> str:
    """A name as a folder's name.

    Examples
    --------
    >>> slug("Qwen/Qwen2.5-7B")
    'Qwen-Qwen2.5-7B'
    """
    return re.sub(r"[^A-Za-z0-9._=-]+", "-", name).strip("-.") or "unnamed"


def stored_completions(arm: Path) -> Iterator[Completion]:
    """Every sample of an arm.

    Raises
    ------
    InputError
        If one is not what this program writes.
    """
    for line in read_samples(arm):
        try:
            tokens = line.pop("tokens")
            sample = Completion(**line, tokens=None if tokens is None else tuple(tokens))
            sound = isinstance(sample.problem_id, str) and isinstance(sample.text, str)
        except TypeError:
            sound = False
        if not sound or sample.finish_reason not in FINISH_REASONS:
            raise InputError(f"'{arm / SAMPLES}' holds a line that is no sample. Sample into a new folder.")
        yield sample


def unjudged(arm: Path, verifier: str) -> Iterator[Completion]:
    """Samples of an arm that a verifier (its key, NAME-VERSION) has not judged yet, without their token ids."""
    table = read_verdicts(arm, verifier)
    keys = set(zip(table["problem_id"], table["sample_index"], strict=True))
    for sample in stored_completions(arm):
        if (sample.problem_id, sample.sample_index) not in keys:
            yield replace(sample, tokens=None)


def append_verdicts(arm: Path, verifier: str, verdicts: Iterable[Verdict], part: str = "verify") -> Path | None:
    """Write verdicts as one shard, each with the hash of the text it judged; of a text judged twice the later counts.

    Raises
    ------
    ValueError
        For a verdict without a hash: a fault of the caller.
    """
    rows = [[v.problem_id, v.sample_index, v.outcome, v.answer, v.reason, v.text_hash] for v in verdicts]
    if not rows:
        return None
    if any(row[-1] is None for row in rows):
        raise ValueError("a verdict does not say which text it judged")
    folder = arm / VERDICTS / slug(verifier)
    numbers = [path.name.split("-")[0] for path in shards(folder)]
    number = 1 + max((int(word) for word in numbers if word.isdecimal()), default=0)
    return write_shard(folder, rows, prefix=f"{number:06d}-{part}")


def _check_problems(problems: Sequence[Problem]) -> None:
    """Refuse names that counts would refuse, before anything is sampled."""
    if not problems:
        raise InputError("There are no problems to sample.")
    names: dict[str, str] = {}
    for problem in problems:
        name = visible(problem.problem_id)
        if not name or len(problem.problem_id) > LONGEST_NAME:
            shown = ascii(problem.problem_id[:40])
            raise InputError(f"A problem is named {shown}. Give it a problem_id of 1 to {LONGEST_NAME} characters.")
        if (other := names.setdefault(name, problem.problem_id)) != problem.problem_id:
            shown = f"{other!a} and {problem.problem_id!a}"
            raise InputError(f"The names {shown} of two problems look the same. Give each a problem_id of its own.")
    if len(names) < len(problems):
        twice = Counter(problem.problem_id for problem in problems).most_common(1)[0][0]
        raise InputError(f"Two problems are named '{twice}'. Give each a problem_id of its own.")


def _header_row(sample: Completion) -> list[Any]:
    return [sample.problem_id, sample.sample_index, text_hash(sample.text), sample.n_tokens, sample.finish_reason]


def _line(sample: Completion) -> dict[str, Any]:
    """A sample as it is stored: token ids only where there are some."""
    return {name: value for name, value in vars(sample).items() if value is not None}


def part_name(shard: tuple[int, int]) -> str:
    """What the files and the lock of a part (i, N) of an arm are named by."""
    return f"{shard[0]:05d}of{shard[1]:05d}"
