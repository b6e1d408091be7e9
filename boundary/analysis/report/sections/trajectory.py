"""Training runs of a benchmark: where they peak, where breadth begins to fall, and each checkpoint's estimates."""

from typing import Any

import pandas as pd

from boundary.analysis.estimates.table import POSTERIOR
from boundary.analysis.formatting import interval, level_text, middle_column, number, probability_text
from boundary.analysis.result import Analysis
from boundary.analysis.text.training_runs import run_sentences
from boundary.analysis.trajectory.record import ONSET, PEAK


def trajectory_section(analysis: Analysis, benchmark: str) -> dict[str, Any] | None:
    """Sentences on each run, and a line for each checkpoint."""
    trajectory = analysis.trajectory
    rows = trajectory.estimates.loc[trajectory.estimates["benchmark"] == benchmark]
    if rows.empty:
        return None
    runs = [_run(rows.loc[rows["training_run"] == name], analysis) for name in dict.fromkeys(rows["training_run"])]
    return {
        "runs": runs,
        "heading": "Checkpoints as one trajectory" if len(runs) == 1 else "Checkpoints of each training run",
        "notes": [note for note in trajectory.notes if note.benchmark in (benchmark, "all")],
        "level": level_text(analysis.request.level),
    }


def _run(rows: pd.DataFrame, analysis: Analysis) -> dict[str, Any]:
    """One run: its sentences, and its lines."""
    n = float(rows["k"].max())
    measured = rows.loc[(rows["kind"] == POSTERIOR) & rows["step"].notna()]
    at_n = measured.loc[measured["k"] == n]
    steps = at_n.loc[at_n["estimand"] == "pass_at_k", ["step_label", "model"]].itertuples(index=False, name=None)
    return {
        "name": str(rows["training_run"].iloc[0]),
        "sentences": run_sentences(rows, analysis.request.margin),
        "n": f"{n:,.0f}",
        "has_one_budget": n == 1,
        "lines": [_line(measured, step, model, n) for step, model in steps],
    }


def _middle(row: dict[Any, Any]) -> str:
    return number(row.get(middle_column(row)), 100, 1)


def _line(rows: pd.DataFrame, step: str, model: str, n: float) -> dict[str, Any]:
    of_model = rows.loc[rows["model"] == model]
    cells = {(row["estimand"], row["k"]): row for row in of_model.to_dict(orient="records")}
    shares = {"pass_1": ("pass_at_k", 1.0), "pass_n": ("pass_at_k", n), "shrinkage": ("shrinkage", n)}
    chances = {"peak": (PEAK, n), "onset": (ONSET, n)}
    return {
        "step": step,
        "model": model,
        **{name: _middle(cells.get(key, {})) for name, key in shares.items()},
        **{f"{name}_interval": interval(cells.get(key, {}), 100, 1) for name, key in shares.items()},
        **{name: probability_text(cells[key]["mean"]) if key in cells else "" for name, key in chances.items()},
    }
