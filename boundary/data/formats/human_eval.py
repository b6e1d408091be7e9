"""Output of human-eval's `evaluate_functional_correctness`: `{samples}_results.jsonl`, a sample a line.

Fields: task_id, completion, result ("passed", "timed out" or "failed: ..."), passed.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from boundary.data.readers.raw_json import NOTHING, raw_hash, refuse_several_texts
from boundary.data.readers.streams import Source, has_keys, is_object
from boundary.data.records import CORRECT, EMPTY, TIMEOUT, WRONG, Answers, verdict

BENCHMARK = "HumanEval"
# Names of verdicts in other people's files.
SURE = ("is_correct", "correct", "success", "is_success", "outcome", "solved", "resolved")


class Row(msgspec.Struct):
    """What is read of a line."""

    task_id: str
    passed: Any = msgspec.UNSET
    result: str | None = None
    completion: msgspec.Raw = NOTHING


def recognises(path: Path, head: bytes) -> bool:
    """Whether the first line has a problem's name and a completion, judged or not."""
    first = head.split(b"\n", 1)[0]
    if not (is_object(head) and has_keys(head, "task_id", "completion")) or has_keys(head, "eval"):
        return False
    # Others write a verdict of their own name.
    return has_keys(first, "passed") or not any(has_keys(first, name) for name in SURE)


def read(source: Source) -> Iterator[Answers]:
    """Samples, one at a time: lines of a problem need not stand together."""
    has_verdicts = False
    for line, row in source.rows(Row):
        if row.passed is msgspec.UNSET and not has_verdicts:
            raise source.error(
                "its completions are not judged yet. Run evaluate_functional_correctness on it, and import the "
                "_results.jsonl that it writes"
            )
        has_verdicts = True
        try:
            outcome = _outcome(row)
            refuse_several_texts(row.completion)
        except ValueError as error:
            source.broken(str(error), line)
            continue
        yield Answers(
            problem_id=row.task_id,
            outcomes=[outcome],
            texts=[raw_hash(row.completion)],
            reasons=["" if outcome in (CORRECT, TIMEOUT) else row.result or ""],
            benchmark=BENCHMARK if row.task_id.startswith(f"{BENCHMARK}/") else None,
            whole=False,
            line=line,
        )


def _outcome(row: Row) -> str:
    if row.passed is msgspec.UNSET:
        raise ValueError("no field 'passed'")
    passed = verdict(row.passed)
    if row.result is not None and passed != (row.result == "passed"):
        raise ValueError(f"'passed' is {str(passed).lower()}, but the result is {row.result[:40]!r}")
    if passed:
        return CORRECT
    if row.result == "timed out":
        return TIMEOUT
    return EMPTY if bytes(row.completion) == b'""' else WRONG
