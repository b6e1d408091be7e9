"""An estimate for every problem with its variance, from deleting its samples one at a time."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Int

from boundary.stats.breadth.answer_counts import AnswerCounts
from boundary.stats.distinct_counts import distinct_rows

Weight = Callable[[Int[np.ndarray, " row"], Int[np.ndarray, " row"]], Float[np.ndarray, "quantity row"]]
"""What an answer that was given so many times in n samples adds to each quantity; 0 for one never given."""


def _none() -> Float[np.ndarray, " quantity"]:
    return np.zeros(1)


@dataclass(frozen=True)
class ProblemTerms:
    """Estimates of some quantities for each problem.

    Parameters
    ----------
    values
        An unbiased estimate for each problem, or of the part of the quantity that can be estimated so.
    variances
        Its sampling variance: on average at least the true one.
    unit_up, unit_down
        What one more event that no sample showed would add to a problem's value, or take off: where no answer was
        given once, the variance is 0 and the upper end of an interval rests on this.
    tail_low, tail_high, tail_error
        What the mean over problems lacks because of answers that no sample gave: the least, the most, and the error
        of the most at one standard deviation.
    """

    values: Float[np.ndarray, "quantity problem"]
    variances: Float[np.ndarray, "quantity problem"]
    unit_up: Float[np.ndarray, " quantity"] = field(default_factory=_none)
    unit_down: Float[np.ndarray, " quantity"] = field(default_factory=_none)
    tail_low: Float[np.ndarray, " quantity"] = field(default_factory=_none)
    tail_high: Float[np.ndarray, " quantity"] = field(default_factory=_none)
    tail_error: Float[np.ndarray, " quantity"] = field(default_factory=_none)

    @property
    def n_problems(self) -> int:
        """Number of problems."""
        return self.values.shape[1]


def additive_terms(
    counts: AnswerCounts, weight: Weight
) -> tuple[Float[np.ndarray, "quantity problem"], Float[np.ndarray, "quantity problem"]]:
    """Values and variances of quantities that are sums over a problem's answers.

    Parameters
    ----------
    counts
        Answers of problems with at least two samples each.
    weight
        What an answer adds, from how often it was given and the problem's samples.

    Returns
    -------
    The sums for each problem, and their variances.

    Notes
    -----
    With T the sum and T_(-j) the same made of the n - 1 samples without the j-th, the variance is
    sum_j (T_(-j) - mean of T_(-j))^2, on average at least the variance of T from n - 1 samples whatever the answers'
    probabilities (Efron & Stein 1981, Ann. Stat. 9(3), 586-596). All samples with one answer are alike, so that the
    sum is one over answers. Of the number of different answers in n samples it is F1 (1 - F1 / n) with F1 answers
    given once.
    """
    n = counts.n_samples[counts.problem]
    rows, place = distinct_rows(np.stack([counts.times, n], axis=1))
    times, size = rows.T
    whole = weight(times, size)
    influence = weight(times - 1, size - 1) - weight(np.minimum(times, size - 1), size - 1)
    by_sample = [times * influence, times * influence**2]
    values, first, second = (sums_by_problem(counts, part[:, place]) for part in (whole, *by_sample))
    return values, np.maximum(second - first**2 / np.maximum(counts.n_samples, 1), 0.0)


def sums_by_problem(
    counts: AnswerCounts, parts: Float[np.ndarray, "quantity answer"]
) -> Float[np.ndarray, "quantity problem"]:
    """Sums over the answers of each problem."""
    return np.stack([np.bincount(counts.problem, part, counts.n_problems) for part in parts])
