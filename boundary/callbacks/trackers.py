"""pass@k with intervals in the log of a training: W&B and MLflow."""

from collections.abc import Callable, Mapping
from typing import Any

from boundary.errors import missing_package

Log = Callable[[Mapping[str, float], int], None]


def wandb_log(run: Any = None, prefix: str = "boundary") -> Log:
    """A function that logs numbers of a checkpoint to Weights & Biases.

    Parameters
    ----------
    run
        The run, as `wandb.init` gives it; the current one where None.
    prefix
        Part of the names before the slash. Numbers are drawn over `prefix/checkpoint_step`, so that the steps of other
        loggers do not matter.

    Returns
    -------
    Callable
        For `boundary.callbacks.trl.counts_callback`, or to be called with `CheckpointCounts.pass_at_k(step)` and step.

    Raises
    ------
    InputError
        Where wandb is not installed.
    """
    try:
        import wandb
    except ImportError as error:
        raise missing_package("wandb", extra="trackers") from error
    step_name = f"{prefix}/checkpoint_step"
    runs: list[Any] = []

    def log(values: Mapping[str, float], step: int) -> None:
        current = run or wandb.run
        if current is None:
            raise RuntimeError("no run of W&B is open; call wandb.init() first")
        if current not in runs:
            runs.append(current)
            current.define_metric(step_name, hidden=True)
            current.define_metric(f"{prefix}/*", step_metric=step_name)
        current.log({f"{prefix}/{name}": value for name, value in values.items()} | {step_name: step})

    return log


def mlflow_log(prefix: str = "boundary", run_id: str | None = None) -> Log:
    """A function that logs numbers of a checkpoint to MLflow.

    Parameters
    ----------
    prefix
        Part of the names before the slash.
    run_id
        The run; the active one where None.

    Returns
    -------
    Callable
        As `wandb_log` gives it.

    Raises
    ------
    InputError
        Where mlflow is not installed.
    """
    try:
        import mlflow
    except ImportError as error:
        raise missing_package("mlflow-skinny", extra="trackers") from error

    def log(values: Mapping[str, float], step: int) -> None:
        mlflow.log_metrics({f"{prefix}/{name}": value for name, value in values.items()}, step=step, run_id=run_id)

    return log
