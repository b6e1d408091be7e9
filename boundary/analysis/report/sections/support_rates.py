"""Rates of kept, lost and gained problems that other papers report, and where the gain comes from."""

from typing import Any

import pandas as pd

from boundary.analysis.estimates.table import select
from boundary.analysis.formatting import heading
from boundary.analysis.report.sections.reliability import MOST_MODELS
from boundary.analysis.report.tables import Row, Table, cell_of, records
from boundary.analysis.result import Analysis
from boundary.stats.estimands import ESTIMANDS

GROUPS = ("support_rates", "gains")


def support_rates_section(analysis: Analysis, benchmark: str) -> dict[str, Any] | None:
    """A table for each RL model."""
    rows, base = select(analysis.estimates, benchmark=benchmark), analysis.base
    models = [model for model in analysis.models if (rows["model"] == model).any()]
    if base is None or len(models) > MOST_MODELS:
        return None
    tables = [support_table(rows, model, base) for model in models if model != base]
    tables = [table for table in tables if table.rows]
    return {"tables": tables} if tables else None


def support_table(rows: pd.DataFrame, model: str, base: str) -> Table:
    """Lay out a line for each budget, with a column for each rate."""
    names = [record.name for record in ESTIMANDS.values() if record.group in GROUPS]
    lines = []
    for k, group in select(rows, model=model, estimand=names).groupby("k", sort=True):
        cells = [cell_of(records(select(group, estimand=name)), name) for name in names]
        extrapolated = bool(group["extrapolated"].any())
        lines.append(Row(f"{k:.0f}", extrapolated, "extrapolated" * extrapolated, cells))
    caption = f"Support rates and where the gain comes from: {model} against {base}"
    return Table(caption, "k", [heading(name) for name in names], lines)
