"""Different answers in k samples: rarefaction up to n, and smoothed Good-Toulmin estimates beyond."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from scipy.special import bdtrc

from boundary.stats.breadth.answer_counts import AnswerCounts
from boundary.stats.breadth.problem_terms import ProblemTerms, additive_terms, sums_by_problem
from boundary.stats.budgets import checked_budgets
from boundary.stats.chances import absent_chance

# Beyond so many times n there is no estimate (Chao et al. 2014, Ecological Monographs 84(1), 45-67).
FURTHEST = 3


def distinct_answers(counts: AnswerCounts, k: Sequence[int]) -> ProblemTerms:
    """How many different answers k samples of each problem hold, on average over which k samples.

    Parameters
    ----------
    counts
        The answers to be counted (the right ones, the wrong ones, or all), of problems with at least two samples.
    k
        Budgets, at most three times the samples of every problem.

    Returns
    -------
    Estimates at each budget: exact averages over the choices of k of the n samples up to n, estimates beyond.

    Raises
    ------
    ValueError
        If a budget is beyond three times the samples of a problem.

    Notes
    -----
    Up to n an answer that was given m times adds 1 - C(n - m, k) / C(n, k), which is unbiased (Hurlbert 1971, Ecology
    52(4), 577-586). Beyond, with t = (k - n) / n, it adds 1 - (-t)^m P(L >= m), L ~ Binomial(r, 2 / (2 + t)), r as in
    `boundary.stats.prior_free.good_toulmin` from the samples of all problems together (Orlitsky, Suresh & Wu 2016, PNAS
    113(47)). There a problem's variance is (sqrt(F1) + sqrt(sum of the squared corrections))^2, the answers taken as
    Poisson: deleting samples would count the certain ones' alternating terms as noise. Coverage is in docs/breadth.md.

    Examples
    --------
    Of five samples two gave one answer, and one gave another; two of them hold .9 answers on average.

    >>> counts = AnswerCounts(np.array([0, 0]), np.array([2, 1]), np.zeros(2, bool), np.array([5]))
    >>> distinct_answers(counts, [1, 2, 5]).values.round(3).tolist()
    [[0.6], [1.1], [2.0]]
    """
    budgets = np.array(checked_budgets(k))
    n = counts.n_samples
    if len(n) and budgets.max() > FURTHEST * n.min():
        raise ValueError(f"Different answers are estimated up to {FURTHEST} n samples, got {budgets.max()}.")
    values, variances = additive_terms(counts, lambda times, size: _rarefied(times, size, budgets))
    unit = np.minimum(budgets / n.min(), 1.0) if len(n) else 0.0 * budgets
    is_beyond = budgets[:, None] > n
    if is_beyond.any():
        trials = _trials(counts, budgets)
        corrections = _corrections(counts.times, counts.n_samples[counts.problem], budgets, trials)
        values = values + sums_by_problem(counts, corrections)
        variances = np.where(is_beyond, _poisson_variances(counts, corrections), variances)
        largest = [_corrections(np.ones(1, int), np.array([size]), budgets, trials)[:, 0] for size in np.unique(n)]
        unit = unit + np.max(largest, axis=0)
    return ProblemTerms(values, variances, unit_up=unit, unit_down=0 * unit)


def _rarefied(times: np.ndarray, size: np.ndarray, budgets: np.ndarray) -> Float[np.ndarray, "k row"]:
    """Probability that an answer is among k of the samples; among all of them where k is larger."""
    return 1.0 - absent_chance(size, times, np.minimum(budgets[:, None], size))


def _corrections(
    times: np.ndarray, size: np.ndarray, budgets: np.ndarray, trials: np.ndarray
) -> Float[np.ndarray, "k row"]:
    """What an answer says of those that nobody saw, at budgets beyond the samples; 0 at the others."""
    t = np.maximum(budgets[:, None] - size, 0) / size
    few = np.minimum(times, trials.max())
    terms = -((-t) ** few.astype(float)) * bdtrc(few - 1, trials[:, None], 2 / (2 + t))
    return np.where((t > 0) & (times <= trials[:, None]), terms, 0.0)


def _trials(counts: AnswerCounts, budgets: np.ndarray) -> np.ndarray:
    """Number of trials of the smoothing variable at each budget, from the answers of all problems."""
    n = max(float(counts.n_samples.mean()) if counts.n_problems else 1.0, 1.0)
    t = np.maximum((budgets - n) / n, 2.0)
    total = max(float(counts.times.sum()), 2.0)
    return np.maximum(np.rint(np.log(total * t**2 / (t - 1)) / np.log(3) / 2), 1).astype(int)


def _poisson_variances(counts: AnswerCounts, corrections: np.ndarray) -> Float[np.ndarray, "k problem"]:
    """Variances beyond n: of what was seen, and of the corrections for what was not."""
    once = (counts.times == 1).astype(float)[None]
    of_seen, unseen = sums_by_problem(counts, once), sums_by_problem(counts, corrections**2)
    return np.asarray((np.sqrt(of_seen) + np.sqrt(unseen)) ** 2)
