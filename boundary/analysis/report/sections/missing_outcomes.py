"""Samples that came to no verdict: the main estimates with them as wrong and as missing."""

from typing import Any

import pandas as pd

from boundary.analysis.estimates.table import POSTERIOR, select
from boundary.analysis.formatting import EXTRAPOLATED, format_of, interval, middle_column, number
from boundary.analysis.report.rows import without_slight_crossovers
from boundary.analysis.report.tables import records
from boundary.analysis.result import Analysis
from boundary.stats.estimands import ESTIMANDS

SHOWN = ("pass_at_k", "shrinkage", "crossover")


def missing_outcomes_section(analysis: Analysis, benchmark: str) -> dict[str, Any] | None:
    """A line for each estimate at k = 1, n and the largest k; None where how such samples count does not matter."""
    outcomes = analysis.missing_outcomes
    if outcomes.rows.empty or not any(note.benchmark == benchmark for note in outcomes.remarks):
        return None
    rows = without_slight_crossovers(outcomes.rows, analysis)
    rows = select(rows, kind=POSTERIOR, benchmark=benchmark, estimand=SHOWN)
    budgets = [1, analysis.sample_sizes[benchmark].reliable_k, int(analysis.estimates["k"].max())]
    rows = rows.loc[rows["k"].isna() | rows["k"].isin(budgets)]
    groups = rows.groupby(["estimand", "model", "k"], sort=False, dropna=False)
    return {"lines": [_line(records(group)) for _, group in groups]} if len(rows) else None


def _line(treatments: list[dict[Any, Any]]) -> dict[str, str]:
    """One estimate: its name, and its value under each treatment."""
    first = treatments[0]
    record = ESTIMANDS[first["estimand"]]
    scale, digits, _ = format_of(record.name)
    at = "" if pd.isna(first["k"]) else f" at k = {first['k']:.0f}"
    values = {}
    for row in treatments:
        middle = number(row["median" if record.is_budget else middle_column(row)], scale, digits)
        values[row["treatment"]] = f"{middle} {interval(row, scale, digits)}{EXTRAPOLATED * bool(row['extrapolated'])}"
    return {"name": f"{record.label}{at}, {first['model']}", **values}
