"""Counts from evaluations by inspect_ai: a hook that writes them, and pass@k with an interval among the metrics."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import numpy as np

from boundary.data.importing.import_files import import_files
from boundary.data.tables.writing import write_csv
from boundary.errors import InputError, missing_package
from boundary.stats.prior_free.intervals import pass_at_k_intervals

if TYPE_CHECKING:
    from inspect_ai.hooks import Hooks
    from inspect_ai.scorer import Metric, ScoreReducer

SAMPLES, CORRECT = "n_samples", "n_correct"


def counts_hook(folder: str | Path, **options: Any) -> "type[Hooks]":
    """Register a hook that writes counts of every task once its log is there: `folder/{task}_{eval id}.csv`.

    Parameters
    ----------
    folder
        Where to write.
    **options
        Of the import of the log: `scorer`, `threshold`, `model`, `benchmark`, ...

    Returns
    -------
    type
        The hook, which is registered. Samples without a verdict are left out, as `boundary import inspect-ai` does.

    Raises
    ------
    InputError
        Where inspect_ai is not installed.
    """
    try:
        from inspect_ai.hooks import Hooks, TaskEnd, hooks
    except ImportError as error:
        raise missing_package("inspect-ai", extra="inspect") from error

    @hooks(name="boundary_counts", description="Counts of correct samples for each model and problem")
    class CountsHook(Hooks):  # type: ignore[misc]
        """Reads the log that a task wrote."""

        async def on_task_end(self, data: TaskEnd) -> None:
            """Write the counts of the task."""
            path = _local_path(str(data.log.location))
            counts = import_files(path, "inspect-ai", **options).counts
            target = Path(folder) / f"{Path(data.log.eval.task).name}_{data.eval_id}.csv"
            target.parent.mkdir(parents=True, exist_ok=True)
            write_csv(counts.table, target)

    return CountsHook


def _local_path(location: str) -> Path:
    address = urlsplit(location)
    if address.scheme not in ("", "file"):
        raise InputError(f"The log '{location}' is not on this machine. Fetch it, and use boundary import inspect-ai.")
    return Path(unquote(address.path) if address.scheme else location)


def counting_reducer() -> "ScoreReducer":
    """A reducer of epochs that keeps how many samples of a problem there are, and how many are correct.

    Returns
    -------
    ScoreReducer
        For `Epochs(8, counting_reducer())`. The value is the share of correct samples; `pass_at_k` reads the counts
        beside it.

    Raises
    ------
    InputError
        Where inspect_ai is not installed; and, when it reduces, for a score that is neither 0 nor 1.
    """
    try:
        from inspect_ai.scorer import Score, score_reducer, value_to_float
    except ImportError as error:
        raise missing_package("inspect-ai", extra="inspect") from error
    to_float = value_to_float()

    @score_reducer(name="counts")  # type: ignore[untyped-decorator]
    def reducer() -> Any:
        def reduce(scores: list[Score]) -> Score:
            values = [to_float(score.value) for score in scores]
            strange = next((value for value in values if value not in (0.0, 1.0)), None)
            if strange is not None:
                raise InputError(f"A score of {strange:g} is no verdict: pass@k is of scores that are 0 or 1.")
            counts = {SAMPLES: len(values), CORRECT: int(sum(values))}
            return Score(value=sum(values) / len(values), metadata=counts)

        return reduce

    reduced: ScoreReducer = reducer()
    return reduced


def pass_at_k(k: Sequence[int] = (1, 4), level: float = 0.95) -> "Metric":
    """A metric: pass@k of the task's problems with an interval, where epochs are reduced by `counting_reducer`.

    Parameters
    ----------
    k
        Budgets, at least 1; up to the number of epochs for an estimate, beyond it for an interval alone.
    level
        Confidence that the intervals of all budgets hold together, in (0, 1).

    Returns
    -------
    Metric
        Of several numbers: `pass_at_4`, `pass_at_4_lower`, `pass_at_4_upper`, ... The intervals rest on no prior
        (`boundary.stats.prior_free.intervals`) and are wider than those of `boundary analyze`.

    Raises
    ------
    InputError
        Where inspect_ai is not installed; and, when it is computed, where another reducer was used.
    """
    try:
        from inspect_ai.scorer import SampleScore, metric
    except ImportError as error:
        raise missing_package("inspect-ai", extra="inspect") from error
    budgets = list(k)

    @metric(name="pass_at_k")  # type: ignore[untyped-decorator]
    def pass_at_k_metric() -> Any:
        def compute(scores: list[SampleScore]) -> dict[str, float]:
            cells = [score.score.metadata or {} for score in scores]
            if not all(SAMPLES in cell and CORRECT in cell for cell in cells):
                raise InputError("pass_at_k needs counts: reduce the epochs with epochs=Epochs(N, counting_reducer()).")
            table = np.array([[cell[CORRECT], cell[SAMPLES]] for cell in cells], dtype=np.int64).reshape(-1, 2)
            rows = pass_at_k_intervals(table[:, 0], table[:, 1], budgets, level)
            return {
                f"pass_at_{budget}{end}": float(value)
                for budget, row in zip(budgets, rows, strict=True)
                for end, value in zip(("", "_lower", "_upper"), row, strict=True)
            }

        return compute

    computed: Metric = pass_at_k_metric()
    return computed
