"""Judged output of LiveCodeBench, `Scenario.{scenario}_{n}_{T}_eval_all.json`: a JSON list, a problem an entry.

Fields: question_id (of test output prediction also test_id), difficulty, output_list[n], code_list[n] (the code found
in the outputs), graded_list[n] (true or false), pass@1, metadata[n] (JSON in text; error_code -3 is a timeout).
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from boundary.data.readers.raw_json import NOTHING, raw_bytes, raw_hash
from boundary.data.readers.streams import Source, has_keys, is_list
from boundary.data.records import CORRECT, EMPTY, NO_ANSWER, TIMEOUT, WRONG, Answers, verdict

NAME = re.compile(r"Scenario\.(?P<scenario>[a-z]+)_(?P<n>\d+)_(?P<T>\d+(\.\d+)?)(?P<cot>_cot)?_eval_all")
BENCHMARKS = {
    "codegeneration": "livecodebench",
    "selfrepair": "livecodebench-repair",
    "testoutputprediction": "livecodebench-testgen",
    "codeexecution": "livecodebench-execution",
}
TIMED_OUT = re.compile(r'"error_code":\s*-3\b')
NEAR = 1e-6


class Problem(msgspec.Struct):
    """What is read of an entry."""

    question_id: str | int
    graded_list: list[Any]
    test_id: str | int | None = None
    question_content: msgspec.Raw = NOTHING
    difficulty: str | None = None
    output_list: list[msgspec.Raw] | None = None
    code_list: list[msgspec.Raw] | None = None
    metadata: list[Any] | None = None
    published: Any = msgspec.field(name="pass@1", default=None)


def recognises(path: Path, head: bytes) -> bool:
    """Whether the first entry of a list has a question and graded outputs."""
    return is_list(head) and has_keys(head, "question_id", "graded_list")


def read(source: Source) -> Iterator[Answers]:
    """Samples of each problem."""
    names = _from_name(source)
    for problem in source.document(list[Problem]):
        name = str(problem.question_id) + ("" if problem.test_id is None else f"/{problem.test_id}")
        try:
            outcomes = _outcomes(problem)
        except ValueError as error:
            source.broken(f"problem {name}: {error}")
            continue
        mean, published = outcomes.count(CORRECT) / max(len(outcomes), 1), problem.published
        if isinstance(published, int | float) and abs(published - mean) > NEAR:
            source.note(
                f"'{source.path}': the pass@1 of problem {name} is {published}, but its verdicts give {mean:.6g}."
            )
        reasons = [_reason(facts) for facts in problem.metadata or []]
        texts = None if problem.output_list is None else [raw_hash(text) for text in problem.output_list]
        yield Answers(
            problem_id=name,
            outcomes=outcomes,
            texts=texts,
            reasons=[reason if end == WRONG else "" for reason, end in zip(reasons, outcomes, strict=False)],
            question=raw_bytes(problem.question_content) or None,
            facts={} if problem.difficulty is None else {"level": problem.difficulty},
            **names,
        )


def _outcomes(problem: Problem) -> list[str]:
    n = len(problem.graded_list)
    for name in ("output_list", "code_list", "metadata"):
        values = getattr(problem, name)
        if values is not None and len(values) != n:
            raise ValueError(f"{n} verdicts, but {len(values)} of {name}")
    output = [bytes(text) == b'""' for text in problem.output_list or []] or [False] * n
    code = [bytes(text) == b'""' for text in problem.code_list or []] or [False] * n
    late = [TIMED_OUT.search(str(facts)) is not None for facts in problem.metadata or []] or [False] * n
    return [_outcome(verdict(v), *details) for v, *details in zip(problem.graded_list, output, code, late, strict=True)]


def _outcome(correct: bool, silent: bool, codeless: bool, late: bool) -> str:
    if correct:
        return CORRECT
    if silent:
        return EMPTY
    if codeless:
        return NO_ANSWER
    return TIMEOUT if late else WRONG


def _reason(facts: Any) -> str:
    """The error that a program ended in; "" where it gave a wrong answer."""
    try:
        content = json.loads(facts) if isinstance(facts, str) else None
    except (ValueError, RecursionError):
        return ""
    return str(content.get("error") or "") if isinstance(content, dict) else ""


def _from_name(source: Source) -> dict[str, Any]:
    """Benchmark and temperature, where the file is named as the tool names it; the model, where the folder is too."""
    file_name = NAME.search(source.plain_name)
    if file_name is None:
        return {}
    source.settings["temperature"] = float(file_name["T"])
    source.conditions["prompt"] = "chain of thought" if file_name["cot"] else "usual"
    names = {"benchmark": BENCHMARKS.get(file_name["scenario"])}
    # The tool writes output/{model}/Scenario...
    folder = source.path.resolve().parent
    return names | ({"model": folder.name} if file_name.start() == 0 and folder.parent.name == "output" else {})
