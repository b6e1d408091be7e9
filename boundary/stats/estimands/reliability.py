"""How reliably problems are solved, rather than whether: all k right, a share of k right, a solve rate above tau."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import xarray as xr
from jaxtyping import Float
from scipy.special import betainc

from boundary.stats.budgets import (
    Budgets,
    Thresholds,
    checked_budgets,
    checked_thresholds,
    mean_binomials_of,
    mean_successes,
    over_k,
    over_tau,
    rows_of,
)
from boundary.stats.powers import blocks, sums_by_level
from boundary.stats.solve_rates import SolveRates, Target

# Edges of the bins of an accuracy histogram: {0}, (0, .1], (.1, .2], ..., (.9, 1), {1}.
HISTOGRAM_EDGES = np.arange(11) / 10
HISTOGRAM_MIDDLES = np.concatenate([[0.0], np.arange(5, 100, 10) / 100, [1.0]])
# Up to this budget tails are sums of the chances of each number of right samples; beyond it they are tabulated, at so
# many nodes a sample of the budget.
LARGEST_SUM = 32
NODES = 256


def pass_hat_k(rates: SolveRates, k: Budgets, *, target: Target = "benchmark") -> xr.DataArray:
    """Share of problems on which all of k samples are right, for each model (pass^k).

    Parameters
    ----------
    rates
        Posterior of the solve rates.
    k
        Budget or budgets, each at least 1.
    target
        `benchmark` or `superpopulation`.

    Returns
    -------
    Draws in [0, 1], dimensions (chain, draw[, k], model).

    Notes
    -----
    mean over problems of p^k: Yao et al. 2024 (tau-bench), arXiv 2406.12045.

    Examples
    --------
    Two models of the same pass@1, one of which either always or never solves a problem:

    >>> from boundary import SolveRates, pass_hat_k
    >>> rates = SolveRates.exact([[0.5, 0.0], [0.5, 1.0]], models=("unsure", "sure"))
    >>> pass_hat_k(rates, [1, 2, 64]).sel(model="unsure").mean(["chain", "draw"]).round(3).values.tolist()
    [0.5, 0.25, 0.0]
    >>> pass_hat_k(rates, [1, 2, 64]).sel(model="sure").mean(["chain", "draw"]).round(3).values.tolist()
    [0.5, 0.5, 0.5]
    """
    return over_k(mean_successes(rates, checked_budgets(k), target), k, "pass_hat_k", rates.models)


def g_pass_at_k(rates: SolveRates, k: Budgets, tau: Thresholds, *, target: Target = "benchmark") -> xr.DataArray:
    """Share of problems on which at least a share tau of k samples are right, for each model (G-Pass@k).

    Parameters
    ----------
    rates
        Posterior of the solve rates.
    k
        Budget or budgets, each at least 1.
    tau
        Share or shares in [0, 1]. At 1 it is `pass_hat_k`; at 0 one right sample is still required, as with
        `pass_at_k`.
    target
        `benchmark` or `superpopulation`.

    Returns
    -------
    Draws in [0, 1], dimensions (chain, draw[, k][, tau], model).

    Notes
    -----
    mean over problems of P(Binomial(k, p) >= max(1, ceil(tau k))): Liu et al. 2024, arXiv 2412.13147, eq. 4.

    Examples
    --------
    At least half of two samples right, and both:

    >>> from boundary import SolveRates, g_pass_at_k
    >>> rates = SolveRates.exact([[0.5, 0.0], [0.5, 1.0]], models=("unsure", "sure"))
    >>> g_pass_at_k(rates, 2, [0.5, 1.0]).sel(model="unsure").mean(["chain", "draw"]).round(3).values.tolist()
    [0.75, 0.25]
    >>> g_pass_at_k(rates, 2, [0.5, 1.0]).sel(model="sure").mean(["chain", "draw"]).round(3).values.tolist()
    [0.5, 0.5]
    """
    budgets, shares = checked_budgets(k), checked_thresholds(tau)
    leasts = [[(b, least_correct(b, share)) for share in shares] for b in budgets]
    values = [
        [
            _binomial_mean(rates, b, target, np.arange(b + 1) >= least, partial(_tail, k=b, least=least))
            for b, least in of_budget
        ]
        for of_budget in leasts
    ]
    draws = xr.DataArray(
        np.moveaxis(np.array(values), (0, 1), (2, 3)),
        dims=("chain", "draw", "k", "tau", "model"),
        coords={"k": budgets, "tau": shares, "model": list(rates.models)},
        name="g_pass_at_k",
    )
    draws = draws if np.ndim(tau) else draws.isel(tau=0)
    return draws.isel(k=0) if isinstance(k, (int, np.integer)) else draws


def mg_pass_at_k(rates: SolveRates, k: Budgets, *, target: Target = "benchmark") -> xr.DataArray:
    """Mean of `g_pass_at_k` over all tau from one half to 1, for each model (mG-Pass@k).

    Parameters
    ----------
    rates
        Posterior of the solve rates.
    k
        Budget or budgets, each at least 1.
    target
        `benchmark` or `superpopulation`.

    Returns
    -------
    Draws in [0, 1], dimensions (chain, draw[, k], model).

    Notes
    -----
    2 int_{1/2}^1 G-Pass@k_tau dtau = mean over problems of 2 E max(X / k - 1/2, 0) with X ~ Binomial(k, p): Liu et al.
    2024, arXiv 2412.13147, eq. 6. Their sum (2 / k) sum_{i = ceil(k/2) + 1}^k G-Pass@k_{i/k} is this integral where k
    is even; where k is odd it leaves out half a step.

    Examples
    --------
    Two models of the same pass@1, one of which either always or never solves a problem:

    >>> from boundary import SolveRates, mg_pass_at_k
    >>> rates = SolveRates.exact([[0.5, 0.0], [0.5, 1.0]], models=("unsure", "sure"))
    >>> mg_pass_at_k(rates, 2).mean(["chain", "draw"]).round(3).values.tolist()
    [0.25, 0.5]
    """
    values = [
        _binomial_mean(rates, b, target, np.maximum(2 * np.arange(b + 1) / b - 1, 0), partial(_excess, k=b))
        for b in checked_budgets(k)
    ]
    return over_k(values, k, "mg_pass_at_k", rates.models)


def cover_at_tau(rates: SolveRates, tau: Thresholds, *, target: Target = "benchmark") -> xr.DataArray:
    """Share of problems whose solve rate is at least tau, for each model.

    Parameters
    ----------
    rates
        Posterior of the solve rates.
    tau
        Threshold or thresholds in [0, 1].
    target
        `benchmark` or `superpopulation`.

    Returns
    -------
    Draws in [0, 1], dimensions (chain, draw[, tau], model).

    Notes
    -----
    mean over problems of 1[p >= tau]: arXiv 2510.08325. Its mean over tau ~ Beta(1, k) is pass@k. Counts have no
    unbiased estimate of it: the share of problems with c/n >= tau mixes spread of p and noise of c.

    Examples
    --------
    >>> from boundary import SolveRates, cover_at_tau
    >>> rates = SolveRates.exact([[0.5, 0.0], [0.5, 1.0]], models=("unsure", "sure"))
    >>> cover_at_tau(rates, [0.25, 0.75]).sel(model="unsure").mean(["chain", "draw"]).round(3).values.tolist()
    [1.0, 0.0]
    >>> cover_at_tau(rates, [0.25, 0.75]).sel(model="sure").mean(["chain", "draw"]).round(3).values.tolist()
    [0.5, 0.5]
    """
    thresholds, p = checked_thresholds(tau), rates.rates(target)
    ascending = sorted(thresholds)
    # Whole numbers of problems, so that equal shares are equal to the last digit.
    below = np.cumsum(_problems_by_level(p, ascending), axis=-1)
    values = [1.0 - below[..., ascending.index(threshold)] / p.shape[2] for threshold in thresholds]
    return over_tau(values, tau, "cover_at_tau", rates.models)


def accuracy_histogram(rates: SolveRates, *, target: Target = "benchmark") -> xr.DataArray:
    """Share of problems with a solve rate of 0, in (0, .1], (.1, .2], ..., (.9, 1), and of 1, for each model.

    Parameters
    ----------
    rates
        Posterior of the solve rates.
    target
        `benchmark` or `superpopulation`.

    Returns
    -------
    Draws in [0, 1] that sum to 1 over the bins, dimensions (chain, draw, tau, model); tau is the middle of each bin.

    Notes
    -----
    Yue et al. 2025, arXiv 2504.13837, Fig. 5, of the solve rates themselves: a histogram of c/n adds the noise of c.

    Examples
    --------
    The bins of rates of 0, in (.4, .5] and of 1:

    >>> from boundary import SolveRates, accuracy_histogram
    >>> rates = SolveRates.exact([[0.5, 0.0], [0.5, 1.0]], models=("unsure", "sure"))
    >>> bins = accuracy_histogram(rates).sel(tau=[0, 0.45, 1])
    >>> bins.sel(model="unsure").mean(["chain", "draw"]).round(3).values.tolist()
    [0.0, 1.0, 0.0]
    >>> bins.sel(model="sure").mean(["chain", "draw"]).round(3).values.tolist()
    [0.5, 0.0, 0.5]
    """
    shares = histogram_shares(rates.rates(target))
    return over_tau(list(np.moveaxis(shares, -1, 0)), list(HISTOGRAM_MIDDLES), "accuracy_histogram", rates.models)


def histogram_shares(p: Float[np.ndarray, "*batch problem model"]) -> Float[np.ndarray, "*batch model bin"]:
    """Share of problems in each bin of an accuracy histogram: of solve rates, or of c/n."""
    above = np.nextafter(HISTOGRAM_EDGES[:-1], 1.0)  # a rate on an edge is in the bin below it
    return _problems_by_level(p, [*above, 1.0]) / p.shape[-2]


def _problems_by_level(p: np.ndarray, thresholds: Sequence[float]) -> Float[np.ndarray, "*batch model level"]:
    """Number of problems that reach just so many of some ascending thresholds."""
    rows = [sums_by_level(p[..., model].reshape(-1, p.shape[-2]), thresholds) for model in range(p.shape[-1])]
    return np.stack([part.reshape(*p.shape[:-2], -1) for part in rows], axis=-2)


def least_correct(k: int, tau: float) -> int:
    """Right samples among k that a share tau requires, at least 1; .55 of 100 is 55, despite the rounding of .55.

    Examples
    --------
    >>> least_correct(100, 0.55), least_correct(16, 0.0)
    (55, 1)
    """
    checked_thresholds(tau)
    return max(1, int(np.ceil(round(tau * k, 10))))


def _tail(p: np.ndarray, k: int, least: int) -> np.ndarray:
    """P(Binomial(k, p) >= least)."""
    return betainc(least, k - least + 1, p)


def _excess(p: np.ndarray, k: int) -> np.ndarray:
    """2 E max(X / k - 1/2, 0) for X ~ Binomial(k, p), by E[X; X >= m] = k p P(Binomial(k - 1, p) >= m - 1)."""
    least = k // 2 + 1
    one_fewer = betainc(least - 1, k - least + 1, p) if least > 1 else np.ones_like(p)
    return 2 * p * one_fewer - betainc(least, k - least + 1, p)


def _binomial_mean(
    rates: SolveRates, k: int, target: Target, values: np.ndarray, function: Callable[[np.ndarray], np.ndarray]
) -> Float[np.ndarray, "chain draw model"]:
    """Means over problems of E values[Binomial(k, p)], which is a function of p in [0, 1]."""
    if k <= LARGEST_SUM:
        return np.tensordot(np.asarray(values, dtype=float), mean_binomials_of(rates, k, target), 1)
    p = rates.rates(target)
    means = [_tabulated_mean(rows_of(p, column), k, function).reshape(p.shape[:2]) for column in range(p.shape[3])]
    return np.stack(means, axis=-1)


def _tabulated_mean(
    p: Float[np.ndarray, "row problem"], k: int, function: Callable[[np.ndarray], np.ndarray]
) -> Float[np.ndarray, " row"]:
    """Means over problems of a mean over Binomial(k, p) of something in [0, 1], linear between 256 k nodes.

    Its second derivative in p is at most k^2, so the error is at most k^2 / (8 (256 k)^2) = 2e-6; an incomplete beta
    function for each of millions of draws takes ten times as long.
    """
    nodes = NODES * k
    if nodes < p.size:
        table = function(np.linspace(0.0, 1.0, nodes + 1))
        steps = np.append(np.diff(table), 0.0)
    sums = np.zeros(len(p))
    for rows, problems in blocks(*p.shape):
        part = p[rows, problems].astype(np.float64)
        if nodes < p.size:
            place = part * nodes
            node = place.astype(np.int32)
            value = table[node] + (place - node) * steps[node]
        else:
            value = function(part)
        sums[rows] += value.sum(axis=1)
    return sums / p.shape[1]
