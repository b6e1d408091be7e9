"""Intervals and summaries of draws."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float


class Summary(NamedTuple):
    """Summary of the draws of one quantity: `lower` and `upper` bound the equal-tailed interval of the stated level."""

    mean: float
    median: float
    lower: float
    upper: float
    prob_positive: float


def summarise(draws: Float[np.ndarray, "..."], level: float) -> Summary:
    """Equal-tailed posterior summary of draws of any shape.

    Parameters
    ----------
    draws
        Draws; infinite ones are allowed (a crossover that never comes) and make the mean infinite; NaN ones are left
        out.
    level
        Probability within the interval, in (0, 1).

    Returns
    -------
    All NaN where no draw is left.

    Notes
    -----
    Quantiles are order statistics (no interpolation), which keeps infinity and whole numbers what they are.
    """
    if not 0 < level < 1:
        raise ValueError(f"The level of an interval must lie between 0 and 1, got {level}.")
    values = np.ravel(draws)
    values = values[~np.isnan(values)]
    if not len(values):
        return Summary(*[float("nan")] * 5)
    tail = (1 - level) / 2
    lower, median, upper = np.quantile(values, [tail, 0.5, 1 - tail], method="inverted_cdf")
    positive = float(np.mean(values > 0))
    return Summary(float(values.mean()), float(median), float(lower), float(upper), positive)
