"""The part of an analysis on training runs."""

from collections.abc import Sequence

import pandas as pd

from boundary.analysis.estimates.table import without_minus_zero
from boundary.analysis.fitting import Panel
from boundary.analysis.notes import Note
from boundary.analysis.request import Request
from boundary.analysis.runs.base_arms import add_strongest_base
from boundary.analysis.runs.chosen_models import add_choices
from boundary.analysis.runs.design import RunDesign, run_design
from boundary.analysis.runs.draws import pass_draws
from boundary.analysis.runs.methods import FEWEST_RUNS, add_methods
from boundary.analysis.runs.record import MISSING, RUN_COLUMNS, TrainingRuns
from boundary.analysis.runs.rows import RunRows, pass_diagnostics
from boundary.data.counts import ALL, Counts
from boundary.stats.solve_rates import SolveRates

TYPES = {"extrapolated": bool, "n_problems": int, "n_runs": int}
NO_REPEATS = "No method has two runs on this benchmark: variation between training runs is not in its intervals."
NEW_PROBLEMS = (
    "Methods, chosen models and the strongest base are about these problems: on new ones the errors of all runs depend "
    "on the same problems, and intervals for these are not given."
)


def analyse_runs(
    request: Request, estimates: pd.DataFrame, counts: Counts, fits: Sequence[tuple[Panel, SolveRates]]
) -> TrainingRuns:
    """What several runs of a method say of it, what is left of chosen models, and the strongest of several bases.

    Parameters
    ----------
    request
        Level, margin, seed, budgets.
    estimates
        The table of estimates, for the diagnostics of the fits.
    counts
        With the columns `method`, `training_run`, `selected` and `role`, where they have them.
    fits
        Each panel and its posterior.

    Returns
    -------
    TrainingRuns
        With `missing` where models are compared with a base and no method has two runs.
    """
    rows: list[dict[str, object]] = []
    notes: list[Note] = []
    without_repeats: list[str] = []
    for benchmark in request.benchmarks:
        of_benchmark = {panel.arm: rates for panel, rates in fits if panel.benchmark == benchmark}
        table = counts.table if benchmark == ALL else counts.table.loc[counts.table["benchmark"] == benchmark]
        design = run_design(table, request.base, list(of_benchmark))
        if not any(len(method.arms) >= FEWEST_RUNS for method in design.methods):
            without_repeats.append(benchmark)
        sentences = list(design.notes)
        if _says_anything(design):
            draws = pass_draws(request, request.base, of_benchmark)
            diagnostics = pass_diagnostics(estimates, benchmark)
            table_rows = RunRows(
                benchmark, request.level, request.margin, draws.reliable_k, draws.n_problems, diagnostics
            )
            add_methods(table_rows, request, request.base, design.methods, draws, of_benchmark)
            sentences += add_choices(table_rows, request, request.base, design.choices, draws)
            add_strongest_base(table_rows, request, design.bases, draws)
            rows += table_rows.rows
        notes += [Note(benchmark, "", sentence, "remark") for sentence in sentences]
    if rows and request.target != "benchmark":
        notes.append(Note(ALL, "", NEW_PROBLEMS, "note"))
    has_repeats = len(without_repeats) < len(request.benchmarks)
    missing = MISSING if request.base is not None and not has_repeats else ""
    if request.base is not None and has_repeats:
        notes += [Note(benchmark, "", NO_REPEATS, "remark") for benchmark in without_repeats]
    if not rows:
        return TrainingRuns(notes=tuple(notes), missing=missing)
    frame = pd.DataFrame(rows, columns=list(RUN_COLUMNS)).astype(TYPES)
    return TrainingRuns(without_minus_zero(frame), tuple(notes), missing)


def _says_anything(design: RunDesign) -> bool:
    """Whether there are repeats, choices or several bases."""
    return bool(
        design.choices or len(design.bases) > 1 or any(len(method.arms) >= FEWEST_RUNS for method in design.methods)
    )
