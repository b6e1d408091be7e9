"""Problems with the same counts, which are computed once."""

import math

import numpy as np
from jaxtyping import Int


def distinct_rows(
    counts: Int[np.ndarray, "problem column"],
) -> tuple[Int[np.ndarray, "distinct column"], Int[np.ndarray, " problem"]]:
    """The different rows of a table of counts of at least 0, ascending, and the place of each problem's row among them.

    Examples
    --------
    >>> distinct_rows(np.array([[3, 4], [0, 4], [3, 4]]))
    (array([[0, 4],
           [3, 4]]), array([1, 0, 1]))
    """
    spans = [int(most) + 1 for most in counts.max(axis=0, initial=0)]
    size = math.prod(spans)
    if size >= 1 << 62:
        rows, place = np.unique(counts, axis=0, return_inverse=True)
        return rows, place.ravel()
    key = np.ravel_multi_index(tuple(counts.T), spans)
    if size <= 4 * len(key):  # a table of all possible rows is quicker than sorting
        occurs = np.bincount(key, minlength=size) > 0
        distinct, place = np.flatnonzero(occurs), (np.cumsum(occurs) - 1)[key]
    else:
        distinct, place = np.unique(key, return_inverse=True)
    return np.stack(np.unravel_index(distinct, spans), axis=1), place
