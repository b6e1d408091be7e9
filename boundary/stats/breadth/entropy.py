"""The entropy of a problem's answers, with room for the answers that no sample gave."""

import math

import numpy as np
from jaxtyping import Float
from scipy.special import digamma

from boundary.stats.breadth.answer_counts import AnswerCounts
from boundary.stats.breadth.problem_terms import ProblemTerms, additive_terms
from boundary.stats.chances import absent_chance

# The rate at which new answers appear falls at least as k^-.1; slower, the entropy would be all in what nobody saw.
SLOWEST = 0.1
# Terms of the sum over k beyond n, in multiples of n; what is left out is below its last term.
LONGEST_SUM = 400


def answer_entropy(counts: AnswerCounts) -> ProblemTerms:
    """Entropy of the answers to each problem, nats, and what the mean lacks because of unseen answers.

    Parameters
    ----------
    counts
        Answers of the samples that gave one (`AnswerCounts.answered`), at least four a problem.

    Returns
    -------
    One quantity. Values are unbiased estimates of the part of the entropy that n samples can show; `tail_low` and
    `tail_high` bound the rest on average over problems.

    Notes
    -----
    H = sum_{k >= 1} D(k) / k, with D(k) = sum_a p_a (1 - p_a)^k the probability that sample k + 1 gives an answer that
    the k before it did not (Chao, Wang & Jost 2013, Methods in Ecology and Evolution 4, 1091-1100). The terms up to
    k = n - 1 have the unbiased estimate sum_a (m_a / n) (psi(n) - psi(m_a)). D is log-convex, so the rest is at least
    that of a geometric decay by D(n - 1) / D(n - 2), as in that paper; here the ratio is of all problems together. At
    most it is D(n - 1) / beta, if D goes on falling as k^-beta or faster, beta the slope of log D over log k between
    n / 2 and n - 1; its error counts. No estimator knows how many answers nobody saw: those that give one number
    (Miller & Madow 1955; Chao & Shen 2003; Grassberger 2003; Hausser & Strimmer 2009) were off by more than their
    intervals for answers with long tails, as benchmarks/results/breadth-entropy.csv has it.

    Examples
    --------
    >>> counts = AnswerCounts(np.zeros(4, int), np.array([40, 12, 8, 4]), np.zeros(4, bool), np.array([64]))
    >>> answer_entropy(counts).values.round(2)
    array([[1.06]])
    """
    values, variances = additive_terms(counts, _weights)
    n = counts.n_samples
    n_problems = max(counts.n_problems, 1)
    # Where no answer was given once, as many are taken as would be one in all problems.
    last = max(float(values[1].mean()), 1 / (float(n.mean()) * n_problems))
    half, error_last = float(values[2].mean()), math.sqrt(variances[1].sum()) / n_problems
    octaves = float(np.mean(np.log((n - 1) / (n // 2))))
    steepness = math.log(max(half, last) / last) / octaves
    log_error = _log_ratio_error(counts, half, last) / octaves
    slope = max(steepness, SLOWEST)
    low = _geometric_tail(counts, last)
    high = max(last / slope, low)
    flatter = max(steepness - log_error, SLOWEST)
    error = math.hypot(last / flatter - last / slope, error_last / slope)
    of_one_answer = float((digamma(n.min()) - digamma(1)) / n.min())
    tails = (np.array([part]) for part in (low, high, error))
    return ProblemTerms(values[:1], variances[:1], np.array([of_one_answer]), np.zeros(1), *tails)


def _weights(times: np.ndarray, size: np.ndarray) -> Float[np.ndarray, "3 row"]:
    """Parts of the entropy up to n, of D(n - 1), and of D(n / 2)."""
    m, n = np.maximum(times, 1), np.maximum(size, 2)
    share = times / n
    slopes = [share * absent_chance(n - 1, m - 1, k) for k in (n - 1, n // 2)]
    return np.stack([share * (digamma(n) - digamma(m)), *slopes])


def _log_ratio_error(counts: AnswerCounts, half: float, last: float) -> float:
    """Standard error of log(D(n / 2) / D(n - 1))."""
    _, variances = additive_terms(counts, lambda times, size: _log_ratio(_weights(times, size), half, last))
    return math.sqrt(variances.sum()) / max(counts.n_problems, 1)


def _log_ratio(weights: np.ndarray, half: float, last: float) -> Float[np.ndarray, "1 row"]:
    return np.asarray(weights[2:] / max(half, last) - weights[1:2] / last)


def _geometric_tail(counts: AnswerCounts, last: float) -> float:
    """sum_{k >= n} D(k) / k where D falls by the same share from k to k + 1 as it did up to n - 1."""
    n = float(np.median(counts.n_samples))
    once, twice = (float((counts.times == times).sum()) for times in (1, 2))
    share_lost = max(2 * twice, 1.0) / ((n - 1) * max(once, 1.0) + max(2 * twice, 1.0))
    k = np.arange(math.ceil(n), math.ceil(n) + int(LONGEST_SUM * n))
    return float(last * np.sum(np.exp((k - n + 1) * np.log1p(-share_lost)) / k))
