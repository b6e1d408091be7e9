"""Rollouts that verl dumps, `{validation_data_dir or rollout_data_dir}/{step}.jsonl`: JSON Lines, a sample a line.

Fields: input, output, gts, score, step, and what the reward function adds (acc, pred). There is no problem id: samples
of one input are of one problem, whose name is a hash of it. A score may be -1 and 1 or a share: then a threshold is
needed.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from boundary.data.option_values import number
from boundary.data.raw_json import NOTHING, raw_bytes, raw_hash
from boundary.data.records import CORRECT, EMPTY, WRONG, Answers, text_hash, verdict
from boundary.data.streams import Source, has_keys, is_object

EXTRAS = ("acc", "score")


class Row(msgspec.Struct):
    """A sample."""

    input: msgspec.Raw
    output: msgspec.Raw
    score: Any
    gts: msgspec.Raw = NOTHING
    step: int | None = None
    acc: Any = None


def recognises(path: Path, head: bytes) -> bool:
    """Whether the first line is a rollout."""
    return is_object(head) and has_keys(head, "input", "output", "gts", "score")


def read(source: Source, *, threshold: str = "", verdicts: str = "score") -> Iterator[Answers]:
    """Samples, grouped by input.

    Parameters
    ----------
    threshold
        From which score on a sample is correct, where scores are not 0 and 1.
    verdicts
        `score`, or `acc`, which some reward functions write beside it.
    """
    if verdicts not in EXTRAS:
        raise source.error(f"option verdicts is {verdicts!r}; give score or acc")
    least = number("threshold", threshold) if threshold != "" else None
    references: dict[str, bytes] = {}
    for line, row in source.rows(Row):
        asked = raw_bytes(row.input)
        name = f"{text_hash(asked):016x}"
        try:
            correct = _correct(row.acc if verdicts == "acc" else row.score, least)
            if references.setdefault(name, raw_bytes(row.gts)) != raw_bytes(row.gts):
                raise ValueError("its input stood before with another reference answer: two problems under one prompt")
        except ValueError as error:
            source.broken(str(error), line)
            continue
        if verdicts == "score" and row.acc is not None:
            _compare(row.acc, correct, source)
        yield Answers(
            problem_id=name,
            outcomes=[CORRECT if correct else EMPTY if bytes(row.output) == b'""' else WRONG],
            model=None if row.step is None else f"step {row.step}",
            texts=[raw_hash(row.output)],
            question=asked,
            facts={} if row.step is None else {"checkpoint_step": row.step},
            whole=False,
            line=line,
        )


def _correct(value: Any, least: float | None) -> bool:
    if least is None:
        try:
            return verdict(value)
        except ValueError as error:
            raise ValueError(
                f"{error}. Say from which score on a sample is correct with --option threshold=NUMBER"
            ) from error
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        raise ValueError(f"{str(value)[:40]!r} is no score")
    return value >= least


def _compare(acc: Any, correct: bool, source: Source) -> None:
    try:
        differs = verdict(acc) is not correct
    except ValueError:
        return
    if differs:
        source.note(
            f"'{source.path}': score and acc disagree on some samples. Choose with --option verdicts=acc or score."
        )
