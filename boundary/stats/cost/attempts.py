"""The share of problems solved within a budget, where attempts follow each other until one is right."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from boundary.stats.cost.lengths import RIGHT, WRONG, LengthDraws

# Attempts that are followed one by one; from MANY on in the mean the closed form takes over, in full at MORE.
FOLLOWED, MANY, MORE = 20, 6.0, 10.0
# Points of a distribution of lengths in one posterior draw.
PARTICLES = 32
# Numbers that are worked on at once.
BLOCK = 2**22
LEAST_SQUARED_SPREAD = 1e-3


class _Block(NamedTuple):
    """Some problems: lengths of attempts in each replicate, by outcome."""

    wrong: Float[np.ndarray, "replicate problem particle"]
    right: Float[np.ndarray, "replicate problem particle"]


def solved_within(
    p: Float[np.ndarray, "replicate draw problem"],
    lengths: LengthDraws,
    budgets: Float[np.ndarray, " budget"],
    rng: np.random.Generator,
) -> Float[np.ndarray, "replicate draw budget"]:
    """Mean over problems of the probability that the attempts within a budget solve a problem.

    Parameters
    ----------
    p
        Solve rates in [0, 1]; the draws of a replicate share its lengths.
    lengths
        Draws of the lengths, as many as there are replicates.
    budgets
        In the unit of the lengths, ascending, above 0.
    rng
        Random numbers.

    Returns
    -------
    Float[np.ndarray, "replicate draw budget"]
        Never falling along the budgets.

    Notes
    -----
    Attempts are independent and are made one after the other until one is right or the budget is spent; an attempt that
    does not end within it is cut and yields nothing. With W_1, W_2, ... the lengths of wrong attempts and R that of the
    right one, a problem is solved within B with probability

        pass@B = sum over j >= 0 of p (1-p)^j P(W_1 + ... + W_j + R <= B).

    The first twenty terms are followed with 32 points of each distribution (in each replicate a Bayesian bootstrap of
    the shape). Where many attempts fit, the renewal limit with lengths of mean w and squared spread c is used:

        1 - pass@B = q^((1+c)/2) exp(-(1 - q^c) (B - r) / (c w)),    q = 1 - p,

    which is exact for exponential lengths (c = 1) and tends to q^((B - r)/w + 1/2) where all are equally long: attempts
    that fail cost w, not the mean length p r + (1-p) w of all attempts, and half an attempt is lost at the end.
    """
    total = np.zeros((*p.shape[:2], len(budgets)))
    n_problems = p.shape[2]
    step = max(1, BLOCK // (p.shape[0] * max(FOLLOWED * PARTICLES, p.shape[1] * len(budgets))))
    for start in range(0, n_problems, step):
        part = slice(start, min(start + step, n_problems))
        block = _particles(lengths, part, rng)
        total += _solved(np.moveaxis(p[:, :, part], 2, 1).astype(np.float32), block, budgets, rng)
    return np.maximum.accumulate(total / n_problems, axis=2)


def attempt_means(
    p: Float[np.ndarray, "replicate draw problem"],
    log_mean: Float[np.ndarray, "replicate draw problem outcome"],
) -> Float[np.ndarray, "quantity replicate draw"]:
    """Means over problems of the length of an attempt, of a wrong and of a right one.

    Notes
    -----
    The length of an attempt is p r + (1-p) w in the mean. Wrong attempts are weighted by 1-p and right ones by p.
    """
    wrong, right = (np.exp(log_mean[..., outcome]) for outcome in (WRONG, RIGHT))
    spent_wrong, spent_right = ((1 - p) * wrong).mean(axis=2), (p * right).mean(axis=2)
    solved = p.mean(axis=2, dtype=float)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.stack([spent_wrong + spent_right, spent_wrong / (1 - solved), spent_right / solved])


def solved_within_by_mean_attempts(
    p: Float[np.ndarray, "draw problem"],
    mean_length: Float[np.ndarray, "draw problem"],
    budgets: Float[np.ndarray, " budget"],
) -> Float[np.ndarray, "draw budget"]:
    """Mean over problems of 1 - (1-p)^(B/t), with t the mean length of an attempt: fractions of attempts count.

    Notes
    -----
    The common shortcut, for comparison: it lets a third of an attempt solve a third of a problem, and takes attempts
    that fail to be as long as all attempts in the mean.
    """
    with np.errstate(divide="ignore"):
        log_failure = np.log1p(-p.astype(float))
    rate = log_failure / mean_length
    return np.stack([-np.expm1(rate * budget).mean(axis=1) for budget in budgets], axis=1)


def _particles(lengths: LengthDraws, part: slice, rng: np.random.Generator) -> _Block:
    """Lengths of attempts in each replicate: points of a shape that is drawn anew, around the mean that is drawn."""
    shape, shape_n = lengths.shape[part], lengths.shape_n[part]
    log_mean = lengths.log_mean[:, part]
    replicates, atoms = len(log_mean), shape.shape[-1]
    weights = rng.standard_gamma(np.maximum(shape_n, 1.0)[..., None] / atoms, (replicates, *shape.shape))
    weights += 1e-12
    cumulative = np.cumsum(weights, axis=-1)
    cumulative /= cumulative[..., -1:]
    points = (np.arange(PARTICLES) + rng.random((*cumulative.shape[:-1], 1))) / PARTICLES
    # One search in all rows at once: row i holds numbers from i to i + 1.
    rows = np.arange(cumulative[..., 0].size).reshape(*cumulative.shape[:-1], 1)
    place = np.searchsorted((cumulative + rows).ravel(), (points + rows).ravel()).reshape(points.shape) - rows * atoms
    place = np.clip(place, 0, atoms - 1)
    points_of_shape = np.take_along_axis(np.broadcast_to(shape, cumulative.shape), place, axis=-1)
    values = points_of_shape / points_of_shape.mean(axis=-1, keepdims=True) * np.exp(log_mean)[..., None]
    return _Block(values[:, :, WRONG], values[:, :, RIGHT])


def _solved(
    p: Float[np.ndarray, "replicate problem draw"],
    block: _Block,
    budgets: Float[np.ndarray, " budget"],
    rng: np.random.Generator,
) -> Float[np.ndarray, "replicate draw budget"]:
    """Sum over some problems of the probability to be solved within each budget."""
    wrong = block.wrong.mean(axis=-1)
    squared_spread = np.maximum(block.wrong.var(axis=-1) / wrong**2, LEAST_SQUARED_SPREAD)
    left = (budgets - block.right.mean(axis=-1)[..., None]) / wrong[..., None]
    edge = (1 + squared_spread) / 2
    share = np.clip((left + edge[..., None] - MANY) / (MORE - MANY), 0, 1)
    few = int((share < 1).any(axis=(0, 1)).sum())
    first_many = len(budgets) - int((share > 0).any(axis=(0, 1)).sum())
    total = np.zeros((p.shape[0], p.shape[2], len(budgets)))
    if few:
        ended = np.stack(list(_ended(block, budgets[:few], rng)), axis=2).astype(np.float32)
        powers = np.stack([(1 - p) ** j for j in range(FOLLOWED)], axis=-1) * p[..., None]
        # Rounding in single precision may leave the sum of many terms just above 1.
        followed = np.minimum(powers @ ended, 1)
        total[..., :few] = np.einsum("knb,kndb->kdb", 1 - share[..., :few], followed, optimize=True)
    if first_many < len(budgets):
        with np.errstate(divide="ignore"):
            log_failure = np.log1p(-p.astype(float))
        spread = squared_spread[..., None]
        rate = np.maximum(np.expm1(spread * log_failure) / spread, -1e3).astype(np.float32)
        start = np.exp(np.maximum(edge[..., None] * log_failure, -80.0)).astype(np.float32)
        exponent = rate[..., None] * np.maximum(left[..., None, first_many:], 0).astype(np.float32)
        failed = np.exp(np.maximum(exponent, -80.0, out=exponent), out=exponent) * start[..., None]
        weight = share[..., first_many:].astype(np.float32)
        total[..., first_many:] += weight.sum(axis=1)[:, None] - np.einsum(
            "knb,kndb->kdb", weight, failed, optimize=True
        )
    return total


def _ended(
    block: _Block, budgets: np.ndarray, rng: np.random.Generator
) -> Iterator[Float[np.ndarray, "replicate problem budget"]]:
    """For j = 0, 1, ... the probability that j wrong attempts and a right one end within each budget.

    Each attempt takes the points of its distribution in an order of its own, so that each sum has the right mean.
    """
    shape, size = block.wrong.shape, len(budgets)
    before = np.zeros(shape)
    rows = np.arange(before[..., 0].size)[:, None] * (size + 1)
    for attempt in range(FOLLOWED):
        length = before + (_reordered(block.right, rng) if attempt else block.right)
        place = np.searchsorted(budgets, length.reshape(-1, shape[-1]))
        counts = np.bincount((place + rows).ravel(), minlength=len(rows) * (size + 1)).reshape(*shape[:2], size + 1)
        yield np.cumsum(counts, axis=-1)[..., :-1] / shape[-1]
        before = before + _reordered(block.wrong, rng)


def _reordered(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Each row in another order: one order for all, begun at a place of each row's own."""
    size = values.shape[-1]
    begin = rng.integers(size, size=(*values.shape[:-1], 1))
    return np.take_along_axis(values, (rng.permutation(size) + begin) % size, axis=-1)
