"""Correct answers with valid reasoning: how many there are, and CoT-pass@k beside pass@k."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from boundary.analysis.checks.valid_reasoning import PREFIX
from boundary.analysis.estimates.table import POSTERIOR, select
from boundary.analysis.formatting import interval, middle_column, number
from boundary.analysis.report.tables import records
from boundary.analysis.result import Analysis
from boundary.data.counts import ALL, Counts
from boundary.data.validation import VALID

# Estimands whose rows with the prefix are shown, and what these are called.
SHOWN = {"pass_at_k": "CoT-pass@k", "shrinkage": "shrinkage of CoT-pass@k"}


def valid_reasoning_section(analysis: Analysis, benchmark: str) -> dict[str, Any] | None:
    """Shares of correct answers with valid reasoning, lines of estimates, and the rates of the judge's errors."""
    rows = select(analysis.estimates, kind=POSTERIOR, benchmark=benchmark)
    if VALID not in analysis.counts.table or not rows["estimand"].str.startswith(PREFIX).any():
        return None
    return {
        "shares": list(_shares(analysis.counts, benchmark)),
        "lines": list(_lines(rows)),
        "judge_errors": analysis.settings["judge_errors"],
    }


def _shares(counts: Counts, benchmark: str) -> Iterator[dict[str, str]]:
    """Of each model's correct answers, how many have valid reasoning."""
    table = counts.table if benchmark == ALL else counts.table.loc[counts.table["benchmark"] == benchmark]
    for model, problems in table.dropna(subset=[VALID]).groupby("model", sort=False):
        right, valid = int(problems["n_correct"].sum()), int(problems[VALID].sum())
        share = f"{number(valid / right, 100, 1)} %" if right else "none right"
        yield {"model": str(model), "right": f"{right:,}", "valid": f"{valid:,}", "share": share}


def _lines(rows: pd.DataFrame) -> Iterator[dict[str, str]]:
    """Each estimate with valid reasoning, and that of any correct answer beside it."""
    for estimand, name in SHOWN.items():
        for row in records(select(rows, estimand=PREFIX + estimand)):
            any_right = records(select(rows, estimand=estimand, model=row["model"], k=row["k"]))
            yield {
                "name": f"{name} at k = {row['k']:.0f}, {row['model']}" + " (extrapolated)" * row["extrapolated"],
                "valid": _value(row),
                "any": _value(any_right[0]) if any_right else "",
            }


def _value(row: dict[Any, Any]) -> str:
    return f"{number(row[middle_column(row)], 100, 1)} {interval(row, 100, 1)}"
