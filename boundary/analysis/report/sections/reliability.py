"""Reliability of each model: how often problems are solved, rather than whether."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from boundary.analysis.estimates.table import select
from boundary.analysis.formatting import heading
from boundary.analysis.report.tables import Heading, Row, Table, cell_of, records_by
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
    names = [record.name for record in ESTIMANDS.values() if record.group == "reliability"]
    # Infinity stands for what has no threshold or budget: NaN is not equal to itself.
    rows = select(rows, estimand=names)
    groups = records_by(rows.assign(k=rows["k"].fillna(np.inf), tau=rows["tau"].fillna(np.inf)), "estimand", "k", "tau")
    lines = []
    for name, k, tau in sorted(groups, key=lambda labels: (names.index(labels[0]), *labels[1:])):
        group = groups[name, k, tau]
        cells = [cell_of([row for row in group if row["model"] == model], name) for model in models]
        extrapolated = any(row["extrapolated"] for row in group)
        labels = {"estimand": name} | {key: at for key, at in (("k", k), ("tau", tau)) if np.isfinite(at)}
        text = heading(name, f"{k:.0f}" if np.isfinite(k) else "nan", tau if np.isfinite(tau) else np.nan)
        lines.append(Row(Heading(text, labels), extrapolated, "extrapolated" * extrapolated, cells))
    return Table("Reliability", "measure", [Heading(model, {"model": model}) for model in models], lines)
