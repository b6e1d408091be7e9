"""Sums over the responses of each problem and group, which is all that the hierarchical model reads of them."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int


class Cells(NamedTuple):
    """Responses of each problem and group: how many, their mean, spread and mean logarithm of the length.

    Parameters
    ----------
    n
        Responses; 0 where there is none.
    mean
        Of their values; 0 where there is none.
    squares
        Sum of the squared deviations from that mean.
    log_length
        Logarithm of their mean length in tokens (or bytes), at least 0; 0 where there is none.
    """

    n: Float[np.ndarray, "problem group"]
    mean: Float[np.ndarray, "problem group"]
    squares: Float[np.ndarray, "problem group"]
    log_length: Float[np.ndarray, "problem group"]


def cells_of(
    values: Float[np.ndarray, " response"],
    lengths: Float[np.ndarray, " response"],
    problem: Int[np.ndarray, " response"],
    group: Int[np.ndarray, " response"],
    n_problems: int,
    n_groups: int,
) -> Cells:
    """Sum up responses by problem and group.

    Parameters
    ----------
    values
        One number a response, such as its mean log-probability a token.
    lengths
        Tokens of each, at least 1.
    problem, group
        Of each response, numbered from 0.
    n_problems, n_groups
        How many there are.

    Examples
    --------
    >>> import numpy as np
    >>> cells = cells_of(np.array([1.0, 3.0]), np.array([4.0, 4.0]), np.array([0, 0]), np.array([1, 1]), 1, 2)
    >>> cells.n.tolist(), cells.mean.tolist(), cells.squares.tolist()
    ([[0.0, 2.0]], [[0.0, 2.0]], [[0.0, 2.0]])
    """
    place, size = problem * n_groups + group, n_problems * n_groups

    def sums(of: np.ndarray) -> np.ndarray:
        return np.bincount(place, weights=of, minlength=size)

    n = sums(np.ones(len(values)))
    some = np.maximum(n, 1)
    mean = sums(values) / some
    squares = sums((values - mean[place]) ** 2)
    log_length = np.log(np.maximum(sums(lengths) / some, 1))
    return Cells(*(part.reshape(n_problems, n_groups) for part in (n, mean, squares, log_length)))
