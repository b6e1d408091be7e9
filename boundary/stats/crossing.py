"""At which budget one curve meets another: the crossover of the pass@k curves, and the speed-up of sampling."""

from itertools import pairwise
from typing import Any

import numpy as np
import xarray as xr

from boundary.stats.budgets import Model
from boundary.stats.solve_rates import SolveRates, Target


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


def sampling_speedup(
    rates: SolveRates, max_k: int, *, base: Model = 0, rl: Model = 1, target: Target = "benchmark"
) -> xr.DataArray:
    """Samples that the base model needs to solve as many problems as one sample of the RL model does.

    Parameters
    ----------
    max_k
        Largest budget looked at, at least 2.

    Returns
    -------
    Draws of the smallest whole k at which pass@k of the base reaches pass@1 of the RL model, in [1, max_k]; infinity
    where it does not by max_k. Dimensions (chain, draw).

    Raises
    ------
    ValueError
        If max_k is below 2.
    """
    if max_k < 2:
        raise ValueError(f"A speed-up needs budgets of 2 or more to look at, got max_k = {max_k}.")
    log_base, log_rl = (rates.log_failure(target)[..., rates.index(m)] for m in (base, rl))
    chains, draws = log_base.shape[:2]
    log_base, log_rl = (part.reshape(chains * draws, -1) for part in (log_base, log_rl))
    needed = _first_reaching(log_base, _pass(log_rl, np.ones(chains * draws)), max_k)
    coords = {"chain": np.arange(chains), "draw": np.arange(draws)}
    return xr.DataArray(needed.reshape(chains, draws), dims=("chain", "draw"), coords=coords, name="sampling_speedup")


def _first_reaching(log_failure: np.ndarray, aim: np.ndarray, max_k: int) -> np.ndarray:
    """Smallest k up to max_k with pass@k >= aim for each draw, by bisection, since pass@k never falls; or infinity."""
    low, high = np.zeros(len(aim)), np.full(len(aim), float(max_k))
    while len(wide := np.flatnonzero(high - low > 1)):
        middle = np.floor((low[wide] + high[wide]) / 2)
        reached = _pass(log_failure[wide], middle) >= aim[wide]
        high[wide] = np.where(reached, middle, high[wide])
        low[wide] = np.where(reached, low[wide], middle)
    never = _pass(log_failure, np.full(len(aim), float(max_k))) < aim
    return np.where(never, np.inf, high)


def _pass(log_failure: np.ndarray, k: np.ndarray) -> np.ndarray:
    power = k.astype(np.float32).reshape(-1, 1)
    return 1.0 - np.exp(power * log_failure).mean(axis=1, dtype=np.float64)
