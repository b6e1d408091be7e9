"""From the posterior of one fit to rows of the estimates table."""

from collections.abc import Collection
from typing import Any

from boundary.analysis.estimates.observed import observed
from boundary.analysis.estimates.posterior import model_quantities, pair_quantities
from boundary.analysis.estimates.prior_free import band_rows, beyond_rows, bootstrap_rows
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
    """Rows of one fit: what is reported of its models, and of the pair where there is a base.

    Parameters
    ----------
    request
        Which estimands, at which budgets, for which target, level and margin.
    panel
        What was fitted. Estimates of the base come from the first panel of a benchmark alone, unbiased ones from
        models with a fixed number of samples, and where verdicts err none from the counts alone beyond the samples.
    rates
        Its posterior.
    kinds
        Kinds of rows beside `posterior`, which there always are.

    Returns
    -------
    One mapping a row, for `boundary.analysis.estimates.table.estimates_frame`.
    """
    reported = request.for_fit(rates)
    models = [model for model in rates.models if model != panel.base or panel.first]
    pairs = [(panel.base, panel.arm)] if panel.base is not None else []
    fixed = [model for model in models if model not in panel.adaptive]
    fixed_pairs = [pair for pair in pairs if panel.adaptive.isdisjoint(pair)]
    table = EstimateTable(panel.benchmark, rates, request.target, request.level, request.margin)
    if OBSERVED in kinds:
        table.add_observed(observed(rates, fixed, fixed_pairs, reported))
    table.add_posterior(model_quantities(rates, models, reported))
    quantities = [quantity for base, arm in pairs for quantity in pair_quantities(rates, base, arm, reported)]
    table.add_posterior(quantities)
    if "narrowed" in request.estimands:
        table.add_calls(quantities)
    verdicts_are_true = panel.errors is None
    if verdicts_are_true and {BOUNDS, GOOD_TOULMIN} & {*kinds}:
        beyond_rows(table, fixed, fixed_pairs, reported)
    if SIMULTANEOUS in kinds:
        band_rows(table, pairs, reported, quantities)
    if verdicts_are_true and SUP_T in kinds:
        bootstrap_rows(table, fixed_pairs, reported, request.seed)
    return table.rows
