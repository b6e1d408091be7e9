"""Tests of whether the samples of a problem are exchangeable, as every estimate assumes: by order, run or text.

Everything here takes a matrix of labels, a row for each problem and its samples in order from the left, with ABSENT
where a row has no more. A test conditions on each row's own labels, so that problems may differ in difficulty: what is
tested is the order alone.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from scipy.special import chdtrc, log_ndtr

ABSENT = -1
# Below this variance a count's normal approximation is not reliable and no p-value is given (NaN). Matches are skewed
# where labels are many and need more: at 10, one null in fifty falls below p = 0.01 in the worst case tried.
LEAST_VARIANCE = 5.0
LEAST_VARIANCE_OF_MATCHES = 10.0
# Lags tested at most: beyond some hundreds a repeated batch shows at its multiples, and time grows with the square.
MOST_LAGS = 256


class GroupTest(NamedTuple):
    """Whether groups of samples have one solve rate: each group's excess over its share (a rate), and the p-value."""

    excess: Float[np.ndarray, " group"]
    p_value: float


class Repeats(NamedTuple):
    """Whether samples match more often than by chance: at which place most, observed and expected matches, the p-value.

    `place` is a lag, or a pair of runs; None where there was too little to test.
    """

    place: tuple[int, ...] | None
    matches: float
    expected: float
    p_value: float


