"""Training runs of a benchmark: methods with several runs, chosen models, and the strongest of several bases."""

from typing import Any, NamedTuple

import pandas as pd

from boundary.analysis.formatting import (
    Shorten,
    budget,
    interval,
    level_text,
    middle_column,
    number,
    probability_text,
)
from boundary.analysis.report.tables import records
from boundary.analysis.result import Analysis
from boundary.analysis.runs.record import (
    AFTER_SELECTION,
    AVERAGE,
    BEST_METHOD,
    DROP,
    METHOD,
    NEW_RUN,
    SPREAD,
    STRONGEST,
    STRONGEST_BASE,
    STRONGEST_NAME,
    largest_budget,
)
from boundary.analysis.text.runs import runs_sentences


class RunCell(NamedTuple):
    """A number and its interval."""

    value: str
    interval: str


class RunLine(NamedTuple):
    """A line of a table."""

    name: str
    cells: list[RunCell]


def runs_section(analysis: Analysis, benchmark: str) -> dict[str, Any] | None:
    """Sentences and tables of one benchmark."""
    table = analysis.training_runs.estimates
    rows = table.loc[table["benchmark"] == benchmark]
    notes = [note.text for note in analysis.training_runs.notes if note.benchmark in (benchmark, "all")]
    if rows.empty and not notes:
        return None
    k = largest_budget(rows) if len(rows) else 1.0
    budgets = sorted({float(rows["k"].min()), k}) if len(rows) else []
    return {
        "sentences": runs_sentences(rows, samples_of_models(analysis, benchmark), shorten=analysis.shorten),
        "notes": notes,
        "budgets": [budget(k) for k in budgets],
        "methods": _method_lines(rows, budgets),
        "has_base": analysis.base is not None,
        "base": analysis.shorten(analysis.base or ""),
        "chosen_models": _lines(rows, AFTER_SELECTION, budgets, analysis.shorten),
        "bases": _base_lines(rows, budgets, analysis.shorten),
        "against_strongest": _against_strongest(rows, budgets, analysis.shorten),
        "level": level_text(analysis.request.level),
    }


def samples_of_models(analysis: Analysis, benchmark: str) -> dict[str, int]:
    """Samples of each model on the problems of a benchmark that it was fitted on."""
    return {model: int(n.sum()) for model, n in analysis.sample_sizes[benchmark].by_model.items()}


def _cell(rows: pd.DataFrame, k: float, **labels: str) -> RunCell:
    """The cell of the row with some labels; empty where there is none."""
    cells = rows.loc[rows["k"] == k]
    for name, value in labels.items():
        cells = cells.loc[cells[name] == value]
    if cells.empty:
        return RunCell("\N{EN DASH}", "")
    row = records(cells)[0]
    if labels.get("estimand") in (BEST_METHOD, STRONGEST):
        return RunCell(probability_text(row["mean"]), "")
    # Of a method the posterior from few runs is skew, and its mean lies away from the runs.
    has_median = labels.get("estimand") == SPREAD or labels.get("of") in (METHOD, NEW_RUN)
    middle = "median" if has_median else middle_column(row)
    return RunCell(number(row[middle], 100, 1), interval(row, 100, 1))


def _method_lines(rows: pd.DataFrame, budgets: list[float]) -> list[RunLine]:
    """A line for each method: average of its runs, mean, new run, spread, P(best), at each budget."""
    methods = records(rows.loc[rows["of"] == METHOD, ["method", "n_runs"]].drop_duplicates("method"))
    estimand = "shrinkage" if (rows["estimand"] == "shrinkage").any() else "pass_at_k"
    lines = []
    for method in methods:
        name = method["method"]
        cells = []
        for k in budgets:
            cells += [_cell(rows, k, estimand="pass_at_k", of=METHOD, method=name)]
            cells += [_cell(rows, k, estimand=estimand, of=of, method=name) for of in (AVERAGE, METHOD, NEW_RUN)]
            cells += [_cell(rows, k, estimand=SPREAD, method=name), _cell(rows, k, estimand=BEST_METHOD, method=name)]
        lines.append(RunLine(f"{name}, {method['n_runs']} runs", cells))
    return lines


def _lines(rows: pd.DataFrame, of: str, budgets: list[float], shorten: Shorten) -> list[RunLine]:
    """A line for each chosen model: pass@k after the choice, the expected drop, and shrinkage, at each budget."""
    models = rows.loc[rows["of"] == of, "model"].unique()
    estimands = ("pass_at_k", DROP, "shrinkage")
    return [
        RunLine(
            shorten(str(model)),
            [_cell(rows, k, estimand=estimand, of=of, model=model) for k in budgets for estimand in estimands],
        )
        for model in models
    ]


def _base_lines(rows: pd.DataFrame, budgets: list[float], shorten: Shorten) -> list[RunLine]:
    """A line for each base arm: the probability that it is the strongest, at each budget."""
    models = rows.loc[rows["estimand"] == STRONGEST, "model"].unique()
    return [
        RunLine(shorten(str(model)), [_cell(rows, k, estimand=STRONGEST, model=model) for k in budgets])
        for model in models
    ]


def _against_strongest(rows: pd.DataFrame, budgets: list[float], shorten: Shorten) -> list[RunLine]:
    """Pass@k of the strongest base, then a line for each other model: its shrinkage against it."""
    of_strongest = rows.loc[rows["of"] == STRONGEST_BASE]
    models = of_strongest.loc[of_strongest["estimand"] == "shrinkage", "model"].unique()
    lines = [
        RunLine(shorten(str(model)), [_cell(of_strongest, k, estimand="shrinkage", model=model) for k in budgets])
        for model in models
    ]
    if not lines:
        return []
    cells = [_cell(of_strongest, k, estimand="pass_at_k", model=STRONGEST_NAME) for k in budgets]
    return [RunLine(f"{STRONGEST_NAME}: pass@k, %", cells), *lines]
