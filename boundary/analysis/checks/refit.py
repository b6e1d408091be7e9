"""The main estimates of the same problems once more, from counts that are read otherwise."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import pandas as pd

from boundary.analysis.checks.optional_stopping import withheld
from boundary.analysis.estimates.observed import observed
from boundary.analysis.estimates.posterior import EstimateOptions, model_quantities, pair_quantities
from boundary.analysis.estimates.table import EstimateTable, estimates_frame, of_posterior
from boundary.analysis.fitting import Panel, fit_all, panels
from boundary.analysis.notes import Note
from boundary.analysis.verifier_errors import KnownErrors, with_errors, without_verdicts
from boundary.data.counts import Counts
from boundary.stats.priors import Prior
from boundary.stats.solve_rates import SolveRates

REREAD = frozenset(("pass_at_k", "shrinkage", "narrowed", "widened", "crossover", "no_crossover"))


class Analysed(Protocol):
    """What a rereading goes by: see `boundary.analyze`."""

    @property
    def estimates(self) -> pd.DataFrame:
        """The tidy table."""

    @property
    def counts(self) -> Counts:
        """What it rests on."""

    @property
    def base(self) -> str | None:
        """The base model."""

    @property
    def models(self) -> tuple[str, ...]:
        """All models, the base first."""

    @property
    def benchmarks(self) -> tuple[str, ...]:
        """All benchmarks."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """Target, level, margin, seed, common_problems and max_k."""

    @property
    def stopped(self) -> tuple[Note, ...]:
        """Arms of whose counts no unbiased estimate is made."""


def reread(
    analysis: Analysed,
    counts: Counts,
    prior: Prior,
    progress: Callable[[str, int, int], None],
    what: str,
    errors: KnownErrors | None = None,
) -> pd.DataFrame:
    """Pass@k, shrinkage and crossover of other counts of the same problems, at the budgets of an analysis.

    Parameters
    ----------
    analysis
        Says which models, benchmarks and budgets, and by which target, level and seed.
    counts
        Read otherwise; models that are not in them are left out.
    prior
        Fitted anew.
    progress, what
        Told what is being done.
    errors
        What is known of the errors of these verdicts.

    Returns
    -------
    Rows as in `estimates`, posterior and observed.
    """
    settings = analysis.settings
    base = analysis.base if analysis.base in counts.models else None
    arms = tuple(m for m in analysis.models if m in counts.models and m != base)
    asked = panels(counts, base, arms, analysis.benchmarks, settings["common_problems"])
    asked = with_errors(asked, errors)
    fits = fit_all(asked, prior, settings["seed"], lambda name, *steps: progress(f"{name}, {what}", *steps))
    rows: list[dict[str, Any]] = []
    for panel, rates in zip(asked, fits, strict=True):
        rows += _rows(analysis, panel, rates)
    return estimates_frame(rows)


def _rows(analysis: Analysed, panel: Panel, rates: SolveRates) -> list[dict[str, Any]]:
    settings = analysis.settings
    here = analysis.estimates.loc[
        (analysis.estimates["benchmark"] == panel.benchmark) & of_posterior(analysis.estimates)
    ]
    budgets = sorted({int(k) for k in here.loc[here["estimand"] == "pass_at_k", "k"]})
    asked = EstimateOptions(budgets, (), settings["max_k"], settings["target"], REREAD, settings["margin"])
    models = [m for m in panel.models if m != panel.base or panel.first]
    pairs = [(panel.base, panel.arm)] if panel.base is not None else []
    table = EstimateTable(panel.benchmark, rates, settings["target"], settings["level"], settings["margin"])
    not_fixed = withheld(analysis.stopped, panel.benchmark)
    fixed, fixed_pairs = [m for m in models if m not in not_fixed], [p for p in pairs if not not_fixed & {*p}]
    table.add_observed(observed(rates, fixed, fixed_pairs, asked))
    table.add_posterior(model_quantities(rates, models, asked))
    compared = [one for base, arm in pairs for one in pair_quantities(rates, base, arm, asked)]
    table.add_posterior(compared)
    table.add_calls(compared)
    return without_verdicts(table.rows, panel.errors)
