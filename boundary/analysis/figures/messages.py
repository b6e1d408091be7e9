"""The titles of figures: each says what is to be seen, from the decisions of the estimates table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np
import pandas as pd

from boundary.analysis.estimates.decisions import EQUIVALENT, NARROWED, OPEN, SURE, WIDENED, Decision
from boundary.analysis.estimates.table import POSTERIOR, select
from boundary.analysis.figures.figure import FigureData
from boundary.analysis.formatting import likeliest, listed, number, percentage

WORDS = {NARROWED: "narrowed", WIDENED: "widened", EQUIVALENT: "no material difference", OPEN: "cannot tell yet"}
UNCONVERGED = "Fit did not converge"


def comparison_message(data: FigureData) -> str:
    """What the RL models solve against their base, at the largest budget within the samples.

    Examples of what it says: `RL solves fewer beyond k = 22`, `At k = 128: 2 narrowed, 1 cannot tell yet`.
    """
    decisions = data.decisions
    if not decisions:
        return _alone_message(data)
    if len(decisions) == 1:
        ((model, decision),) = decisions.items()
        return _pair_message(data, model, decision)
    budgets = {decision.k for decision in decisions.values()}
    words = counted_words(
        (data.word(data.benchmark, model, decision) for model, decision in decisions.items()),
        len(data.unconverged_models.intersection(decisions)),
    )
    return f"At k = {max(budgets):,.0f}: {words}" if len(budgets) == 1 else f"Within the samples: {words}"


def counted_words(words: Iterable[str], n_unconverged: int) -> str:
    """How many decisions have which word, and how many of the open ones are of fits that did not converge."""
    counts = Counter(words)
    text = ", ".join(f"{counts[word]} {WORDS[word]}" for word in WORDS if counts[word])
    fits = "fit" if n_unconverged == 1 else "fits"
    return f"{text} ({n_unconverged} {fits} did not converge)" if n_unconverged else text


def _pair_message(data: FigureData, model: str, decision: Decision) -> str:
    """What one RL model solves against its base."""
    if model in data.unconverged_models:
        return UNCONVERGED
    k = f"k = {decision.k:,.0f}"
    crossover, word = _crossover(data, model), data.word(data.benchmark, model, decision)
    if word == NARROWED:
        return f"RL solves fewer beyond k = {crossover:,.0f}" if crossover <= decision.k else f"RL solves fewer at {k}"
    if word == WIDENED:
        return f"RL solves more at {k}"
    if word == EQUIVALENT:
        return f"No material difference at {k}"
    return f"Cannot tell yet which solves more at {k}"


def _crossover(data: FigureData, model: str) -> float:
    """The budget at which the base catches up; infinite where it does not, or RL never led."""
    rows = select(data.rows, kind=POSTERIOR, estimand="crossover", model=model)
    median = float(rows["median"].iloc[0]) if len(rows) else np.nan
    return median if np.isfinite(median) else np.inf


def _alone_message(data: FigureData) -> str:
    """What models without a base solve at the largest budget within the samples."""
    if data.unconverged_models:
        return UNCONVERGED
    rows = select(data.rows, kind=POSTERIOR, estimand="pass_at_k")
    k = max((k for k in rows["k"] if k <= data.n), default=float(rows["k"].min()))
    at_k = select(rows, k=k).sort_values("mean", ascending=False, kind="stable")
    most = number(at_k["mean"].iloc[0], 100, 1)
    if len(at_k) == 1:
        return f"Solves {most} % of the problems at k = {k:,.0f}"
    least = number(at_k["mean"].iloc[-1], 100, 1)
    return f"The models solve {least} to {most} % of the problems at k = {k:,.0f}"


def flows_message(data: FigureData, model: str) -> str:
    """How many problems are lost and gained at the largest budget within the samples."""
    if model in data.unconverged_models:
        return UNCONVERGED
    rows = select(data.rows, kind=POSTERIOR, model=model, estimand=("lost", "gained"))
    k = max((k for k in rows["k"] if k <= data.n), default=float(rows["k"].min()))
    at_k = select(rows, k=k).set_index("estimand")["mean"]
    lost, gained = (number(float(at_k[flow]), 1, 1) for flow in ("lost", "gained"))
    return f"{lost} problems lost, {gained} gained at k = {k:,.0f}"


def histogram_message(data: FigureData, model: str) -> str:
    """The share of problems that a model solves never or always."""
    if model in data.unconverged_models:
        return UNCONVERGED
    bins = select(data.rows, kind=POSTERIOR, estimand="accuracy_histogram", model=model).sort_values("tau")["mean"]
    lowest, highest = (number(float(bins.iloc[i]), 100, 0) for i in (0, -1))
    whose = "RL: solve" if data.base is not None and model != data.base else "Solve"
    return f"{whose} rate 0 on {lowest} % of the problems, 1 on {highest} %"


def trajectory_message(data: FigureData, checkpoints: list[str], rows: pd.DataFrame) -> str:
    """How pass@k changes from the base to the last checkpoint of a run, at k = 1 and n."""
    if data.unconverged_models.intersection(checkpoints):
        return UNCONVERGED
    rows = select(rows, kind=POSTERIOR, estimand="pass_at_k")
    changes = []
    for k in sorted(rows["k"].unique()):
        at_k = select(rows, k=float(k)).drop_duplicates("model").set_index("model")["mean"]
        change = float(at_k[checkpoints[-1]] - at_k[checkpoints[0]])
        sign = "+" if change > 0 else ""
        changes.append(f"pass@{k:,.0f} {sign}{number(change, 100, 1)} points")
    return "From base to last checkpoint: " + ", ".join(changes)


def ranking_message(data: FigureData, k: float) -> str:
    """The model that is most surely best at a budget."""
    if data.unconverged_models:
        return UNCONVERGED
    best = select(data.rows, kind=POSTERIOR, estimand="best", k=k)
    leaders, chance = (
        likeliest([data.shorten(str(model)) for model in best["model"]], best["mean"].tolist()),
        best["mean"].max(),
    )
    if chance >= SURE:
        return f"{leaders[0]} is best at k = {k:,.0f}"
    chance_text = percentage(chance) + " each" * (len(leaders) > 1)
    return f"No model is surely the best at k = {k:,.0f}; likeliest: {listed(leaders)}, {chance_text}"
