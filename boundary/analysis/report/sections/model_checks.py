"""Whether the populations of solve rates fit the counts, and what other families of them would say."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from boundary.analysis.formatting import format_of, interval, middle_column, number
from boundary.analysis.report.rows import without_slight_crossovers
from boundary.analysis.report.tables import records
from boundary.analysis.result import Analysis
from boundary.stats.estimands import ESTIMANDS


def model_checks_section(analysis: Analysis) -> dict[str, Any] | None:
    """Remarks, families, checks and sensitivity; None where the prior has no population."""
    checks = analysis.model_checks
    if not len(checks.families):
        return None
    return {
        "by_model": checks.families["model"].nunique() > 1,
        "several_families": bool(checks.families["prior"].nunique() > 1),
        "remarks": list(checks.remarks),
        "families": [_family(row) for row in records(checks.families)],
        "checks": [_check(row) for row in records(checks.checks)],
        "sensitivity": _sensitivity(without_slight_crossovers(checks.sensitivity, analysis)),
    }


def _family(row: Mapping[Any, Any]) -> dict[str, Any]:
    difference = number(row["elpd_difference"], 1.0, 1)
    return dict(row) | {
        "elpd": number(row["elpd"], 1.0, 1),
        "difference": f"{difference} ({number(row['difference_se'], 1.0, 1)})" if row["elpd_difference"] else "best",
        "weight": number(row["weight"], 1.0, 2),
        "max_pareto_k": number(row["max_pareto_k"], 1.0, 2),
    }


def _check(row: Mapping[Any, Any]) -> dict[str, Any]:
    return dict(row) | {
        "observed": number(row["observed"], 1.0, 3),
        "replicated": f"{number(row['lower'], 1.0, 3)} to {number(row['upper'], 1.0, 3)}",
        "p_value": number(row["p_value"], 1.0, 3),
    }


def _sensitivity(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """A line for each benchmark, estimand, model and budget, with a cell for each family."""
    lines = []
    keys = ["benchmark", "estimand", "model", "k"]
    for (benchmark, estimand, model, k), group in rows.groupby(keys, sort=False, dropna=False):
        record = ESTIMANDS[str(estimand)]
        scale, digits, _ = format_of(record.name)
        cells = {}
        for row in records(group):
            middle = number(row["median" if record.is_budget else middle_column(row)], scale, digits)
            cells[row["prior"]] = {"value": middle, "interval": interval(row, scale, digits)}
        budget = f"{k:.0f}" if k == k else ""  # NaN: of no particular budget
        lines.append({"benchmark": benchmark, "estimand": record.label, "model": model, "k": budget, "cells": cells})
    return lines
