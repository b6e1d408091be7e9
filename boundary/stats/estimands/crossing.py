"""At which budget one curve meets another: the crossover of the pass@k curves, and the speed-up of sampling."""

from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from jaxtyping import Float

from boundary.stats.budgets import Model
from boundary.stats.intervals import MARGIN, TIE, summarise
from boundary.stats.solve_rates import SolveRates, Target

# A crossing is reported from this probability.
LIKELY = 0.5


def crossover(
    rates: SolveRates, max_k: int, *, base: Model = 0, rl: Model = 1, target: Target = "benchmark"
) -> xr.DataArray:
    """Smallest budget above 1 at which the base model solves at least as much as the RL model.

    Parameters
    ----------
    rates
        Posterior of the solve rates.
    max_k
        Largest budget looked at, at least 2.
    base, rl
        The two models, by name or column.
    target
        `benchmark` or `superpopulation`.

    Returns
    -------
    Draws of a whole number in [2, max_k]; infinity where the base model does not catch up by max_k; NaN where RL does
    not lead at k = 1, so that there is nothing to lose. Dimensions (chain, draw).

    Notes
    -----
    Yue et al. 2025, arXiv 2504.13837, Fig. 2; called first loss in Yang et al. 2026, arXiv 2609.22547. The curves are
    compared at every k up to 32 and at steps of about 10 % above, then the crossing is found within the step by
    bisection.

    Examples
    --------
    The RL model solves one half with any k. The base solves 1 - (.9^k + .95^k) / 2: .49 at k = 9, .53 at k = 10.

    >>> from boundary import SolveRates, crossover
    >>> rates = SolveRates.exact([[0.1, 1.0], [0.05, 0.0]], models=("base", "rl"))
    >>> crossover(rates, 256).item()
    10.0

    A model that loses no problem stays ahead:

    >>> crossover(SolveRates.exact([[0.1, 0.65]]), 256).item()
    inf
    """
    if max_k < 2:
        raise ValueError(f"A crossover needs budgets of 2 or more to look at, got max_k = {max_k}.")
    pair = _log_failures(rates, base, rl, target)
    budgets = _scan_budgets(max_k)
    crossing = _bisect(pair, *_bracket(_leads(pair, budgets), budgets))
    chains, draws = rates.log_failure(target).shape[:2]
    coords = {"chain": np.arange(chains), "draw": np.arange(draws)}
    return xr.DataArray(crossing.reshape(chains, draws), dims=("chain", "draw"), coords=coords, name="crossover")


def no_crossover(rates: SolveRates, max_k: int, **pair: Any) -> xr.DataArray:
    """1 where the base model does not catch up with a leading RL model by max_k, else 0: its mean is P(no crossover).

    Parameters
    ----------
    rates
        Posterior of the solve rates.
    max_k
        Largest budget looked at, at least 2.
    **pair
        `base`, `rl` and `target`, as for `crossover`.

    Returns
    -------
    Draws of 0 or 1, NaN where RL does not lead at k = 1 (see `crossover`); dimensions (chain, draw).

    Examples
    --------
    The base catches up at k = 10:

    >>> from boundary import SolveRates, no_crossover
    >>> rates = SolveRates.exact([[0.1, 1.0], [0.05, 0.0]], models=("base", "rl"))
    >>> no_crossover(rates, 8).item(), no_crossover(rates, 256).item()
    (1.0, 0.0)
    """
    return uncrossed(crossover(rates, max_k, **pair))


def uncrossed(crossing: xr.DataArray) -> xr.DataArray:
    """`no_crossover` from draws of `crossover`."""
    values = crossing.to_numpy()
    return crossing.copy(data=np.where(np.isnan(values), np.nan, np.isinf(values))).rename("no_crossover")


def crossings(rates: SolveRates, max_k: int, **pair: Any) -> xr.Dataset:
    """`crossover` and `no_crossover` together.

    Returns
    -------
    Both by name, dimensions (chain, draw); `no_crossover` also along k, at max_k.
    """
    crossing = crossover(rates, max_k, **pair)
    return xr.Dataset({"crossover": crossing, "no_crossover": uncrossed(crossing).expand_dims(k=[max_k], axis=2)})


