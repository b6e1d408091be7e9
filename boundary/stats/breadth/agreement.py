"""The probability that two samples of a problem give the same answer."""

import numpy as np
from jaxtyping import Float

from boundary.stats.breadth.answer_counts import AnswerCounts
from boundary.stats.breadth.problem_terms import ProblemTerms, additive_terms


def agreement(counts: AnswerCounts) -> ProblemTerms:
    """Probability that two samples that gave an answer gave the same one, for each problem.

    Parameters
    ----------
    counts
        Answers of the samples that gave one (`AnswerCounts.answered`), at least two a problem.

    Returns
    -------
    One quantity: unbiased estimates in [0, 1].

    Notes
    -----
    sum_a m_a (m_a - 1) / (n (n - 1)): one minus Simpson's index of diversity (Simpson 1949, Nature 163, 688), unbiased.

    Examples
    --------
    >>> counts = AnswerCounts(np.array([0, 0]), np.array([3, 1]), np.zeros(2, bool), np.array([4]))
    >>> agreement(counts).values
    array([[0.5]])
    """
    values, variances = additive_terms(counts, _weight)
    return ProblemTerms(values, variances, np.zeros(1), np.array([2 / counts.n_samples.min()]))


def _weight(times: np.ndarray, size: np.ndarray) -> Float[np.ndarray, "1 row"]:
    return np.asarray(times * (times - 1) / np.maximum(size * (size - 1), 1))[None].astype(float)
