"""Sensitivity analysis: a refit of the same problems to counts that are treated in another way."""

from dataclasses import replace

import pandas as pd

from boundary.analysis.borrowed_shape import with_lenders
from boundary.analysis.estimates.estimate import estimate
from boundary.analysis.estimates.table import OBSERVED, POSTERIOR, estimates_frame, select
from boundary.analysis.fitting import fit_all, make_panels
from boundary.analysis.notes import Note
from boundary.analysis.progress import Progress
from boundary.analysis.request import Request
from boundary.analysis.verifier_errors import MisclassificationRates
from boundary.data.counts import Counts

REFIT_ESTIMANDS = frozenset(("pass_at_k", "shrinkage", "narrowed", "widened", "crossover", "no_crossover"))


def refit(
    request: Request,
    estimates: pd.DataFrame,
    counts: Counts,
    progress: Progress,
    stage: str,
    *,
    error_rates: MisclassificationRates | None = None,
    adaptive_arms: tuple[Note, ...] = (),
) -> pd.DataFrame:
    """Pass@k, shrinkage and crossover from other counts of the same problems, at the budgets of an analysis.

    Parameters
    ----------
    request
        The request of the analysis.
    estimates
        The estimates of the analysis: they have the budgets of each benchmark.
    counts
        Models of the analysis that are not in them are left out.
    progress, stage
        Called with the name of the fit and this stage, the number of steps done and the number of all steps.
    error_rates
        Misclassification rates of the verdicts in these counts.
    adaptive_arms
        Notes on arms whose number of samples depends on the outcome.

    Returns
    -------
    Rows as in estimates.csv, of the kinds posterior and observed.
    """
    base = request.base if request.base in counts.models else None
    arms = tuple(model for model in request.models if model in counts.models and model != base)
    panels = make_panels(counts, base, arms, request.benchmarks, request.common_problems, error_rates, adaptive_arms)
    panels = with_lenders(panels) if request.borrow_shape else panels

    def report(name: str, done: int, steps: int) -> None:
        progress(f"{name}, {stage}", done, steps)

    posteriors = fit_all(panels, request.prior, request.seed, report, request.fit_store, request.jobs)
    furthest = request.furthest(int(estimates["k"].max()))
    rows = []
    for panel, posterior in zip(panels, posteriors, strict=True):
        curve = select(estimates, kind=POSTERIOR, benchmark=panel.benchmark, estimand="pass_at_k")
        budgets = tuple(sorted({int(k) for k in curve["k"]}))
        main = replace(request, budgets=budgets, max_k=furthest, estimands=REFIT_ESTIMANDS)
        rows += estimate(main, panel, posterior, kinds=(POSTERIOR, OBSERVED))
    return estimates_frame(rows)
