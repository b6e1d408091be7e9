"""Checkpoints of training runs: their training steps, and the models in the order of training."""

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import pandas as pd

from boundary.data.counts import BASE_ROLE, Counts

STEP = "checkpoint_step"
FINAL = "final"
RUN = "training_run"
METHOD = "method"
ROLE = "role"
# Steps beyond these are no steps, and their ratio would be too large for a scale.
LEAST_STEP, LARGEST_STEP = 1e-6, 1e15
# What stands for a step that is neither a number above 0 nor empty: such a model is never taken for the last one.
UNREADABLE = -math.inf
# A trajectory needs a start and two checkpoints.
ENOUGH_CHECKPOINTS = 2


def steps_by_model(table: pd.DataFrame) -> dict[str, float]:
    """Step of each model; NaN where it has none or `final`, `UNREADABLE` where it is no number above 0.

    Examples
    --------
    >>> steps_by_model(pd.DataFrame({"model": ["a", "b", "c"], "checkpoint_step": ["100", "", "step 200"]}))
    {'a': 100.0, 'b': nan, 'c': -inf}
    """
    if STEP not in table.columns:
        return {}
    cells = table.drop_duplicates(["model", STEP]).groupby("model", sort=False)[STEP].first()
    return {str(model): _step(cell) for model, cell in cells.items()}


def _step(cell: Any) -> float:
    if pd.isna(cell) or str(cell).strip().lower() in ("", FINAL):
        return math.nan
    try:
        step = float(str(cell))
    except ValueError:
        return UNREADABLE
    return step if LEAST_STEP <= step <= LARGEST_STEP else UNREADABLE


def checkpoint_steps(counts: Counts, base: str | None, models: Sequence[str]) -> dict[str, str]:
    """Step of each checkpoint as text, in order of training, the base model first.

    Returns
    -------
    Nothing where the counts have no column `checkpoint_step`, or fewer than two checkpoints beside the base. One
    model without a step is the final checkpoint; several without a step are other models, and left out.
    """
    if base is None or STEP not in counts.table.columns:
        return {}
    steps = steps_by_model(counts.table)
    trained = trained_models(counts, base, models)
    checkpoints = {model: steps[model] for model in trained if math.isfinite(steps[model])}
    stepless = [model for model in trained if math.isnan(steps[model])]
    final = stepless if len(stepless) == 1 else []
    repeated = len(set(checkpoints.values())) < len(checkpoints)
    if not checkpoints or len(checkpoints) + len(final) < ENOUGH_CHECKPOINTS or repeated:
        return {}
    ordered = sorted(checkpoints, key=lambda model: checkpoints[model])
    return {base: "0"} | {model: f"{checkpoints[model]:.15g}" for model in ordered} | dict.fromkeys(final, FINAL)


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
        With the column `checkpoint_step`; the columns `training_run` and `method` tell several runs apart.
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
    runs = []
    for name, members in _members(counts, base, models).items():
        labels = checkpoint_steps(counts, base, [base, *members])
        if labels:
            known_steps = [float(label) for label in labels.values() if label != FINAL]
            distance = float(pd.Series(known_steps).diff().median())
            steps = [*known_steps, *([known_steps[-1] + distance] if FINAL in labels.values() else [])]
            runs.append(TrainingRun(name, tuple(labels), tuple(steps), tuple(labels.values())))
    return runs


def left_out_of_runs(counts: Counts, base: str | None, models: Sequence[str]) -> Iterator[str]:
    """Sentences on models with steps that are in no training run, and why."""
    if base is None or STEP not in counts.table.columns:
        return
    steps = steps_by_model(counts.table)
    unreadable = [model for model in trained_models(counts, base, models) if steps[model] == UNREADABLE]
    if unreadable:
        yield (
            f"Left out of the trajectories: {', '.join(unreadable)}. What checkpoint_step has for them is not a "
            "number above 0."
        )
    for name, members in _members(counts, base, models).items():
        known_steps = [steps[model] for model in members if math.isfinite(steps[model])]
        repeated = [step for step in dict.fromkeys(known_steps) if known_steps.count(step) > 1]
        if repeated:
            yield (
                f"No trajectory{f' of the run {name}' if name else ''}: several models have the step "
                f"{repeated[0]:.15g}. Say in training_run which run each model is of."
            )


def _members(counts: Counts, base: str, models: Sequence[str]) -> dict[str, list[str]]:
    """Models of each training run by its name, without the base."""
    names = _run_names(counts)
    of_runs: dict[str, list[str]] = {}
    for model in trained_models(counts, base, models):
        of_runs.setdefault(names.get(model, ""), []).append(model)
    return of_runs


def trained_models(counts: Counts, base: str | None, models: Sequence[str]) -> list[str]:
    """The models but the base, and but other bases by the column `role`, which RL did not train."""
    bases = {base, *bases_by_role(counts.table)}
    return [model for model in dict.fromkeys(models) if model not in bases]


def bases_by_role(table: pd.DataFrame) -> frozenset[str]:
    """Models that the column `role` of a table of counts calls a base."""
    return frozenset(table.loc[table[ROLE].astype(str) == BASE_ROLE, "model"] if ROLE in table.columns else ())


def _run_names(counts: Counts) -> dict[str, str]:
    """The training run of each model that names one, with its method where two methods have a run of that name."""
    keys: dict[str, tuple[str, str]] = {}
    firsts = counts.table.drop_duplicates("model").reindex(columns=["model", METHOD, RUN])
    for model, method, run in firsts.itertuples(index=False, name=None):
        keys[str(model)] = (column_text(method), column_text(run))
    runs = [run for _, run in set(keys.values())]
    return {
        model: run if run and runs.count(run) == 1 else " ".join(filter(None, (method, run)))
        for model, (method, run) in keys.items()
    }


def column_text(value: Any) -> str:
    """A cell as text; 3.0 is 3, and a missing one is empty.

    Examples
    --------
    >>> column_text(3.0), column_text(float("nan")), column_text(" run 1 ")
    ('3', '', 'run 1')
    """
    text = "" if pd.isna(value) else str(value).strip()
    return text[:-2] if text.endswith(".0") and text[:-2].isdigit() else text
