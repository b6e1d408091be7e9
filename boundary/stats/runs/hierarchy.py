"""Runs of one method: they vary around its mean, by as much as they show and a prior allows."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.special import expit, logit

# Pass@k is kept so far from 0 and 1 on the logit scale.
EDGE = 1e-6
# Shares nearer to 0 or 1 than this, count as 0 or 1: the edge of the logits and
# the prior of the spread would make leads of ties there.
SATURATED = 1e-5
# Grid of the spread on the logit scale: from next to nothing to runs that differ by everything.
LEAST_SPREAD, MOST_SPREAD, N_SPREADS = 0.003, 6.0, 200
# Share of a run's error that all runs have in common at k = n, and at most beyond it (docs/decisions/020).
SHARED_AT_N, MOST_SHARED = 0.2, 0.8
# Nodes of the mean over new runs.
N_NODES = 21


class SpreadPrior(NamedTuple):
    """Half-t prior of the standard deviation between runs, on the logit scale of pass@k.

    Parameters
    ----------
    scale
        Its scale: .7 is about 17 points where pass@k is one half, 6 points where it is .9.
    degrees
        Degrees of freedom of the t distribution.

    Notes
    -----
    Gelman 2006, Bayesian Analysis 1:515. Its density is nearly flat up to the scale, so that runs that hardly differ do
    not pull the spread of two or three runs to 0, and its tail is heavy enough for runs that differ by more.
    """

    scale: float = 0.7
    degrees: float = 3.0

    def density(self, spread: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
        """Density at a spread, but for a constant."""
        return np.asarray((1 + (spread / self.scale) ** 2 / self.degrees) ** (-(self.degrees + 1) / 2))


DEFAULT_PRIOR = SpreadPrior()


class RunHierarchy(NamedTuple):
    """Draws of what the runs of a method say, as shares of problems.

    Parameters
    ----------
    average
        Average of these runs, without any pooling.
    runs
        Pass@k of each run, partially pooled.
    mean
        Mean of the method: over all runs that there might be.
    new_run
        A new run of the method.
    spread
        Standard deviation between runs.
    """

    average: Float[np.ndarray, " draw"]
    runs: Float[np.ndarray, "draw run"]
    mean: Float[np.ndarray, " draw"]
    new_run: Float[np.ndarray, " draw"]
    spread: Float[np.ndarray, " draw"]


def shared_share(k: float, n: float) -> float:
    """Share of the variance of a run's error that all runs of a benchmark have in common, by the population's prior.

    Parameters
    ----------
    k
        Budget.
    n
        Samples of a problem.

    Examples
    --------
    >>> [shared_share(k, 32) for k in (1, 32, 1024)]
    [0.00625, 0.2, 0.8]
    """
    return min(SHARED_AT_N * k / n, MOST_SHARED)


def run_hierarchy(
    passes: Float[np.ndarray, "draw run"],
    rng: np.random.Generator,
    base: Float[np.ndarray, " draw"] | None = None,
    prior: SpreadPrior = DEFAULT_PRIOR,
    shared: float = 0.0,
    common: Float[np.ndarray, " draw"] | None = None,
) -> RunHierarchy:
    """Posterior of a method from the posterior of each of its runs.

    Parameters
    ----------
    passes
        Draws of pass@k of each run, of two or more.
    rng
        For the draws.
    base
        Draws of the base's pass@k that belong to them (`over_one_base`): the result's draws then belong to them too.
        None where there is no base, or nothing is to be subtracted from it.
    prior
        Of the standard deviation between runs.
    shared
        Share of the variance of a run's error that all runs have in common, in [0, 1): see `shared_share`.
    common
        Standard normal draws of that common error. Methods that are to be compared are given the same ones, since it is
        common to them too (docs/decisions/020). None draws it.

    Notes
    -----
    On the logit scale the posterior of run r alone is taken to be normal, with mean m_r and standard deviation s_r, and

        theta_r ~ N(mu, tau^2),  p(mu) constant,  tau ~ half-t(degrees, scale).

    theta and mu integrate out: p(tau | data) is proportional to p(tau) V^(1/2) prod_r v_r^(-1/2) exp(-(m_r - mu*)^2 /
    (2 v_r)) with v_r = s_r^2 + tau^2, mu* the mean of m_r weighed with 1 / v_r, V = 1 / sum_r 1 / v_r (Gelman et al.,
    Bayesian Data Analysis, 3rd ed., sec. 5.4). tau is drawn from it on a grid, then mu from N(mu*, V), then each theta.
    With a base, m_r and s_r are those given the base's draw, by linear regression on its logit.

    Errors that the runs share stay however many runs there are: m_r and the runs are moved by one c ~ N(0, shared s^2)
    in each draw, and s_r^2 is (1 - shared) times what it was.

    The mean of the method is that of pass@k over new runs, E expit(mu + tau z), not expit(mu).

    Examples
    --------
    Three runs, each known to half a point; they differ by 4 points:

    >>> rng = np.random.default_rng(0)
    >>> passes = np.array([0.46, 0.50, 0.54]) + 0.005 * rng.standard_normal((4000, 3))
    >>> draws = run_hierarchy(passes, rng)
    >>> np.quantile(draws.average, [0.025, 0.975]).round(2).tolist()
    [0.49, 0.51]
    >>> np.quantile(draws.mean, [0.025, 0.975]).round(2).tolist()
    [0.39, 0.6]
    """
    logits = _logits(passes)
    means, errors = _given_base(logits, None if base is None else _logits(base))
    scores = rng.standard_normal(len(passes)) if common is None else common
    common_error = np.sqrt(shared * (errors**2).mean()) * scores
    means, errors = means + common_error[:, None], errors * np.sqrt(1 - shared)
    spreads, weights = spread_posterior(logits.mean(axis=0), errors, prior)
    n_draws = len(passes)
    tau = rng.choice(spreads, n_draws, p=weights)[:, None]
    variances = errors**2 + tau**2
    precision = (1 / variances).sum(axis=1)
    centre = (means / variances).sum(axis=1) / precision
    mu = centre + rng.standard_normal(n_draws) / np.sqrt(precision)
    run_precision = 1 / errors**2 + 1 / tau**2
    run_means = (means / errors**2 + mu[:, None] / tau**2) / run_precision
    theta = run_means + rng.standard_normal(means.shape) / np.sqrt(run_precision)
    method_mean, spread = _over_new_runs(mu, tau[:, 0])
    return RunHierarchy(
        average=saturated(expit(_logits(passes.mean(axis=1)) + common_error * np.sqrt(1 - 1 / passes.shape[1]))),
        runs=saturated(expit(theta)),
        mean=saturated(method_mean),
        new_run=saturated(expit(mu + tau[:, 0] * rng.standard_normal(n_draws))),
        spread=spread,
    )


def spread_posterior(
    means: Float[np.ndarray, " run"], errors: Float[np.ndarray, " run"], prior: SpreadPrior = DEFAULT_PRIOR
) -> tuple[Float[np.ndarray, " spread"], Float[np.ndarray, " spread"]]:
    """Posterior of the spread between runs, as a grid of spreads and their probabilities.

    Parameters
    ----------
    means, errors
        Posterior mean and standard deviation of each run alone.
    prior
        Of the spread.
    """
    spreads = np.geomspace(LEAST_SPREAD, MOST_SPREAD, N_SPREADS)
    variances = errors**2 + spreads[:, None] ** 2
    precision = (1 / variances).sum(axis=1)
    centre = (means / variances).sum(axis=1) / precision
    logs = -0.5 * (np.log(variances) + (means - centre[:, None]) ** 2 / variances).sum(axis=1)
    logs -= 0.5 * np.log(precision)
    # Equal steps of log tau: the density over tau times tau. All below the least spread counts as the least.
    widths = spreads.copy()
    widths[0] += LEAST_SPREAD / np.log(spreads[1] / spreads[0])
    weights = np.exp(logs - logs.max()) * prior.density(spreads) * widths
    return spreads, weights / weights.sum()


def saturated(shares: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """The same shares, those next to 0 and 1 set to 0 and 1.

    Examples
    --------
    >>> saturated(np.array([1e-6, 0.3, 1 - 1e-6])).tolist()
    [0.0, 0.3, 1.0]
    """
    return np.where(shares < SATURATED, 0.0, np.where(shares > 1 - SATURATED, 1.0, shares))


def _logits(shares: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    return np.asarray(logit(np.clip(np.asarray(shares, dtype=float), EDGE, 1 - EDGE)))


def _given_base(
    logits: Float[np.ndarray, "draw run"], base: Float[np.ndarray, " draw"] | None
) -> tuple[Float[np.ndarray, "draw run"], Float[np.ndarray, " run"]]:
    """Mean of each run in each draw of the base, and its standard deviation given the base."""
    centre = logits.mean(axis=0)
    means = np.broadcast_to(centre, logits.shape)
    residuals = logits - centre
    if base is not None and (shift := base - base.mean()).any():
        slopes = shift @ residuals / (shift @ shift)
        means = centre + shift[:, None] * slopes
        residuals = logits - means
    return means, np.maximum(residuals.std(axis=0), EDGE)


def _over_new_runs(
    mu: Float[np.ndarray, " draw"], tau: Float[np.ndarray, " draw"]
) -> tuple[Float[np.ndarray, " draw"], Float[np.ndarray, " draw"]]:
    """Mean and standard deviation of pass@k over new runs, by Gauss-Hermite quadrature."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(N_NODES)
    weights = weights / weights.sum()
    values = expit(mu[:, None] + tau[:, None] * nodes)
    mean = values @ weights
    return mean, np.sqrt(np.maximum((values - mean[:, None]) ** 2 @ weights, 0.0))
