"""Checkpoints of one training run in order: what pass@1 and pass@k do along the way."""

from collections.abc import Mapping, Sequence

import pandas as pd

from boundary.analysis.estimates import of_posterior
from boundary.analysis.numerals import number
from boundary.analysis.verdict import Verdict, short
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
    found = {model: float(steps[model]) for model in models if model != base}
    named = {model: step for model, step in found.items() if not pd.isna(step)}
    stepless = [model for model in found if model not in named]
    last = stepless if len(stepless) == 1 else []
    if not named or len(named) + len(last) < ENOUGH_CHECKPOINTS or len(set(named.values())) < len(named):
        return {}
    ordered = sorted(named, key=lambda model: named[model])
    return {base: "0"} | {model: f"{named[model]:.10g}" for model in ordered} | dict.fromkeys(last, FINAL)


def in_training_order(counts: Counts, base: str | None, models: Sequence[str]) -> tuple[str, ...]:
    """Checkpoints of one run in the order of their training, then the other models as they were."""
    steps = checkpoint_steps(counts, base, models)
    return (
        *(model for model in steps if model != base),
        *(model for model in models if model not in steps),
    )


def trajectory_verdict(estimates: pd.DataFrame, benchmark: str, steps: Mapping[str, str], n: int) -> Verdict | None:
    """Say what pass@1 and pass@n did from the base to the last checkpoint, and between the first and the last."""
    rows = estimates.loc[(estimates["benchmark"] == benchmark) & of_posterior(estimates)]
    curve = rows.loc[rows["estimand"] == "pass_at_k"]
    here = [model for model in steps if model in set(curve["model"])]
    if len(here) <= ENOUGH_CHECKPOINTS:
        return None
    said = [_along(rows, here, k, steps) for k in dict.fromkeys((1, n)) if (curve["k"] == k).any()]
    text = f"Along {len(here) - 1} checkpoints of {short(here[-1])}: {'; '.join(said)}."
    return Verdict(benchmark, here[-1], here[0], text)


def _along(rows: pd.DataFrame, here: Sequence[str], k: int, steps: Mapping[str, str]) -> str:
    curve = rows.loc[(rows["estimand"] == "pass_at_k") & (rows["k"] == k)].set_index("model")
    first, last = (number(curve["mean"][model], 100, 1) for model in (here[0], here[-1]))
    shrunk = rows.loc[(rows["estimand"] == "shrinkage") & (rows["k"] == k) & (rows["model"] == here[-1])].iloc[0]
    falls = bool(shrunk["mean"] > 0)
    sure = shrunk["prob_positive"] if falls else 1 - shrunk["prob_positive"]
    text = f"pass@{k} goes {'down' if falls else 'up'} from {first} % to {last} % (P = {number(sure, 1, 2)}"
    later = better_than(rows, here[-1], here[1], k)
    if later is not None:
        word = "higher" if later >= 0.5 else "lower"
        chance = number(max(later, 1 - later), 1, 2)
        text += f"; {word} at the last checkpoint than at step {steps[here[1]]}: P = {chance}"
    return text + ")"


def better_than(rows: pd.DataFrame, model: str, other: str, k: float) -> float | None:
    """P(pass@k of a model exceeds that of another) from the rows of pairs, whichever way round they stand."""
    pairs = rows.loc[(rows["estimand"] == "better") & (rows["k"] == k)]
    for first, second, flip in ((model, other, False), (other, model, True)):
        found = pairs.loc[(pairs["model"] == first) & (pairs["reference"] == second), "mean"]
        if len(found):
            return float(1 - found.iloc[0] if flip else found.iloc[0])
    return None
