"""Intervals and summaries of draws."""

from collections.abc import Sequence
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


UNDEFINED = Summary(*[float("nan")] * len(Summary._fields))


class QuantilePositions(NamedTuple):
    """Where the ends of an equal-tailed interval and the median are among ordered draws, the first being 0."""

    lower: int
    median: int
    upper: int


def quantile_positions(n_draws: int, level: float) -> QuantilePositions:
    """Positions of the order statistics that are the ends of an interval and the median.

    Examples
    --------
    >>> quantile_positions(1000, 0.9)
    QuantilePositions(lower=49, median=499, upper=949)
    """
    if not 0 < level < 1:
        raise ValueError(f"The level of an interval must lie between 0 and 1, got {level}.")
    tail = (1 - level) / 2
    positions = np.quantile(np.arange(n_draws), [tail, 0.5, 1 - tail], method="inverted_cdf")
    return QuantilePositions(*(int(position) for position in positions))


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
    return summaries(np.reshape(draws, (1, -1)), level, [margin])[0]


def summaries(
    draws: Float[np.ndarray, "quantity draw"], level: float, margins: Sequence[float | None]
) -> list[Summary]:
    """Equal-tailed posterior summaries of many quantities at once.

    Parameters
    ----------
    draws
        Draws of each quantity, as `summarise` takes them.
    level
        Probability within the intervals, in (0, 1).
    margins
        How far from 0 a difference is not material, in the unit of the draws; None for what is no difference.

    Returns
    -------
    What `summarise` gives, of each quantity.
    """
    defined = ~np.isnan(draws)
    complete = defined.all(axis=1)
    rows = _summaries(draws, level, margins) if complete.any() else [UNDEFINED] * len(draws)
    for i in np.flatnonzero(~complete).tolist():
        values = draws[i : i + 1, defined[i]]
        rows[i] = _summaries(values, level, margins[i : i + 1])[0] if values.size else UNDEFINED
    return rows


def _summaries(draws: np.ndarray, level: float, margins: Sequence[float | None]) -> list[Summary]:
    """Summaries of draws none of which is undefined."""
    values = draws.astype(float)
    ordered = np.sort(values, axis=1)
    lower, median, upper = (ordered[:, place] for place in quantile_positions(values.shape[1], level))
    within = np.array([np.nan if margin is None else margin for margin in margins])
    no_difference = np.isnan(within)
    above, below, near = _signs(values, within[:, None])
    positive = np.where(no_difference, np.mean(values > 0, axis=1), above)
    below[no_difference] = near[no_difference] = np.nan
    columns = (values.mean(axis=1), median, lower, upper, positive, below, near)
    return [Summary(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]


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
    return Signs(*(float(chance[0]) for chance in _signs(np.reshape(differences, (1, -1)), margin)))


def probabilities_of_largest(draws: Float[np.ndarray, "draw quantity"]) -> Float[np.ndarray, " quantity"]:
    """Probability that each of several quantities is the largest; those that tie for it share the probability.

    Examples
    --------
    >>> probabilities_of_largest(np.array([[0.1, 0.3, 0.2], [0.4, 0.4, 0.2]])).tolist()
    [0.25, 0.75, 0.0]
    """
    is_largest = draws >= draws.max(axis=1, keepdims=True) - TIE
    probabilities: np.ndarray = (is_largest / is_largest.sum(axis=1, keepdims=True)).mean(axis=0)
    return probabilities


def _signs(differences: np.ndarray, margin: float | np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Probabilities of the signs of each of many differences (quantity, draw)."""
    conditions = (differences > TIE, differences < -TIE, np.abs(differences) <= margin + TIE)
    above, below, near = (np.mean(condition, axis=1) for condition in conditions)
    return above, below, near
