"""Pass@k of counts with standard errors, as for samples that are cut at a limit of tokens after the fact."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Int

from boundary.stats.estimands.unbiased import unbiased_pass_at_k


class UnbiasedMean(NamedTuple):
    """An unbiased estimate of a mean over problems, and its standard error over repeated sampling of these problems."""

    value: float
    standard_error: float


def pass_at_k_with_error(
    n_correct: Int[np.ndarray, " problem"], n_samples: Int[np.ndarray, " problem"], k: int
) -> UnbiasedMean:
    """Unbiased pass@k of these problems, with its jackknife standard error.

    Parameters
    ----------
    n_correct, n_samples
        Counts; every n_samples above k, since the jackknife leaves one sample out.
    k
        Budget, at least 1.

    Notes
    -----
    Chen et al. 2021, arXiv 2107.03374, eq. 1. Leaving out one of c right samples gives the estimate of (n-1, c-1), one
    of the n-c others that of (n-1, c); the variance of a problem is (n-1)/n times the sum of the squared distances of
    these from their mean, and problems are independent.

    Examples
    --------
    >>> result = pass_at_k_with_error(np.array([8, 0]), np.array([16, 16]), 1)
    >>> round(result.value, 3), round(result.standard_error, 4)
    (0.25, 0.0645)
    """
    n, c = n_samples.astype(np.int64), n_correct.astype(np.int64)
    values = unbiased_pass_at_k(c, n, k)
    without_right = np.where(c > 0, unbiased_pass_at_k(np.maximum(c - 1, 0), n - 1, k), 0.0)
    without_wrong = np.where(c < n, unbiased_pass_at_k(np.minimum(c, n - 1), n - 1, k), 0.0)
    mean = (c * without_right + (n - c) * without_wrong) / n
    squares = c * (without_right - mean) ** 2 + (n - c) * (without_wrong - mean) ** 2
    variance = (n - 1) / n * squares
    error = np.sqrt(variance.sum()) / len(n)
    return UnbiasedMean(float(values.mean()), float(error))
