"""Rollouts that verl dumps, `{validation_data_dir or rollout_data_dir}/{step}.jsonl`: JSON Lines, an output a line.

Fields: input, output, gts, score, step, in some uid (one for all samples of a problem) and session_id, and what the
reward function adds (acc, pred, data_source). Without a uid samples of one input are of one problem, whose name is a
hash of it; uids are new in every file, and only tell problems of one input apart. Several outputs of a session are one
sample. A score may be -1 and 1 or a share: then a threshold is needed.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from boundary.data.formats.parts.option_values import number
from boundary.data.formats.parts.verl_sessions import Rollout, Sessions
from boundary.data.readers.raw_json import NOTHING, raw_bytes, raw_hash, refuse_several_texts
from boundary.data.readers.streams import Source, has_keys, is_object
from boundary.data.records import CORRECT, EMPTY, WRONG, Answers, text_hash, verdict

EXTRAS = ("acc", "score")


class Row(msgspec.Struct):
    """An output."""

    input: msgspec.Raw
    output: msgspec.Raw
    score: Any
    gts: msgspec.Raw = NOTHING
    step: int | None = None
    acc: Any = None
    uid: str | int | None = None
    session_id: str | int | None = None
    traj_uid: str | int | None = None
    trajectory_id: str | int | None = None
    request_id: str | int | None = None
    data_source: Any = None


def recognises(path: Path, head: bytes) -> bool:
    """Whether the first line is a rollout."""
    # Before 0.5 it wrote no gts; then the step tells its rows from others.
    is_rollout = is_object(head) and has_keys(head, "input", "output", "score")
    return is_rollout and (has_keys(head, "gts") or has_keys(head, "step"))


def read(source: Source, *, threshold: str = "", verdicts: str = "score", outputs: str = "") -> Iterator[Answers]:
    """Samples, grouped by uid or by input.

    Parameters
    ----------
    threshold
        Least score of a correct sample, where scores are not 0 and 1.
    verdicts
        Field that holds the verdict: `score`, or `acc`, which some reward functions write beside it.
    outputs
        How many consecutive lines are outputs of one session, where the file does not say; 1 where each line is a
        sample.
    """
    if verdicts not in EXTRAS:
        raise source.error(f"option verdicts is {verdicts!r}; give score or acc")
    least = number("threshold", threshold) if threshold != "" else None
    sessions = Sessions(source, int(number("outputs", outputs)) if outputs != "" else None)
    references: dict[tuple[int, str], bytes] = {}
    for line, row in source.rows(Row):
        input_hash = text_hash(raw_bytes(row.input))
        uid = "" if row.uid is None else str(row.uid)
        try:
            correct = _correct(row, verdicts, least)
            refuse_several_texts(row.output)
            if references.setdefault((input_hash, uid), raw_bytes(row.gts)) != raw_bytes(row.gts) and not uid:
                raise ValueError("its input stood before with another reference answer: two problems under one prompt")
        except ValueError as error:
            source.broken(str(error), line)
            continue
        if verdicts == "score" and row.acc is not None:
            _compare(row.acc, correct, source)
        outcome = CORRECT if correct else EMPTY if bytes(row.output) == b'""' else WRONG
        names = (row.session_id, row.traj_uid, row.trajectory_id, row.request_id)
        session = next((name for name in names if name is not None), None)
        data_set = row.data_source if isinstance(row.data_source, str) and row.data_source.strip() else None
        rollout = Rollout(input_hash, uid, session, outcome, raw_hash(row.output), row.step, line, data_set)
        if rollout.uid or rollout.session is not None:
            sessions.add(rollout)
        else:
            yield _answers(rollout, f"{input_hash:016x}")
    for name, rollout in sessions.samples():
        yield _answers(rollout, name)


def _answers(rollout: Rollout, name: str) -> Answers:
    return Answers(
        problem_id=name,
        outcomes=[rollout.outcome],
        benchmark=rollout.benchmark,
        texts=[rollout.text],
        facts={} if rollout.step is None else {"checkpoint_step": rollout.step},
        whole=False,
        line=rollout.line,
    )


def _correct(row: Row, verdicts: str, least: float | None) -> bool:
    value = row.acc if verdicts == "acc" else row.score
    if least is None:
        try:
            return verdict(value)
        except ValueError as error:
            other = "Take --option verdicts=acc, which stands beside it, or say" if _is_verdict(row.acc) else "Say"
            raise ValueError(
                f"{error}. {other} from which score on a sample is correct with --option threshold=NUMBER"
            ) from error
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        raise ValueError(f"{str(value)[:40]!r} is no score")
    return value >= least


def _is_verdict(value: Any) -> bool:
    try:
        verdict(value)
    except ValueError:
        return False
    return True


def _compare(acc: Any, correct: bool, source: Source) -> None:
    if _is_verdict(acc) and verdict(acc) is not correct:
        source.note(
            f"'{source.path}': score and acc disagree on some samples. Choose with --option verdicts=acc or score."
        )
