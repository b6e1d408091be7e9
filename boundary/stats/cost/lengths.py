"""Lengths of right and wrong attempts at each problem: what samples or means say of them, and posterior draws."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

# Columns of the last axis of lengths.
WRONG, RIGHT = 0, 1
# Points that stand for the shape of a distribution of lengths: its quantiles, divided by its mean.
ATOMS = 64
# With fewer samples the shape is that of all problems together.
ENOUGH_FOR_SHAPE = 8
# Where only means are known: the spread of lengths (standard deviation over mean) of one problem's attempts. That of
# the shape is what reasoning models show; that of the error of a mean is cautious, as of an exponential distribution.
SHAPE_SPREAD, MEAN_SPREAD = 0.6, 1.0
# Gibbs sampling of the means: steps that are thrown away, and steps from draw to draw.
WARM_UP, STEPS = 200, 5
# Prior of the covariance of log means over problems (inverse Wishart): its scale, a standard deviation of 0.3.
PRIOR_SCALE = 0.1


class ObservedLengths(NamedTuple):
    """What is known of the lengths of one model's attempts, in tokens.

    Parameters
    ----------
    n
        Samples of known length, wrong ones first.
    mean
        Their mean; NaN where there is none.
    variance
        Variance of a single length over the squared mean.
    shape
        Quantiles of the lengths over their mean, ascending.
    shape_n
        Samples that the shape rests on.
    by_outcome
        Whether lengths of right and wrong attempts are known apart; else both columns hold those of all attempts.
    """

    n: Float[np.ndarray, "problem outcome"]
    mean: Float[np.ndarray, "problem outcome"]
    variance: Float[np.ndarray, "problem outcome"]
    shape: Float[np.ndarray, "problem outcome atom"]
    shape_n: Float[np.ndarray, "problem outcome"]
    by_outcome: bool = True

    def scaled(self, factor: float) -> "ObservedLengths":
        """Lengths in another unit, such as money at a price of a token."""
        return self._replace(mean=self.mean * factor)


class LengthDraws(NamedTuple):
    """Posterior draws of the mean lengths, and what their distributions look like around them.

    Parameters
    ----------
    log_mean
        Logarithm of the mean length of a wrong and of a right attempt.
    shape, shape_n
        As in `ObservedLengths`.
    """

    log_mean: Float[np.ndarray, "replicate problem outcome"]
    shape: Float[np.ndarray, "problem outcome atom"]
    shape_n: Float[np.ndarray, "problem outcome"]


def lengths_of_samples(
    problem: Int[np.ndarray, " sample"],
    right: Bool[np.ndarray, " sample"],
    tokens: Float[np.ndarray, " sample"],
    n_problems: int,
) -> ObservedLengths:
    """What samples of known length say.

    Parameters
    ----------
    problem
        Number of each sample's problem, from 0.
    right
        Whether it was judged correct.
    tokens
        Its length; 0 counts as 1, since no attempt is free.
    n_problems
        How many problems there are; some may have no sample of known length.

    Returns
    -------
    ObservedLengths
        Means as they are. The variance is that of all problems together: a problem's own goes up and down with its mean
        where tails are heavy, so that to weigh means by it would make them too small. So is the shape of a distribution
        with fewer than 8 samples.

    Examples
    --------
    >>> lengths = lengths_of_samples(np.array([0, 0, 0]), np.array([True, False, False]), np.array([10.0, 20, 40]), 2)
    >>> lengths.n.tolist(), lengths.mean[0].tolist()
    ([[2.0, 1.0], [0.0, 0.0]], [30.0, 10.0])
    """
    tokens = np.maximum(tokens, 1.0)
    cell = problem * 2 + right
    size = 2 * n_problems
    n = np.bincount(cell, minlength=size).astype(float)
    total = np.bincount(cell, tokens, minlength=size)
    mean = np.divide(total, n, out=np.full(size, np.nan), where=n > 0)
    relative = tokens / mean[cell]
    squares = np.bincount(cell, (relative - 1) ** 2, minlength=size)
    logarithm = np.log(tokens)
    mean_log = np.bincount(cell, logarithm, minlength=size) / np.maximum(n, 1)
    log_squares = np.bincount(cell, (logarithm - mean_log[cell]) ** 2, minlength=size)
    variance, shape, shape_n = np.empty(size), np.empty((size, ATOMS)), np.empty(size)
    for outcome in (WRONG, RIGHT):
        of_outcome = slice(outcome, size, 2)
        variance[of_outcome] = _pooled_variance(n[of_outcome], squares[of_outcome], log_squares[of_outcome])
        pooled, pooled_n = _pooled_shape(relative[right == outcome], n[cell[right == outcome]])
        shape[of_outcome], shape_n[of_outcome] = pooled, pooled_n
    order = np.lexsort((relative, cell))
    ends = np.cumsum(n).astype(int)
    for own in np.flatnonzero(n >= ENOUGH_FOR_SHAPE):
        shape[own], shape_n[own] = _quantiles(relative[order[ends[own] - int(n[own]) : ends[own]]]), n[own]
    by_problem = n_problems, 2
    return ObservedLengths(
        n.reshape(by_problem),
        mean.reshape(by_problem),
        variance.reshape(by_problem),
        shape.reshape(*by_problem, ATOMS),
        shape_n.reshape(by_problem),
    )


def lengths_of_means(
    n_samples: Int[np.ndarray, " problem"],
    n_correct: Int[np.ndarray, " problem"],
    mean: Float[np.ndarray, " problem"],
    mean_correct: Float[np.ndarray, " problem"] | None = None,
    mean_wrong: Float[np.ndarray, " problem"] | None = None,
) -> ObservedLengths:
    """What means of lengths say, where no sample's length is known.

    Parameters
    ----------
    n_samples, n_correct
        Samples that the means are of.
    mean
        Mean length of all; NaN where unknown.
    mean_correct, mean_wrong
        Mean length of those judged correct, and of the others; None where these are not known apart.

    Returns
    -------
    ObservedLengths
        With a log-normal shape of spread 0.6, and means whose errors are those of lengths of spread 1.

    Notes
    -----
    Means say nothing of the spread within a problem. Lengths of reasoning spread by 0.4 to 0.9 of their mean; the error
    of a mean is taken from a spread of 1, so that intervals are rather too wide than too narrow.
    """
    by_outcome = mean_correct is not None and mean_wrong is not None
    if mean_correct is not None and mean_wrong is not None:
        n = np.stack([n_samples - n_correct, n_correct], axis=1).astype(float)
        means = np.stack([mean_wrong, mean_correct], axis=1).astype(float)
    else:
        n = np.stack([n_samples, n_samples], axis=1).astype(float)
        means = np.stack([mean, mean], axis=1).astype(float)
    means = np.where(n > 0, np.maximum(means, 1.0), np.nan)
    n = np.where(np.isnan(means), 0.0, n)
    from scipy.special import ndtri

    deviation = np.sqrt(np.log1p(SHAPE_SPREAD**2))
    atoms = np.exp(deviation * ndtri((np.arange(ATOMS) + 0.5) / ATOMS))
    return ObservedLengths(
        n,
        means,
        np.full(n.shape, MEAN_SPREAD**2),
        np.broadcast_to(atoms / atoms.mean(), (*n.shape, ATOMS)),
        np.full(n.shape, float(ATOMS)),
        by_outcome,
    )


def mean_length_draws(
    observed: ObservedLengths, n_draws: int, repeats: int, rng: np.random.Generator
) -> Float[np.ndarray, "replicate repeat problem outcome"]:
    """Posterior draws of the logarithms of the mean lengths of wrong and right attempts at each problem.

    Parameters
    ----------
    observed
        What is known.
    n_draws
        How many draws of what is common to the problems.
    repeats
        How many draws of the problems' means for each of these.
    rng
        Random numbers.

    Returns
    -------
    Float[np.ndarray, "replicate repeat problem outcome"]
        Also of problems without a right (wrong) attempt: there it follows from the wrong (right) ones and the other
        problems.

    Notes
    -----
    Log means are normal over problems, right and wrong ones correlated: (log w_i, log r_i) ~ N(m, S), with m flat and S
    inverse Wishart. The mean of n lengths whose variance is v times the squared mean is taken for log-normal with
    variance log(1 + v/n) (moments matched), so that a mean of few heavy-tailed lengths is uncertain and is drawn
    towards the others. Gibbs sampling.
    """
    outcomes = 2 if observed.by_outcome else 1
    n, mean = observed.n[:, :outcomes], observed.mean[:, :outcomes]
    has_length = (n > 0) & ~np.isnan(mean)
    spread = np.log1p(observed.variance[:, :outcomes] / np.maximum(n, 1.0))
    value = np.where(has_length, np.log(np.where(has_length, mean, 1.0)) + spread / 2, 0.0)
    precision = np.where(has_length, 1 / np.maximum(spread, 1e-8), 0.0)
    states = _gibbs(value, precision, has_length, n_draws, rng)
    draws = np.stack([_problem_means(*state, value, precision, repeats, rng) for state in states])
    return np.repeat(draws, 2, axis=3) if outcomes == 1 else draws


def length_draws(
    observed: ObservedLengths, means: Float[np.ndarray, "replicate repeat problem outcome"]
) -> LengthDraws:
    """The first draw of the means of each replicate, with the shapes that lengths have around them."""
    return LengthDraws(means[:, 0], observed.shape, observed.shape_n)


def _problem_means(
    centre: np.ndarray,
    covariance: np.ndarray,
    value: np.ndarray,
    precision: np.ndarray,
    repeats: int,
    rng: np.random.Generator,
) -> Float[np.ndarray, "repeat problem outcome"]:
    """Draws of the means of all problems, given their mean and covariance over problems."""
    between = np.linalg.inv(covariance)
    inverse = np.linalg.inv(between[None] + precision[:, :, None] * np.eye(len(centre)))
    middle = np.einsum("ijk,ik->ij", inverse, between @ centre + precision * value)
    noise = rng.standard_normal((repeats, *value.shape))
    return middle + np.einsum("ijk,rik->rij", np.linalg.cholesky(inverse), noise)


def _gibbs(
    value: np.ndarray, precision: np.ndarray, has_length: np.ndarray, n_draws: int, rng: np.random.Generator
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Draws of mean and covariance over problems, where the problems' means are known with errors."""
    n_problems, outcomes = value.shape
    counts = has_length.sum(axis=0)
    overall = value.sum() / max(has_length.sum(), 1)
    centre = np.where(counts > 0, value.sum(axis=0) / np.maximum(counts, 1), overall)
    covariance = PRIOR_SCALE * np.eye(outcomes)
    states = []
    for step in range(WARM_UP + STEPS * n_draws):
        theta = _problem_means(centre, covariance, value, precision, 1, rng)[0]
        root = np.linalg.cholesky(covariance / n_problems)
        centre = theta.mean(axis=0) + root @ rng.standard_normal(outcomes)
        residual = theta - centre
        scale = PRIOR_SCALE * np.eye(outcomes) + residual.T @ residual
        covariance = _inverse_wishart(outcomes + 1 + n_problems, scale, rng)
        if step >= WARM_UP and (step - WARM_UP) % STEPS == STEPS - 1:
            states.append((centre, covariance))
    return states