def halves(outcomes: Int[np.ndarray, "problem sample"]) -> Int[np.ndarray, "problem sample"]:
    """Group 0 for the first half of each row, 1 for the last; the middle one of an odd number is ABSENT.

    Returns
    -------
    Groups for `compare_groups`.

    Examples
    --------
    >>> halves(np.array([[1, 0, 1], [0, 1, ABSENT]]))
    array([[ 0, -1,  1],
           [ 0,  1, -1]])
    """
    n = (outcomes != ABSENT).sum(axis=1, keepdims=True)
    position = np.arange(outcomes.shape[1])
    late = np.where((position >= n - n // 2) & (position < n), 1, ABSENT)
    return np.where(position < n // 2, 0, late)


def compare_groups(outcomes: Int[np.ndarray, "problem sample"], groups: Int[np.ndarray, "problem sample"]) -> GroupTest:
    """Test that groups of samples (early and late, runs, seeds) have one solve rate on each problem.

    Parameters
    ----------
    outcomes
        1 correct, 0 not, ABSENT.
    groups
        The group of each sample, from 0; ABSENT for samples to leave out.

    Returns
    -------
    NaN as p-value where there are fewer than two groups or too few informative samples.

    Notes
    -----
    The generalised Cochran-Mantel-Haenszel statistic for one table (group by outcome) a problem: Mantel (1963), JASA
    58:690; chi-squared with one degree of freedom less than there are groups. For two groups it is the square of the
    usual Z, without continuity correction.
    """
    n_groups = max(int(groups.max(initial=ABSENT)) + 1, 1)
    present = (outcomes != ABSENT) & (groups != ABSENT)
    sizes = np.stack([(present & (groups == g)).sum(axis=1) for g in range(n_groups)], axis=1).astype(float)
    hits = np.stack([(present & (groups == g) & (outcomes == 1)).sum(axis=1) for g in range(n_groups)], axis=1)
    n, c = sizes.sum(axis=1), hits.sum(axis=1).astype(float)
    use = (n >= 2) & (c > 0) & (c < n)
    sizes, n, c = sizes[use], n[use], c[use]
    deviation = (hits[use] - sizes * (c / n)[:, None]).sum(axis=0)
    weight = c * (n - c) / (n**2 * (n - 1))
    covariance = np.diag((weight * n) @ sizes) - (sizes * weight[:, None]).T @ sizes
    total = np.maximum(sizes.sum(axis=0), 1)
    testable = np.diag(covariance) > 0
    if testable.sum() < 2 or np.diag(covariance)[testable].min() < LEAST_VARIANCE:
        return GroupTest(deviation / total, float("nan"))
    statistic = deviation @ np.linalg.pinv(covariance, hermitian=True) @ deviation
    freedom = np.linalg.matrix_rank(covariance, hermitian=True)
    return GroupTest(deviation / total, float(chdtrc(freedom, statistic)))


def repeats_at_lags(labels: Int[np.ndarray, "problem sample"]) -> Repeats:
    """Test that samples at some fixed distance match no more often than any two samples of the problem.

    A serving engine that took up its seed again repeats itself at the batch size; samples that influence their
    neighbours match at lag 1.

    Parameters
    ----------
    labels
        Outcomes (0 and 1) or codes of completions, from 0; ABSENT where there is none.

    Returns
    -------
    The lag with the greatest excess of matches in standard deviations, among 1 to half the longest row (at most 256).

    Notes
    -----
    Means and covariances of the numbers of matches are exact under permutations of each row. Their excesses, whitened
    by the inverse root of the covariance, are taken as normal; the largest is judged by Sidak's correction,
    1 - (1 - p)^lags.
    """
    n = (labels != ABSENT).sum(axis=1)
    lags = np.arange(1, min(int(n.max(initial=0)) // 2, MOST_LAGS) + 1)
    matches = [((labels[:, lag:] == labels[:, :-lag]) & (labels[:, lag:] != ABSENT)).sum() for lag in lags]
    expected, covariance = _expected_at_lags(_match_moments(labels), n, lags)
    return _greatest_excess([(int(lag),) for lag in lags], np.array(matches, dtype=float), expected, covariance)


def repeats_between_runs(labels: Int[np.ndarray, "run problem sample"]) -> Repeats:
    """Test that two runs agree no more often, sample by sample, than their numbers of each label make likely.

    One run filed twice, or two with one seed, agree at every place.

    Parameters
    ----------
    labels
        As in `repeats_at_lags`, a layer for each run.

    Returns
    -------
    The pair of runs with the greatest excess of agreements in standard deviations.

    Notes
    -----
    Mean and variance of agreements are those of a random matching of the two rows; pairs are judged by Sidak's
    correction.
    """
    pairs = [(first, second) for first in range(len(labels)) for second in range(first + 1, len(labels))]
    matches, moments = [], []
    for first, second in pairs:
        in_both = (labels[first] != ABSENT) & (labels[second] != ABSENT)
        a, b = np.where(in_both, labels[first], ABSENT), np.where(in_both, labels[second], ABSENT)
        matches.append(float((in_both & (a == b)).sum()))
        moments.append(np.sum([_matching_moments(x, y) for x, y in zip(a, b, strict=True)], axis=0))
    expected, variance = np.array(moments).reshape(-1, 2).T
    return _greatest_excess(pairs, np.array(matches), expected, np.diag(variance))


def _greatest_excess(
    places: Sequence[tuple[int, ...]],
    matches: Float[np.ndarray, " place"],
    expected: Float[np.ndarray, " place"],
    covariance: Float[np.ndarray, "place place"],
) -> Repeats:
    """Pick the greatest standardised excess of matches and judge it among all those tested."""
    tested = np.flatnonzero(np.diag(covariance) >= LEAST_VARIANCE_OF_MATCHES)
    if not len(tested):
        return Repeats(None, float("nan"), float("nan"), float("nan"))
    values, vectors = np.linalg.eigh(covariance[np.ix_(tested, tested)])
    # A direction without variance has no excess either: what rounding leaves there is not blown up.
    scale = np.where(values > 1e-9 * values.max(), 1 / np.sqrt(np.maximum(values, 1e-300)), 0)
    scores = vectors @ (scale * (vectors.T @ (matches - expected)[tested]))
    best = int(np.argmax(scores))
    place = int(tested[best])
    p_value = -np.expm1(len(tested) * log_ndtr(scores[best]))
    return Repeats(tuple(places[place]), float(matches[place]), float(expected[place]), float(p_value))


def _match_moments(labels: Int[np.ndarray, "problem sample"]) -> Float[np.ndarray, "problem 3"]:
    """Chances, for each row, that two samples match; that three do; that two disjoint pairs both do."""
    rows = []
    for row in labels:
        c = np.unique(row[row != ABSENT], return_counts=True)[1].astype(float)
        n = c.sum()
        pairs, triples = c * (c - 1), c * (c - 1) * (c - 2)
        two_pairs = pairs.sum() ** 2 - (pairs**2).sum() + (triples * (c - 3)).sum()
        ways = np.maximum([n * (n - 1), n * (n - 1) * (n - 2), n * (n - 1) * (n - 2) * (n - 3)], 1)
        rows.append(np.array([pairs.sum(), triples.sum(), two_pairs]) / ways)
    return np.array(rows).reshape(-1, 3)


def _expected_at_lags(
    moments: Float[np.ndarray, "problem 3"], n: Int[np.ndarray, " problem"], lags: Int[np.ndarray, " lag"]
) -> tuple[Float[np.ndarray, " lag"], Float[np.ndarray, "lag lag"]]:
    """Means and covariances, under permutations, of the matches between samples at each lag, over all rows."""
    mean, covariance = np.zeros(len(lags)), np.zeros((len(lags), len(lags)))
    farther, total = np.maximum.outer(lags, lags), np.add.outer(lags, lags)
    for length in np.unique(n):
        two, three, disjoint = moments[n == length].T
        pairs = np.maximum(length - lags, 0)
        # Two pairs of samples share one where both begin, or both end, or one ends where the other begins.
        chained = 2 * np.maximum(length - total, 0)
        shared = chained + 2 * np.where(np.eye(len(lags), dtype=bool), 0, np.maximum(length - farther, 0))
        mean += pairs * two.sum()
        covariance += np.diag(pairs * (two - two**2).sum()) + shared * (three - two**2).sum()
        covariance += (np.outer(pairs, pairs) - np.diag(pairs) - shared) * (disjoint - two**2).sum()
    return mean, covariance


def _matching_moments(a: Int[np.ndarray, " sample"], b: Int[np.ndarray, " sample"]) -> tuple[float, float]:
    """Mean and variance of the agreements when two rows of labels are matched at random."""
    a, b = a[a != ABSENT], b[b != ABSENT]
    n = len(a)
    if n < 2:
        return (float((a == b).sum()), 0.0)
    _, codes = np.unique(np.concatenate([a, b]), return_inverse=True)
    x, y = (np.bincount(row, minlength=int(codes.max()) + 1).astype(float) for row in (codes[:n], codes[n:]))
    mean = (x * y).sum() / n
    pairs = (x * y).sum() ** 2 - (x**2 * y**2).sum() + (x * (x - 1) * y * (y - 1)).sum()
    return (float(mean), float(mean + pairs / (n * (n - 1)) - mean**2))
