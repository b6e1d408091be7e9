"""The parts of the report on several models: the ranking of a benchmark, and how many comparisons there are."""

from typing import Any

import pandas as pd

from boundary.analysis.estimates.ranking import multiplicity
from boundary.analysis.estimates.table import of_posterior
from boundary.analysis.figures.several_models import ranked_models
from boundary.analysis.formatting import interval, number
from boundary.analysis.text.ranking import multiplicity_text
from boundary.stats.intervals import MARGIN

INDEPENDENT = (
    "Each model's solve rates come from its own fit; given the counts they are taken to be independent between models. "
    "All pairs stand in estimates.csv (better)."
)


def ranking(rows: pd.DataFrame, n: int, margin: float = MARGIN) -> dict[str, Any] | None:
    """Lay out the ranking of one benchmark's models at the smallest budget and at n; None where none was made.

    Parameters
    ----------
    rows
        Estimates of the benchmark.
    n
        Samples of every problem.
    margin
        Difference of pass@k that matters.
    """
    rows = rows.loc[of_posterior(rows)]
    known = sorted(set(rows.loc[rows["estimand"] == "best", "k"]))
    if not known:
        return None
    budgets = list(dict.fromkeys([known[0], max([k for k in known if k <= n], default=known[0])]))
    found = {(row["estimand"], row["model"], row["k"]): row for row in rows.to_dict(orient="records")}
    lines = [
        {"model": model, "cells": [_cell(found, model, k) for k in budgets]}
        for model in ranked_models(rows, budgets[0])
    ]
    counted = [(multiplicity(rows, k), f"k = {k:.0f}") for k in budgets]
    sentences = [multiplicity_text(each, where, margin) for each, where in counted if each is not None]
    return {"rows": lines, "budgets": [f"{k:.0f}" for k in budgets], "sentences": [*sentences, INDEPENDENT]}


def _cell(found: dict[Any, dict[Any, Any]], model: str, k: float) -> dict[str, str]:
    curve, best, rank = (found.get((name, model, k), {}) for name in ("pass_at_k", "best", "rank"))
    return {
        "share": number(curve.get("mean"), 100, 1),
        "around": interval(curve, 100, 1),
        "rank": number(rank.get("median"), 1, 0),
        "rank_around": interval(rank, 1, 0),
        "best": number(best.get("mean"), 1, 2),
    }
