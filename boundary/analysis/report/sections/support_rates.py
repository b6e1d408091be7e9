"""Rates of kept, lost and gained problems that other papers report, and where the gain comes from."""

from typing import Any

import pandas as pd

from boundary.analysis.estimates.table import select
from boundary.analysis.formatting import heading
from boundary.analysis.report.sections.reliability import MOST_MODELS
from boundary.analysis.report.tables import Heading, Row, Table, cell_of, records_by
from boundary.analysis.result import Analysis
from boundary.stats.estimands import ESTIMANDS

NAMES = [record.name for record in ESTIMANDS.values() if record.group in ("support_rates", "gains")]


def support_rates_section(analysis: Analysis, benchmark: str) -> dict[str, Any] | None:
    """A table for each RL model."""
    rows, base = select(analysis.estimates, benchmark=benchmark), analysis.base
    models = [model for model in analysis.models if (rows["model"] == model).any()]
    if base is None or len(models) > MOST_MODELS:
        return None
    rows = select(rows, estimand=NAMES)
    tables = [support_table(rows, model, base) for model in models if model != base]
    tables = [table for table in tables if table.rows]
    return {"tables": tables} if tables else None


def support_table(rows: pd.DataFrame, model: str, base: str) -> Table:
    """Lay out a line for each budget, with a column for each rate."""
    groups = records_by(select(rows, model=model, estimand=NAMES), "k")
    lines = []
    for (k,), group in sorted(groups.items()):
        cells = [cell_of([row for row in group if row["estimand"] == name], name) for name in NAMES]
        extrapolated = any(row["extrapolated"] for row in group)
        row_heading = Heading(f"{k:.0f}", {"k": k})
        lines.append(Row(row_heading, extrapolated, "extrapolated" * extrapolated, cells))
    caption = f"Support rates and where the gain comes from: {model} against {base}"
    columns = [Heading(heading(name), {"estimand": name, "model": model}) for name in NAMES]
    return Table(caption, "k", columns, lines)
