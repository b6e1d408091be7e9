"""summary.json: verdicts, diagnostics, settings and the headline estimates, as strict JSON."""

import json
import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from boundary.analysis.cost.record import CURVE
from boundary.analysis.estimates.table import select
from boundary.analysis.notes import Note
from boundary.analysis.report.sections.arms import arms_summary
from boundary.analysis.report.sections.runs import samples_of_models
from boundary.analysis.result import Analysis
from boundary.analysis.text.cost import cost_sentences
from boundary.analysis.text.runs import runs_sentences
from boundary.analysis.text.strata import strata_sentences
from boundary.analysis.text.training_runs import run_sentences
from boundary.analysis.trajectory.record import BETWEEN
from boundary.stats.estimands import ESTIMANDS

# The estimands of the summary, by their group in ESTIMANDS.
GROUPS = ("coverage", "flows", "crossing", "ranking")


def summary(analysis: Analysis) -> dict[str, Any]:
    """The summary of an analysis for scripts, in values that JSON knows.

    Parameters
    ----------
    analysis
        What `boundary.analyze` returns.

    Returns
    -------
    dict
        `ok`, `base`, `models`, `answer` (of the whole analysis: sentence, word, probability and, of several verdicts,
        how many there are of each word), `verdicts`, `sample_checks`, `remarks`, `counting`, `scores`, `arms`,
        `missing_parts`, `likelihood` (the rows of likelihood.csv), `claims`, `breadth` (`estimates`: rows of
        breadth.csv at n and those of no k; `guess_floors`: by model and answer type; empty without answers),
        `trajectory`, `training_runs` and `strata` (sentences, notes, and the rows of trajectory.csv, without those
        between checkpoints, of runs.csv and of strata.csv; empty without any), `families`, `cost` (sentences, notes,
        and the rows of cost.csv without the points of curves), `diagnostics`, `settings`, and
        `estimates`: the rows of estimates.csv at k = 1, at the number of samples, at the largest k, and those of no
        particular k. Only what JSON knows: an undefined number is None, and a crossover that lies nowhere up to the
        largest k is the text "none".
    """
    return {
        "ok": bool(analysis.ok),
        "base": analysis.base,
        "models": list(analysis.models),
        "answer": _plain(analysis.answer.as_dict()),
        "verdicts": [_plain(verdict.as_dict()) for verdict in analysis.verdicts],
        "sample_checks": _notes(analysis.exchangeability),
        "remarks": _notes(analysis.model_checks.remarks),
        "counting": _notes(analysis.notes_on_counts),
        "scores": _notes(analysis.likelihood.notes),
        "arms": arms_summary(analysis.arms),
        "missing_parts": list(analysis.missing_parts),
        "likelihood": _records(analysis.likelihood.rows),
        "claims": _records(analysis.claims),
        "breadth": breadth_summary(analysis),
        "trajectory": _trajectory(analysis),
        "strata": _strata(analysis),
        "families": _records(analysis.model_checks.families),
        "cost": _cost(analysis),
        "training_runs": _training_runs(analysis),
        "diagnostics": _records(analysis.diagnostics),
        "settings": _plain(dict(analysis.settings)),
        "estimates": [row for benchmark in analysis.benchmarks for row in _records(headline(analysis, benchmark))],
    }


def _cost(analysis: Analysis) -> dict[str, Any]:
    """Sentences, notes and estimates of cost, without the points of curves; empty where there are none."""
    table = analysis.cost.estimates
    if table.empty and not analysis.cost.notes:
        return {}
    arms = [model for model in analysis.models if model != analysis.base]
    margin = analysis.request.margin
    sentences = [
        {"benchmark": benchmark, "model": model, "text": " ".join([*lines.comparison, *lines.details])}
        for benchmark in analysis.benchmarks
        for model in arms
        if (
            lines := cost_sentences(
                table.loc[table["benchmark"] == benchmark], model, analysis.base, margin, shorten=analysis.shorten
            )
        )
    ]
    rows = table.loc[table["kind"] != CURVE].dropna(axis=1, how="all")
    return {"sentences": sentences, "notes": _notes(analysis.cost.notes), "estimates": _records(rows)}


