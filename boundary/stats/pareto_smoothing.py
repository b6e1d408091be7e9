"""Leave-one-out prediction by Pareto-smoothed importance sampling, of many problems at once."""

import numpy as np
from jaxtyping import Float

# Problems taken together, so that their tails times the candidates of the Pareto scale stay in the cache.
TOGETHER = 32
# Shorter tails say nothing of their shape.
SHORTEST_TAIL = 5
# Of the shape: a normal prior around one half, worth so many draws of the tail.
PRIOR_DRAWS, PRIOR_SHAPE = 10, 0.5


def leave_one_out(log_likelihood: Float[np.ndarray, "draw problem"]) -> tuple[np.ndarray, np.ndarray]:
    """Expected log predictive density and Pareto k of each problem, left out in turn.

    Parameters
    ----------
    log_likelihood
        Log probability of each problem's counts under each draw; problems are independent given a draw.

    Returns
    -------
    elpd, pareto_k
        For each problem. Pareto k is infinite where there are too few draws for a tail, and NaN where the draws of a
        tail tie, so that it has no shape: there the weights are used as they are.

    Notes
    -----
    Vehtari, Gelman & Gabry 2017, arXiv 1507.04544; Vehtari et al. 2024, arXiv 1507.02646, with the generalised Pareto
    distribution fitted as by Zhang & Stephens 2009. The numbers are those of ArviZ 1, as tests show.
    """
    n_problems = log_likelihood.shape[1]
    parts = [
        _leave_out(np.sort(-log_likelihood[:, first : first + TOGETHER].T.astype(np.float64), axis=1))
        for first in range(0, n_problems, TOGETHER)
    ]
    elpd, pareto_k = np.concatenate(parts, axis=1) if parts else np.empty((2, 0))
    return elpd, pareto_k


def _leave_out(log_ratio: Float[np.ndarray, "problem draw"]) -> Float[np.ndarray, "2 problem"]:
    """Predictive density and Pareto k from log importance ratios, minus the log likelihoods, in ascending order."""
    largest = log_ratio[:, -1:]
    ratio = np.exp(log_ratio - largest)
    n_draws = ratio.shape[1]
    n_tail = int(3 * n_draws**0.5) if n_draws > 225 else n_draws // 5
    shape, smoothed = np.full(len(ratio), np.inf), ratio[:, n_draws - n_tail :].copy()
    tail = smoothed.copy()
    if n_tail >= SHORTEST_TAIL:
        cutoff = ratio[:, -n_tail - 1 : -n_tail]
        shape, scale = pareto_fit(tail - cutoff)
        at = np.log1p(-(np.arange(n_tail) + 0.5) / n_tail)
        quantiles = cutoff + scale[:, None] * np.expm1(-shape[:, None] * at) / shape[:, None]
        smoothed = np.where(np.isfinite(shape)[:, None], np.minimum(quantiles, 1.0), tail)
    # A draw's weight times its likelihood is 1 where the weight is the ratio itself.
    total = ratio[:, : n_draws - n_tail].sum(axis=1) + smoothed.sum(axis=1)
    density = n_draws - n_tail + (smoothed / tail).sum(axis=1)
    return np.stack([np.log(density) - np.log(total) - largest[:, 0], shape])


def pareto_fit(excess: Float[np.ndarray, "problem draw"]) -> tuple[np.ndarray, np.ndarray]:
    """Shape and scale of the generalised Pareto distribution of ascending values; NaN where the lowest quarter ties."""
    n = excess.shape[1]
    n_candidates = 30 + int(n**0.5)
    quartile = int(n / 4 + 0.5 - 1)
    has_tail = excess[:, quartile] > excess[:, 0]
    excess = np.where(has_tail[:, None], excess, np.arange(1, n + 1) / n)
    grid = 1 - np.sqrt(n_candidates / (np.arange(n_candidates) + 0.5))
    candidates = grid / (3 * excess[:, quartile, None]) + 1 / excess[:, -1:]
    shapes = np.log1p(-candidates[:, :, None] * excess[:, None, :]).mean(axis=2)
    log_weight = n * (np.log(-candidates / shapes) - shapes - 1)
    weight = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
    weight /= weight.sum(axis=1, keepdims=True)
    weight = np.where(weight >= 10 * np.finfo(float).eps, weight, 0.0)
    candidate = (candidates * weight).sum(axis=1) / weight.sum(axis=1)
    shape = np.log1p(-candidate[:, None] * excess).mean(axis=1)
    scale = -shape / candidate
    shape = (n * shape + PRIOR_DRAWS * PRIOR_SHAPE) / (n + PRIOR_DRAWS)
    return np.where(has_tail, shape, np.nan), np.where(has_tail, scale, np.nan)
