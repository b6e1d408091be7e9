"""Computes the rows of the estimates table from the posterior of one fit."""

from collections.abc import Collection
from typing import Any

from boundary.analysis.estimates.observed import observed
from boundary.analysis.estimates.posterior import model_quantities, pair_quantities
from boundary.analysis.estimates.prior_free import add_bootstrap_bands, add_posterior_bands, add_prior_free_bounds
from boundary.analysis.estimates.table import (
    BOUNDS,
    GOOD_TOULMIN,
    KINDS,
    OBSERVED,
    SIMULTANEOUS,
    SUP_T,
    EstimateTable,
    Kind,
)
from boundary.analysis.fitting import Panel
from boundary.analysis.request import Request
from boundary.stats.solve_rates import SolveRates


def estimate(
    request: Request, panel: Panel, rates: SolveRates, kinds: Collection[Kind] = KINDS
) -> list[dict[str, Any]]:
    """Rows of one fit: the estimates of its models, and of the pair where there is a base.

    Parameters
    ----------
    request
        Which estimands, at which budgets, for which target, level and margin.
    panel
        The counts that were fitted. Estimates of the base come from the first panel of a benchmark alone, unbiased
        ones from models with a fixed number of samples. Where verdicts err there are none without a prior beyond n.
    rates
        Its posterior.
    kinds
        Kinds of rows beside `posterior`, which there always are.

    Returns
    -------
    One mapping a row, for `boundary.analysis.estimates.table.estimates_frame`.
    """
    options = request.for_fit(rates)
    models = [model for model in rates.models if model != panel.base or panel.first]
    pairs = [(panel.base, panel.arm)] if panel.base is not None else []
    fixed = [model for model in models if model not in panel.adaptive]
    fixed_pairs = [pair for pair in pairs if panel.adaptive.isdisjoint(pair)]
    table = EstimateTable(panel.benchmark, rates, request.target, request.level, request.margin)
    if OBSERVED in kinds:
        table.add_observed(observed(rates, fixed, fixed_pairs, options))
    table.add_posterior(model_quantities(rates, models, options))
    quantities = [quantity for base, arm in pairs for quantity in pair_quantities(rates, base, arm, options)]
    table.add_posterior(quantities)
    if "narrowed" in request.estimands:
        table.add_decisions(quantities)
    verdicts_are_true = panel.errors is None
    if verdicts_are_true and {BOUNDS, GOOD_TOULMIN} & {*kinds}:
        add_prior_free_bounds(table, fixed, fixed_pairs, options)
    if SIMULTANEOUS in kinds:
        add_posterior_bands(table, pairs, options, quantities)
    if verdicts_are_true and SUP_T in kinds:
        add_bootstrap_bands(table, fixed_pairs, options, request.seed)
    return table.rows
