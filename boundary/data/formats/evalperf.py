"""Results of EvalPerf, the part of EvalPlus that measures speed, of which only the verdicts are read.

Fields: config{model, temperature}, eval.{task_id}.results[]{solution, passed}; `pass` in EvalPlus's own files. Speeds
(dps) and the references beside them are no samples.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from boundary.data.readers.raw_json import NOTHING, raw_hash
from boundary.data.readers.streams import Source, has_keys, is_object
from boundary.data.records import CORRECT, WRONG, Answers, verdict
from boundary.data.settings.pooling import relevant_settings
from boundary.plain_text import agreeing, count_text

BENCHMARK = "EvalPerf"
# Of the configuration: how many samples, and how their speed was measured.
NOT_OF_SAMPLING = (
    *("model", "temperature", "n_samples", "min_correct", "max_profile", "batch_size", "parallel", "lazy_evaluation"),
    *("profile_correct", "profiler", "i_just_wanna_run", "output_dir", "root", "samples", "n_workers"),
)


class Result(msgspec.Struct, rename={"own": "pass"}):
    """A sample."""

    passed: Any = None
    own: Any = None
    sample_id: str | int | None = None
    solution: msgspec.Raw = NOTHING


class Problem(msgspec.Struct):
    """A problem's samples."""

    results: list[Result]


class Results(msgspec.Struct):
    """The whole file."""

    eval: dict[str, Problem]
    config: dict[str, Any] | None = None


def recognises(path: Path, head: bytes) -> bool:
    """Whether there are samples with a verdict and marks of profiling."""
    return is_object(head) and has_keys(head, "eval", "results", "solution", "matching_cluster_idx")


def read(source: Source) -> Iterator[Answers]:
    """Samples of each problem."""
    document = source.document(Results)
    config = document.config or {}
    model, temperature = config.get("model"), config.get("temperature")
    if isinstance(temperature, int | float) and not isinstance(temperature, bool):
        source.settings["temperature"] = float(temperature)
    source.conditions["config"] = relevant_settings(config, *NOT_OF_SAMPLING)
    left_out = 0
    for task, problem in document.eval.items():
        ids = [result.sample_id for result in problem.results if result.sample_id is not None]
        if len(set(ids)) < len(ids):
            source.broken(f"problem {task}: a sample_id stands there twice")
            continue
        results = [result for result in problem.results if result.passed is not None or result.own is not None]
        left_out += len(problem.results) - len(results)
        try:
            values = [result.own if result.passed is None else result.passed for result in results]
            outcomes = [CORRECT if verdict(value) else WRONG for value in values]
        except ValueError as error:
            source.broken(f"problem {task}: {error}")
            continue
        texts = [raw_hash(result.solution) for result in results]
        names: dict[str, Any] = {"model": model if isinstance(model, str) else None, "benchmark": BENCHMARK}
        yield Answers(problem_id=task, outcomes=outcomes, texts=texts, **names)
    if left_out:
        source.note(
            f"'{source.path}': {count_text(left_out, 'sample')} {agreeing(left_out, 'was', 'were')} not judged; "
            f"{agreeing(left_out, 'it was', 'they were')} left out, not taken for wrong ones."
        )
