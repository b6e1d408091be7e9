"""Luck on a benchmark: the measured guess floors, the largest ones by problem, and what they change."""

from typing import Any

import pandas as pd

from boundary.analysis.estimates.table import OBSERVED, POSTERIOR, select
from boundary.analysis.formatting import Shorten, interval, number
from boundary.analysis.result import Analysis
from boundary.analysis.text.breadth import luck_sentences
from boundary.data.counts import ALL

# Of each model, so many problems with the largest floors are listed.
MOST_PROBLEMS = 5


def luck_section(analysis: Analysis, benchmark: str) -> dict[str, Any] | None:
    """Sentences, problems with large floors, and pass@n as counted and beyond luck; None where nothing was measured."""
    breadth = analysis.breadth
    if benchmark == ALL:
        return None
    types, problems = (
        table.loc[(table["benchmark"] == benchmark) & table["model"].isin(analysis.models)]
        for table in (breadth.floors.types, breadth.floors.problems)
    )
    if types.empty:
        return None
    return {
        "sentences": list(luck_sentences(types, breadth.floors_in_use, shorten=analysis.shorten)),
        "types": [_type_line(row, analysis.shorten) for row in types.to_dict(orient="records")],
        "problems": [_problem_line(row, analysis.shorten) for row in _largest(analysis, problems)],
        "changes": _changes(analysis, benchmark) if breadth.floors_in_use else [],
    }


def _largest(analysis: Analysis, problems: pd.DataFrame) -> list[dict[Any, Any]]:
    """The problems of each model with the largest floors."""
    rows: list[dict[Any, Any]] = []
    for model in analysis.models:
        own = problems.loc[problems["model"] == model].sort_values("mean", ascending=False, kind="stable")
        rows += own.head(MOST_PROBLEMS).to_dict(orient="records")
    return rows


def _type_line(row: dict[Any, Any], shorten: Shorten) -> dict[str, str]:
    return {
        "model": shorten(row["model"]),
        "type": str(row["answer_type"]),
        "n_problems": f"{row['n_problems']:,}",
        "floor": number(row["mean"], 100.0, 2),
        "interval": interval(row, 100.0, 2),
        "lucky": number(row["lucky_problems"], 1.0, 1),
    }


def _problem_line(row: dict[Any, Any], shorten: Shorten) -> dict[str, str]:
    return {
        "problem": str(row["problem_id"]),
        "model": shorten(row["model"]),
        "floor": f"{number(row['mean'], 100.0, 2)}",
        "interval": interval(row, 100.0, 2),
        "n": f"{row['n_samples']:,}",
        "lucky": number(row["lucky"], 1.0, 2),
    }


def _changes(analysis: Analysis, benchmark: str) -> list[dict[str, str]]:
    """pass@k of each model at k = 1 and n: as counted, and beyond luck."""
    rows = select(analysis.estimates, benchmark=benchmark, estimand="pass_at_k")
    lines = []
    for model in analysis.models:
        for k in dict.fromkeys([1, analysis.sample_sizes[benchmark].reliable_k]):
            own = select(rows, model=model, k=float(k))
            as_counted, beyond_luck = (select(own, kind=kind) for kind in (OBSERVED, POSTERIOR))
            if len(as_counted) and len(beyond_luck):
                row = beyond_luck.iloc[0].to_dict()
                lines.append(
                    {
                        "name": f"pass@{k}, {analysis.shorten(model)}",
                        "counted": number(as_counted["mean"].iloc[0], 100.0, 1),
                        "beyond": number(row["mean"], 100.0, 1),
                        "interval": interval(row, 100.0, 1),
                    }
                )
    return lines
