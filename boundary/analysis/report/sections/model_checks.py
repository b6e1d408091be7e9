"""The part of the page on whether the populations fit, and on what other families would say."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from boundary.analysis.checks.model_checks import Criticism
from boundary.analysis.formatting import interval, number

# How each estimand is written: scale and digits.
SHOWN = {"pass_at_k": (100.0, 1), "shrinkage": (100.0, 1), "lost": (1.0, 1), "gained": (1.0, 1), "crossover": (1.0, 0)}


def criticised(criticism: Criticism, sensitivity: pd.DataFrame) -> dict[str, Any] | None:
    """Remarks, families, checks and sensitivity for the template; None where the prior knows no population."""
    if not len(criticism.families):
        return None
    several = criticism.families["model"].nunique() > 1
    return {
        "several": several,
        "remarks": list(criticism.remarks),
        "families": [_family(row) for row in criticism.families.to_dict(orient="records")],
        "compared": bool(criticism.families["prior"].nunique() > 1),
        "checks": [_check(row) for row in criticism.checks.to_dict(orient="records")],
        "sensitivity": _sensitivity(sensitivity),
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
    digits = 3
    return dict(row) | {
        "observed": number(row["observed"], 1.0, digits),
        "replicated": f"{number(row['lower'], 1.0, digits)} to {number(row['upper'], 1.0, digits)}",
        "p_value": number(row["p_value"], 1.0, 3),
    }


def _sensitivity(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """A line for each benchmark, estimand, model and budget, with a cell for each family."""
    lines = []
    keys = ["benchmark", "estimand", "model", "k"]
    for (benchmark, estimand, model, k), group in rows.groupby(keys, sort=False, dropna=False):
        scale, digits = SHOWN[str(estimand)]
        cells = {}
        for row in group.to_dict(orient="records"):
            middle = row["median"] if estimand == "crossover" else row["mean"]
            cells[row["prior"]] = {"value": number(middle, scale, digits), "interval": interval(row, scale, digits)}
        name = str(estimand).replace("pass_at_k", "pass@k")
        budget = f"{k:.0f}" if k == k else ""  # NaN: of no particular budget
        lines.append({"benchmark": benchmark, "estimand": name, "model": model, "k": budget, "cells": cells})
    return lines
