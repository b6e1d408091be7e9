"""Intervals and summaries of draws."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

# Difference of pass@k that matters, by default: half a percentage point.
MARGIN = 0.005
# Solve rates are used in single precision; draws that are closer than this are tied, the rest is rounding.
TIE = 1e-9


class Summary(NamedTuple):
    """Summary of the draws of one quantity: `lower` and `upper` bound the equal-tailed interval of the stated level.

    `prob_negative` and `prob_equivalent` (that it is within a margin of 0) are NaN of a quantity that has no margin.
    """

    mean: float
    median: float
    lower: float
    upper: float
    prob_positive: float
    prob_negative: float
    prob_equivalent: float


def summarise(draws: Float[np.ndarray, "..."], level: float, margin: float | None = None) -> Summary:
    """Equal-tailed posterior summary of draws of any shape.

    Parameters
    ----------
    draws
        Draws; infinite ones are allowed (a crossover that never comes) and make the mean infinite; NaN ones are left
        out.
    level
        Probability within the interval, in (0, 1).
    margin
        How far from 0 a difference is not material, in the unit of the draws; None for what is no difference.

    Returns
    -------
    All NaN where no draw is left.

    Examples
    --------
    >>> summarise(np.array([-0.1, 0.0, 0.1, 0.2]), 0.5, margin=0.05).prob_equivalent
    0.25

    Notes
    -----
    Quantiles are order statistics (no interpolation), which keeps infinity and whole numbers what they are.
    """
    if not 0 < level < 1:
        raise ValueError(f"The level of an interval must lie between 0 and 1, got {level}.")
    values = np.ravel(draws)
    values = values[~np.isnan(values)]
    if not len(values):
        return Summary(*[float("nan")] * len(Summary._fields))
    tail = (1 - level) / 2
    lower, median, upper = np.quantile(values, [tail, 0.5, 1 - tail], method="inverted_cdf")
    middle = (float(values.mean()), float(median), float(lower), float(upper))
    if margin is None:
        return Summary(*middle, float(np.mean(values > 0)), float("nan"), float("nan"))
    return Summary(*middle, *signs(values, margin))


class Signs(NamedTuple):
    """Probabilities that a difference is above 0, below 0, and within a margin of 0; a tie counts for neither side."""

    positive: float
    negative: float
    equivalent: float


def signs(differences: Float[np.ndarray, "..."], margin: float) -> Signs:
    """Probabilities of the signs of a difference from its draws, all of them defined.

    Returns
    -------
    P(above 0), P(below 0) and P(within the margin of 0).

    Examples
    --------
    >>> signs(np.array([-0.2, 0.0, 0.01, 0.3]), 0.05)
    Signs(positive=0.5, negative=0.25, equivalent=0.5)
    """
    above, below = (float(np.mean(part > TIE)) for part in (differences, -differences))
    return Signs(above, below, float(np.mean(np.abs(differences) <= margin + TIE)))
