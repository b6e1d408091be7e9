"""What k samples solve, and what one model solves that the other does not.

Every function takes `SolveRates` and returns a labelled array with dimensions (chain, draw, ...). A budget k may exceed
the samples drawn: the estimate is then extrapolated, and is to be marked as such (`SolveRates.reliable_k`).

Two targets: `benchmark` is the problems at hand, `superpopulation` new problems of the same kind; counts of problems
then are the expected number among as many new ones.
"""

from typing import Any

import numpy as np
import xarray as xr

from boundary.stats.budgets import (
    Budgets,
    Model,
    checked_budgets,
    mean_failures,
    mean_joint_failures,
    over_k,
    rows_of,
    together_over_k,
)
from boundary.stats.intervals import MARGIN, TIE
from boundary.stats.powers import blocks, failure_rates, powers
from boundary.stats.solve_rates import SolveRates, Target


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

    Examples
    --------
    Two problems, of which training makes one certain and loses the other:

    >>> from boundary import SolveRates, pass_at_k
    >>> rates = SolveRates.exact([[0.5, 1.0], [0.2, 0.0]], models=("base", "rl"))
    >>> pass_at_k(rates, [1, 2]).sel(model="base").mean(["chain", "draw"]).round(3).values.tolist()
    [0.35, 0.555]
    >>> pass_at_k(rates, [1, 2]).sel(model="rl").mean(["chain", "draw"]).round(3).values.tolist()
    [0.5, 0.5]
    """
    return over_k(1.0 - mean_failures(rates, checked_budgets(k), target), k, "pass_at_k", rates.models)


def reach(rates: SolveRates, k: Budgets, *, target: Target = "benchmark") -> xr.DataArray:
    """Probability that k samples solve a problem, for each problem and model.

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
    Draws in [0, 1], dimensions (chain, draw[, k], problem, model); its mean over problems is `pass_at_k`.

    Notes
    -----
    R = 1 - (1 - p)^k.

    Examples
    --------
    >>> from boundary import SolveRates, reach
    >>> rates = SolveRates.exact([[0.5, 1.0], [0.2, 0.0]], models=("base", "rl"))
    >>> reach(rates, 2).sel(model="base").astype(float).mean(["chain", "draw"]).round(3).values.tolist()
    [0.75, 0.36]
    """
    p = rates.rates(target)
    problems = list(rates.problem_ids) if target == "benchmark" else range(p.shape[2])
    stacked = xr.DataArray(
        np.stack([_reach(p, budget) for budget in checked_budgets(k)], axis=2),
        dims=("chain", "draw", "k", "problem", "model"),
        coords={"k": checked_budgets(k), "problem": problems, "model": list(rates.models)},
        name="reach",
    )
    return stacked if not isinstance(k, (int, np.integer)) else stacked.isel(k=0)


def _reach(p: np.ndarray, k: int) -> np.ndarray:
    """1 - (1 - p)^k, of the type of p."""
    solved = np.empty_like(p)
    for column in range(p.shape[3]):
        rows, reach_of_rows = rows_of(p, column), np.empty(p.shape[:3], p.dtype).reshape(-1, p.shape[2])
        for block in blocks(*rows.shape):
            reach_of_rows[block] = 1.0 - next(powers(failure_rates(rows[block]), [k]))
        solved[..., column] = reach_of_rows.reshape(p.shape[:3])
    return solved


def flows(rates: SolveRates, k: Budgets, *, base: Model = 0, rl: Model = 1, target: Target = "benchmark") -> xr.Dataset:
    """Expected numbers of problems kept, lost, gained and solved by neither, at budget k, and the shrinkage.

    Parameters
    ----------
    rates
        Posterior of the solve rates.
    k
        Budget or budgets, each at least 1.
    base, rl
        The two models, by name or column.
    target
        `benchmark` or `superpopulation`.

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

    Examples
    --------
    With two samples of each model:

    >>> from boundary import SolveRates, flows
    >>> rates = SolveRates.exact([[0.5, 1.0], [0.2, 0.0]], models=("base", "rl"))
    >>> expected = flows(rates, 2).mean()
    >>> {name: round(expected[name].item(), 3) for name in expected}
    {'kept': 0.75, 'lost': 0.36, 'gained': 0.25, 'neither': 0.64, 'shrinkage': 0.055}
    """
    columns = rates.index(base), rates.index(rl)
    base_fails, rl_fails, both_fail = mean_joint_failures(rates, checked_budgets(k), *columns, target)
    parts = {
        "kept": rates.n_problems * np.maximum(1 - base_fails - rl_fails + both_fail, 0.0),
        "lost": rates.n_problems * np.maximum(rl_fails - both_fail, 0.0),
        "gained": rates.n_problems * np.maximum(base_fails - both_fail, 0.0),
        "neither": rates.n_problems * both_fail,
        "shrinkage": rl_fails - base_fails,
    }
    return together_over_k(parts, k)


def kept(rates: SolveRates, k: Budgets, **pair: Any) -> xr.DataArray:
    """Problems that both models solve within k samples (see `flows`).

    Parameters
    ----------
    rates
        Posterior of the solve rates.
    k
        Budget or budgets, each at least 1.
    **pair
        `base`, `rl` and `target`, as for `flows`.

    Returns
    -------
    Draws of an expected number of problems, in [0, N], dimensions (chain, draw[, k]).

    Examples
    --------
    Of two problems the RL model solves one always, the other never, so that one at most is kept:

    >>> from boundary import SolveRates, kept
    >>> rates = SolveRates.exact([[0.5, 1.0], [0.2, 0.0]], models=("base", "rl"))
    >>> kept(rates, [1, 2, 64]).mean(["chain", "draw"]).round(3).values.tolist()
    [0.5, 0.75, 1.0]
    """
    return flows(rates, k, **pair)["kept"]


def lost(rates: SolveRates, k: Budgets, **pair: Any) -> xr.DataArray:
    """Problems that the base model solves within k samples and the RL model does not (see `flows`).

    Parameters
    ----------
    rates
        Posterior of the solve rates.
    k
        Budget or budgets, each at least 1.
    **pair
        `base`, `rl` and `target`, as for `flows`.

    Returns
    -------
    Draws of an expected number of problems, in [0, N], dimensions (chain, draw[, k]).

    Examples
    --------
    Only many samples of the base show that a problem is lost which it solves one time in five:

    >>> from boundary import SolveRates, lost
    >>> rates = SolveRates.exact([[0.5, 1.0], [0.2, 0.0]], models=("base", "rl"))
    >>> lost(rates, [1, 2, 64]).mean(["chain", "draw"]).round(3).values.tolist()
    [0.2, 0.36, 1.0]
    """
    return flows(rates, k, **pair)["lost"]


def gained(rates: SolveRates, k: Budgets, **pair: Any) -> xr.DataArray:
    """Problems that the RL model solves within k samples and the base model does not (see `flows`).

    Parameters
    ----------
    rates
        Posterior of the solve rates.
    k
        Budget or budgets, each at least 1.
    **pair
        `base`, `rl` and `target`, as for `flows`.

    Returns
    -------
    Draws of an expected number of problems, in [0, N], dimensions (chain, draw[, k]).

    Examples
    --------
    What the RL model always solves is no gain for those who can draw many samples of the base:

    >>> from boundary import SolveRates, gained
    >>> rates = SolveRates.exact([[0.5, 1.0], [0.2, 0.0]], models=("base", "rl"))
    >>> gained(rates, [1, 2, 64]).mean(["chain", "draw"]).round(3).values.tolist()
    [0.5, 0.25, 0.0]
    """
    return flows(rates, k, **pair)["gained"]


def neither(rates: SolveRates, k: Budgets, **pair: Any) -> xr.DataArray:
    """Problems that neither model solves within k samples (see `flows`).

    Parameters
    ----------
    rates
        Posterior of the solve rates.
    k
        Budget or budgets, each at least 1.
    **pair
        `base`, `rl` and `target`, as for `flows`.

    Returns
    -------
    Draws of an expected number of problems, in [0, N], dimensions (chain, draw[, k]).

    Examples
    --------
    >>> from boundary import SolveRates, neither
    >>> rates = SolveRates.exact([[0.5, 1.0], [0.2, 0.0]], models=("base", "rl"))
    >>> neither(rates, [1, 2, 64]).mean(["chain", "draw"]).round(3).values.tolist()
    [0.8, 0.64, 0.0]
    """
    return flows(rates, k, **pair)["neither"]


def shrinkage(rates: SolveRates, k: Budgets, **pair: Any) -> xr.DataArray:
    """pass@k of the base model minus pass@k of the RL model (see `flows`); positive where RL solves less.

    Parameters
    ----------
    rates
        Posterior of the solve rates.
    k
        Budget or budgets, each at least 1.
    **pair
        `base`, `rl` and `target`, as for `flows`.

    Returns
    -------
    Draws in [-1, 1], dimensions (chain, draw[, k]).

    Examples
    --------
    The RL model is ahead with one sample and behind from two on:

    >>> from boundary import SolveRates, shrinkage
    >>> rates = SolveRates.exact([[0.5, 1.0], [0.2, 0.0]], models=("base", "rl"))
    >>> shrinkage(rates, [1, 2, 64]).mean(["chain", "draw"]).round(3).values.tolist()
    [-0.15, 0.055, 0.5]
    """
    return flows(rates, k, **pair)["shrinkage"]


def narrowed(rates: SolveRates, k: Budgets, *, margin: float = MARGIN, **pair: Any) -> xr.DataArray:
    """1 where pass@k of the RL model is lower by more than a margin, else 0: its mean is P(shrinkage > margin).

    Parameters
    ----------
    rates
        Posterior of the solve rates.
    k
        Budget or budgets, each at least 1.
    margin
        Difference of pass@k that matters, at least 0.
    **pair
        `base`, `rl` and `target`, as for `flows`.

    Returns
    -------
    Draws of 0 or 1, dimensions (chain, draw[, k]).

    Examples
    --------
    >>> from boundary import SolveRates, narrowed
    >>> rates = SolveRates.exact([[0.5, 1.0], [0.2, 0.0]], models=("base", "rl"))
    >>> narrowed(rates, [1, 2, 64]).mean(["chain", "draw"]).round(3).values.tolist()
    [0.0, 1.0, 1.0]

    A loss of 5.5 points at k = 2 does not matter where the margin is 10:

    >>> narrowed(rates, [1, 2, 64], margin=0.1).mean(["chain", "draw"]).round(3).values.tolist()
    [0.0, 0.0, 1.0]
    """
    return (shrinkage(rates, k, **pair) > margin + TIE).astype(float).rename("narrowed")


def widened(rates: SolveRates, k: Budgets, *, margin: float = MARGIN, **pair: Any) -> xr.DataArray:
    """1 where pass@k of the RL model is higher by more than a margin, else 0: its mean is P(shrinkage < -margin).

    Parameters
    ----------
    rates
        Posterior of the solve rates.
    k
        Budget or budgets, each at least 1.
    margin
        Difference of pass@k that matters, at least 0.
    **pair
        `base`, `rl` and `target`, as for `flows`.

    Returns
    -------
    Draws of 0 or 1, dimensions (chain, draw[, k]).

    Examples
    --------
    >>> from boundary import SolveRates, widened
    >>> rates = SolveRates.exact([[0.5, 1.0], [0.2, 0.0]], models=("base", "rl"))
    >>> widened(rates, [1, 2, 64]).mean(["chain", "draw"]).round(3).values.tolist()
    [1.0, 0.0, 0.0]
    """
    return (shrinkage(rates, k, **pair) < -margin - TIE).astype(float).rename("widened")


def delta_se(
    rates: SolveRates, k: Budgets = 256, *, base: Model = 0, rl: Model = 1, target: Target = "benchmark"
) -> xr.DataArray:
    """Sampling-efficiency gap: pass@k of the base model minus pass@1 of the RL model.

    Parameters
    ----------
    rates
        Posterior of the solve rates.
    k
        Budget or budgets of the base model, each at least 1.
    base, rl
        The two models, by name or column.
    target
        `benchmark` or `superpopulation`.

    Returns
    -------
    Draws in [-1, 1], dimensions (chain, draw[, k]).

    Notes
    -----
    Yue et al. 2025, arXiv 2504.13837, Sec. 4.3, at k = 256.

    Examples
    --------
    >>> from boundary import SolveRates, delta_se
    >>> rates = SolveRates.exact([[0.5, 1.0], [0.2, 0.0]], models=("base", "rl"))
    >>> delta_se(rates, [2, 64]).mean(["chain", "draw"]).round(3).values.tolist()
    [0.055, 0.5]
    """
    ceiling = pass_at_k(rates, k, target=target).isel(model=rates.index(base), drop=True)
    single = pass_at_k(rates, 1, target=target).isel(model=rates.index(rl), drop=True)
    return (ceiling - single.drop_vars("k")).rename("delta_se")
