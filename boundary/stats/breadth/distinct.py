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
    trials = _trials(counts, budgets)
    values, variances = additive_terms(counts, lambda times, size: _weight(times, size, budgets, trials))
    beyond = budgets[:, None] > n
    variances = np.where(beyond, _poisson_variances(counts, budgets, trials), variances)
    one = np.ones(1, dtype=int)
    sizes = np.unique(n)
    unit = np.max([np.abs(_weight(one, size * one, budgets, trials)[:, 0]) for size in sizes], axis=0, initial=0.0)
    return ProblemTerms(values, variances, unit_up=unit, unit_down=0 * unit)


def _weight(times: np.ndarray, size: np.ndarray, budgets: np.ndarray, trials: np.ndarray) -> Float[np.ndarray, "k row"]:
    """What an answer adds at each budget; 0 where it was not given."""
    within = 1.0 - absent_chance(size, times, np.minimum(budgets[:, None], size))
    beyond = budgets[:, None] > size
    if not beyond.any():
        return within
    t = (budgets[:, None] - size) / np.maximum(size, 1)
    few = np.clip(times, 1, trials.max())
    correction = -((-np.where(beyond, t, 0.0)) ** few.astype(float)) * bdtrc(few - 1, trials[:, None], 2 / (2 + t))
    return np.where(beyond & (times > 0), 1.0 + np.where(times <= trials[:, None], correction, 0.0), within)


def _trials(counts: AnswerCounts, budgets: np.ndarray) -> np.ndarray:
    """Number of trials of the smoothing variable at each budget, from the answers of all problems."""
    n = max(float(counts.n_samples.mean()) if counts.n_problems else 1.0, 1.0)
    t = np.maximum((budgets - n) / n, 2.0)
    total = max(float(counts.times.sum()), 2.0)
    return np.maximum(np.rint(np.log(total * t**2 / (t - 1)) / np.log(3) / 2), 1).astype(int)


def _poisson_variances(counts: AnswerCounts, budgets: np.ndarray, trials: np.ndarray) -> Float[np.ndarray, "k problem"]:
    """Variances beyond n: of what was seen, and of the corrections for what was not."""
    size = counts.n_samples[counts.problem]
    corrections = _weight(counts.times, size, budgets, trials) - 1.0
    once = (counts.times == 1).astype(float)[None]
    seen, unseen = sums_by_problem(counts, once), sums_by_problem(counts, corrections**2)
    return np.asarray((np.sqrt(seen) + np.sqrt(unseen)) ** 2)
