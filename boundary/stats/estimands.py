"""Quantities of interest, each a function from draws of the solve rates to draws of the quantity.

Every function takes `SolveRates` and returns a labelled array with dimensions (chain, draw, ...). A budget k may exceed
the samples drawn: the answer is then extrapolated, and whoever prints it says so (`SolveRates.reliable_k`).

Two targets: `benchmark` speaks of the problems at hand, `superpopulation` of new problems of the same kind; counts of
problems then are the expected number among as many new ones.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import xarray as xr

from boundary.stats.solve_rates import SolveRates, Target

Budgets = int | Sequence[int]
Model = str | int


def _budgets(k: Budgets) -> list[int]:
    budgets = [k] if isinstance(k, (int, np.integer)) else list(k)
    for budget in budgets:
        if int(budget) != budget or budget < 1:
            raise ValueError(f"A budget k must be a whole number of at least 1, got {budget}.")
    return [int(budget) for budget in budgets]


def _failure(rates: SolveRates, k: int, target: Target) -> np.ndarray:
    """(1 - p)^k for every draw, problem and model."""
    return np.exp(np.float32(k) * rates.log_failure(target))


def _labelled(values: list[np.ndarray], k: Budgets, name: str, models: Sequence[str] | None = None) -> xr.DataArray:
    """Stack one array (chain, draw[, model]) a budget; a single budget given as a number has no k dimension."""
    dims = ["chain", "draw", "k"] + (["model"] if models is not None else [])
    coords: dict[str, Any] = {"k": _budgets(k)} | ({"model": list(models)} if models is not None else {})
    stacked = xr.DataArray(np.stack(values, axis=2), dims=dims, coords=coords, name=name)
    return stacked if not isinstance(k, (int, np.integer)) else stacked.isel(k=0)


def pass_at_k(rates: SolveRates, k: Budgets, *, target: Target = "benchmark") -> xr.DataArray:
    """Share of problems solved by at least one of k samples, for each model.

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

    Raises
    ------
    ValueError
        For a budget below 1 or an unknown target.

    Notes
    -----
    mean over problems of 1 - (1 - p)^k: Chen et al. 2021, arXiv 2107.03374.
    """
    values = [1.0 - _failure(rates, b, target).mean(axis=2, dtype=np.float64) for b in _budgets(k)]
    return _labelled(values, k, "pass_at_k", rates.models)


def flows(
    rates: SolveRates, k: Budgets, *, base: Model = 0, rl: Model = 1, target: Target = "benchmark"
) -> xr.Dataset:
    """Expected numbers of problems kept, lost, gained and solved by neither, at budget k, and the shrinkage.

    Returns
    -------
    `kept`, `lost`, `gained`, `neither`, counts in [0, N] that sum to N, and `shrinkage` in [-1, 1]; dimensions
    (chain, draw[, k]).

    Notes
    -----
    With R = 1 - (1 - p)^k the probability that k samples solve a problem: kept = sum R_base R_rl,
    lost = sum R_base (1 - R_rl), gained = sum (1 - R_base) R_rl, neither = sum (1 - R_base)(1 - R_rl),
    shrinkage = (lost - gained) / N. The solvable-set table of Yue et al. 2025, arXiv 2504.13837 (Tables 2, 4, 5), as a
    function of the budget.
    """
    columns = [rates.index(base), rates.index(rl)]
    parts: dict[str, list[np.ndarray]] = {name: [] for name in ("kept", "lost", "gained", "neither", "shrinkage")}
    for budget in _budgets(k):
        failure = _failure(rates, budget, target)
        base_fails, rl_fails = failure[..., columns[0]], failure[..., columns[1]]
        both_fail = np.asarray(np.mean(base_fails * rl_fails, axis=2, dtype=np.float64))
        base_share, rl_share = (part.mean(axis=2, dtype=np.float64) for part in (base_fails, rl_fails))
        parts["neither"].append(rates.n_problems * both_fail)
        parts["lost"].append(rates.n_problems * (rl_share - both_fail))
        parts["gained"].append(rates.n_problems * (base_share - both_fail))
        parts["kept"].append(rates.n_problems * (1 - base_share - rl_share + both_fail))
        parts["shrinkage"].append(rl_share - base_share)
    return xr.Dataset({name: _labelled(values, k, name) for name, values in parts.items()})


def kept(rates: SolveRates, k: Budgets, **pair: Any) -> xr.DataArray:
    """Problems that both models solve within k samples (see `flows`)."""
    return flows(rates, k, **pair)["kept"]


def lost(rates: SolveRates, k: Budgets, **pair: Any) -> xr.DataArray:
    """Problems that the base model solves within k samples and the RL model does not (see `flows`)."""
    return flows(rates, k, **pair)["lost"]


def gained(rates: SolveRates, k: Budgets, **pair: Any) -> xr.DataArray:
    """Problems that the RL model solves within k samples and the base model does not (see `flows`)."""
    return flows(rates, k, **pair)["gained"]


def neither(rates: SolveRates, k: Budgets, **pair: Any) -> xr.DataArray:
    """Problems that neither model solves within k samples (see `flows`)."""
    return flows(rates, k, **pair)["neither"]


def shrinkage(rates: SolveRates, k: Budgets, **pair: Any) -> xr.DataArray:
    """pass@k of the base model minus pass@k of the RL model (see `flows`); positive where RL covers less."""
    return flows(rates, k, **pair)["shrinkage"]


def delta_se(
    rates: SolveRates, k: Budgets = 256, *, base: Model = 0, rl: Model = 1, target: Target = "benchmark"
) -> xr.DataArray:
    """Sampling-efficiency gap: pass@k of the base model minus pass@1 of the RL model.

    Notes
    -----
    Yue et al. 2025, arXiv 2504.13837, Sec. 4.3, at k = 256.
    """
    ceiling = pass_at_k(rates, k, target=target).isel(model=rates.index(base), drop=True)
    single = pass_at_k(rates, 1, target=target).isel(model=rates.index(rl), drop=True)
    return (ceiling - single.drop_vars("k")).rename("delta_se")


def crossover(
    rates: SolveRates, max_k: int, *, base: Model = 0, rl: Model = 1, target: Target = "benchmark"
) -> xr.DataArray:
    """Smallest budget above 1 at which the base model solves at least as much as the RL model.

    Parameters
    ----------
    max_k
        Largest budget looked at, at least 2.

    Returns
    -------
    Draws of a whole number in [2, max_k]; infinity where the base model does not catch up by max_k; NaN where RL does
    not lead at k = 1, so that there is nothing to lose. Dimensions (chain, draw).

    Notes
    -----
    Yue et al. 2025, arXiv 2504.13837, Fig. 2; called first loss in Yang et al. 2026, arXiv 2609.22547. The curves are
    compared at every k up to 32 and at steps of about 10 % above, then the crossing is found within the step by
    bisection.
    """
    if max_k < 2:
        raise ValueError(f"A crossover needs budgets of 2 or more to look at, got max_k = {max_k}.")
    log_base, log_rl = (rates.log_failure(target)[..., rates.index(m)] for m in (base, rl))
    chains, draws = log_base.shape[:2]
    pair = (log_base.reshape(chains * draws, -1), log_rl.reshape(chains * draws, -1))
    low, high = _bracket(pair, _scan_budgets(max_k))
    crossing = _bisect(pair, low, high)
    coords = {"chain": np.arange(chains), "draw": np.arange(draws)}
    return xr.DataArray(crossing.reshape(chains, draws), dims=("chain", "draw"), coords=coords, name="crossover")


def no_crossover(rates: SolveRates, max_k: int, **pair: Any) -> xr.DataArray:
    """1 where the base model does not catch up with a leading RL model by max_k, else 0: its mean is P(no crossover).

    NaN where RL does not lead at k = 1 (see `crossover`).
    """
    return uncrossed(crossover(rates, max_k, **pair))


def uncrossed(crossing: xr.DataArray) -> xr.DataArray:
    """`no_crossover` from draws of `crossover`."""
    values = crossing.to_numpy()
    return crossing.copy(data=np.where(np.isnan(values), np.nan, np.isinf(values))).rename("no_crossover")


def _scan_budgets(max_k: int) -> list[int]:
    budgets = list(range(1, min(max_k, 32) + 1))
    while budgets[-1] < max_k:
        budgets.append(min(max_k, int(budgets[-1] * 1.1)))
    return budgets


def _lead(pair: tuple[np.ndarray, np.ndarray], k: np.ndarray | int) -> np.ndarray:
    """pass@k of RL minus base for each draw; k one number or one a draw."""
    power = np.asarray(k, dtype=np.float32).reshape(-1, 1)
    base, rl = (np.exp(power * part).mean(axis=1, dtype=np.float64) for part in pair)
    return np.asarray(base - rl)


def _bracket(pair: tuple[np.ndarray, np.ndarray], budgets: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Last budget before, and first budget with, base >= RL.

    (NaN, NaN) without a lead at 1, (., inf) without a crossing.
    """
    leads = _lead(pair, 1) > 0
    low, high = np.where(leads, 1.0, np.nan), np.where(leads, np.inf, np.nan)
    open_draws = np.flatnonzero(leads)
    for before, budget in pairwise(budgets):
        if not len(open_draws):
            break
        caught = _lead((pair[0][open_draws], pair[1][open_draws]), budget) <= 0
        low[open_draws[caught]], high[open_draws[caught]] = before, budget
        open_draws = open_draws[~caught]
    return low, high


def _bisect(pair: tuple[np.ndarray, np.ndarray], low: np.ndarray, high: np.ndarray) -> np.ndarray:
    low, high = low.copy(), high.copy()
    while len(wide := np.flatnonzero(np.isfinite(high) & (high - low > 1))):
        middle = np.floor((low[wide] + high[wide]) / 2)
        caught = _lead((pair[0][wide], pair[1][wide]), middle) <= 0
        high[wide] = np.where(caught, middle, high[wide])
        low[wide] = np.where(caught, low[wide], middle)
    return high


ESTIMANDS: dict[str, Callable[..., xr.DataArray]] = {
    "pass_at_k": pass_at_k,
    "kept": kept,
    "lost": lost,
    "gained": gained,
    "neither": neither,
    "shrinkage": shrinkage,
    "delta_se": delta_se,
    "crossover": crossover,
    "no_crossover": no_crossover,
}
