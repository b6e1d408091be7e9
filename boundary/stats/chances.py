"""Chances of counts: the few distributions that a run needs, as `scipy.special` has them.

`scipy.stats` takes a third of a second to import, a fifth of all that `import boundary.analysis.analyze` takes.
"""

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike
from scipy.special import betaln, xlog1py, xlogy


def binomial_pmf(successes: ArrayLike, n: ArrayLike, p: ArrayLike) -> Float[np.ndarray, "..."]:
    """P(so many successes in n trials of probability p).

    Parameters
    ----------
    successes, n
        Whole numbers, successes in [0, n]; shapes broadcast.
    p
        In [0, 1].

    Returns
    -------
    np.ndarray
        Probabilities.

    Examples
    --------
    >>> binomial_pmf(1, 2, 0.5).round(12).item()
    0.5
    """
    c, trials, chance = np.asarray(successes), np.asarray(n), np.asarray(p)
    log_ways = -np.log1p(trials) - betaln(c + 1, trials - c + 1)
    return np.asarray(np.exp(log_ways + xlogy(c, chance) + xlog1py(trials - c, -chance)))


def hypergeometric_pmf(
    right: ArrayLike, n_samples: ArrayLike, n_correct: ArrayLike, k: int
) -> Float[np.ndarray, "..."]:
    """P(so many of k samples, within from n without putting back, are right, if c of the n are).

    Parameters
    ----------
    right
        Whole numbers in [0, k]; shapes broadcast.
    n_samples, n_correct
        n, at least k, and c, in [0, n].
    k
        Samples within, at least 0.

    Returns
    -------
    np.ndarray
        Probabilities; 0 where there are not so many right ones, or not so many wrong ones.

    Examples
    --------
    >>> hypergeometric_pmf([0, 1, 2], 4, 2, 2).round(3).tolist()
    [0.167, 0.667, 0.167]
    """
    j, n, c = np.broadcast_arrays(right, n_samples, n_correct)
    possible = (j >= np.maximum(0, k - n + c)) & (j <= np.minimum(c, k))
    within = np.where(possible, j, np.clip(j, np.maximum(0, k - n + c), np.minimum(c, k)))
    log_chance = _log_ways(c, within) + _log_ways(n - c, k - within) - _log_ways(n, np.full(n.shape, k))
    return np.where(possible, np.exp(log_chance), 0.0)


def hypergeometric_cdf(
    most: Int[np.ndarray, " threshold"],
    n_samples: Int[np.ndarray, " problem"],
    n_correct: Int[np.ndarray, " problem"],
    k: int,
) -> Float[np.ndarray, "threshold problem"]:
    """P(at most so many of k samples are right) for each threshold and problem; parameters as for the pmf."""
    chances = hypergeometric_pmf(np.arange(most.max() + 1)[:, None], n_samples, n_correct, k)
    return np.asarray(np.minimum(chances.cumsum(axis=0)[most], 1.0))


def absent_chance(n_samples: ArrayLike, times: ArrayLike, k: ArrayLike) -> Float[np.ndarray, "..."]:
    """P(none of some of the samples is among k of the n, taken without putting back): C(n - m, k) / C(n, k).

    Parameters
    ----------
    n_samples, times, k
        Whole numbers, n at least m = `times` and k; shapes broadcast.

    Returns
    -------
    np.ndarray
        Probabilities.

    Examples
    --------
    >>> absent_chance(4, [0, 1, 3], 2).round(3).tolist()
    [1.0, 0.5, 0.0]
    """
    n, m, size = np.broadcast_arrays(n_samples, times, k)
    possible = n - m >= size
    within = np.where(possible, n - m, size)
    return np.where(possible, np.exp(_log_ways(within, size) - _log_ways(n, size)), 0.0)


def _log_ways(n: np.ndarray, k: np.ndarray) -> Float[np.ndarray, "..."]:
    """Logarithm of the ways to choose k of n."""
    return np.asarray(-np.log1p(n) - betaln(k + 1, n - k + 1))
