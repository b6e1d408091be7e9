"""Crossover, coverage at cost and spending, from draws of the share of problems solved within each budget."""

import numpy as np
from jaxtyping import Float

from boundary.stats.intervals import TIE


def crossover_budget(
    base: Float[np.ndarray, "draw budget"], rl: Float[np.ndarray, "draw budget"], budgets: Float[np.ndarray, " budget"]
) -> Float[np.ndarray, " draw"]:
    """Budget, beyond that of RL's largest lead, at which the base has caught up.

    Parameters
    ----------
    base, rl
        Share of problems solved within each budget.
    budgets
        Ascending.

    Returns
    -------
    Float[np.ndarray, " draw"]
        Interpolated on the logarithm of the budget; infinity where the base does not catch up by the largest one, NaN
        where RL leads at none.

    Examples
    --------
    >>> budgets = np.array([1.0, 10.0, 100.0])
    >>> crossover_budget(np.array([[0.0, 0.2, 0.6]]), np.array([[0.0, 0.3, 0.5]]), budgets).round(2)
    array([31.62])
    """
    lead = rl - base
    best = lead.argmax(axis=1)
    rows = np.arange(len(lead))
    behind = (lead <= TIE) & (np.arange(lead.shape[1]) > best[:, None])
    place = behind.argmax(axis=1)
    before = np.maximum(place - 1, 0)
    ahead_by, behind_by = lead[rows, before], -lead[rows, place]
    span = np.where(ahead_by + behind_by > 0, ahead_by + behind_by, 1.0)
    log_budgets = np.log(budgets)
    share = np.clip(ahead_by / span, 0, 1)
    crossing = np.exp(log_budgets[before] + share * (log_budgets[place] - log_budgets[before]))
    return np.where(lead[rows, best] <= TIE, np.nan, np.where(behind.any(axis=1), crossing, np.inf))


def budget_to_solve(
    solved: Float[np.ndarray, "draw budget"], budgets: Float[np.ndarray, " budget"], share: float
) -> Float[np.ndarray, " draw"]:
    """Smallest budget a problem at which a share of the problems is solved; infinity where the largest does not do.

    Parameters
    ----------
    solved
        Share of problems solved within each budget; never falls.
    budgets
        Ascending.
    share
        In (0, 1).

    Examples
    --------
    >>> budget_to_solve(np.array([[0.1, 0.5], [0.1, 0.2]]), np.array([1.0, 100.0]), 0.3).round(6)
    array([10., inf])
    """
    is_solved = solved >= share
    place = is_solved.argmax(axis=1)
    rows, before = np.arange(len(solved)), np.maximum(place - 1, 0)
    low, high = solved[rows, before], solved[rows, place]
    part = np.clip((share - low) / np.where(high > low, high - low, 1.0), 0, 1)
    log_budgets = np.log(budgets)
    at = np.exp(log_budgets[before] + np.where(place > 0, part, 0.0) * (log_budgets[place] - log_budgets[before]))
    return np.where(is_solved.any(axis=1), at, np.inf)


def spending(
    solved: Float[np.ndarray, "draw budget"], budgets: Float[np.ndarray, " budget"]
) -> Float[np.ndarray, "draw budget"]:
    """Mean spending a problem, up to its first right attempt or to the budget: the area above the curve.

    Notes
    -----
    E[min(T, B)] = integral of P(T > x) from 0 to B, by trapezoids; below the first budget nothing is solved.

    Examples
    --------
    >>> spending(np.array([[0.0, 0.5]]), np.array([1.0, 3.0]))
    array([[1. , 2.5]])
    """
    failed = 1 - solved
    widths = np.diff(budgets)
    areas = (failed[:, 1:] + failed[:, :-1]) / 2 * widths
    first = np.full((len(solved), 1), budgets[0])
    return np.cumsum(np.concatenate([first, areas], axis=1), axis=1)
