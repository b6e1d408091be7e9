"""How often a model gave each of its answers to each problem."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int


@dataclass(frozen=True)
class AnswerCounts:
    """The answers of one model, each problem's by themselves.

    Parameters
    ----------
    problem
        Place of the answer's problem, from 0 to below the number of problems.
    times
        How many samples of the problem gave the answer, at least 1.
    is_right
        Whether it was judged correct.
    n_samples
        Samples of each problem; those that gave no answer are counted too.

    Examples
    --------
    Two problems of four samples: one answer three times, beside one without an answer; and four different answers.

    >>> counts = AnswerCounts(np.array([0, 1, 1, 1, 1]), np.array([3, 1, 1, 1, 1]), np.zeros(5, bool), np.array([4, 4]))
    >>> counts.n_answered
    array([3, 4])
    """

    problem: Int[np.ndarray, " answer"]
    times: Int[np.ndarray, " answer"]
    is_right: Bool[np.ndarray, " answer"]
    n_samples: Int[np.ndarray, " problem"]

    @property
    def n_problems(self) -> int:
        """Number of problems."""
        return len(self.n_samples)

    @property
    def n_answered(self) -> Int[np.ndarray, " problem"]:
        """Samples of each problem that gave an answer."""
        return np.bincount(self.problem, self.times, self.n_problems).astype(int)

    def answered(self) -> "AnswerCounts":
        """The same answers, of the samples that gave one alone."""
        return AnswerCounts(self.problem, self.times, self.is_right, self.n_answered)

    def answers_that_are(self, right: bool) -> "AnswerCounts":
        """The right answers alone, or the wrong ones; the samples stay all."""
        is_chosen = self.is_right == right
        return AnswerCounts(self.problem[is_chosen], self.times[is_chosen], self.is_right[is_chosen], self.n_samples)

    def of_problems(self, places: Int[np.ndarray, " chosen"]) -> "AnswerCounts":
        """The answers to some problems, numbered anew in the order given."""
        new_place = np.full(self.n_problems, -1)
        new_place[places] = np.arange(len(places))
        is_chosen = new_place[self.problem] >= 0
        return AnswerCounts(
            new_place[self.problem[is_chosen]], self.times[is_chosen], self.is_right[is_chosen], self.n_samples[places]
        )
