"""The report's part on verdicts that err: what was supposed of them, and shrinkage against their rate."""

import base64
from collections.abc import Mapping
from typing import Any

import pandas as pd

from boundary.analysis.checks.tipping_point import tipping_points
from boundary.analysis.figures.drawing import image
from boundary.analysis.figures.tipping_point import error_figure
from boundary.analysis.formatting import interval, number


def erring(curves: pd.DataFrame, supposed: Mapping[str, Any]) -> dict[str, Any] | None:
    """Lay out the section for the template; None where verdicts are taken as they are and no curve was asked for.

    Parameters
    ----------
    curves
        From `boundary.analysis.checks.tipping_point.tipping_point_curves`.
    supposed
        What was said of the verifier (`settings["verifier_errors"]`).
    """
    if curves.empty and not supposed:
        return None
    parts = []
    said = tipping_points(curves) if len(curves) else []
    for (benchmark, model), rows in curves.groupby(["benchmark", "model"], sort=False):
        drawn = base64.b64encode(image(error_figure(rows), "svg")).decode("ascii")
        parts.append(
            {
                "caption": f"Shrinkage against the false-positive rate: {model}, {benchmark}",
                "source": "data:image/svg+xml;base64," + drawn,
                "turns": [turn.text for turn in said if (turn.benchmark, turn.model) == (benchmark, model)],
                "rows": [_line(row) for row in rows.to_dict(orient="records")],
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
        "chances": [number(row[f"prob_{sign}"], 1.0, 2) for sign in ("positive", "negative", "equivalent")],
        "log_evidence": number(row["log_evidence"], 1.0, 1),
    }
