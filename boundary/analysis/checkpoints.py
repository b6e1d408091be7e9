"""Checkpoints of one training run: their steps, and the models in the order of training."""

from collections.abc import Sequence

import pandas as pd

from boundary.data.counts import Counts

STEP = "checkpoint_step"
FINAL = "final"
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
    step_of = {model: float(steps[model]) for model in models if model != base and not pd.isna(steps[model])}
    stepless = [model for model in dict.fromkeys(models) if model != base and model not in step_of]
    last = stepless if len(stepless) == 1 else []
    if not step_of or len(step_of) + len(last) < ENOUGH_CHECKPOINTS or len(set(step_of.values())) < len(step_of):
        return {}
    ordered = sorted(step_of, key=lambda model: step_of[model])
    return {base: "0"} | {model: f"{step_of[model]:.10g}" for model in ordered} | dict.fromkeys(last, FINAL)


def in_training_order(counts: Counts, base: str | None, models: Sequence[str]) -> tuple[str, ...]:
    """Checkpoints of one run in the order of their training, then the other models as they were."""
    steps = checkpoint_steps(counts, base, models)
    return (
        *(model for model in steps if model != base),
        *(model for model in models if model not in steps),
    )
