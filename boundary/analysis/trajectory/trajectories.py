"""The part of an analysis about training runs."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from boundary.analysis.checkpoints import left_out_of_runs, training_runs
from boundary.analysis.estimates.table import without_minus_zero
from boundary.analysis.fitting import Panel
from boundary.analysis.notes import Note
from boundary.analysis.request import Request
from boundary.analysis.trajectory.record import MISSING, TRAJECTORY_COLUMNS, Trajectories
from boundary.analysis.trajectory.rows import run_rows
from boundary.data.counts import ALL, Counts
from boundary.stats.solve_rates import SolveRates

TYPES = {"extrapolated": bool, "n_problems": int, "k": float, "step": float}
UNKNOWN_STEP = (
    "The step of the final checkpoint is not known: it is placed behind the last known one, at the distance that is "
    "typical of the others. Give it in checkpoint_step."
)
NEW_PROBLEMS = "Trajectories are about these problems, not about new ones of the same kind."


def analyse_trajectories(
    request: Request, counts: Counts, fits: Sequence[tuple[Panel, SolveRates, bool]]
) -> Trajectories:
    """Each training run as one trajectory, wherever steps of two checkpoints or more are known.

    Parameters
    ----------
    request
        Base, models, level, margin, seed.
    counts
        With the steps and, of several, the names of the runs.
    fits
        The panel of each fit, its posterior, and whether it has converged.

    Returns
    -------
    Trajectories
        With `missing`, and without rows, where there is no such run.
    """
    runs = training_runs(counts, request.base, request.models)
    rows: list[dict[str, Any]] = []
    left_out = list(left_out_of_runs(counts, request.base, request.models))
    notes = [Note(ALL, "", text, "note") for text in left_out]
    for benchmark in request.benchmarks if runs else ():
        of_benchmark = {panel.arm: (rates, ok) for panel, rates, ok in fits if panel.benchmark == benchmark}
        for run in runs:
            fitted = run.on([str(request.base), *of_benchmark])
            if fitted is None:
                text = f"No trajectory{_of(run.name)} here: it needs two checkpoints with samples."
                notes.append(Note(benchmark, "", text, "note"))
                continue
            of_run = {model: of_benchmark[model][0] for model in fitted.models[1:]}
            n = min(rates.reliable_k for rates in of_run.values())
            rows += run_rows(request, benchmark, fitted, of_run, max(n, 1))
            if not all(of_benchmark[model][1] for model in of_run):
                text = f"A fit of the trajectory{_of(run.name)} has not converged: nothing is to be decided from it."
                notes.append(Note(benchmark, "", text, "alarm"))
            if fitted.has_unknown_step and Note(benchmark, "", UNKNOWN_STEP, "note") not in notes:
                notes.append(Note(benchmark, "", UNKNOWN_STEP, "note"))
    if not rows:
        return Trajectories(
            notes=tuple(notes), missing=" ".join([MISSING, *left_out]) if request.base is not None else ""
        )
    if request.target != "benchmark":
        notes.append(Note(ALL, "", NEW_PROBLEMS, "note"))
    table = pd.DataFrame(rows, columns=list(TRAJECTORY_COLUMNS))
    texts = ["model", "reference", "training_run", "step_label", "design"]
    table[texts] = table[texts].fillna("")
    return Trajectories(without_minus_zero(table.astype(TYPES)), tuple(runs), tuple(notes))


def _of(name: str) -> str:
    return f" of the run {name}" if name else ""
