"""What stands beside the posterior: what counts allow beyond n without a prior, and bands over all budgets at once."""

from collections.abc import Sequence

import numpy as np

from boundary.analysis.estimates.table import BOUNDS, GOOD_TOULMIN, SIMULTANEOUS, SUP_T, EstimateTable, Kind, Quantity
from boundary.analysis.request import EstimateOptions
from boundary.stats.prior_free.bands import Band, first_loss_set, posterior_band, sup_t_band
from boundary.stats.prior_free.bounds import pass_at_k_bounds, shrinkage_bounds
from boundary.stats.prior_free.good_toulmin import good_toulmin


def beyond_rows(
    table: EstimateTable, models: Sequence[str], pairs: Sequence[tuple[str, str]], options: EstimateOptions
) -> None:
    """Add, at each budget beyond n, the range of pass@k and shrinkage that counts allow, and Good-Toulmin estimates."""
    rates = table.rates
    budgets = [k for k in options.budgets if k > rates.reliable_k]
    if not budgets:
        return
    for model in models:
        columns = [rates.index(model)]
        c, n = rates.n_correct[:, columns], rates.n_samples[:, columns]
        allowed = pass_at_k_bounds(c[:, 0], n[:, 0], budgets, table.level, table.target)
        _range_rows(table, "pass_at_k", model, "", budgets, allowed)
        _good_toulmin_rows(table, "pass_at_k", model, "", c, n, budgets)
    for base, rl in pairs:
        columns = [rates.index(base), rates.index(rl)]
        c, n = rates.n_correct[:, columns], rates.n_samples[:, columns]
        allowed = shrinkage_bounds(c, n, budgets, table.level, table.target)
        _range_rows(table, "shrinkage", rl, base, budgets, allowed)
        _good_toulmin_rows(table, "shrinkage", rl, base, c, n, budgets)


def _range_rows(
    table: EstimateTable, estimand: str, model: str, reference: str, budgets: Sequence[int], ranges: np.ndarray
) -> None:
    for k, (lower, upper) in zip(budgets, ranges, strict=True):
        table.add_witness(BOUNDS, estimand, model, reference, k, (np.nan, lower, upper), beyond=True)


def _good_toulmin_rows(
    table: EstimateTable,
    estimand: str,
    model: str,
    reference: str,
    c: np.ndarray,
    n: np.ndarray,
    budgets: Sequence[int],
) -> None:
    found = good_toulmin(c, n, budgets, table.level)
    for k, *values in zip(budgets, found.mean, found.lower, found.upper, strict=True):
        if np.isfinite(values[0]):  # there is none out of its reliable range
            at = (GOOD_TOULMIN, estimand, model, reference, k, tuple(values))
            table.add_witness(*at, beyond=True, n_problems=found.n_problems)


def band_rows(
    table: EstimateTable, pairs: Sequence[tuple[str, str]], options: EstimateOptions, quantities: Sequence[Quantity]
) -> None:
    """Add the posterior's simultaneous band of each shrinkage."""
    for base, rl in pairs:
        curve = [one for one in quantities if one.estimand == "shrinkage" and one.model == rl]
        if curve:
            draws = np.stack([one.draws.to_numpy() for one in curve], axis=-1)
            band = posterior_band(draws, [int(one.k) for one in curve], table.level)
            _band_rows(table, SIMULTANEOUS, rl, base, band, options.budgets)


def bootstrap_rows(table: EstimateTable, pairs: Sequence[tuple[str, str]], options: EstimateOptions, seed: int) -> None:
    """Add the simultaneous band of a bootstrap over problems of each unbiased shrinkage, and its first-loss set.

    Problems with fewer samples than the largest budget within the samples are left out: the band is of whole curves.
    """
    enough = table.rates.fewest >= table.rates.reliable_k
    for base, rl in pairs:
        columns = [table.rates.index(base), table.rates.index(rl)]
        c, n = table.rates.n_correct[enough][:, columns], table.rates.n_samples[enough][:, columns]
        if len(c) > 1 and n.min() > 1:
            band = sup_t_band(c, n, table.level, seed)
            _band_rows(table, SUP_T, rl, base, band, options.budgets, len(c))
            found = (_caught_up(band), *first_loss_set(band))
            table.add_witness(SUP_T, "crossover", rl, base, np.nan, found, beyond=False, n_problems=len(c))


def _band_rows(
    table: EstimateTable,
    kind: Kind,
    rl: str,
    base: str,
    band: Band,
    budgets: Sequence[int],
    n_problems: int | None = None,
) -> None:
    wanted = np.isin(band.k, budgets)
    for k, *values in zip(*(part[wanted] for part in band[:4]), strict=True):
        beyond = k > table.rates.reliable_k
        table.add_witness(kind, "shrinkage", rl, base, k, tuple(values), beyond=beyond, n_problems=n_problems)


def _caught_up(band: Band) -> float:
    """The first budget at which the unbiased curve of the base is no lower; NaN where RL does not lead at k = 1."""
    caught = np.flatnonzero(band.mean >= 0)
    if band.mean[0] >= 0:
        return np.nan
    return float(band.k[caught[0]]) if len(caught) else np.inf
