"""The ranking of a benchmark's models, and how many pairs of them are told apart."""

from typing import Any

import pandas as pd

from boundary.analysis.estimates.ranking import multiplicity
from boundary.analysis.estimates.table import POSTERIOR, select
from boundary.analysis.figures.ranking import ranked_budgets, ranked_models
from boundary.analysis.formatting import interval, middle_column, number, probability_text
from boundary.analysis.report.tables import records
from boundary.analysis.result import Analysis
from boundary.analysis.text.ranking import multiplicity_text
from boundary.stats.intervals import MARGIN

INDEPENDENT = (
    "Each model's solve rates come from its own fit; given the counts they are taken to be independent between models. "
    "All pairs stand in estimates.csv (better)."
)


def ranking_section(analysis: Analysis, benchmark: str) -> dict[str, Any] | None:
    """The ranking of one benchmark's models."""
    n = analysis.sample_sizes[benchmark].reliable_k
    return ranking_table(select(analysis.estimates, benchmark=benchmark), n, analysis.request.margin)


def ranking_table(rows: pd.DataFrame, n: int, margin: float = MARGIN) -> dict[str, Any] | None:
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
    rows = select(rows, kind=POSTERIOR)
    budgets = ranked_budgets(rows, n)
    if not budgets:
        return None
    cells = {(row["estimand"], row["model"], row["k"]): row for row in records(rows)}
    models = ranked_models(rows, budgets[0])
    tallies = {k: multiplicity(rows, k) for k in budgets}
    sentences = [multiplicity_text(tally, k, margin) for k, tally in tallies.items() if tally is not None]
    return {
        "n": n,
        "n_models": len(models),
        "rows": [{"model": model, "cells": [_cell(cells, model, k) for k in budgets]} for model in models],
        "budgets": [f"{k:.0f}" for k in budgets],
        "sentences": [*sentences, INDEPENDENT],
    }


def _cell(rows: dict[Any, dict[Any, Any]], model: str, k: float) -> dict[str, str]:
    curve, best, rank = (rows.get((name, model, k), {}) for name in ("pass_at_k", "best", "rank"))
    return {
        "share": number(curve.get(middle_column(curve)), 100, 1),
        "around": interval(curve, 100, 1),
        "rank": number(rank.get("median"), 1, 0),
        "rank_around": interval(rank, 1, 0),
        "best": probability_text(best["mean"]) if best else "",
    }
