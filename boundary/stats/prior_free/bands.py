"""Bands that hold a whole curve over k at once: of posterior draws, and of a bootstrap over problems as a check."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from boundary.stats.distinct_counts import distinct_rows
from boundary.stats.estimands.unbiased import unbiased_pass_at_budgets

# Bootstrap draws: the critical value is then right to about .003, and the first-loss set hardly moves with the seed.
REPEATS = 100_000
# Multiplications of a matrix product that OpenBLAS does not split: waiting for its threads takes longer than a block.
SINGLE_THREAD = 1 << 18
# Directions that most curves need, so that their normal numbers are drawn once (13 MB).
DIRECTIONS = 16
# Least and largest difference of two shares.
DIFFERENCES = (-1.0, 1.0)
# Every budget up to here, and steps of about 3 % above.
DENSE = 256


class Band(NamedTuple):
    """A curve over budgets `k` with a band around it: mean +- `critical` standard errors, at every k together.

    It ends where the quantity does: a difference of shares is no more than 1.
    """

    k: Int[np.ndarray, " k"]
    mean: Float[np.ndarray, " k"]
    lower: Float[np.ndarray, " k"]
    upper: Float[np.ndarray, " k"]
    critical: float


def posterior_band(
    draws: Float[np.ndarray, "... k"],
    k: Sequence[int],
    level: float = 0.95,
    limits: tuple[float, float] = (-np.inf, np.inf),
) -> Band:
    """The band that holds whole curves, at all budgets at once, with probability `level`.

    Parameters
    ----------
    draws
        Draws of a quantity at each budget; the last axis runs over budgets.
    k
        The budgets.
    level
        Probability, in (0, 1).
    limits
        Least and largest value that the quantity can have.

    Returns
    -------
    Mean of the draws, and the band around it. It holds simultaneously at these budgets; an interval for each budget by
    itself is narrower.

    Notes
    -----
    mean(k) +- c sd(k), with c the `level` quantile over draws of max_k |draw(k) - mean(k)| / sd(k): the band of equal
    precision (Besag et al. 1995, Sec. 6.3; Montiel Olea & Plagborg-Moller 2019, "Simultaneous confidence bands").

    Examples
    --------
    >>> band = posterior_band(np.array([[0.0, 1.0], [2.0, 5.0], [4.0, 9.0]]), [1, 2])
    >>> band.lower.round(2), round(band.critical, 2)
    (array([0., 1.]), 1.22)
    """
    flat = np.asarray(draws, dtype=float).reshape(-1, np.shape(draws)[-1])
    mean, spread = flat.mean(axis=0), flat.std(axis=0)
    furthest = (np.abs(flat - mean) / np.where(spread > 0, spread, 1.0)).max(axis=1)
    critical = float(np.quantile(furthest, level, method="inverted_cdf"))
    lower, upper = (np.clip(mean + side * critical * spread, *limits) for side in (-1, 1))
    return Band(np.asarray(k), mean, lower, upper, critical)


def sup_t_band(
    n_correct: Int[np.ndarray, "problem 2"],
    n_samples: Int[np.ndarray, "problem 2"],
    level: float = 0.95,
    seed: int = 0,
) -> Band:
    """Simultaneous confidence band of shrinkage over all k up to n, for problems like these, without a prior.

    Parameters
    ----------
    n_correct, n_samples
        Counts of base (column 0) and RL (column 1) for each problem: two problems or more, each with samples of both.
    level
        Confidence that the band holds the whole curve, in (0, 1).
    seed
        Of the bootstrap.

    Returns
    -------
    Unbiased estimates with the band, at every k up to 256 or n and at steps of about 3 % above. It is all of [-1, 1]
    where no problem differs from another: there the bootstrap knows no error.

    Notes
    -----
    The sup-t band of a Gaussian multiplier bootstrap over problems (Yang, Zhang & Chen 2026, arXiv 2609.22547). Given
    the data the bootstrap's curves are normal with the covariance of the problems' own curves, so they are drawn from
    that covariance at once.
    """
    budgets = _budgets(int(n_samples.min()))
    distinct, place = distinct_rows(np.hstack([n_correct, n_samples]))
    repeated = np.bincount(place)
    c, n = distinct[:, :2], distinct[:, 2:]
    differences = -np.diff(unbiased_pass_at_budgets(c, n, budgets), axis=1)[:, 0]
    problems, mean = len(n_correct), repeated @ differences / len(n_correct)
    deviations = differences - mean
    error = np.sqrt(repeated @ deviations**2 / (problems - 1) / problems)
    varies = error > 1e-12
    if not varies.any():
        lower, upper = (np.full_like(mean, limit) for limit in DIFFERENCES)
        return Band(np.array(budgets), mean, lower, upper, np.inf)
    scaled = np.sqrt(repeated)[:, None] * deviations[:, varies] / (problems * error[varies])
    critical = float(np.quantile(_suprema(scaled, seed), level))
    # Where no problem differs from another the bootstrap knows no error.
    reach = np.where(varies, critical * error, np.inf)
    lower, upper = (np.clip(mean + side * reach, *DIFFERENCES) for side in (-1, 1))
    return Band(np.array(budgets), mean, lower, upper, critical)


def first_loss_set(band: Band) -> tuple[float, float]:
    """Confidence set of the first budget at which the base solves more, from a band of shrinkage.

    Returns
    -------
    (first, last): one more than the last budget up to which the band shows RL ahead from k = 1 on, and the first budget
    at which it shows the base ahead, or infinity where it shows that nowhere.

    Notes
    -----
    Yang, Zhang & Chen 2026, arXiv 2609.22547. The set holds the crossover whenever the band holds the curve.

    Examples
    --------
    >>> lower = np.array([-0.2, -0.1, 0.1])
    >>> first_loss_set(Band(np.array([1, 2, 3]), lower + 0.05, lower, lower + 0.15, 2.0))
    (2.0, 3.0)
    """
    ahead = band.upper < 0
    prefix = len(ahead) if ahead.all() else int(ahead.argmin())
    behind = np.flatnonzero(band.lower > 0)
    first = float(band.k[prefix - 1]) + 1 if prefix else 1.0
    return first, float(band.k[behind[0]]) if len(behind) else np.inf


def _budgets(furthest: int) -> list[int]:
    budgets = list(range(1, min(furthest, DENSE) + 1))
    while budgets[-1] < furthest:
        budgets.append(min(furthest, int(budgets[-1] * 1.03)))
    return budgets


def _suprema(scaled: Float[np.ndarray, "problem k"], seed: int) -> Float[np.ndarray, " repeat"]:
    """Largest deviation from zero of normal curves with the covariance scaled' scaled."""
    # Curves over k are smooth: a few directions hold all of the variance.
    size, directions = np.linalg.eigh(scaled.T @ scaled)
    main = size > 1e-9 * size[-1]
    spread = directions[:, main] * np.sqrt(size[main])
    n_directions = spread.shape[1]
    normals = _normals(seed, max(n_directions, DIRECTIONS))[: REPEATS * n_directions].reshape(REPEATS, n_directions)
    step = max(SINGLE_THREAD // spread.size, 1)
    suprema = np.empty(REPEATS)
    for first in range(0, REPEATS, step):
        curves = spread @ normals[first : first + step].T
        np.maximum(curves.max(axis=0), -curves.min(axis=0), out=suprema[first : first + step])
    return suprema


@lru_cache(maxsize=1)
def _normals(seed: int, n_directions: int) -> Float[np.ndarray, " number"]:
    """Normal numbers of all repeats, the same for every pair; of fewer directions the first are used."""
    return np.random.default_rng(seed).standard_normal(REPEATS * n_directions)
