"""Results of BigCodeBench, `{model}--bigcodebench-{split}--{backend}-{temperature}-{n}-..._eval_results.json`.

One JSON object: eval{task: [{task_id, solution, status, details}]}; the status is pass, fail or timeout.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from boundary.data.readers.raw_json import NOTHING, raw_hash
from boundary.data.readers.streams import Source, has_keys, is_object
from boundary.data.records import CORRECT, TIMEOUT, WRONG, Answers

NAME = re.compile(
    r"(?P<model>[^/]{1,150}?)--(?P<benchmark>bigcodebench-[a-z-]{1,40}?)--(?P<backend>[a-z0-9]{1,20})-(?P<temperature>\d\.?\d{0,4})-\d{1,6}"
)
OUTCOMES = {"pass": CORRECT, "fail": WRONG, "timeout": TIMEOUT}


class Solution(msgspec.Struct):
    """A solution and its verdict."""

    status: str | None = None
    task_id: str | None = None
    solution: msgspec.Raw = NOTHING
    details: Any = None


class Results(msgspec.Struct):
    """A file of results."""

    eval: dict[str, list[Solution]]


def recognises(path: Path, head: bytes) -> bool:
    """Whether it holds solutions with a status."""
    return is_object(head) and has_keys(head, "eval", "task_id", "solution", "status", "details")


def read(source: Source) -> Iterator[Answers]:
    """Samples of each task."""
    name = NAME.match(source.plain_name)
    names: dict[str, Any] = {}
    if name:
        names = {"model": name["model"].split("--main")[0].replace("--", "/", 1), "benchmark": name["benchmark"]}
        source.settings["temperature"] = float(name["temperature"])
        source.settings["engine"] = name["backend"]
    for task, solutions in source.document(Results).eval.items():
        strange = next(
            (part for part in solutions if part.status not in OUTCOMES or part.task_id not in (None, task)), None
        )
        if strange is not None:
            source.broken(f"task {task[:60]}: {str(strange.status)[:40]!r} of {strange.task_id} is no status of it")
            continue
        yield Answers(
            problem_id=task,
            outcomes=[OUTCOMES[str(solution.status)] for solution in solutions],
            texts=[raw_hash(solution.solution) for solution in solutions],
            reasons=[_reason(solution) for solution in solutions],
            **names,
        )


def _reason(solution: Solution) -> str:
    if solution.status == "pass" or not isinstance(solution.details, dict):
        return ""
    return next((text.strip().rpartition("\n")[2] for text in solution.details.values() if isinstance(text, str)), "")
