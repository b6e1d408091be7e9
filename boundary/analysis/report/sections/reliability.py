"""Reliability of each model: how often problems are solved, rather than whether."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from boundary.analysis.estimates.table import select
from boundary.analysis.formatting import heading
from boundary.analysis.report.tables import Row, Table, cell_of, records
from boundary.analysis.result import Analysis
from boundary.stats.estimands import ESTIMANDS

# More models than this side by side nobody reads: estimates.csv has them.
MOST_MODELS = 6


def reliability_section(analysis: Analysis, benchmark: str) -> dict[str, Any] | None:
    """The table of one benchmark."""
    rows = select(analysis.estimates, benchmark=benchmark)
    models = [model for model in analysis.models if (rows["model"] == model).any()]
    table = reliability_table(rows, models)
    return {"table": table} if table.rows and len(models) <= MOST_MODELS else None


def reliability_table(rows: pd.DataFrame, models: Sequence[str]) -> Table:
    """Lay out a line for each estimand, budget and threshold, with a column for each model."""
    lines = []
    for name in [record.name for record in ESTIMANDS.values() if record.group == "reliability"]:
        of_estimand = select(rows, estimand=name)
        for labels, group in of_estimand.groupby(["k", "tau"], dropna=False, sort=True):
            k, tau = (float(str(label)) for label in labels)
            cells = [cell_of(records(select(group, model=model)), name) for model in models]
            extrapolated = bool(group["extrapolated"].any())
            lines.append(Row(heading(name, f"{k:.0f}", tau), extrapolated, "extrapolated" * extrapolated, cells))
    return Table("Reliability", "", list(models), lines)
