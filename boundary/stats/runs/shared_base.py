"""Draws of pairs that were fitted one by one, as draws of all arms over one base."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float


def over_one_base(
    base: Sequence[Float[np.ndarray, " _"]], arms: Sequence[Float[np.ndarray, " _"]]
) -> tuple[Float[np.ndarray, " draw"], Float[np.ndarray, "draw arm"]]:
    """Joint draws of one base and several arms, from fits of each arm with that base.

    Parameters
    ----------
    base
        Draws of the base's pass@k, one array for each fit.
    arms
        Draws of the arm's pass@k, from the same fits.

    Returns
    -------
    Draws of the base, and draws of each arm that belong to them.

    Notes
    -----
    Given the counts, arms are taken to be independent given the base. The draws of each fit are put in the order of its
    base, so that a draw of the arm stands beside the base's draw of the same rank: the base's error is one and the same
    in all differences, and the correlation of base and arm within a fit, which comes from the population that they
    share, is kept. Each fit has a posterior of the base of its own, since what it is fitted with informs of it too; the
    base's quantiles are the mean of these (their Wasserstein barycentre), whichever fit comes first.

    Examples
    --------
    >>> base, arms = over_one_base([np.array([0.2, 0.1]), np.array([0.1, 0.4])], [np.array([0.4, 0.3])] * 2)
    >>> base.round(3).tolist(), arms.tolist()
    ([0.3, 0.1], [[0.4, 0.3], [0.3, 0.4]])
    """
    first = base[0]
    ranks = np.empty(len(first), dtype=int)
    ranks[np.argsort(first, kind="stable")] = np.arange(len(first))
    of_arms, of_base = [], []
    for base_draws, arm_draws in zip(base, arms, strict=True):
        places = ranks
        if len(base_draws) != len(first):
            places = ((ranks + 0.5) * len(base_draws) / len(first)).astype(int)
        order = np.argsort(base_draws, kind="stable")[places]
        of_base.append(base_draws[order])
        of_arms.append(arm_draws[order])
    return np.mean(of_base, axis=0), np.stack(of_arms, axis=1)