def _scan_budgets(max_k: int) -> list[int]:
    budgets = list(range(1, min(max_k, 32) + 1))
    while budgets[-1] < max_k:
        budgets.append(min(max_k, int(budgets[-1] * 1.1)))
    return budgets


def _log_failures(rates: SolveRates, base: Model, rl: Model, target: Target) -> tuple[np.ndarray, np.ndarray]:
    """log(1 - p) of base and RL, dimensions (draw, problem)."""
    log_failure = rates.log_failure(target)
    shape = (-1, log_failure.shape[2])
    return log_failure[..., rates.index(base)].reshape(shape), log_failure[..., rates.index(rl)].reshape(shape)


def _lead(pair: tuple[np.ndarray, np.ndarray], k: np.ndarray | int) -> np.ndarray:
    """pass@k of RL minus base for each draw; k one number or one a draw."""
    power = np.asarray(k, dtype=np.float32).reshape(-1, 1)
    base, rl = (np.exp(power * part).mean(axis=1, dtype=np.float64) for part in pair)
    return np.asarray(base - rl)


def _leads(pair: tuple[np.ndarray, np.ndarray], budgets: list[int]) -> Float[np.ndarray, "draw budget"]:
    """`_lead` of every draw at every budget."""
    return np.stack([_lead(pair, k) for k in budgets], axis=1)


