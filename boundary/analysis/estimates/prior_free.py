"""Prior-free bounds beyond n, Good-Toulmin estimates, and simultaneous bands over all budgets, beside the posterior."""

from collections.abc import Sequence

import numpy as np

from boundary.analysis.estimates.table import BOUNDS, GOOD_TOULMIN, SIMULTANEOUS, SUP_T, EstimateTable, Kind, Quantity
from boundary.analysis.request import EstimateOptions
from boundary.stats.intervals import TIE
from boundary.stats.prior_free.bands import DIFFERENCES, Band, first_loss_set, posterior_band, sup_t_band
from boundary.stats.prior_free.bounds import pass_at_k_bounds, shrinkage_bounds
from boundary.stats.prior_free.good_toulmin import good_toulmin


def add_prior_free_bounds(
    table: EstimateTable, models: Sequence[str], pairs: Sequence[tuple[str, str]], options: EstimateOptions
) -> None:
    """Add prior-free bounds of pass@k and shrinkage at each budget beyond n, and Good-Toulmin estimates."""
    rates = table.rates
    budgets = [k for k in options.budgets if k > rates.reliable_k]
    if not budgets:
        return
    for model in models:
        columns = [rates.index(model)]
        c, n = rates.n_correct[:, columns], rates.n_samples[:, columns]
        bounds = pass_at_k_bounds(c[:, 0], n[:, 0], budgets, table.level, table.target)
        _add_bounds(table, "pass_at_k", model, "", budgets, bounds)
        _add_good_toulmin(table, "pass_at_k", model, "", c, n, budgets)
    for base, rl in pairs:
        columns = [rates.index(base), rates.index(rl)]
        c, n = rates.n_correct[:, columns], rates.n_samples[:, columns]
        bounds = shrinkage_bounds(c, n, budgets, table.level, table.target)
        _add_bounds(table, "shrinkage", rl, base, budgets, bounds)
        _add_good_toulmin(table, "shrinkage", rl, base, c, n, budgets)


def _add_bounds(
    table: EstimateTable, estimand: str, model: str, reference: str, budgets: Sequence[int], bounds: np.ndarray
) -> None:
    for k, (lower, upper) in zip(budgets, bounds, strict=True):
        table.add_prior_free(BOUNDS, estimand, model, reference, k, (np.nan, lower, upper), extrapolated=True)


def _add_good_toulmin(
    table: EstimateTable,
    estimand: str,
    model: str,
    reference: str,
    c: np.ndarray,
    n: np.ndarray,
    budgets: Sequence[int],
) -> None:
    estimates = good_toulmin(c, n, budgets, table.level)
    for k, *values in zip(budgets, estimates.mean, estimates.lower, estimates.upper, strict=True):
        if np.isfinite(values[0]):  # NaN outside its reliable range
            labels = (GOOD_TOULMIN, estimand, model, reference, k)
            table.add_prior_free(*labels, tuple(values), extrapolated=True, n_problems=estimates.n_problems)


def add_posterior_bands(
    table: EstimateTable, pairs: Sequence[tuple[str, str]], options: EstimateOptions, quantities: Sequence[Quantity]
) -> None:
    """Add the posterior's simultaneous band of each shrinkage."""
    for base, rl in pairs:
        curve = [quantity for quantity in quantities if quantity.estimand == "shrinkage" and quantity.model == rl]
        if curve:
            draws = np.stack([point.draws for point in curve], axis=-1)
            band = posterior_band(draws, [int(point.k) for point in curve], table.level, DIFFERENCES)
            _add_band(table, SIMULTANEOUS, rl, base, band, options.budgets)


def add_bootstrap_bands(
    table: EstimateTable, pairs: Sequence[tuple[str, str]], options: EstimateOptions, seed: int
) -> None:
    """Add the simultaneous band of a bootstrap over problems of each unbiased shrinkage, and its first-loss set.

    Problems with fewer samples than the largest budget within the samples are left out: the band is of whole curves.
    """
    enough = table.rates.fewest >= table.rates.reliable_k
    for base, rl in pairs:
        columns = [table.rates.index(base), table.rates.index(rl)]
        c, n = table.rates.n_correct[enough][:, columns], table.rates.n_samples[enough][:, columns]
        if len(c) > 1 and n.min() > 1:
            band = sup_t_band(c, n, table.level, seed)
            _add_band(table, SUP_T, rl, base, band, options.budgets, len(c))
            crossover = (_unbiased_crossover(band), *first_loss_set(band))
            table.add_prior_free(SUP_T, "crossover", rl, base, np.nan, crossover, extrapolated=False, n_problems=len(c))


def _add_band(
    table: EstimateTable,
    kind: Kind,
    rl: str,
    base: str,
    band: Band,
    budgets: Sequence[int],
    n_problems: int | None = None,
) -> None:
    at_budgets = np.isin(band.k, budgets)
    for k, *values in zip(*(part[at_budgets] for part in band[:4]), strict=True):
        labels = (kind, "shrinkage", rl, base, k)
        extrapolated = k > table.rates.reliable_k
        table.add_prior_free(*labels, tuple(values), extrapolated=extrapolated, n_problems=n_problems)


def _unbiased_crossover(band: Band) -> float:
    """The first budget at which the unbiased curve of the base is no lower; NaN where RL does not lead at k = 1."""
    caught = np.flatnonzero(band.mean >= -TIE)
    if band.mean[0] >= -TIE:
        return np.nan
    return float(band.k[caught[0]]) if len(caught) else np.inf