def _training_runs(analysis: Analysis) -> dict[str, Any]:
    """Sentences, notes and rows of runs.csv; empty where there are none."""
    runs = analysis.training_runs
    if runs.estimates.empty and not runs.notes:
        return {}
    sentences = []
    for benchmark in analysis.benchmarks:
        rows = runs.estimates.loc[runs.estimates["benchmark"] == benchmark]
        lines = runs_sentences(rows, samples_of_models(analysis, benchmark), shorten=analysis.shorten)
        sentences.append({"benchmark": benchmark, "text": " ".join(lines)})
    rows = runs.estimates.dropna(axis=1, how="all")
    return {"sentences": sentences, "notes": _notes(runs.notes), "estimates": _records(rows)}


def _trajectory(analysis: Analysis) -> dict[str, Any]:
    """Sentences, notes and rows of training runs, without steps between checkpoints; empty where there are none."""
    table = analysis.trajectory.estimates
    if table.empty:
        return {}
    sentences = [
        {"benchmark": benchmark, "training_run": run, "text": " ".join(run_sentences(rows, analysis.request.margin))}
        for (benchmark, run), rows in table.groupby(["benchmark", "training_run"], sort=False)
    ]
    rows = table.loc[table["kind"] != BETWEEN]
    return {"sentences": sentences, "notes": _notes(analysis.trajectory.notes), "estimates": _records(rows)}


def _strata(analysis: Analysis) -> dict[str, Any]:
    """Sentences, notes and rows of strata; empty where there are none."""
    table = analysis.strata.estimates
    if table.empty and not analysis.strata.notes:
        return {}
    sentences = [
        {"benchmark": benchmark, "column": column, "model": model, "text": text}
        for (benchmark, column, model), rows in table.groupby(["benchmark", "column", "model"], sort=False)
        for text in strata_sentences(rows, analysis.request.margin, shorten=analysis.shorten)
    ]
    return {"sentences": sentences, "notes": _notes(analysis.strata.notes), "estimates": _records(table)}


def summary_json(analysis: Analysis) -> str:
    """Write the summary as strict JSON text, which holds no NaN and no Infinity."""
    return json.dumps(summary(analysis), indent=2, allow_nan=False, ensure_ascii=False)


def headline(analysis: Analysis, benchmark: str) -> pd.DataFrame:
    """Choose a benchmark's rows at k = 1, n and the largest k, and those of no particular k."""
    rows = select(analysis.estimates, benchmark=benchmark)
    budgets = {1, analysis.sample_sizes[benchmark].reliable_k, rows["k"].max()}
    names = {group: [record.name for record in ESTIMANDS.values() if record.group == group] for group in GROUPS}
    of_no_k = rows["estimand"].isin(names["crossing"])
    # Every pair of many models would be too much.
    over_k = rows["estimand"].isin({*names["coverage"], *names["flows"], *names["ranking"]} - {"better"})
    return rows.loc[of_no_k | (over_k & rows["k"].isin(budgets))]


def breadth_summary(analysis: Analysis) -> dict[str, list[dict[str, Any]]]:
    """Rows of breadth.csv at the number of samples and those of no particular k, and the guess floors by type."""
    breadth, rows = analysis.breadth, analysis.breadth.estimates
    if rows.empty:
        return {}
    within = rows.loc[~rows["extrapolated"].astype(bool)]
    largest = within.groupby(["benchmark", "estimand", "model", "reference"])["k"].transform("max")
    return {
        "estimates": _records(within.loc[within["k"].isna() | (within["k"] == largest)]),
        "guess_floors": _records(breadth.floors.types),
    }


def _notes(notes: Sequence[Note]) -> list[dict[str, Any]]:
    return [
        {"benchmark": note.benchmark, "model": note.model, "text": note.text, "alarming": note.alarming}
        for note in notes
    ]


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [_record({str(name): value for name, value in row.items()}) for row in table.to_dict(orient="records")]


def _record(row: dict[str, Any]) -> dict[str, Any]:
    """Make one row plain; only a crossover may be infinite, and that means there is none."""
    infinite = "none" if row.get("estimand") in ("crossover", "crossover_cost", "cost_to_solve") else None
    return {name: _plain(value, infinite) for name, value in row.items()}


def _plain(value: Any, infinite: str | None = None) -> Any:
    """Turn numpy's and pandas' values into those JSON knows."""
    if isinstance(value, dict):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if hasattr(value, "item"):
        value = value.item()
    if value is pd.NA:
        return None
    if isinstance(value, float):
        value += 0.0  # no -0.0
        return value if math.isfinite(value) else infinite if math.isinf(value) else None
    return value