def _inverse_wishart(freedom: int, scale: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A draw by Bartlett's decomposition."""
    size = len(scale)
    lower = np.tril(rng.standard_normal((size, size)), -1)
    lower[np.diag_indices(size)] = np.sqrt(rng.chisquare(freedom - np.arange(size)))
    root = np.linalg.cholesky(np.linalg.inv(scale)) @ lower
    return np.asarray(np.linalg.inv(root @ root.T))


def _pooled_variance(n: np.ndarray, squares: np.ndarray, log_squares: np.ndarray) -> float:
    """Variance of a length over the squared mean of its problem, common to all problems.

    Parameters
    ----------
    n
        Lengths of each problem.
    squares
        Sum of squared distances from the problem's mean, over the squared mean.
    log_squares
        Sum of squared distances of log lengths from the mean log length.

    Notes
    -----
    A long sample makes its problem's mean long too, so that squares over the squared mean are too small: that of the
    mean is taken out of the latter, since E[mean^2 - s^2/n] is the square of what the mean estimates. With heavy tails
    few samples still show too little; where a log-normal law with the variance of the logarithms has more, that counts,
    up to half as much again.
    """
    has_several = n > 1
    freedom = (n[has_several] - 1).sum()
    if freedom < 1:
        return MEAN_SPREAD**2
    ratio = squares[has_several] / (n[has_several] - 1)
    below = ((n[has_several] - 1) * (1 - np.minimum(ratio / n[has_several], 1))).sum()
    moments = squares[has_several].sum() / max(below, 0.1 * freedom)
    of_logarithms = np.expm1(min(log_squares[has_several].sum() / freedom, 3.0))
    return float(np.clip(of_logarithms, moments, 1.5 * moments))


def _pooled_shape(relative: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, float]:
    """The shape of all problems together, and its samples; a problem's own mean has taken part of the spread."""
    has_several = n > 1
    spread = 1 + (relative[has_several] - 1) * np.sqrt(n[has_several] / (n[has_several] - 1))
    if len(spread) < ENOUGH_FOR_SHAPE:
        return lengths_of_means(np.ones(1, int), np.ones(1, int), np.ones(1)).shape[0, 0], float(ATOMS)
    return _quantiles(np.sort(np.maximum(spread, 0.02))), float(len(spread))


def _quantiles(ordered: np.ndarray) -> np.ndarray:
    """The quantiles that stand for a sample, with mean 1; of up to 64 values each stands for its share of the atoms."""
    n = len(ordered)
    edges = np.linspace(0, n, ATOMS + 1)
    sums = np.concatenate([[0.0], np.cumsum(ordered)])
    # The mean of the step function between two edges, so that the whole keeps its mean.
    inner = np.interp(edges, np.arange(n + 1), sums)
    atoms = np.diff(inner) * ATOMS / n
    return np.asarray(atoms / atoms.mean())
