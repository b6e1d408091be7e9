"""What makes the interval of a method narrower: more runs, or more samples of each."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.optimize import brentq
from scipy.special import logit, ndtr

from boundary.stats.runs.hierarchy import DEFAULT_PRIOR, EDGE, SpreadPrior, spread_posterior

# Outcomes of further runs that are tried.
N_OUTCOMES = 25


class RunMoments(NamedTuple):
    """What is known of a method's runs and their base.

    Parameters
    ----------
    means, errors
        Posterior mean and standard deviation of each run alone, on the logit scale.
    base_error
        Standard deviation of the base, in shares of problems.
    """

    means: Float[np.ndarray, " run"]
    errors: Float[np.ndarray, " run"]
    base_error: float

    @classmethod
    def of_draws(
        cls, passes: Float[np.ndarray, "draw run"], base: Float[np.ndarray, " draw"], shared: float = 0.0
    ) -> "RunMoments":
        """Moments of draws of pass@k; errors that runs have in common count to the base's, as they stay."""
        logits = logit(np.clip(passes, EDGE, 1 - EDGE))
        errors, share = np.maximum(logits.std(axis=0), EDGE), float(np.mean(passes))
        common = share * (1 - share) * float(np.sqrt(shared * (errors**2).mean()))
        return cls(logits.mean(axis=0), errors * np.sqrt(1 - shared), float(np.hypot(base.std(), common)))

    def with_samples(self, times: float) -> "RunMoments":
        """With so many times the samples of every model: errors fall with the root, as they do for k well below n."""
        root = float(np.sqrt(times))
        return RunMoments(self.means, self.errors / root, self.base_error / root)


def expected_width(moments: RunMoments, level: float, prior: SpreadPrior = DEFAULT_PRIOR) -> float:
    """Width of the interval of a method's mean shrinkage, in shares of problems.

    Parameters
    ----------
    moments
        Of the runs and the base.
    level
        Of the interval, in (0, 1).
    prior
        Of the spread between runs.

    Notes
    -----
    The posterior of `run_hierarchy`, for a base and runs that are independent, with pass@k linear in its logit: given
    the spread the mean is normal, so that the end of the interval solves sum_tau w(tau) F(x; tau) = (1 + level) / 2.

    Examples
    --------
    Two runs 4 points apart, each known to one point; four times the samples hardly help, two more runs do:

    >>> moments = RunMoments(np.array([-0.08, 0.08]), np.array([0.04, 0.04]), 0.01)
    >>> round(expected_width(moments, 0.95), 2), round(expected_width(moments.with_samples(4), 0.95), 2)
    (0.32, 0.33)
    >>> round(width_with_more_runs(moments, 2, 0.95, np.random.default_rng(0)), 2)
    0.14
    """
    spreads, weights = spread_posterior(moments.means, moments.errors, prior)
    variances = moments.errors**2 + spreads[:, None] ** 2
    precision = (1 / variances).sum(axis=1)
    centres = (moments.means / variances).sum(axis=1) / precision
    middle = float(weights @ centres)
    share = 1 / (1 + np.exp(-middle))
    slope = share * (1 - share)
    deviations = np.sqrt(slope**2 / precision + moments.base_error**2)
    shifts = slope * (centres - middle)
    tail = (1 - level) / 2
    furthest = 12 * float(deviations.max()) + float(np.abs(shifts).max())

    def end(probability: float) -> float:
        return float(
            brentq(lambda x: float(weights @ ndtr((x - shifts) / deviations)) - probability, -furthest, furthest)
        )

    return min(end(1 - tail) - end(tail), 2.0)


def width_with_more_runs(
    moments: RunMoments, n_more: int, level: float, rng: np.random.Generator, prior: SpreadPrior = DEFAULT_PRIOR
) -> float:
    """Median width after further runs, with as many samples each, over what these may turn out to be.

    Parameters
    ----------
    moments
        Of the present runs and the base.
    n_more
        Further runs, at least 1.
    level
        Of the interval, in (0, 1).
    rng
        For their outcomes: each is drawn from the posterior.
    prior
        Of the spread between runs.
    """
    spreads, weights = spread_posterior(moments.means, moments.errors, prior)
    error = float(np.sqrt((moments.errors**2).mean()))
    widths = []
    for spread in rng.choice(spreads, N_OUTCOMES, p=weights):
        variances = moments.errors**2 + spread**2
        precision = float((1 / variances).sum())
        centre = float((moments.means / variances).sum()) / precision + rng.standard_normal() / np.sqrt(precision)
        new_means = centre + np.hypot(spread, error) * rng.standard_normal(n_more)
        more = RunMoments(
            np.concatenate([moments.means, new_means]),
            np.concatenate([moments.errors, np.full(n_more, error)]),
            moments.base_error,
        )
        widths.append(expected_width(more, level, prior))
    return float(np.median(widths))
