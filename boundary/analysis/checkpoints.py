"""Checkpoints of one training run: their training steps, and the models in the order of training."""

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
