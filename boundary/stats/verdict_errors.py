"""Misclassification of verdicts: a verifier that errs, and answers that are guessed."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from boundary.stats.chances import binomial_pmf


@dataclass(frozen=True)
class VerdictErrors:
    """How often verdicts are wrong, for each problem and model.

    Parameters
    ----------
    false_positive
        P(judged correct | wrong), in [0, 1).
    false_negative
        P(judged wrong | correct), in [0, 1); together they are below 1.
    shared
        False: the nodes are equally likely rates of each problem by itself (an audit of single problems), and each
        problem's are averaged over. True: each node holds the rates of all problems and models together (an audit of a
        whole benchmark), and which of them is right is learned with the population.
    node_weights
        Prior probabilities of the nodes, which sum to 1; None: equal. Only where they are shared.

    Raises
    ------
    ValueError
        If shapes differ, or rates are out of range.
    """

    false_positive: Float[np.ndarray, "problem model node"]
    false_negative: Float[np.ndarray, "problem model node"]
    shared: bool = False
    node_weights: Float[np.ndarray, " node"] | None = None

    def __post_init__(self) -> None:
        """Check shapes and ranges."""
        if self.false_positive.shape != self.false_negative.shape or self.false_positive.ndim != 3:
            raise ValueError("Rates of false positives and false negatives need one shape (problem, model, node).")
        low = min(self.false_positive.min(), self.false_negative.min())
        if not (low >= 0 and (self.false_positive + self.false_negative).max() < 1):
            raise ValueError("Rates of false positives and false negatives must be at least 0, and their sum below 1.")

    @property
    def n_nodes(self) -> int:
        """Number of candidate rates."""
        return self.false_positive.shape[2]

    def node(self, index: int) -> "VerdictErrors":
        """One node alone."""
        at = slice(index, index + 1)
        return VerdictErrors(self.false_positive[..., at], self.false_negative[..., at])

    @property
    def prior_of_nodes(self) -> Float[np.ndarray, " node"]:
        """Prior probability of each node."""
        return np.full(self.n_nodes, 1 / self.n_nodes) if self.node_weights is None else self.node_weights


def judged_correct(
    p: Float[np.ndarray, "..."],
    false_positive: float | Float[np.ndarray, "..."],
    false_negative: float | Float[np.ndarray, "..."],
) -> Float[np.ndarray, "..."]:
    """Probability that a sample is judged correct.

    Returns
    -------
    Probabilities in [0, 1], of the shape of p.

    Examples
    --------
    >>> judged_correct(np.array([0.0, 0.5, 1.0]), 0.1, 0.2).round(2)
    array([0.1 , 0.45, 0.8 ])

    Notes
    -----
    q = (1 - false_negative) p + false_positive (1 - p): Rogan & Gladen 1978, Am. J. Epidemiol. 107(1), 71-76.
    """
    return false_positive + (1 - false_positive - false_negative) * p


def with_guessing(
    false_positive: Float[np.ndarray, "..."],
    false_negative: Float[np.ndarray, "..."],
    guess_floor: Float[np.ndarray, "..."],
) -> Float[np.ndarray, "..."]:
    """Rate of false positives of a verifier that takes a lucky guess for an answer.

    Parameters
    ----------
    guess_floor
        Chance that an answer is right where the model does not know it: 1 / choices; in [0, 1).

    Notes
    -----
    A right answer comes with probability g + (1 - g) p, p being the rate of those that are not guessed; put into
    `judged_correct` this is the same map with false positives f + (1 - f - false_negative) g.
    """
    return judged_correct(guess_floor, false_positive, false_negative)


def count_likelihood(
    n_correct: Int[np.ndarray, " row"],
    n_samples: Int[np.ndarray, " row"],
    p: Float[np.ndarray, "*cell"],
    false_positive: Float[np.ndarray, "row node"],
    false_negative: Float[np.ndarray, "row node"],
) -> Float[np.ndarray, "row ..."]:
    """P(c of n are judged correct | p) for each row of counts, averaged over the row's nodes."""
    to_cells = (slice(None), *(None,) * p.ndim)
    chance = np.zeros(())
    for positive, negative in zip(false_positive.T, false_negative.T, strict=True):
        q = judged_correct(p[None], positive[to_cells], negative[to_cells])
        chance = chance + binomial_pmf(n_correct[to_cells], n_samples[to_cells], q)
    return np.asarray(chance) / false_positive.shape[1]


def misclassification_from_audit(
    wrong_of_correct: Float[np.ndarray, "..."],
    correct_of_wrong: Float[np.ndarray, "..."],
    judged_correct_share: float,
) -> tuple[Float[np.ndarray, "..."], Float[np.ndarray, "..."]]:
    """Rates of false positives and false negatives from an audit of verdicts.

    Parameters
    ----------
    wrong_of_correct
        Share of the verdicts "correct" that an audit finds wrong.
    correct_of_wrong
        Share of the verdicts "wrong" that an audit finds correct.
    judged_correct_share
        Share of all samples that are judged correct, in [0, 1].

    Returns
    -------
    P(judged correct | wrong) and P(judged wrong | correct).

    Notes
    -----
    With w, u the two shares and q that of verdicts "correct", a share a = (1 - w) q + u (1 - q) of all samples is
    correct (Bayes' rule); then w q / (1 - a) and u (1 - q) / a.
    """
    q = judged_correct_share
    correct = (1 - wrong_of_correct) * q + correct_of_wrong * (1 - q)
    with np.errstate(divide="ignore", invalid="ignore"):
        positive = np.where(correct < 1, wrong_of_correct * q / (1 - correct), 0.0)
        negative = np.where(correct > 0, correct_of_wrong * (1 - q) / correct, 0.0)
    return positive, negative
