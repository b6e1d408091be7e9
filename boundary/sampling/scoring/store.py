"""Where scores go: shards beside an arm's samples, as restartable as those."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from boundary.data.runs.folder import shards
from boundary.data.runs.scores import (
    PER_TOKEN,
    REFERENCE_SCORED,
    SAMPLES_SCORED,
    SCORES,
    SCORING,
    SCORING_MUTABLE,
    TEMPERED,
    read_scoring,
    score_index,
    scoring_hash,
)
from boundary.errors import InputError
from boundary.sampling.scoring.records import Score
from boundary.sampling.store.arm import part_name, slug
from boundary.sampling.store.files import own_folder, write_shard, write_text, writing
from boundary.sampling.store.locks import short_lock, take_lock
from boundary.sampling.store.manifests import LOCK, utc_now

# What a part's lock is named by, before what is scored and the part.
PART_LOCK = ".lock-"


@dataclass(frozen=True)
class ScoreStore:
    """A folder of scores that is open for writing; make one with `open_scores`.

    Parameters
    ----------
    folder
        Of the model that scores.
    kind
        What is scored: samples, or reference.
    part
        What this process's shards are named by.
    scoring
        What the scores are.
    """

    folder: Path
    kind: str
    part: str
    scoring: Mapping[str, Any]
    _held: dict[tuple[str, int, int], set[str]] = field(default_factory=dict)

    def holds(self, problem_id: str, sample_index: int, text_hash: int, extras: set[str]) -> bool:
        """Whether a text is scored, and has these extras (PER_TOKEN, TEMPERED)."""
        held = self._held.get((problem_id, sample_index, text_hash))
        return held is not None and extras <= held

    def append(self, scores: Iterable[Score]) -> Path | None:
        """Write scores as one shard, whole or not at all; None where there is nothing to write."""
        rows = list(scores)
        if not rows:
            return None
        index = [[*_key(score), score.n_tokens, "+".join(sorted(_extras(score)))] for score in rows]
        numbers = [path.name.split("-")[0] for path in shards(self.folder / self.kind)]
        number = 1 + max((int(word) for word in numbers if word.isdecimal()), default=0)
        lines = ({name: value for name, value in vars(score).items() if value is not None} for score in rows)
        header = {"manifest": scoring_hash(self.scoring), "samples": index}
        path = write_shard(self.folder / self.kind, lines, f"{number:06d}-{self.part}", header)
        for score in rows:
            self._held[_key(score)] = self._held.get(_key(score), set()) | _extras(score)
        return path


def _key(score: Score) -> tuple[str, int, int]:
    return score.problem_id, score.sample_index, score.text_hash


def _extras(score: Score) -> set[str]:
    extras = {PER_TOKEN: score.token_logp, TEMPERED: score.sum_tempered}
    return {name for name, value in extras.items() if value is not None}


@contextmanager
def open_scores(
    arm: Path, scoring: Mapping[str, Any], kind: str, shard: tuple[int, int] = (0, 1)
) -> Iterator[ScoreStore]:
    """Open the scores of an arm under a model, and make their folder if it is not there.

    Parameters
    ----------
    arm
        The arm that is scored.
    scoring
        model, label, revision, tokenizer_hash, vocabulary_hash, same_vocabulary, engine, engine_version, settings; all
        but SCORING_MUTABLE must be what they were.
    kind
        `samples` or `reference`.
    shard
        (i, N): which part of the problems this process scores.

    Returns
    -------
    A context manager; while it is open no other process writes this part.

    Raises
    ------
    InputError
        If the folder holds scores of another model or other settings, or another process scores this part.
    """
    folder = arm / SCORES / slug(str(scoring.get("label") or scoring["model"]))
    with writing(folder):
        for path in (arm / SCORES, folder, folder / kind):
            own_folder(path)
    with short_lock(folder / LOCK):
        path = folder / f"{PART_LOCK}{kind}-{part_name(shard)}"
        lock = take_lock(path)
        if lock is None:
            raise InputError(
                f"Another process is scoring the same part of '{arm}'. Wait for it, or divide with --shard i/N."
            )
        try:
            agreed = _agree(folder, scoring, path)
        except BaseException:
            lock.release()
            raise
    try:
        with writing(folder):
            for torn in (folder / kind).glob(f".*-{part_name(shard)}-*"):
                torn.unlink(missing_ok=True)
        yield ScoreStore(folder, kind, part_name(shard), agreed, _held(folder, kind))
    finally:
        lock.release()


def _held(folder: Path, kind: str) -> dict[tuple[str, int, int], set[str]]:
    held: dict[tuple[str, int, int], set[str]] = {}
    for row in score_index(folder, kind).itertuples(index=False):
        extras = held.setdefault((str(row[0]), int(row[1]), int(row[2])), set())
        extras |= set(str(row[4]).split("+")) - {""}
    return held


def _is_unused(folder: Path, own_lock: Path) -> bool:
    """Whether nothing is scored in a folder, and no other process is about to: a model may have failed to load."""
    if shards(folder / SAMPLES_SCORED) or shards(folder / REFERENCE_SCORED):
        return False
    for path in sorted(folder.glob(f"{PART_LOCK}*of*")):
        if path != own_lock:
            other = take_lock(path)
            if other is None:
                return False
            other.release()
    return True


def _agree(folder: Path, scoring: Mapping[str, Any], own_lock: Path) -> dict[str, Any]:
    """Write down what scores, or agree with what is there."""
    proposed = json.loads(json.dumps(dict(scoring)))
    if not (folder / SCORING).exists() or _is_unused(folder, own_lock):
        proposed["created"] = utc_now()
        _write(folder, proposed)
        return dict(proposed)
    stored = read_scoring(folder)
    names = sorted((stored.keys() | proposed.keys()) - set(SCORING_MUTABLE))
    changes = [
        f"{name} was {stored.get(name)!r}, now {proposed.get(name)!r}"
        for name in names
        if stored.get(name) != proposed.get(name)
    ]
    if changes:
        raise InputError(
            f"'{folder}' holds scores of another kind: {', '.join(changes)}. Scores of different kinds are not mixed: "
            "name these with --model LABEL=ID, or use the old settings."
        )
    engine = {name: proposed.get(name) for name in ("engine", "engine_version")}
    before = {name: stored.get(name) for name in engine}
    if engine == before:
        return stored
    agreed = stored | engine | {"history": [*stored.get("history", ()), before | {"until": utc_now()}]}
    _write(folder, agreed)
    return agreed


def _write(folder: Path, scoring: Mapping[str, Any]) -> None:
    with writing(folder):
        write_text(folder / SCORING, json.dumps(scoring, indent=2, sort_keys=True) + "\n")
