"""At which temperature one model's answers are as varied as another's."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float


class Crossing(NamedTuple):
    """Where a quantity that is known at some temperatures reaches a level, draw by draw.

    Parameters
    ----------
    temperature
        The temperature of each draw; 0 where the model is above the level at all of the temperatures, and infinite
        where it does not reach it at any.
    weights
        Weight of each of the temperatures in each draw: the two around the crossing share 1; 0 where there is none.
    """

    temperature: Float[np.ndarray, " draw"]
    weights: Float[np.ndarray, "temperature draw"]


def matched_temperature(
    temperatures: Sequence[float],
    entropies: Float[np.ndarray, "temperature draw"],
    target: Float[np.ndarray, " draw"],
) -> Crossing:
    """Temperature at which the entropy of a model equals a target, by lines between the temperatures sampled.

    Parameters
    ----------
    temperatures
        Ascending, at least two.
    entropies
        Draws of the model's entropy at each temperature.
    target
        Draws of the entropy to be reached: the base's.

    Returns
    -------
    Of each draw the lowest crossing from below; none is looked for beyond the temperatures sampled.

    Examples
    --------
    >>> matched_temperature([0.6, 1.0], np.array([[0.2, 0.2], [0.6, 0.6]]), np.array([0.3, 0.9])).temperature
    array([0.7, inf])
    """
    t = np.asarray(temperatures, dtype=float)
    below, above = entropies[:-1] <= target, entropies[1:] >= target
    crosses = below & above
    place = crosses.argmax(axis=0)
    draws = np.arange(len(target))
    low, high = entropies[place, draws], entropies[place + 1, draws]
    share = np.divide(target - low, high - low, out=np.zeros_like(target, dtype=float), where=high > low)
    is_met = crosses.any(axis=0)
    weights = np.zeros(entropies.shape)
    weights[place, draws] = np.where(is_met, 1 - share, 0.0)
    weights[place + 1, draws] = np.where(is_met, share, 0.0)
    outside = np.where((entropies > target).all(axis=0), 0.0, np.inf)
    return Crossing(np.where(is_met, t[place] + share * (t[place + 1] - t[place]), outside), weights)