def _bracket(leads: Float[np.ndarray, "draw budget"], budgets: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Last budget before, and first budget with, base >= RL.

    (NaN, NaN) without a lead at 1, (., inf) without a crossing.
    """
    caught = leads <= 0
    first = caught.argmax(axis=1)  # 0 where there is no lead at 1, and where the base never catches up
    scanned = np.array(budgets, dtype=float)
    low = np.where(first > 0, scanned[first - 1], 1.0)
    high = np.where(first > 0, scanned[first], np.inf)
    return np.where(caught[:, 0], np.nan, low), np.where(caught[:, 0], np.nan, high)


def _bisect(pair: tuple[np.ndarray, np.ndarray], low: np.ndarray, high: np.ndarray) -> np.ndarray:
    low, high = low.copy(), high.copy()
    while len(wide := np.flatnonzero(np.isfinite(high) & (high - low > 1))):
        middle = np.floor((low[wide] + high[wide]) / 2)
        caught = _lead((pair[0][wide], pair[1][wide]), middle) <= 0
        high[wide] = np.where(caught, middle, high[wide])
        low[wide] = np.where(caught, low[wide], middle)
    return high


class CrossingBudget(NamedTuple):
    """The budget at which two curves cross: median and interval of its draws; infinite where they do not cross."""

    median: float
    lower: float
    upper: float


class CurveOrder(NamedTuple):
    """The order of two models' pass@k curves: probabilities that one is ahead of the other by more than a margin.

    Parameters
    ----------
    max_k
        Largest budget looked at.
    crosses
        That RL is ahead at some budget and behind at a larger one.
    crosses_back
        That RL is behind at some budget and ahead at a larger one.
    ahead, behind
        That RL is ahead (behind) at every budget within the samples.
    catches_up
        Where RL catches up with a base that is ahead at k = 1, if it is likely to cross back.
    """

    max_k: int
    crosses: float
    crosses_back: float
    ahead: float
    behind: float
    catches_up: CrossingBudget | None = None


def curve_order(
    rates: SolveRates,
    max_k: int,
    margin: float = MARGIN,
    level: float = 0.95,
    *,
    base: Model = 0,
    rl: Model = 1,
    target: Target = "benchmark",
) -> CurveOrder:
    """The order of two pass@k curves; a difference within the margin is neither ahead nor behind.

    Parameters
    ----------
    max_k
        Largest budget looked at, at least 2.
    margin
        Difference of pass@k that matters, in [0, 1).
    level
        Probability within the interval of `catches_up`.

    Notes
    -----
    Looked at are the budgets of `crossover`: every k up to 32 and steps of about 10 % above.
    """
    within = max(rates.reliable_k, 1)
    budgets = sorted({*_scan_budgets(max(max_k, within)), within})
    leads = _leads(_log_failures(rates, base, rl, target), budgets)
    ahead, behind = leads > margin + TIE, leads < -margin - TIE
    looked_at, sampled = np.array(budgets) <= max_k, np.array(budgets) <= within
    back = _prob_later(behind[:, looked_at], ahead[:, looked_at])
    reverse = crossover(rates, max_k, base=rl, rl=base, target=target) if back >= LIKELY else None
    return CurveOrder(
        max_k,
        _prob_later(ahead[:, looked_at], behind[:, looked_at]),
        back,
        float(ahead[:, sampled].all(axis=1).mean()),
        float(behind[:, sampled].all(axis=1).mean()),
        None if reverse is None else CrossingBudget(*summarise(reverse.to_numpy(), level)[1:4]),
    )


def _prob_later(first: np.ndarray, second: np.ndarray) -> float:
    """Share of draws in which `second` holds at some budget above one at which `first` does."""
    return float((np.logical_or.accumulate(first, axis=1) & second).any(axis=1).mean())


def sampling_speedup(
    rates: SolveRates, max_k: int, *, base: Model = 0, rl: Model = 1, target: Target = "benchmark"
) -> xr.DataArray:
    """Samples that the base model needs to solve as many problems as one sample of the RL model does.

    Parameters
    ----------
    rates
        Posterior of the solve rates.
    max_k
        Largest budget looked at, at least 2.
    base, rl
        The two models, by name or column.
    target
        `benchmark` or `superpopulation`.

    Returns
    -------
    Draws of the smallest whole k at which pass@k of the base reaches pass@1 of the RL model, in [1, max_k]; infinity
    where it does not by max_k. Dimensions (chain, draw).

    Raises
    ------
    ValueError
        If max_k is below 2.

    Examples
    --------
    Ten samples that are right one time in ten do what one does that is right with probability .65, since
    1 - .9^10 = .651:

    >>> from boundary import SolveRates, sampling_speedup
    >>> sampling_speedup(SolveRates.exact([[0.1, 0.65]], models=("base", "rl")), 256).item()
    10.0
    """
    if max_k < 2:
        raise ValueError(f"A speed-up needs budgets of 2 or more to look at, got max_k = {max_k}.")
    log_base, log_rl = _log_failures(rates, base, rl, target)
    chains, draws = rates.log_failure(target).shape[:2]
    budget = _first_reaching(log_base, _pass(log_rl, np.ones(chains * draws)), max_k)
    coords = {"chain": np.arange(chains), "draw": np.arange(draws)}
    return xr.DataArray(budget.reshape(chains, draws), dims=("chain", "draw"), coords=coords, name="sampling_speedup")


def _first_reaching(log_failure: np.ndarray, aim: np.ndarray, max_k: int) -> np.ndarray:
    """Smallest k up to max_k with pass@k >= aim for each draw, by bisection, since pass@k never falls; or infinity."""
    low, high = np.zeros(len(aim)), np.full(len(aim), float(max_k))
    while len(wide := np.flatnonzero(high - low > 1)):
        middle = np.floor((low[wide] + high[wide]) / 2)
        is_enough = _pass(log_failure[wide], middle) >= aim[wide]
        high[wide] = np.where(is_enough, middle, high[wide])
        low[wide] = np.where(is_enough, low[wide], middle)
    never = _pass(log_failure, np.full(len(aim), float(max_k))) < aim
    return np.where(never, np.inf, high)


def _pass(log_failure: np.ndarray, k: np.ndarray) -> np.ndarray:
    power = k.astype(np.float32).reshape(-1, 1)
    return 1.0 - np.exp(power * log_failure).mean(axis=1, dtype=np.float64)
