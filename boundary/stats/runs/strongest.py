"""The strongest of several base arms, with the choice reckoned with; and arms that are partially pooled."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from boundary.stats.intervals import TIE, Signs
from boundary.stats.runs.hierarchy import run_hierarchy


class Maximum(NamedTuple):
    """The largest of several quantities.

    Parameters
    ----------
    lower, upper
        An interval that holds it with at least the level.
    draws
        Its draws, from partially pooled ones.
    """

    lower: float
    upper: float
    draws: Float[np.ndarray, " draw"]


def partially_pooled(
    passes: Float[np.ndarray, "draw arm"],
    rng: np.random.Generator,
    shared: float = 0.0,
    base: Float[np.ndarray, " draw"] | None = None,
) -> Float[np.ndarray, "draw arm"]:
    """Draws of pass@k of each arm under the hierarchy of `run_hierarchy`; one arm alone stays as it is.

    Parameters
    ----------
    passes
        Draws of pass@k of each arm alone, of one or more.
    rng
        For the draws.
    shared
        Share of the error that all arms have in common (`shared_share`).
    base
        Draws of a common base's pass@k that belong to them, as of `run_hierarchy`; None where the arms are bases.

    Notes
    -----
    The largest of several estimates is too high on average, and so is the largest of draws of each arm alone: where
    arms are equally good, whichever error is largest wins. The hierarchy pulls estimates that differ by no more than
    their errors together before the largest is taken.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> passes = 0.5 + 0.02 * rng.standard_normal((4000, 4))
    >>> [round(float(draws.max(axis=1).mean()), 3) for draws in (passes, partially_pooled(passes, rng))]
    [0.521, 0.51]
    """
    return passes if passes.shape[1] < 2 else run_hierarchy(passes, rng, base, shared=shared).runs


def maximum(values: Float[np.ndarray, "draw arm"], pooled: Float[np.ndarray, "draw arm"], level: float) -> Maximum:
    """The largest of several arms' quantities, with an interval that covers whether they differ or not.

    Parameters
    ----------
    values
        Draws of the quantity of each arm alone.
    pooled
        The same from partially pooled draws.
    level
        Of the interval, in (0, 1).

    Notes
    -----
    The largest is at least what each arm has at least: the lower end is the largest of the arms' lower ends, that hold
    for all arms at once (a tail of 1 - (1 - a)^(1/J) with a = (1 - level) / 2). It is at most what the truly strongest
    arm has at most, and so the upper end is the largest of the arms' usual upper ends. Both hold whatever the truth,
    while the draws of the largest cover too little where arms are equally good. Where one arm is known far less well
    than the others, pooling may move the largest away from what its draws alone say: the interval then holds both.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> passes = 0.5 + 0.02 * rng.standard_normal((4000, 4))
    >>> [round(end, 2) for end in maximum(passes, partially_pooled(passes, rng), 0.95)[:2]]
    [0.45, 0.54]
    """
    tail = (1 - level) / 2
    lowest = np.quantile(values, 1 - (1 - tail) ** (1 / values.shape[1]), axis=0)
    draws = np.asarray(pooled.max(axis=1))
    of_draws = np.quantile(draws, [tail, 1 - tail])
    highest = np.quantile(values, 1 - tail, axis=0).max()
    return Maximum(float(min(lowest.max(), of_draws[0])), float(max(highest, of_draws[1])), draws)


def maximum_signs(
    differences: Float[np.ndarray, "draw arm"], pooled: Float[np.ndarray, "draw arm"], margin: float
) -> Signs:
    """Probabilities that the largest of several arms' differences is above 0, below 0, and within a margin of 0.

    Parameters
    ----------
    differences
        Draws of the difference of each arm alone.
    pooled
        The same from partially pooled draws.
    margin
        How far from 0 a difference is not material, in the unit of the draws.

    Notes
    -----
    They go with the interval of `maximum`: the probability of either side is over a level L just where the one-sided
    interval of that level excludes 0. With J arms P(above) = max_j P(d_j > 0)^J (Sidak), P(below) = min_j P(d_j < 0).
    The share of pooled draws in which the largest is above 0 would be sure too often where the arms are equally good;
    it stands where it is the smaller one. What neither side of the margin takes is within it, so that this probability
    can be too small, but not too large.

    Examples
    --------
    >>> draws = np.random.default_rng(0).normal(1.0, 1.0, (4000, 1))
    >>> arms = np.repeat(draws, 5, axis=1)
    >>> [round(chance, 1) for chance in maximum_signs(arms, arms, 0.1)]
    [0.4, 0.2, 0.0]
    """
    n_arms = differences.shape[1]
    largest = pooled.max(axis=1)

    def above_end(end: float) -> float:
        return min(float((differences > end).mean(axis=0).max()) ** n_arms, float((largest > end).mean()))

    def below_end(end: float) -> float:
        return min(float((differences < end).mean(axis=0).min()), float((largest < end).mean()))

    above, above_margin = above_end(TIE), above_end(-margin - TIE)
    below, below_margin = below_end(-TIE), below_end(margin + TIE)
    return Signs(above, below, max(above_margin + below_margin - 1, 0.0))
