"""The winner's curse: one of several candidates was chosen because it did best on the very samples it is judged by."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.special import ndtr, ndtri

from boundary.stats.runs.strongest import partially_pooled

# Grid of the expected maximum of normal errors.
WIDEST, N_STEPS = 9.0, 4001


class AfterSelection(NamedTuple):
    """What is left of a chosen candidate once the choice is reckoned with.

    Parameters
    ----------
    passes
        Draws of its pass@k under the hierarchy over all candidates.
    drop
        Draws of what its estimate alone says, less that.
    """

    passes: Float[np.ndarray, " draw"]
    drop: Float[np.ndarray, " draw"]


def after_selection(
    passes: Float[np.ndarray, "draw candidate"],
    place: int,
    rng: np.random.Generator,
    shared: float = 0.0,
    base: Float[np.ndarray, " draw"] | None = None,
) -> AfterSelection:
    """Pass@k of the candidate that was chosen, from all candidates.

    Parameters
    ----------
    passes
        Draws of pass@k of each candidate alone, the chosen one among them.
    place
        Column of the chosen one.
    rng
        For the draws.
    shared
        Share of the error that all candidates have in common (`shared_share`).
    base
        Draws of the base's pass@k that belong to them: the result's draws then belong to them too.

    Notes
    -----
    Candidates are exchangeable before their samples are seen, theta_j ~ N(mu, tau^2) on the logit scale. A posterior
    under a prior that holds for all candidates needs no correction for the choice, whichever way it was made from these
    samples (Dawid 1994, Selection paradoxes of Bayesian inference): the mean of the chosen one is pulled towards the
    others, the more the less they differ beyond their sampling errors. The drop is about the error of samples of these
    problems. It does not hold what a choice on these problems loses on other ones.

    Examples
    --------
    Eight candidates that differ by no more than their errors of 2 points:

    >>> rng = np.random.default_rng(0)
    >>> estimates = 0.5 + 0.02 * rng.standard_normal(8)
    >>> passes = estimates + 0.02 * rng.standard_normal((4000, 8))
    >>> place = int(estimates.argmax())
    >>> selected = after_selection(passes, place, rng)
    >>> [round(float(draws.mean()), 3) for draws in (passes[:, place], selected.passes)]
    [0.526, 0.511]
    """
    pooled = partially_pooled(passes, rng, shared, base)[:, place]
    return AfterSelection(pooled, passes[:, place].mean() - pooled)


class SelectionBound(NamedTuple):
    """Bounds for the best of m candidates where only the chosen one is known.

    Parameters
    ----------
    drop
        Largest expected drop by sampling error.
    lower, upper
        An interval that holds the truth with at least the level, whatever the other candidates were.
    """

    drop: float
    lower: float
    upper: float


def selection_bound(mean: float, error: float, n_candidates: int, level: float) -> SelectionBound:
    """Bounds for the best of m candidates from the chosen one alone.

    Parameters
    ----------
    mean, error
        Its estimate and the standard error of that.
    n_candidates
        Candidates, itself among them, at least 1; their standard errors are taken to be the same.
    level
        Confidence of the interval, in (0, 1).

    Notes
    -----
    The error of the chosen one is at most the largest of m independent normal errors, whatever the truths are: the drop
    is at most s E max(z_1..z_m), and is that where all candidates are equally good. P(max z <= x) = Phi(x)^m gives the
    lower end. The upper end is the usual one, since a choice of the best only raises the error.

    Examples
    --------
    >>> [round(float(value), 4) for value in selection_bound(0.5, 0.02, 8, 0.95)]
    [0.0285, 0.4454, 0.5392]
    """
    tail = (1 - level) / 2
    highest = float(ndtri((1 - tail) ** (1 / n_candidates)))
    drop = error * expected_maximum(n_candidates)
    return SelectionBound(drop, mean - error * highest, mean + error * float(ndtri(1 - tail)))


def expected_maximum(n: int) -> float:
    """Expectation of the largest of n independent standard normal numbers.

    Examples
    --------
    >>> round(expected_maximum(2), 4), round(expected_maximum(8), 4)
    (0.5642, 1.4236)
    """
    x = np.linspace(-WIDEST, WIDEST, N_STEPS)
    density = n * ndtr(x) ** (n - 1) * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)
    return float(np.trapezoid(x * density, x))
