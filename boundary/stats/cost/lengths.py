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
# A problem's own variance counts beside that of all problems as if the latter rested on so many samples.
POOLED_SAMPLES = 4.0
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
        Means as they are; the variance of a problem's lengths is drawn towards that of all problems, and the shape of a
        distribution with fewer than 8 samples is that of all problems.

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
    variance, shape, shape_n = np.empty(size), np.empty((size, ATOMS)), np.empty(size)
    for outcome in (WRONG, RIGHT):
        of_outcome = slice(outcome, size, 2)
        variance[of_outcome] = _shrunken_variances(n[of_outcome], squares[of_outcome])
        pooled, pooled_n = _pooled_shape(relative[right == outcome], n[cell[right == outcome]])
        shape[of_outcome], shape_n[of_outcome] = pooled, pooled_n
    order = np.lexsort((relative, cell))
    ends = np.cumsum(n).astype(int)
    for own in np.flatnonzero(n >= ENOUGH_FOR_SHAPE):
        shape[own], shape_n[own] = _quantiles(relative[order[ends[own] - int(n[own]) : ends[own]]]), n[own]
    return ObservedLengths(
        *(part.reshape(n_problems, 2) for part in (n, mean, variance)),
        shape.reshape(n_problems, 2, ATOMS),
        shape_n.reshape(n_problems, 2),
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


def length_draws(observed: ObservedLengths, n_draws: int, rng: np.random.Generator) -> LengthDraws:
    """Posterior draws of the mean lengths of wrong and right attempts at each problem.

    Parameters
    ----------
    observed
        What is known.
    n_draws
        How many draws.
    rng
        Random numbers.

    Returns
    -------
    LengthDraws
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
    draws = np.stack(list(_gibbs(value, precision, has_length, n_draws, rng)))
    if outcomes == 1:
        draws = np.repeat(draws, 2, axis=2)
    return LengthDraws(draws, observed.shape, observed.shape_n)


def _gibbs(
    value: np.ndarray, precision: np.ndarray, has_length: np.ndarray, n_draws: int, rng: np.random.Generator
) -> "list[Float[np.ndarray, 'problem outcome']]":
    """Draws of normal means with normal errors of known precision, their mean and covariance over problems unknown."""
    n_problems, outcomes = value.shape
    counts = has_length.sum(axis=0)
    overall = value.sum() / max(has_length.sum(), 1)
    centre = np.where(counts > 0, value.sum(axis=0) / np.maximum(counts, 1), overall)
    theta = np.where(has_length, value, centre)
    covariance = PRIOR_SCALE * np.eye(outcomes)
    draws = []
    for step in range(WARM_UP + STEPS * n_draws):
        between = np.linalg.inv(covariance)
        posterior = between[None] + precision[:, :, None] * np.eye(outcomes)
        inverse = np.linalg.inv(posterior)
        middle = np.einsum("ijk,ik->ij", inverse, between @ centre + precision * value)
        noise = rng.standard_normal(theta.shape)
        theta = middle + np.einsum("ijk,ik->ij", np.linalg.cholesky(inverse), noise)
        root = np.linalg.cholesky(covariance / n_problems)
        centre = theta.mean(axis=0) + root @ rng.standard_normal(outcomes)
        residual = theta - centre
        scale = PRIOR_SCALE * np.eye(outcomes) + residual.T @ residual
        covariance = _inverse_wishart(outcomes + 1 + n_problems, scale, rng)
        if step >= WARM_UP and (step - WARM_UP) % STEPS == STEPS - 1:
            draws.append(theta)
    return draws


def _inverse_wishart(freedom: int, scale: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A draw by Bartlett's decomposition."""
    size = len(scale)
    lower = np.tril(rng.standard_normal((size, size)), -1)
    lower[np.diag_indices(size)] = np.sqrt(rng.chisquare(freedom - np.arange(size)))
    root = np.linalg.cholesky(np.linalg.inv(scale)) @ lower
    return np.asarray(np.linalg.inv(root @ root.T))


def _shrunken_variances(n: np.ndarray, squares: np.ndarray) -> np.ndarray:
    """Variance over squared mean of each problem, drawn towards that of all problems."""
    freedom = np.maximum(n - 1, 0)
    pooled = squares.sum() / freedom.sum() if freedom.sum() >= 1 else MEAN_SPREAD**2
    return np.asarray((squares + POOLED_SAMPLES * pooled) / (freedom + POOLED_SAMPLES))


def _pooled_shape(relative: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, float]:
    """The shape of all problems together, and its samples; a problem's own mean has taken part of the spread."""
    several = n > 1
    spread = 1 + (relative[several] - 1) * np.sqrt(n[several] / (n[several] - 1))
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
