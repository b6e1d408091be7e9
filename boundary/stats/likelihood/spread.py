"""How far responses of a problem lie apart: the population of the cells' variances, from their sums of squares."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.optimize import minimize
from scipy.special import gammaln

from boundary.stats.likelihood.cells import Cells

# Normal priors (mean, standard deviation) in units of the values: of the log scale of each group, of the power of the
# length, and of the log degrees of freedom.
LOG_SCALE, POWER, LOG_FREEDOM = (-0.7, 1.5), (0.0, 1.0), (2.0, 1.0)
STEP = 1e-3


class Spread(NamedTuple):
    """Laplace approximation to the posterior of log scales (one a group), power and log degrees of freedom.

    Parameters
    ----------
    mode
        Most probable values.
    root
        Square root of their covariance.
    """

    mode: Float[np.ndarray, " parameter"]
    root: Float[np.ndarray, "parameter parameter"]

    def draw(self, rng: np.random.Generator, chains: int) -> Float[np.ndarray, "chain parameter"]:
        """Draws of the parameters, one a chain."""
        return np.asarray(self.mode + rng.standard_normal((chains, len(self.mode))) @ self.root.T)


def fit_spread(cells: Cells) -> Spread:
    """Fit the population of variances to standardised cells.

    Notes
    -----
    Variances of cells are scaled inverse chi-squared with nu degrees of freedom and scale s_g^2 T^c, so that the sum of
    squares over its degrees of freedom n - 1, and over the scale, is F(n - 1, nu). (Smyth 2004, Statistical
    Applications in Genetics and Molecular Biology 3(1), has the same for genes.)
    """
    groups = np.broadcast_to(np.arange(cells.n.shape[1]), cells.n.shape)
    repeated = cells.n > 1
    parts = (cells.n[repeated], cells.squares[repeated], cells.log_length[repeated], groups[repeated])
    n_groups = cells.n.shape[1]
    start = np.array([LOG_SCALE[0]] * n_groups + [POWER[0], LOG_FREEDOM[0]])

    def loss(theta: np.ndarray) -> float:
        return -_log_posterior(theta, n_groups, *parts)

    mode = minimize(loss, start, method="BFGS", options={"gtol": 1e-3}).x
    curvature, axes = np.linalg.eigh(_hessian(loss, mode))
    return Spread(mode, axes / np.sqrt(np.maximum(curvature, 0.2)))  # no wider than about the priors


def _log_posterior(
    theta: np.ndarray, n_groups: int, n: np.ndarray, squares: np.ndarray, log_length: np.ndarray, group: np.ndarray
) -> float:
    log_scale, power, log_freedom = theta[:n_groups], theta[n_groups], theta[n_groups + 1]
    prior = (((log_scale - LOG_SCALE[0]) / LOG_SCALE[1]) ** 2).sum() + ((power - POWER[0]) / POWER[1]) ** 2
    prior += ((log_freedom - LOG_FREEDOM[0]) / LOG_FREEDOM[1]) ** 2
    nu = 1.0 + np.exp(np.clip(log_freedom, -10, 12))
    log_squared = np.log(nu) + 2 * log_scale[group] + power * log_length
    ratio = squares * np.exp(-np.clip(log_squared, -200, 200))
    cells = gammaln((nu + n - 1) / 2) - gammaln(nu / 2) - (n - 1) / 2 * log_squared - (nu + n - 1) / 2 * np.log1p(ratio)
    return float(cells.sum() - prior / 2)


def _hessian(function: object, at: np.ndarray) -> np.ndarray:
    assert callable(function)
    size = len(at)
    steps = STEP * np.eye(size)
    hessian = np.empty((size, size))
    for i in range(size):
        for j in range(i + 1):
            corners = [function(at + a * steps[i] + b * steps[j]) for a, b in ((1, 1), (1, -1), (-1, 1), (-1, -1))]
            hessian[i, j] = hessian[j, i] = (corners[0] - corners[1] - corners[2] + corners[3]) / (4 * STEP**2)
    return hessian
