"""Confidence intervals of pass@k in a few milliseconds, without a prior and without posterior draws."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from boundary.stats.budgets import checked_budgets
from boundary.stats.estimands.unbiased import unbiased_pass_at_k
from boundary.stats.prior_free.bounds import pass_at_k_bounds


def pass_at_k_intervals(
    n_correct: Int[np.ndarray, " problem"],
    n_samples: Int[np.ndarray, " problem"],
    k: Sequence[int],
    level: float = 0.95,
) -> Float[np.ndarray, "k 3"]:
    """Unbiased estimate of pass@k of these very problems, and an interval that holds whatever their solve rates are.

    Parameters
    ----------
    n_correct, n_samples
        Correct samples and samples of each problem, which are independent of each other.
    k
        Budgets, each at least 1.
    level
        Confidence that the intervals of all budgets hold together, in (0, 1).

    Returns
    -------
    Estimate, lower and upper end for each budget, in [0, 1]. The estimate is NaN where a problem has fewer than k
    samples; the interval holds there too. Ends are NaN where no solve rates agree with the counts.

    Notes
    -----
    Both of two intervals hold with half of the error each, and so does what they have in common. One is
    `pass_at_k_bounds`. The other is Hoeffding's for U-statistics (1963, J. Am. Stat. Assoc. 58, Sec. 5a): the estimate
    of a problem is the mean, over all orders of its samples, of the mean over m = floor(n / k) blocks of k samples of
    whether one of the block is correct, so that with N problems

        P(estimate - pass@k >= t) <= exp(-2 N^2 t^2 / sum_i 1 / m_i),

    and likewise below. Neither knows a population, so that both are wider than a posterior's interval. What they have
    in common is widened to hold the estimate.

    Examples
    --------
    >>> pass_at_k_intervals(np.repeat([0, 1, 4, 8], 25), np.full(100, 8), [1, 8]).round(2)
    array([[0.41, 0.35, 0.42],
           [0.75, 0.63, 0.87]])
    """
    budgets = checked_budgets(k)
    half = (1 + level) / 2
    bounds = pass_at_k_bounds(n_correct, n_samples, budgets, half)
    rows = []
    for budget, (lower, upper) in zip(budgets, bounds, strict=True):
        estimate = float(unbiased_pass_at_k(n_correct, n_samples, budget).mean()) if len(n_samples) else np.nan
        if np.isfinite(estimate):
            reach = _hoeffding(n_samples // budget, (1 - half) / len(budgets))
            lower, upper = max(lower, estimate - reach), min(upper, estimate + reach)
            lower, upper = (min(lower, estimate), max(upper, estimate)) if lower <= upper else (lower, upper)
        rows.append((estimate, lower, upper) if lower <= upper else (estimate, np.nan, np.nan))
    return np.array(rows)


def _hoeffding(blocks: Int[np.ndarray, " problem"], error: float) -> float:
    """How far the mean of the problems' estimates lies from pass@k, but for the error, half of it on each side."""
    return float(np.sqrt(np.log(2 / error) * (1 / blocks).sum() / 2) / len(blocks))
