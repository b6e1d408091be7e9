"""The joint posterior of a quantity in several strata."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.special import logsumexp

from boundary.stats.strata.cells import StratumCells

# How far strata may lie from what the common population leads one to expect: half-Cauchy, in shares.
SPREAD = 0.1
SPREADS = np.concatenate([[0.0], np.geomspace(0.003, 0.6, 22)])
NO_SPREAD = 0.1
# Deviations of strata follow Student's t with so many degrees of freedom: one stratum may be far out alone.
DEGREES = 2.0
FACTORS = np.array([0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0])
# The counts of a stratum say no more than the fit of all problems, which has seen them.
LEAST_RATIO = 1.02
LEAST_VARIANCE = 1e-9


class StrataPosterior(NamedTuple):
    """Joint draws of a quantity in each stratum, and the posterior mean of their spread beyond the fit's."""

    draws: Float[np.ndarray, "draw stratum"]
    spread: float


def strata_posterior(cells: StratumCells, draws: int = 4000, seed: int = 0) -> StrataPosterior:
    """Partially pool strata: towards the fit of all problems, as far as their own counts agree with it.

    Parameters
    ----------
    cells
        Two strata or more.
    draws
        Number of joint draws.
    seed
        Of the draws; equal seeds give equal draws.

    Notes
    -----
    The fit of all problems gives each stratum's true value D the posterior N(m, V). It has used the stratum's counts,
    whose unbiased estimate is u ~ N(D, S); without them it would say N(m0, V0) with 1/V0 = 1/V - 1/S (the cavity of
    expectation propagation, Minka 2001). A stratum may differ from the common population:
    D ~ N(m0, V0 + (tau l)^2), tau half-Cauchy and l the scale of a Student t. At tau = 0 this is the fit of all
    problems again, for large tau the stratum's own counts. tau and l are integrated over a grid.
    """
    posterior_variance = np.maximum(cells.variances, LEAST_VARIANCE)
    noise = np.maximum(cells.unbiased_variances, LEAST_RATIO * posterior_variance)
    cavity = 1 / (1 / posterior_variance - 1 / noise)
    centre = cavity * (cells.means / posterior_variance - cells.unbiased / noise)
    prior = cavity + (SPREADS[:, None, None] * FACTORS[:, None]) ** 2  # (spread, factor, stratum)
    total = prior + noise
    logs = -0.5 * (cells.unbiased - centre) ** 2 / total - 0.5 * np.log(total) + np.log(_factor_weights())[:, None]
    of_factors = logsumexp(logs, axis=1)
    joint = of_factors.sum(axis=1) + np.log(_spread_weights())
    weights = np.exp(joint - logsumexp(joint))
    rng = np.random.default_rng(seed)
    spread = rng.choice(len(SPREADS), draws, p=weights / weights.sum())
    values = np.empty((draws, len(cells.means)))
    for g in range(values.shape[1]):
        chances = np.exp(logs[:, :, g] - of_factors[:, g, None])[spread].cumsum(axis=1)
        factor = (rng.random(draws)[:, None] * chances[:, -1:] > chances).sum(axis=1)
        own = prior[spread, factor, g]
        variance = 1 / (1 / own + 1 / noise[g])
        mean = variance * (centre[g] / own + cells.unbiased[g] / noise[g])
        values[:, g] = rng.normal(mean, np.sqrt(variance))
    return StrataPosterior(values, float(weights @ SPREADS))


def _factor_weights() -> np.ndarray:
    """Prior of the factors: 1 / l^2 is chi-squared over its degrees of freedom; of log l, on an even grid."""
    ratio = FACTORS**-2
    density = ratio ** (DEGREES / 2) * np.exp(-DEGREES / 2 * ratio)  # of a gamma law, times the step of log l
    weights: np.ndarray = density / density.sum()
    return weights


def _spread_weights() -> np.ndarray:
    positive = SPREADS[1:]
    density = np.gradient(positive) / (1 + (positive / SPREAD) ** 2)
    weights: np.ndarray = np.concatenate([[NO_SPREAD], (1 - NO_SPREAD) * density / density.sum()])
    return weights
