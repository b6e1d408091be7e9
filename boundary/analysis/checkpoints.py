"""Checkpoints of training runs: their training steps, and the models in the order of training."""

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from boundary.data.counts import Counts

STEP = "checkpoint_step"
FINAL = "final"
RUN = "training_run"
# A trajectory needs a start and two checkpoints.
ENOUGH_CHECKPOINTS = 2


def checkpoint_steps(counts: Counts, base: str | None, models: Sequence[str]) -> dict[str, str]:
    """Step of each checkpoint as text, in order of training, the base model first.

    Returns
    -------
    Nothing where the counts have no column `checkpoint_step`, or fewer than two checkpoints beside the base. One
    model without a step is the final checkpoint; several without a step are other models, and left out.
    """
    if base is None or STEP not in counts.table.columns:
        return {}
    steps = pd.to_numeric(counts.table[STEP], errors="coerce").groupby(counts.table["model"]).first()
    checkpoints = {model: float(steps[model]) for model in models if model != base and not pd.isna(steps[model])}
    stepless = [model for model in dict.fromkeys(models) if model != base and model not in checkpoints]
    final = stepless if len(stepless) == 1 else []
    repeated = len(set(checkpoints.values())) < len(checkpoints)
    if not checkpoints or len(checkpoints) + len(final) < ENOUGH_CHECKPOINTS or repeated:
        return {}
    ordered = sorted(checkpoints, key=lambda model: checkpoints[model])
    return {base: "0"} | {model: f"{checkpoints[model]:.10g}" for model in ordered} | dict.fromkeys(final, FINAL)


def in_training_order(counts: Counts, base: str | None, models: Sequence[str]) -> tuple[str, ...]:
    """Checkpoints of one run in the order of their training, then the other models as they were."""
    steps = checkpoint_steps(counts, base, models)
    return (
        *(model for model in steps if model != base),
        *(model for model in models if model not in steps),
    )


class TrainingRun(NamedTuple):
    """The checkpoints of one training run, in order.

    Parameters
    ----------
    name
        As the column `training_run` has it; empty where the counts name no runs.
    models
        The base first, then the checkpoints.
    steps
        Their steps, the base's 0; that of a final checkpoint whose step is not known lies one typical distance behind
        the last known one.
    labels
        Their steps as text.
    """

    name: str
    models: tuple[str, ...]
    steps: tuple[float, ...]
    labels: tuple[str, ...]

    @property
    def has_unknown_step(self) -> bool:
        """Whether the step of the last checkpoint is not known."""
        return self.labels[-1] == FINAL

    def on(self, models: Sequence[str]) -> "TrainingRun | None":
        """The run with these models alone; None with fewer than two checkpoints or without the base."""
        kept = [i for i, model in enumerate(self.models) if model in models]
        if len(kept) <= ENOUGH_CHECKPOINTS or kept[0] != 0:
            return None
        return TrainingRun(
            self.name,
            tuple(self.models[i] for i in kept),
            tuple(self.steps[i] for i in kept),
            tuple(self.labels[i] for i in kept),
        )


def training_runs(counts: Counts, base: str | None, models: Sequence[str]) -> list[TrainingRun]:
    """The training runs of which there are two checkpoints or more beside the base.

    Parameters
    ----------
    counts
        With the column `checkpoint_step`; a column `training_run` tells several runs apart.
    base
        The model that every run started from.
    models
        Models of the analysis.

    Returns
    -------
    list of TrainingRun
        In the order of their first checkpoints; empty where there are none. Runs in which two models have one step are
        left out.
    """
    if base is None or STEP not in counts.table.columns:
        return []
    names = _run_names(counts)
    of_runs: dict[str, list[str]] = {}
    for model in models:
        if model != base:
            of_runs.setdefault(names.get(model, ""), []).append(model)
    runs = []
    for name, members in of_runs.items():
        labels = checkpoint_steps(counts, base, [base, *members])
        if labels:
            known_steps = [float(label) for label in labels.values() if label != FINAL]
            distance = float(pd.Series(known_steps).diff().median())
            steps = [*known_steps, *([known_steps[-1] + distance] if FINAL in labels.values() else [])]
            runs.append(TrainingRun(name, tuple(labels), tuple(steps), tuple(labels.values())))
    return runs


def _run_names(counts: Counts) -> dict[str, str]:
    """The training run of each model that names one."""
    if RUN not in counts.table.columns:
        return {}
    rows_with_runs = counts.table.loc[counts.table[RUN].notna(), ["model", RUN]].drop_duplicates("model")
    return {str(model): str(run) for model, run in rows_with_runs.itertuples(index=False, name=None) if str(run)}
