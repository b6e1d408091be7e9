"""Results of EvalPlus: `*.eval_results.json` (before: `*_eval_results.json`).

Fields: eval.{task_id}[]{solution, base_status, plus_status}, each status "pass", "fail", "timeout" or null; in old
files eval.{task_id}.base[][0] and .plus[][0] ("success", "failed", "timed out"). A sample is correct by the plus
tests where it passes both. One that passes the base tests and fails the plus tests is a false positive of the base
tests: these go out as an audit.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from boundary.data.formats.parts.option_values import one_of
from boundary.data.readers.raw_json import NOTHING, raw_hash
from boundary.data.readers.streams import Source, has_keys, is_object
from boundary.data.records import CORRECT, FALSE_POSITIVE, TIMEOUT, WRONG, Answers, Audit

STATUS = {"pass": CORRECT, "success": CORRECT, "fail": WRONG, "failed": WRONG, "timeout": TIMEOUT, "timed out": TIMEOUT}
BENCHMARKS = {"HumanEval": "HumanEval", "Mbpp": "MBPP"}
# `{model}_{backend}_temp_{T}...`, so it names files and folders; a slash in a model's name stands there as --.
BACKENDS = "vllm|hf|openai|anthropic|google|bedrock|ollama|gptqmodel"
NAME = re.compile(rf"^(?P<model>.+?)(_(?P<backend>{BACKENDS}))?_temp_(?P<T>\d+(\.\d+)?)(?!\d)")


class Result(msgspec.Struct):
    """A sample."""

    base_status: str | None
    plus_status: str | None = None
    solution: msgspec.Raw = NOTHING


class Old(msgspec.Struct):
    """A problem in an old file: a status, and details, for each sample."""

    base: list[list[Any]]
    plus: list[list[Any]] | None = None
    nfiles: int | None = None


class Results(msgspec.Struct):
    """The whole file."""

    eval: dict[str, list[Result] | Old]
    hash: str | None = None


def recognises(path: Path, head: bytes) -> bool:
    """Whether there are statuses of the base tests, or solutions that were not judged yet."""
    if not is_object(head):
        return False
    has_verdicts = has_keys(head, "eval", "base_status") or has_keys(head, "eval", "nfiles", "base", "plus")
    return has_verdicts or _is_unjudged(head)


def _is_unjudged(head: bytes) -> bool:
    return has_keys(head, "task_id", "solution") and not has_keys(head, "eval") and not has_keys(head, "passed")


def read(source: Source, *, tests: str = "plus") -> Iterator[Answers]:
    """Samples of each problem.

    Parameters
    ----------
    tests
        `plus`: correct is what passes the base and the plus tests. `base`: what passes the base tests.
    """
    one_of("tests", tests, "plus", "base")
    if _is_unjudged(source.head()):
        raise source.error(
            "its solutions are not judged yet. Run evalplus.evaluate, and import the eval_results.json it writes"
        )
    names = _from_name(source)
    source.settings["verifier"] = f"EvalPlus {tests} tests"
    measured = [0, 0]
    results = source.document(Results)
    if results.hash is not None:
        source.conditions["tests"] = results.hash
    for task, samples in results.eval.items():
        benchmark = BENCHMARKS.get(task.split("/")[0])
        try:
            pairs = _statuses(samples)
            outcomes = [base if tests == "base" or base != CORRECT else _refuse_unknown(plus) for base, plus in pairs]
        except ValueError as error:
            source.broken(f"problem {task}: {error}")
            continue
        audit = _audit(benchmark, task, pairs)
        measured = [measured[0] + audit.errors, measured[1] + audit.n_checked]
        source.audits.append(audit)
        texts = None if isinstance(samples, Old) else [raw_hash(result.solution) for result in samples]
        name = f"{benchmark}+" if benchmark and tests == "plus" else benchmark
        yield Answers(problem_id=task, outcomes=outcomes, texts=texts, benchmark=name, **names)
    _tell(measured, source)


def _statuses(samples: list[Result] | Old) -> list[tuple[str, str | None]]:
    """Outcomes by the base tests and by the plus tests alone."""
    if isinstance(samples, Old):
        if samples.nfiles not in (None, len(samples.base)):
            raise ValueError(f"{samples.nfiles} files, but {len(samples.base)} base results")
        if samples.plus and len(samples.plus) != len(samples.base):
            raise ValueError(f"{len(samples.base)} base results, but {len(samples.plus)} plus results")
        base = [_first(result) for result in samples.base]
        plus = [_first(result) for result in samples.plus or []] or [None] * len(base)
    else:
        base, plus = [result.base_status for result in samples], [result.plus_status for result in samples]
    return [(_refuse_unknown(_outcome(b)), _outcome(p)) for b, p in zip(base, plus, strict=True)]


def _first(result: list[Any]) -> Any:
    return result[0] if result else None


def _outcome(status: Any) -> str | None:
    if status is None:
        return None
    if not isinstance(status, str) or status not in STATUS:
        raise ValueError(f"the status {str(status)[:40]!r} is neither pass nor fail nor timeout")
    return STATUS[status]


def _refuse_unknown(outcome: str | None) -> str:
    if outcome is None:
        raise ValueError("a sample whose tests were not run. Where only the base tests were, say --option tests=base")
    return outcome


def _audit(benchmark: str | None, task: str, pairs: list[tuple[str, str | None]]) -> Audit:
    plus_outcomes = [plus for base, plus in pairs if base == CORRECT and plus is not None]
    errors = sum(plus != CORRECT for plus in plus_outcomes)
    return Audit(benchmark or "all", task, FALSE_POSITIVE, errors, len(plus_outcomes))


def _tell(measured: list[int], source: Source) -> None:
    errors, n_checked = measured
    if n_checked:
        source.note(
            f"{errors} of {n_checked} samples that pass the base tests fail the plus tests: {errors / n_checked:.2%} "
            "false positives of the base tests. They go out as an audit, for counts imported with tests=base."
        )


def _from_name(source: Source) -> dict[str, Any]:
    """Model and temperature, where file or folder are named as the tool names them."""
    for name in (source.plain_name, source.path.resolve().parent.name):
        parts = NAME.match(name)
        if parts:
            source.settings["temperature"] = float(parts["T"])
            # Solutions that were cleaned are judged otherwise; the backend decides on the prompt.
            cleaned = "sanitized" in source.plain_name or "sanitized" in source.path.resolve().parent.name
            source.conditions |= {"backend": parts["backend"], "solutions": "sanitized" if cleaned else "as they are"}
            return {"model": parts["model"].replace("--", "/")}
    return {}
