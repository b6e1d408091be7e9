"""What a fit of all problems, and the counts alone, say of the strata."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from scipy.special import expit

from boundary.stats.chances import binomial_pmf
from boundary.stats.estimands.unbiased import unbiased_pass_at_k

# In problems: an unbiased estimate of a share is never known better than this in its variance.
LEAST_VARIANCE = 0.05
# Draws that variances are averaged over, and solve rates between which they are interpolated.
MOST_DRAWS = 200
RATES = np.concatenate([[0.0], expit(np.linspace(-14, 14, 200)), [1.0]])


class StratumCells(NamedTuple):
    """Of one quantity in each stratum: the posterior of the fit of all problems, and an unbiased estimate.

    Parameters
    ----------
    means, variances
        Posterior under the fit of all problems.
    unbiased, unbiased_variances
        The estimate from the counts of the stratum alone, and how much it varies from sample to sample.
    n_problems
        Problems of each stratum.
    """

    means: Float[np.ndarray, " stratum"]
    variances: Float[np.ndarray, " stratum"]
    unbiased: Float[np.ndarray, " stratum"]
    unbiased_variances: Float[np.ndarray, " stratum"]
    n_problems: Int[np.ndarray, " stratum"]


def stratum_cells(
    p: Float[np.ndarray, "draw problem model"],
    n_correct: Int[np.ndarray, "problem model"],
    n_samples: Int[np.ndarray, "problem model"],
    stratum: Int[np.ndarray, " problem"],
    k: int,
    signs: tuple[float, ...],
) -> StratumCells:
    """Cells of a combination of the models' pass@k.

    Parameters
    ----------
    p
        Draws of the solve rates.
    n_correct, n_samples
        Counts; no problem has fewer than k samples.
    stratum
        Number of each problem's stratum, from 0 without gaps.
    k
        Budget.
    signs
        Of each model in the combination: (1, -1) is shrinkage, (0, 1) pass@k of the second.

    Notes
    -----
    The unbiased estimate is 1 - C(n-c, k) / C(n, k) (Chen et al. 2021, arXiv 2107.03374); its variance is the binomial
    one at each drawn solve rate, averaged over the draws.
    """
    weights = np.array(signs)
    reach = -np.expm1(k * np.log1p(-np.minimum(p.astype(float), 1 - 1e-12)))
    per_problem = reach @ weights
    alone = unbiased_pass_at_k(n_correct, n_samples, k) @ weights
    noise = _unbiased_variance(p, n_samples, k) @ weights**2
    n_strata = int(stratum.max()) + 1
    sizes = np.bincount(stratum, minlength=n_strata)
    means, variances = np.empty(n_strata), np.empty(n_strata)
    for g in range(n_strata):
        draws = per_problem[:, stratum == g].mean(axis=1)
        means[g], variances[g] = draws.mean(), draws.var()
    unbiased = np.bincount(stratum, alone, n_strata) / sizes
    spread = np.bincount(stratum, noise, n_strata) / sizes**2 + LEAST_VARIANCE / sizes**2
    return StratumCells(means, variances, unbiased, spread, sizes)


def _unbiased_variance(p: np.ndarray, n_samples: np.ndarray, k: int) -> np.ndarray:
    """Variance of the unbiased estimate (problem, model), averaged over some draws of each solve rate."""
    draws = p[:: max(len(p) // MOST_DRAWS, 1)].astype(float)
    variance = np.empty(n_samples.shape)
    for n in np.unique(n_samples):
        of_rate = _variance_at_rates(int(n), k)
        of_size = n_samples == n
        variance[of_size] = np.interp(draws[:, of_size], RATES, of_rate).mean(axis=0)
    return variance


def _variance_at_rates(n: int, k: int) -> np.ndarray:
    """Variance of the unbiased estimate from n samples, at each of `RATES`."""
    c = np.arange(n + 1)
    estimate = unbiased_pass_at_k(c, np.full(n + 1, n), k)
    probabilities = binomial_pmf(c[:, None], n, RATES)
    mean = estimate @ probabilities
    variance: np.ndarray = np.maximum(estimate**2 @ probabilities - mean**2, 0)
    return variance
