"""Prior-free bounds on pass@k beyond the samples drawn, for any population of solve rates, by linear programming."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from jaxtyping import Float, Int
from scipy.optimize import linprog
from scipy.sparse import eye_array, kron
from scipy.special import bdtr, betaincinv

from boundary.stats.budgets import checked_budgets
from boundary.stats.chances import hypergeometric_cdf
from boundary.stats.distinct_counts import distinct_rows
from boundary.stats.sample_sizes import MOST, samples_of_share
from boundary.stats.solve_rates import Target

# The ranges rest on the shares of problems with so many successes or fewer: those with more say next to nothing about
# larger budgets, and every further share widens the bounds on all (docs/decisions/004-bounds.md has the widths).
THRESHOLDS = (0, 1, 2, 4)
# Slopes of the Chernoff bounds, each way.
SLOPES, LARGEST_SLOPE = 7, 6.0

Rules = tuple[Float[np.ndarray, "rule point"], Float[np.ndarray, " rule"]]
"""Linear rules on the masses of a population: rows @ masses <= limits."""


def pass_at_k_bounds(
    n_correct: Int[np.ndarray, " problem"],
    n_samples: Int[np.ndarray, " problem"],
    k: Sequence[int],
    level: float = 0.95,
    target: Target = "benchmark",
) -> Float[np.ndarray, "k 2"]:
    """Smallest and largest pass@k of any population of solve rates that the counts do not contradict.

    Parameters
    ----------
    n_correct, n_samples
        Correct samples and samples of each problem. With unequal n all are thinned to the smallest and, where this
        differs, to the n that nine of ten reach, with what has fewer left open; the ranges of both hold together. That
        loses information but no validity. A problem with no samples may have any solve rate.
    k
        Budgets, each at least 1; meant for those beyond n.
    level
        Confidence that the ranges hold pass@k, all budgets together, in (0, 1).
    target
        `benchmark` (these problems) or `superpopulation` (problems like these).

    Returns
    -------
    Lower and upper end for each budget, in [0, 1]; NaN where no population of solve rates agrees with the counts, as
    where samples of a problem were not independent.

    Notes
    -----
    A linear program over masses w on a grid of solve rates p: the sum of w_g (1 - (1 - p_g)^k) is made smallest and
    largest over all w that agree with the observed numbers S_j of problems with j = 0, up to 1, up to 2 and up to 4
    successes (F-localization: Ignatiadis & Wager 2022, arXiv 1902.02774; Bonferroni over the numbers). For `benchmark`,
    with F_j(p) = P(Binomial(n, p) <= j) and N problems, Chernoff's bound for independent, not identical problems,
    N sum_g w_g log(1 + F_j(p_g) (e^s - 1)) >= s S_j - log(1 / error), is linear in w at every slope s. For
    `superpopulation` each share S_j / N has its Clopper-Pearson interval.

    Examples
    --------
    >>> pass_at_k_bounds(np.array([0] * 50 + [3] * 50), np.full(100, 4), [4, 16]).round(2)
    array([[0.49, 0.57],
           [0.49, 0.74]])
    """
    budgets = checked_budgets(k)
    if not (n_samples > 0).any():
        return np.tile([0.0, 1.0], (len(budgets), 1))
    counts = np.stack([n_correct, n_samples], axis=1).astype(np.int64)
    return _bounds_of(counts.tobytes(), tuple(budgets), level, target).copy()


@lru_cache(maxsize=256)
def _bounds_of(counts: bytes, budgets: tuple[int, ...], level: float, target: Target) -> Float[np.ndarray, "k 2"]:
    """Bounds from the numbers of correct samples and samples of each problem; every pair of a base asks for its own."""
    n_correct, n_samples = np.frombuffer(counts, np.int64).reshape(-1, 2).T
    sampled = n_samples > 0
    sizes = {int(n_samples[sampled].min()), samples_of_share(n_samples[sampled], MOST)}
    error = (1 - level) / len(sizes)
    bounds = np.array([_thinned_bounds(n_correct, n_samples, size, budgets, error, target) for size in sorted(sizes)])
    lower, upper = bounds[..., 0].max(axis=0), bounds[..., 1].min(axis=0)
    return np.where((lower <= upper)[:, None], np.stack([lower, upper], axis=1), np.nan)


def _thinned_bounds(
    n_correct: np.ndarray, n_samples: np.ndarray, size: int, budgets: Sequence[int], error: float, target: Target
) -> Float[np.ndarray, "k 2"]:
    """Bounds from the problems with at least so many samples, thinned to these; the others may have any solve rate."""
    enough = n_samples >= size
    points, rules = _grid_and_rules(n_correct[enough], n_samples[enough], max(budgets), error, target)
    ranges = _ranges(np.array([1 - (1 - points) ** b for b in budgets]), rules)
    share_used = float(enough.mean()) if target == "benchmark" else 1.0
    return np.clip(share_used * ranges + (1 - share_used) * np.array([0.0, 1.0]), 0.0, 1.0)


def shrinkage_bounds(
    n_correct: Int[np.ndarray, "problem 2"],
    n_samples: Int[np.ndarray, "problem 2"],
    k: Sequence[int],
    level: float = 0.95,
    target: Target = "benchmark",
) -> Float[np.ndarray, "k 2"]:
    """Smallest and largest shrinkage at k that the counts do not contradict, base in column 0 and RL in column 1.

    Returns
    -------
    Lower and upper end for each budget, in [-1, 1]; NaN as in `pass_at_k_bounds`.

    Notes
    -----
    Differences of the two models' bounds, each with half the error. One program for both, with rules on the differences
    of their shares, gives ranges that are narrower by less than a tenth at 2n and no narrower at 8n.
    """
    halves = [pass_at_k_bounds(c, n, k, (1 + level) / 2, target) for c, n in zip(n_correct.T, n_samples.T, strict=True)]
    return halves[0] - halves[1][:, ::-1]


def _grid_and_rules(
    n_correct: np.ndarray, n_samples: np.ndarray, furthest: int, error: float, target: Target
) -> tuple[np.ndarray, Rules]:
    """A grid of solve rates, and the constraints (rules) that the counts put on populations on it."""
    n = int(n_samples.min())
    points = _grid(n, furthest)
    thresholds = np.array([j for j in THRESHOLDS if j < n])
    # Of more than n samples, the chance that n of them hold no more than j successes: unbiased, between 0 and 1.
    distinct, place = distinct_rows(np.stack([n_correct, n_samples], axis=1))
    below = hypergeometric_cdf(thresholds, distinct[:, 1], distinct[:, 0], n) @ np.bincount(place)
    probability = bdtr(thresholds[:, None], n, points)
    rules = _chernoff if target == "benchmark" else _clopper_pearson
    return points, rules(below, probability, len(n_correct), error / (2 * len(thresholds)))


def _grid(n: int, furthest: int) -> np.ndarray:
    """Solve rates 0 and 1, and between them points dense in log p below 1/2 and in log(1 - p) above."""
    smallest = 0.01 / max(furthest, n)
    high = 1 - np.geomspace(0.5, 1e-4 / n, 40)[1:]
    return np.concatenate([[0.0], np.geomspace(smallest, 0.5, 90), high, [1.0]])


def _chernoff(below: np.ndarray, probability: np.ndarray, problems: int, error: float) -> Rules:
    """Bounds on the numbers of these very problems with few successes, which vary less than those of problems drawn.

    Valid for shares between 0 and 1 too: none has a larger moment generating function than a zero or one of its mean.
    """
    cost = -np.log(error)
    steepness = np.geomspace(min(1.5 * np.sqrt(2 * cost / problems), 1.0), LARGEST_SLOPE, SLOPES)
    slopes = np.concatenate([steepness, -steepness])
    rows = -np.log1p(probability[:, None] * np.expm1(slopes)[:, None])
    limits = (cost - slopes * below[:, None]) / problems
    return rows.reshape(-1, probability.shape[1]), limits.ravel()


def _clopper_pearson(below: np.ndarray, probability: np.ndarray, problems: int, error: float) -> Rules:
    """Bounds on the shares of problems with few successes among all problems like these.

    With unequal n a share is a sum of terms between 0 and 1, which varies less than one of zeros and ones.
    """
    with np.errstate(invalid="ignore"):
        lower = np.where(below > 0, betaincinv(below, problems - below + 1, error), 0.0)
        upper = np.where(below < problems, betaincinv(below + 1, problems - below, 1 - error), 1.0)
    return np.vstack([probability, -probability]), np.concatenate([upper, -lower])


def _ranges(values: Float[np.ndarray, "value point"], rules: Rules) -> Float[np.ndarray, "value 2"]:
    """Smallest and largest value @ masses over all masses that satisfy the rules, of each value.

    NaN where no masses do. All are one program of separate blocks: to pass one to the solver takes longer than to solve
    it.
    """
    rows, limits = rules
    goals = np.stack([values, -values], axis=1).reshape(-1, values.shape[1])
    blocks = eye_array(len(goals), format="csr")
    whole = kron(blocks, np.ones((1, values.shape[1])), format="csr")
    # So few variables are solved twice as fast without being looked through first.
    solution = linprog(
        goals.ravel(),
        kron(blocks, rows, format="csr"),
        np.tile(limits, len(goals)),
        whole,
        np.ones(len(goals)),
        method="highs",
        options={"presolve": False},
    )
    if solution.status != 0:
        return np.full((len(values), 2), np.nan)
    ends = (goals * solution.x.reshape(goals.shape)).sum(axis=1).reshape(-1, 2)
    return np.asarray(ends * [1, -1])
