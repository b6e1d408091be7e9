"""At which budget one curve meets another: the crossover of the pass@k curves, and the speed-up of sampling."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from jaxtyping import Bool, Float

from boundary.stats.budgets import Model, mean_failures, rows_of
from boundary.stats.intervals import MARGIN, TIE, summarise
from boundary.stats.powers import failure_rates, row_blocks
from boundary.stats.solve_rates import SolveRates, Target

# A crossing is reported from this probability.
LIKELY = 0.5
# A lead between two budgets is nearly linear: most searches end within two secants, and halving ends the others.
SECANTS = 4
# exp of less is no normal number.
LEAST_LOG = -700.0
# Failures this rare are not told apart: near 0 all numbers round to it, and no model catches up by that.
VANISHED = 1e-300


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
    secants and halving.

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
    columns = [rates.index(base), rates.index(rl)]
    budgets = scan_budgets(max_k)
    leads = _leads(rates, budgets, columns, target)
    rows = [rows_of(rates.rates(target), column) for column in columns]
    crossing = np.where(leads[:, 0] <= TIE, np.nan, _first_budget(leads, budgets, rows))
    return _of_draws(crossing, rates, target, "crossover")


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


def scan_budgets(max_k: int) -> list[int]:
    """Every budget up to 32, and steps of about 10 % from there to the largest.

    Examples
    --------
    >>> scan_budgets(40)[-4:]
    [32, 35, 38, 40]
    """
    budgets = list(range(1, min(max_k, 32) + 1))
    while budgets[-1] < max_k:
        budgets.append(min(max_k, int(budgets[-1] * 1.1)))
    return budgets


def _leads(
    rates: SolveRates, budgets: list[int], columns: list[int], target: Target
) -> Float[np.ndarray, "draw budget"]:
    """pass@k of the second column (RL) minus that of the first (the base), for each draw and budget."""
    fails = mean_failures(rates, budgets, target, columns)
    return _lead(fails[..., 0], fails[..., 1]).reshape(len(budgets), -1).T


def _lead(base_fails: np.ndarray, rl_fails: np.ndarray) -> np.ndarray:
    """The base's failure rate less RL's; a lead that was there stays where both have vanished."""
    have_vanished = (base_fails <= VANISHED) & (rl_fails <= VANISHED)
    lead: np.ndarray = np.where(have_vanished, VANISHED, base_fails - rl_fails)
    return lead


def _of_draws(values: Float[np.ndarray, " draw"], rates: SolveRates, target: Target, name: str) -> xr.DataArray:
    chains, draws = rates.rates(target).shape[:2]
    coords = {"chain": np.arange(chains), "draw": np.arange(draws)}
    return xr.DataArray(values.reshape(chains, draws), dims=("chain", "draw"), coords=coords, name=name)


def _first_budget(
    leads: Float[np.ndarray, "draw budget"],
    budgets: list[int],
    rows: Sequence[Float[np.ndarray, "draw problem"]],
    failure_of_rl: Float[np.ndarray, " draw"] | None = None,
) -> Float[np.ndarray, " draw"]:
    """Smallest budget of each draw at which RL does not lead; infinity where it leads at every one.

    Parameters
    ----------
    leads
        At each of `budgets`; between two of these a lead is looked for as one that ends once.
    rows
        Solve rates of the base, and of RL where its failures depend on the budget.
    failure_of_rl
        Mean failure rate of RL, where it does not.
    """
    caught = leads <= 0
    first, scanned = caught.argmax(axis=1), np.array(budgets)
    high = np.where(caught.any(axis=1), scanned[first], np.inf)
    low = scanned[first - 1].astype(float)
    wide = np.flatnonzero((first > 0) & (high - low > 1))
    for block in row_blocks(len(wide), rows[0].shape[1]):
        draws = wide[block]
        logs = [_log_failure(part[draws]) for part in rows]
        constant = None if failure_of_rl is None else failure_of_rl[draws]
        ends = [
            np.stack([budget[draws], leads[draws, first[draws] - before]]) for budget, before in ((low, 1), (high, 0))
        ]
        high[draws] = _within_step(logs, constant, *ends)
    return high


def _within_step(
    logs: list[np.ndarray], constant: np.ndarray | None, low: np.ndarray, high: np.ndarray
) -> Float[np.ndarray, " draw"]:
    """First budget at which a lead is over, between two budgets with leads at each, by the secant and then halving.

    Parameters
    ----------
    logs
        log(1 - p) of base and RL, or of the base alone.
    constant
        Mean failure rate of RL, where it is the same at every budget.
    low, high
        Budgets and leads, rows in this order: positive at `low`, and not at `high`. They are moved.
    """
    for step in range(64):
        open_draws = np.flatnonzero(high[0] - low[0] > 1)
        if not len(open_draws):
            break
        (k_low, lead_low), (k_high, lead_high) = low[:, open_draws], high[:, open_draws]
        share = lead_low / (lead_low - lead_high) if step < SECANTS else 0.5
        middle = np.clip(np.floor(k_low + share * (k_high - k_low)), k_low + 1, k_high - 1)
        fails = [_mean_failure(part[open_draws], middle) for part in logs]
        lead = _lead(fails[0], fails[1] if constant is None else constant[open_draws])
        ended = lead <= 0
        at_middle = np.stack([middle, lead])
        high[:, open_draws[ended]], low[:, open_draws[~ended]] = at_middle[:, ended], at_middle[:, ~ended]
    return high[0]


def _log_failure(p: Float[np.ndarray, "draw problem"]) -> Float[np.ndarray, "draw problem"]:
    with np.errstate(divide="ignore"):  # p = 1 fails never: log 0 = -inf is what is meant
        return np.log(failure_rates(p))


def _mean_failure(log_failure: Float[np.ndarray, "draw problem"], k: np.ndarray) -> Float[np.ndarray, " draw"]:
    """Mean over problems of (1 - p)^k, with a budget for each draw."""
    power = log_failure * k[:, None]
    # exp is many times slower where its result is too small for a normal number.
    np.exp(np.maximum(power, LEAST_LOG, out=power), out=power)
    return power.mean(axis=1)


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
    crosses_twice
        That both `crosses` and `crosses_back` hold: RL is ahead on either side of a budget at which it is behind, or
        behind on either side of one at which it is ahead. At most the smaller of the two probabilities.
    """

    max_k: int
    crosses: float
    crosses_back: float
    ahead: float
    behind: float
    catches_up: CrossingBudget | None = None
    crosses_twice: float = 0.0


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
    budgets = sorted({*scan_budgets(max(max_k, within)), within})
    leads = _leads(rates, budgets, [rates.index(base), rates.index(rl)], target)
    ahead, behind = leads > margin + TIE, leads < -margin - TIE
    looked_at, sampled = np.array(budgets) <= max_k, np.array(budgets) <= within
    crosses = _is_later(ahead[:, looked_at], behind[:, looked_at])
    crosses_back = _is_later(behind[:, looked_at], ahead[:, looked_at])
    is_likely_back = crosses_back.mean() >= LIKELY
    reverse = crossover(rates, max_k, base=rl, rl=base, target=target) if is_likely_back else None
    return CurveOrder(
        max_k,
        float(crosses.mean()),
        float(crosses_back.mean()),
        float(ahead[:, sampled].all(axis=1).mean()),
        float(behind[:, sampled].all(axis=1).mean()),
        None if reverse is None else CrossingBudget(*summarise(reverse.to_numpy(), level)[1:4]),
        float((crosses & crosses_back).mean()),
    )


def _is_later(first: Bool[np.ndarray, "draw budget"], second: Bool[np.ndarray, "draw budget"]) -> np.ndarray:
    """Whether `second` holds in a draw at some budget above one at which `first` does."""
    is_later: np.ndarray = (np.logical_or.accumulate(first, axis=1) & second).any(axis=1)
    return is_later


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
    budgets, p = scan_budgets(max_k), rates.rates(target)
    failure_of_rl = mean_failures(rates, [1], target, [rates.index(rl)])[0, ..., 0].ravel()
    fails = mean_failures(rates, budgets, target, [rates.index(base)])[..., 0].reshape(len(budgets), -1).T
    rows = [rows_of(p, rates.index(base))]
    budget = _first_budget(_lead(fails, failure_of_rl[:, None]), budgets, rows, failure_of_rl)
    return _of_draws(budget, rates, target, "sampling_speedup")
