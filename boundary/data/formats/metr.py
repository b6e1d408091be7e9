"""Runs published by METR (eval-analysis-public): `runs.jsonl`, a run a line.

Fields: task_id, alias (or model), run_id, score (a share of the points), score_binarized (the verdict),
fatal_error_from, human_minutes, task_source in newer files. `usageLimits` is a run that used up its tokens or time:
it counts, as truncated where it failed. An error of the server or of the task is no failure of the model, and left
out.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from boundary.data.readers.streams import Source, has_keys, is_object
from boundary.data.records import CORRECT, TRUNCATED, WRONG, Answers, verdict
from boundary.plain_text import agreeing, count_text

OF_THE_MODEL = (None, "agent")
LIMITS = "usageLimits"
BENCHMARK = "METR"


class Row(msgspec.Struct):
    """What is read of a line."""

    task_id: str
    score_binarized: Any
    run_id: str | int | None = None
    alias: str | None = None
    model: str | None = None
    fatal_error_from: str | None = None
    human_minutes: float | None = None
    task_source: str | None = None
    scaffold: str | None = None


def recognises(path: Path, head: bytes) -> bool:
    """Whether the first line has a task, a verdict on a run and a length of human work."""
    return is_object(head) and has_keys(head, "task_id", "run_id", "score_binarized", "human_minutes")


def read(source: Source) -> Iterator[Answers]:
    """Samples, a run each."""
    left_out: Counter[str] = Counter()
    run_ids: set[str | int] = set()
    for line, row in source.rows(Row):
        if row.run_id in run_ids:
            source.broken(f"the run {row.run_id} appears twice", line)
            continue
        if row.run_id is not None:
            run_ids.add(row.run_id)
        error = row.fatal_error_from
        if error not in (*OF_THE_MODEL, LIMITS) or row.score_binarized is None:
            left_out[f"ended in an error of {error}" if row.score_binarized is not None else "got no verdict"] += 1
            yield _answers(row, [], line)
            continue
        try:
            outcome = CORRECT if verdict(row.score_binarized) else TRUNCATED if error == LIMITS else WRONG
        except ValueError as wrong:
            source.broken(str(wrong), line)
            continue
        yield _answers(row, [outcome], line)
    for reason, count in left_out.items():
        source.note(
            f"'{source.path}': {count_text(count, 'run')} {reason}; "
            f"{agreeing(count, 'it was', 'they were')} left out, not taken for failures."
        )


def _answers(row: Row, outcomes: list[str], line: int) -> Answers:
    return Answers(
        problem_id=row.task_id,
        outcomes=outcomes,
        model=row.alias or row.model,
        benchmark=row.task_source or BENCHMARK,
        facts={} if row.human_minutes is None else {"human_minutes": row.human_minutes},
        settings={} if row.scaffold is None else {"scaffold": row.scaffold},
        whole=False,
        line=line,
    )
