"""Cost: solved problems at equal tokens or money, coverage at cost, and what a common token limit would change."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import pandas as pd

from boundary.analysis.estimates.table import OBSERVED, POSTERIOR
from boundary.analysis.figures.figure import MOST_CURVES
from boundary.analysis.formatting import cost_text, number
from boundary.analysis.report.tables import records
from boundary.analysis.result import Analysis
from boundary.analysis.text.cost import cost_sentences

Record = dict[Any, Any]


class CostCell(NamedTuple):
    """One number with its interval, and the labels of its row in cost.csv."""

    value: str
    interval: str
    extrapolated: bool


class CostLine(NamedTuple):
    """A line of a table."""

    heading: str
    extrapolated: bool
    cells: list[CostCell]


def cost_section(analysis: Analysis, benchmark: str) -> dict[str, Any] | None:
    """Sentences of each RL model, and the tables, of one benchmark."""
    table = analysis.cost.estimates
    rows = table.loc[table["benchmark"] == benchmark]
    notes = [note for note in analysis.cost.notes if note.benchmark in (benchmark, "all")]
    posterior = rows.loc[rows["kind"] == POSTERIOR]
    models = [model for model in analysis.models if (rows["model"] == model).any()]
    if rows.empty or len(models) > MOST_CURVES:
        return None
    arms = [model for model in models if model != analysis.base]
    margin = analysis.request.margin
    return {
        "sentences": {
            model: cost_sentences(rows, model, analysis.base, margin, shorten=analysis.shorten) for model in arms
        },
        "notes": [note.text for note in notes],
        "unit": str(rows["unit"].iloc[0]),
        "models": models,
        "arms": arms if analysis.base is not None else [],
        "lines": _budget_lines(posterior, models, arms if analysis.base is not None else []),
        "coverage": _coverage_lines(posterior, models),
        "limits": _limit_lines(rows.loc[rows["kind"] == OBSERVED], models, arms, analysis.base),
        "limit_budgets": sorted({int(k) for k in rows.loc[rows["kind"] == OBSERVED, "k"]}),
        "is_cut": analysis.request.token_limit,
    }


def _share(rows: pd.DataFrame, estimand: str, model: str, **labels: Any) -> CostCell:
    chosen_rows = rows.loc[(rows["estimand"] == estimand) & (rows["model"] == model)]
    for name, value in labels.items():
        chosen_rows = chosen_rows.loc[chosen_rows[name] == value]
    if chosen_rows.empty:
        return CostCell("", "", False)
    row = records(chosen_rows)[0]
    lower, upper = (number(row[side], 100, 1) for side in ("lower", "upper"))
    return CostCell(number(row["mean"], 100, 1), f"[{lower}, {upper}]", bool(row["extrapolated"]))


def _budget_lines(rows: pd.DataFrame, models: Sequence[str], arms: Sequence[str]) -> list[CostLine]:
    """A line for each budget: share solved by each model, then the shrinkage of each RL model."""
    costs = sorted(rows.loc[rows["estimand"] == "pass_at_cost", "cost"].unique())
    lines = []
    for cost in costs:
        cells = [_share(rows, "pass_at_cost", model, cost=cost) for model in models]
        cells += [_share(rows, "shrinkage_at_cost", model, cost=cost) for model in arms]
        heading = cost_text(float(cost), "", with_unit=False)
        lines.append(CostLine(heading, any(cell.extrapolated for cell in cells), cells))
    return lines


def _coverage_lines(rows: pd.DataFrame, models: Sequence[str]) -> list[CostLine]:
    """A line for each share of the problems: the budget that each model needs."""
    coverage = rows.loc[rows["estimand"] == "cost_to_solve"]
    lines = []
    for share in sorted(coverage["share"].unique()):
        cells = []
        for model in models:
            found_rows = records(coverage.loc[(coverage["share"] == share) & (coverage["model"] == model)])
            if not found_rows:
                cells.append(CostCell("", "", False))
                continue
            row = found_rows[0]
            lower, upper = (cost_text(row[side], "", with_unit=False) for side in ("lower", "upper"))
            middle = cost_text(row["median"], "", with_unit=False)
            cells.append(CostCell(middle, f"[{lower}, {upper}]", bool(row["extrapolated"])))
        lines.append(CostLine(f"{100 * share:.0f} %", any(cell.extrapolated for cell in cells), cells))
    return lines


def _limit_lines(rows: pd.DataFrame, models: Sequence[str], arms: Sequence[str], base: str | None) -> list[CostLine]:
    """A line for each token limit: unbiased pass@k of each model, then shrinkage, at each k, with standard errors."""
    budgets = sorted(rows["k"].unique())
    lines = []
    for limit in sorted(rows["token_limit"].unique()):
        cells = []
        for k in budgets:
            at = rows.loc[(rows["token_limit"] == limit) & (rows["k"] == k)]
            names = [("pass_at_k", model) for model in models]
            names += [("shrinkage", model) for model in arms] if base is not None else []
            for estimand, model in names:
                found_rows = records(at.loc[(at["estimand"] == estimand) & (at["model"] == model)])
                value = number(found_rows[0]["mean"], 100, 1) if found_rows else ""
                error = f"± {number(found_rows[0]['standard_error'], 100, 1)}" if found_rows else ""
                cells.append(CostCell(value, error, False))
        lines.append(CostLine(f"{limit:,.0f}", False, cells))
    return lines
