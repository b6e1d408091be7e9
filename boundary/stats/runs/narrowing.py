"""What makes the interval of a method narrower: more runs, more problems, or more samples of each."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.special import expit, logit, ndtri

from boundary.stats.runs.hierarchy import DEFAULT_PRIOR, EDGE, SpreadPrior, spread_posterior

# Outcomes of further data that are simulated, and draws that a width is read from.
MANY_OUTCOMES, N_DRAWS = 100, 500
# Nodes of the mean over new runs.
N_NODES = 11


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


class MoreData(NamedTuple):
    """More data of a method.

    Parameters
    ----------
    runs
        Further runs, as well measured as the present ones will be on average.
    run_error, base_error
        Ratio of the standard deviations of errors, of runs and of the base, to those of today, in (0, 1].
    """

    runs: int = 0
    run_error: float = 1.0
    base_error: float = 1.0

    @classmethod
    def of_samples(
        cls,
        passes: Float[np.ndarray, "draw run"],
        base: Float[np.ndarray, " draw"],
        shared: tuple[float, float],
        variances: tuple[float, float],
    ) -> "MoreData":
        """More samples of every problem, of the runs and of the base.

        Parameters
        ----------
        passes, base
            Draws of pass@k of each run and of the base today.
        shared
            Share of a run's error that all runs have in common, today and then (`shared_share`).
        variances
            Ratio of the expected posterior variance then to that of today, of a run and of the base.
        """
        (share, new_share), (of_run, of_base) = shared, (min(ratio, 1.0) for ratio in variances)
        moments = RunMoments.of_draws(passes, base, share)
        common = max(moments.base_error**2 - float(base.var()), 0.0)  # what the runs share counts to the base
        left = of_base * float(base.var()) + common * of_run * (new_share / share if share > 0 else 1.0)
        run_error = np.sqrt(min(of_run * (1 - new_share) / (1 - share), 1.0))
        return cls(0, float(run_error), float(np.sqrt(min(left / max(moments.base_error**2, EDGE**2), 1.0))))


def expected_width(moments: RunMoments, level: float, prior: SpreadPrior = DEFAULT_PRIOR) -> float:
    """Width of the interval of a method's mean shrinkage today, in shares of problems.

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
    The posterior of `run_hierarchy` for a base and runs that are independent, from evenly spaced draws, so that equal
    moments give equal widths.

    Examples
    --------
    Two runs 4 points apart, each known to one point:

    >>> moments = RunMoments(np.array([-0.08, 0.08]), np.array([0.04, 0.04]), 0.01)
    >>> round(expected_width(moments, 0.95), 1)
    0.3
    """
    return float(_widths(moments.means[None], moments.errors, moments.base_error, level, prior)[0])


def widths_with(
    more: MoreData,
    moments: RunMoments,
    level: float,
    rng: np.random.Generator,
    prior: SpreadPrior = DEFAULT_PRIOR,
    n_outcomes: int = MANY_OUTCOMES,
) -> Float[np.ndarray, " outcome"]:
    """Widths of the interval of a method's mean shrinkage after more data, one for each of their simulated outcomes.

    Parameters
    ----------
    more
        Further runs, and how much better all are measured.
    moments
        Of the present runs and the base.
    level
        Of the interval, in (0, 1).
    rng
        For the outcomes.
    prior
        Of the spread between runs.
    n_outcomes
        How many outcomes.

    Notes
    -----
    Each outcome begins with a draw of the spread between runs, of the method's mean and of each run's true value from
    today's posterior: how little two or three runs say of the spread is in the widths. A run's estimate then moves as
    further data of it move it: with precisions 1 / s^2 today and 1 / s'^2 then, its mean is weighed with that of the
    further data, theta + N(0, 1 / (1 / s'^2 - 1 / s^2)). From these means and errors the interval is computed as if
    they had come (preposterior analysis: Raiffa and Schlaifer 1961, Applied Statistical Decision Theory, ch. 5).

    The spread between runs is taken to be the same on more problems. It is a little smaller there, as far as runs
    differ in which problems they solve, and widths for more problems are a little too large for that.

    Examples
    --------
    Four times the samples hardly help two runs that differ by more than their errors, two more runs do:

    >>> moments = RunMoments(np.array([-0.08, 0.08]), np.array([0.04, 0.04]), 0.01)
    >>> rng = np.random.default_rng(0)
    >>> [round(float(np.median(widths_with(m, moments, 0.95, rng))), 1) for m in (MoreData(0, 0.5, 0.5), MoreData(2))]
    [0.3, 0.2]
    """
    spreads, weights = spread_posterior(moments.means, moments.errors, prior)
    tau = rng.choice(spreads, n_outcomes, p=weights)[:, None]
    variances = moments.errors**2 + tau**2
    precision = (1 / variances).sum(axis=1, keepdims=True)
    mu = (moments.means / variances).sum(axis=1, keepdims=True) / precision
    mu = mu + rng.standard_normal((n_outcomes, 1)) / np.sqrt(precision)
    run_precision = 1 / moments.errors**2 + 1 / tau**2
    theta = (moments.means / moments.errors**2 + mu / tau**2) / run_precision
    theta = theta + rng.standard_normal(theta.shape) / np.sqrt(run_precision)
    # The new mean given the true value: today's and that of further data, weighed with their precisions.
    kept = more.run_error**2
    noise = more.run_error * np.sqrt(max(1 - kept, 0.0)) * moments.errors * rng.standard_normal(theta.shape)
    means = kept * moments.means + (1 - kept) * theta + noise
    error = more.run_error * float(np.sqrt((moments.errors**2).mean()))
    of_new = mu + np.hypot(tau, error) * rng.standard_normal((n_outcomes, more.runs))
    errors = np.concatenate([more.run_error * moments.errors, np.full(more.runs, error)])
    base_error = more.base_error * moments.base_error
    return _widths(np.concatenate([means, of_new], axis=1), errors, base_error, level, prior)


def _widths(
    means: Float[np.ndarray, "outcome run"],
    errors: Float[np.ndarray, " run"],
    base_error: float,
    level: float,
    prior: SpreadPrior,
) -> Float[np.ndarray, " outcome"]:
    """Width of the interval of the base less the method's mean, for several sets of means with the same errors."""
    shuffled = np.random.default_rng(0)
    places = (np.arange(N_DRAWS) + 0.5) / N_DRAWS
    z_mean, z_base = (ndtri(shuffled.permutation(places)) for _ in range(2))
    nodes, node_weights = np.polynomial.hermite_e.hermegauss(N_NODES)
    widths = []
    for of_outcome in means:
        spreads, weights = spread_posterior(of_outcome, errors, prior)
        tau = spreads[np.minimum(np.searchsorted(weights.cumsum(), places), len(spreads) - 1)][:, None]
        variances = errors**2 + tau**2
        precision = (1 / variances).sum(axis=1)
        mu = (of_outcome / variances).sum(axis=1) / precision + z_mean / np.sqrt(precision)
        method = expit(mu[:, None] + tau * nodes) @ (node_weights / node_weights.sum())
        widths.append(np.ptp(np.quantile(base_error * z_base - method, [(1 - level) / 2, (1 + level) / 2])))
    return np.array(widths)
