"""Results of EvalPerf without samples, as EvalPlus publishes: `{model}_{backend}_temp_{T}_evalperf_results.brief.json`.

Fields: config{n_samples, temperature, ...}, eval.{task_id}{pass@1 (per cent of the samples), dps, dps_norm, profiled}.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec

from boundary.data.formats.evalperf import BENCHMARK, NOT_OF_SAMPLING
from boundary.data.formats.evalplus import BACKENDS
from boundary.data.readers.streams import Source, has_keys, is_object
from boundary.data.records import Tally
from boundary.data.settings.pooling import relevant_settings

# A slash in a model's name stands there as --; `-perf-instruct` behind the temperature names another prompt.
NAME = re.compile(rf"^(?P<model>.+?)_({BACKENDS})_temp_(?P<T>\d+(\.\d+)?)(?P<prompt>-[a-z-]+)?_evalperf_results")
MOST = 1 << 31
NEAR = 1e-6


class Problem(msgspec.Struct):
    """A problem's share of correct samples."""

    share: Any = msgspec.field(name="pass@1", default=None)


class Results(msgspec.Struct):
    """The whole file."""

    config: dict[str, Any]
    eval: dict[str, Problem]


class Size(msgspec.Struct):
    """Samples a problem."""

    n_samples: Annotated[int, msgspec.Meta(ge=1, le=MOST)]


def recognises(path: Path, head: bytes) -> bool:
    """Whether there are shares of correct samples beside marks of profiling, and no samples."""
    return (
        is_object(head)
        and has_keys(head, "config", "n_samples", "eval", "dps", "pass@1", "profiled")
        and not has_keys(head, "results")
    )


def read(source: Source) -> Iterator[Tally]:
    """Counts of each problem."""
    results = source.document(Results)
    try:
        n = msgspec.convert(results.config, Size).n_samples
    except msgspec.ValidationError as error:
        raise source.error("its config does not say how many samples (n_samples) a problem has") from error
    names: dict[str, Any] = {"benchmark": BENCHMARK}
    file_name = NAME.match(source.plain_name)
    if file_name:
        names["model"] = file_name["model"].replace("--", "/")
        source.conditions["prompt"] = file_name["prompt"] or "usual"
    temperature = results.config.get("temperature")
    if isinstance(temperature, int | float):
        source.settings["temperature"] = float(temperature)
    source.conditions["config"] = relevant_settings(results.config, *NOT_OF_SAMPLING)
    for task, problem in results.eval.items():
        correct = _correct(problem.share, n)
        if correct is None:
            source.broken(f"problem {task}: {str(problem.share)[:40]!r} is no share of {n} samples in per cent")
            continue
        yield Tally(task, n, correct, **names)
    source.note(f"'{source.path}' holds no samples; the counts are those that pass@1 of {n} samples gives.")


def _correct(share: Any, n: int) -> int | None:
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 100:
        return None
    correct = round(share * n / 100)
    return correct if abs(correct - share * n / 100) <= NEAR * n else None
