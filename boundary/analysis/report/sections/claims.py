"""Claims: each with its probability, and whether what is required of it is met."""

from typing import Any

from boundary.analysis.formatting import number, probability_number
from boundary.analysis.report.tables import records
from boundary.analysis.result import Analysis


def claims_section(analysis: Analysis) -> dict[str, Any] | None:
    """A row for each claim, and the names of those that are less probable than required."""
    if analysis.claims.empty:
        return None
    rows = [_line(row) for row in records(analysis.claims)]
    return {
        "rows": rows,
        "required": any(row["require"] for row in rows),
        "undefined": any(row["undefined"] for row in rows),
        "unmet": [row["name"] for row in rows if row["met"] is False],
    }


def _line(row: dict[Any, Any]) -> dict[str, Any]:
    is_required = row["met"] is not None
    marks = ["extrapolated"] * bool(row["extrapolated"]) + [row["note"]] * bool(row["note"])
    return dict(row) | {
        "probability": probability_number(row["probability"], 3),
        "mc_error": probability_number(row["mc_error"], 3),
        "undefined": number(row["undefined"], 1.0, 3) if row["undefined"] else "",
        "require": f"{row['require']:g}" if is_required else "",
        "verdict": ("met" if row["met"] else "not met") if is_required else "",
        "marks": "; ".join(marks),
    }
