"""Errors of the verifier: what the estimates suppose of them, and shrinkage against the rate of false positives."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import pandas as pd

from boundary.analysis.checks.tipping_point import tipping_points
from boundary.analysis.figures.tipping_point import tipping_point_figure
from boundary.analysis.formatting import interval, number
from boundary.analysis.report.pictures import both_widths
from boundary.analysis.report.tables import records
from boundary.analysis.result import Analysis


def verifier_errors_section(analysis: Analysis) -> dict[str, Any] | None:
    """What is supposed of the verifier, and a part for each curve."""
    return verifier_errors_parts(analysis.tipping_points, analysis.settings["verifier_errors"])


def verifier_errors_parts(curves: pd.DataFrame, supposed: Mapping[str, Any]) -> dict[str, Any] | None:
    """Lay out the section; None where verdicts are taken as they are and no curve was asked for.

    Parameters
    ----------
    curves
        From `boundary.analysis.checks.tipping_point.tipping_point_curves`.
    supposed
        Rates of errors that the estimates suppose.
    """
    if curves.empty and not supposed:
        return None
    points = tipping_points(curves) if len(curves) else []
    parts = []
    pairs = curves.groupby(["benchmark", "model"], sort=False) if len(curves) else ()
    for place, ((benchmark, model), rows) in enumerate(pairs, start=1):
        caption = f"Shrinkage against the false-positive rate: {model}, {benchmark}"
        parts.append(
            {
                "caption": caption,
                "elements": both_widths(partial(tipping_point_figure, rows), f"errors{place}-", caption),
                "sentences": [point.text for point in points if (point.benchmark, point.model) == (benchmark, model)],
                "rows": [_line(row) for row in records(rows)],
            }
        )
    return {"supposed": [f"{name.replace('_', ' ')} {value}" for name, value in supposed.items()], "parts": parts}


def _line(row: dict[Any, Any]) -> dict[str, Any]:
    return {
        "rate": f"{row['false_positive_rate']:g}",
        "k": f"{row['k']:.0f}",
        "extrapolated": bool(row["extrapolated"]),
        "shrinkage": number(row["mean"], 100.0, 1),
        "interval": interval(row, 100.0, 1),
        "probabilities": [number(row[f"prob_{sign}"], 1.0, 2) for sign in ("positive", "negative", "equivalent")],
        "log_evidence": number(row["log_evidence"], 1.0, 1),
    }
