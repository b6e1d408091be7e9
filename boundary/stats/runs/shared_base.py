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
    Draws of the base, those of the first fit, and draws of each arm that belong to them.

    Notes
    -----
    Given the counts, arms are taken to be independent given the base. The draws of each fit are put in the order of its
    base, so that a draw of the arm stands beside the base's draw of the same rank: the base's error is one and the same
    in all differences, and the correlation of base and arm within a fit, which comes from the population that they
    share, is kept.

    Examples
    --------
    >>> base, arms = over_one_base([np.array([0.2, 0.1]), np.array([0.1, 0.2])], [np.array([0.4, 0.3])] * 2)
    >>> base.tolist(), arms.tolist()
    ([0.2, 0.1], [[0.4, 0.3], [0.3, 0.4]])
    """
    first = base[0]
    ranks = np.empty(len(first), dtype=int)
    ranks[np.argsort(first, kind="stable")] = np.arange(len(first))
    columns = []
    for of_base, of_arm in zip(base, arms, strict=True):
        ordered = of_arm[np.argsort(of_base, kind="stable")]
        places = ranks if len(ordered) == len(first) else ((ranks + 0.5) * len(ordered) / len(first)).astype(int)
        columns.append(ordered[places])
    return first, np.stack(columns, axis=1)
