"""From estimates of every problem to means over problems and differences of two models, with intervals."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.special import ndtr, ndtri, stdtrit

from boundary.stats.breadth.problem_terms import ProblemTerms
from boundary.stats.solve_rates import Target


class Estimate(NamedTuple):
    """Means of some quantities with their intervals; the probabilities of the signs are of differences."""

    mean: Float[np.ndarray, " quantity"]
    lower: Float[np.ndarray, " quantity"]
    upper: Float[np.ndarray, " quantity"]

    def prob_positive(self, level: float) -> Float[np.ndarray, " quantity"]:
        """Probability that a difference is above 0, each side of its interval taken as that of a normal."""
        side = np.where(self.mean >= 0, self.mean - self.lower, self.upper - self.mean)
        with np.errstate(divide="ignore", invalid="ignore"):
            sigmas = np.where(side > 0, self.mean / side, np.sign(self.mean) * np.inf) * _quantile(level)
        return np.where(np.isnan(sigmas), 0.5, ndtr(sigmas))


def mean_over_problems(terms: ProblemTerms, level: float = 0.95, target: Target = "benchmark") -> Estimate:
    """Means over problems with intervals.

    Parameters
    ----------
    terms
        Estimates of each problem.
    level
        Confidence, in (0, 1).
    target
        `benchmark`: of these problems, uncertain because their samples are few. `superpopulation`: of problems like
        these, uncertain because the problems are few too; needs two problems.

    Returns
    -------
    Means, lower and upper ends; NaN where there are no problems.

    Notes
    -----
    For these problems, with V the variance of the mean and u what one unseen event would add to it, the ends are
    mean - z sqrt(V) and mean + z^2 u / 2 + z sqrt(V + z^2 u^2 / 4), the score interval of a Poisson number in units of
    u (Wilson 1927, JASA 22, 209-212): it does not shrink to a point where nothing was seen to vary. For new problems
    Student's t of the values, longer on the side of their skewness by the first term of the Edgeworth expansion (Hall
    1992, J. R. Stat. Soc. B 54, 221-228), and never less than the former. What unseen answers may add (`tail_low`,
    `tail_high`) is within the interval, and the mean is in its middle.
    """
    if not terms.n_problems:
        missing = np.full(len(terms.values), np.nan)
        return Estimate(missing, missing, missing)
    centre = terms.values.mean(axis=1)
    down, up = _margins(terms, level, target)
    return Estimate(
        centre + (terms.tail_low + terms.tail_high) / 2,
        centre + terms.tail_low - down,
        centre + terms.tail_high + np.hypot(up, _quantile(level) * terms.tail_error),
    )


def difference_of_means(
    first: ProblemTerms, second: ProblemTerms, level: float = 0.95, target: Target = "benchmark"
) -> Estimate:
    """Means of the first model less those of the second, on the same problems in the same order.

    Parameters
    ----------
    first, second
        Estimates of each problem of two models, whose samples are independent.
    level, target
        As for `mean_over_problems`.

    Returns
    -------
    Differences with intervals.

    Notes
    -----
    The ends are those of the two means, their distances from the means squared and added (Zou & Donner 2008, Statistics
    in Medicine 27, 1693-1702). For new problems the spread is that of the differences, problem by problem.
    """
    a, b = (mean_over_problems(terms, level, "benchmark") for terms in (first, second))
    mean = a.mean - b.mean
    down = np.hypot(a.mean - a.lower, b.upper - b.mean)
    up = np.hypot(a.upper - a.mean, b.mean - b.lower)
    if target == "superpopulation":
        tails = [terms.tail_high - terms.tail_low for terms in (first, second)]
        slack = np.hypot(np.hypot(*tails) / 2, _quantile(level) * np.hypot(first.tail_error, second.tail_error))
        spread = _spread_margins(first.values - second.values, level)
        down, up = (np.maximum(side, np.hypot(wide, slack)) for side, wide in zip((down, up), spread, strict=True))
    return Estimate(mean, mean - down, mean + up)


def _margins(terms: ProblemTerms, level: float, target: Target) -> tuple[np.ndarray, np.ndarray]:
    """How far the interval reaches below and above the mean."""
    z, n = _quantile(level), terms.n_problems
    variance = terms.variances.sum(axis=1) / n**2
    sides = []
    for unit in (terms.unit_down / n, terms.unit_up / n):
        shift = z**2 * unit / 2
        sides.append(shift + np.sqrt(z**2 * variance + shift**2))
    if target == "superpopulation":
        spread = _spread_margins(terms.values, level)
        sides = [np.maximum(side, wide) for side, wide in zip(sides, spread, strict=True)]
    return sides[0], sides[1]


def _spread_margins(values: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """How far the interval of a mean over problems reaches below and above it; infinite for a single problem."""
    n = values.shape[1]
    if n < 2:
        return np.full(len(values), np.inf), np.full(len(values), np.inf)
    error = values.std(axis=1, ddof=1) / np.sqrt(n)
    centred = values - values.mean(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        skewness = np.nan_to_num((centred**3).mean(axis=1) / (centred**2).mean(axis=1) ** 1.5)
    longer = np.abs(skewness) * (2 * _quantile(level) ** 2 + 1) / (6 * np.sqrt(n))
    t = float(stdtrit(n - 1, (1 + level) / 2))
    return error * (t + longer * (skewness < 0)), error * (t + longer * (skewness > 0))


def _quantile(level: float) -> float:
    return float(ndtri((1 + level) / 2))
