"""Attempts of Best-of-N Jailbreaking (arXiv 2412.03556): JSON Lines, an attempt a line.

Files are named `{model}_text_t{T}_n{most}.jsonl`. Fields: i (the request), n (the attempt), flagged (whether the grader
took it for a success), behavior_id. Attempts are made in blocks of 60 and stop after the first block with a success, so
that n depends on the outcome.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec

from boundary.data.readers.streams import Source, has_keys, is_object
from boundary.data.records import CORRECT, WRONG, Answers, verdict
from boundary.plain_text import count_text

NAME = re.compile(r"^(?P<model>.+)_(?P<modality>text|vision|audio)_t(?P<T>\d+(\.\d+)?)_n\d+")
BLOCK = 60
Count = Annotated[int, msgspec.Meta(ge=0, le=1 << 31)]


class Row(msgspec.Struct):
    """An attempt."""

    i: int | str
    n: Count
    flagged: Any
    behavior_id: str | None = None


def recognises(path: Path, head: bytes) -> bool:
    """Whether the first line is an attempt."""
    return is_object(head) and has_keys(head.split(b"\n", 1)[0], "i", "n", "flagged")


def read(source: Source) -> Iterator[Answers]:
    """Samples, an attempt each."""
    file_name = NAME.match(source.plain_name)
    names: dict[str, Any] = {}
    if file_name:
        names = {"model": file_name["model"], "benchmark": f"bon-jailbreaking-{file_name['modality']}"}
        source.settings["temperature"] = float(file_name["T"])
    attempts: set[tuple[int | str, int]] = set()
    first: dict[int | str, int] = {}
    last: dict[int | str, int] = {}
    for line, row in source.rows(Row):
        try:
            correct = verdict(row.flagged)
        except ValueError as error:
            source.broken(str(error), line)
            continue
        if (row.i, row.n) in attempts:
            source.broken(f"attempt {row.n} of problem {row.i} appears twice", line)
            continue
        attempts.add((row.i, row.n))
        last[row.i] = max(last.get(row.i, 0), row.n)
        if correct:
            first[row.i] = min(first.get(row.i, row.n), row.n)
        yield Answers(
            problem_id=str(row.i),
            outcomes=[CORRECT if correct else WRONG],
            sample_index=[row.n],
            question=row.behavior_id,
            whole=False,
            line=line,
            **names,
        )
    _note_stopping(first, last, source)


def _note_stopping(first: dict[int | str, int], last: dict[int | str, int], source: Source) -> None:
    """Note that attempts stop soon after the first success, where they do."""
    longest = max(last.values(), default=0)
    shorter = [problem for problem, end in last.items() if end < longest]
    n_stopped = sum(problem in first and last[problem] - first[problem] < BLOCK for problem in shorter)
    if shorter and n_stopped >= 0.9 * len(shorter):
        source.note(
            f"'{source.path}': attempts on {count_text(n_stopped, 'problem')} stop soon after the first success. "
            "Their number depends on the outcome, so that the share of successes and pass@k, which suppose a fixed "
            "number, are biased."
        )
