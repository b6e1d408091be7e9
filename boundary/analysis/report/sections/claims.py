"""The report's part on claims: each with its probability, and whether what is required of it is met."""

from typing import Any

import pandas as pd

from boundary.analysis.formatting import number


def claimed(claims: pd.DataFrame) -> dict[str, Any] | None:
    """Lay out the claims for the template; None where there are none."""
    if claims.empty:
        return None
    rows = [_line(row) for row in claims.to_dict(orient="records")]
    return {
        "rows": rows,
        "required": any(row["require"] for row in rows),
        "undefined": any(row["undefined"] for row in rows),
        "unmet": [row["name"] for row in rows if row["met"] is False],
    }


def _line(row: dict[Any, Any]) -> dict[str, Any]:
    has_bar = row["met"] is not None
    marks = ["extrapolated"] * bool(row["extrapolated"]) + [row["note"]] * bool(row["note"])
    return dict(row) | {
        "probability": number(row["probability"], 1.0, 3),
        "mc_error": number(row["mc_error"], 1.0, 3),
        "undefined": number(row["undefined"], 1.0, 3) if row["undefined"] else "",
        "require": f"{row['require']:g}" if has_bar else "",
        "verdict": ("met" if row["met"] else "not met") if has_bar else "",
        "marks": "; ".join(marks),
    }
