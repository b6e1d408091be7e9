"""Accuracy of the answer that most of k samples give (majority voting, self-consistency)."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from boundary.stats.breadth.answer_counts import AnswerCounts
from boundary.stats.breadth.problem_terms import ProblemTerms
from boundary.stats.budgets import checked_budgets

REPEATS = 200


def majority_vote(
    counts: AnswerCounts, k: Sequence[int], rng: np.random.Generator, repeats: int = REPEATS
) -> ProblemTerms:
    """Probability that the most frequent answer of k samples is right (maj@k), for each problem.

    Parameters
    ----------
    counts
        All answers of problems with at least k samples. Samples without an answer do not vote; of answers that are
        equally frequent each is taken with the same probability.
    k
        Budgets, at most the samples of every problem.
    rng
        For the choices of k of the n samples.
    repeats
        How many such choices, at least 1.

    Returns
    -------
    Estimates in [0, 1] at each budget: averages over random choices of k of the n samples, without putting back.

    Notes
    -----
    maj@k: Wang et al. 2023, arXiv 2203.11171. The average over all choices is a U-statistic of degree k, so that its
    variance is at most (k / n) q (1 - q), q being the probability (Hoeffding 1948, Ann. Math. Stat. 19(3), Theorem
    5.2); that is what is returned.

    Examples
    --------
    >>> counts = AnswerCounts(np.array([0, 0]), np.array([3, 1]), np.array([True, False]), np.array([4]))
    >>> majority_vote(counts, [4], np.random.default_rng(0)).values
    array([[1.]])
    """
    budgets = checked_budgets(k)
    order = np.argsort(counts.problem, kind="stable")
    edges = np.searchsorted(counts.problem[order], np.arange(counts.n_problems + 1))
    values = np.zeros((len(budgets), counts.n_problems))
    for problem, n in enumerate(counts.n_samples.tolist()):
        answers = order[edges[problem] : edges[problem + 1]]
        is_right = counts.is_right[answers]
        if is_right.any():  # else no vote can be right
            times = counts.times[answers]
            urn = np.append(times, n - times.sum())
            for place, budget in enumerate(budgets):
                votes = rng.multivariate_hypergeometric(urn, budget, repeats, method="marginals")[:, :-1]
                values[place, problem] = _share_right(votes, is_right)
    share = np.array(budgets)[:, None] / np.maximum(counts.n_samples, 1)
    unit = share.max(axis=1, initial=0.0)
    return ProblemTerms(values, share * values * (1 - values), unit_up=unit, unit_down=unit)


def _share_right(votes: np.ndarray, is_right: np.ndarray) -> float:
    """Share of votings that a right answer wins; a tie counts as the share of right ones among those on top."""
    top = votes.max(axis=1, keepdims=True, initial=0)
    is_top = (votes == top) & (top > 0)
    return float(np.mean(is_top[:, is_right].sum(axis=1) / np.maximum(is_top.sum(axis=1), 1)))


def expected_majority(shares: Float[np.ndarray, " answer"], n_right: int, k: int) -> float:
    """maj@k of known probabilities of answers, the right ones first, by enumeration: for tests and small k alone."""
    from itertools import product

    total = 0.0
    for choice in product(range(len(shares)), repeat=k):
        votes = np.bincount(choice, minlength=len(shares))[None]
        total += float(np.prod(shares[list(choice)])) * _share_right(votes, np.arange(len(shares)) < n_right)
    return total
