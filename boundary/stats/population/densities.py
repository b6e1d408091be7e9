"""Smooth populations with atoms: the weights of a grid's cells as functions of standard normal parameters.

The log density on the logit scale is a simple one (of one model a Beta's, of a pair a normal one) with learned shape,
plus a Gaussian process that bends it where the data ask for it. The atoms at 0 (no sample will ever be right) and at 1
have log odds of their own against the smooth part. Parameters are standard normal a priori, but for those of atoms and
of a learned bend, which have coordinates of their own (`atom_odds`, `marginal_population`), so that the posterior is
smooth.

docs/decisions/002-population.md has the alternatives that were tried, and what they cost.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from boundary.stats.population.grid import Grid

# An atom's log odds against the smooth part: normal with this scale. At the place below, an atom of 2 % is expected and
# one of .04 % or of 50 % is two scales away. A heavier atom at 0 pulls pass@k beyond n down, a lighter one pulls it up.
ATOM_SCALE = 2.0
ATOM_AT_ZERO, ATOM_AT_ONE = -4.0, -4.0
# An atom's coordinate goes by the problems expected in it, of so many at most.
COUNTED_PROBLEMS = 2000.0
# Which parameter of a population of one model is the log amplitude of its bend.
AMPLITUDE = 5
# Where the smooth part of a population is centred, in logits.
CENTRE = -0.5

OfAtoms = tuple[float, ...] | Float[np.ndarray | Array, " atom"]
"""A number for each atom."""


class Basis(NamedTuple):
    """Constants of a family of populations on a grid.

    A population's log density over the cells is `features @ coefficients + constant`, up to a constant in each segment;
    the segments (each atom or edge of atoms, and the smooth part last) have shares of their own.
    """

    n_problems: Float[np.ndarray, ""]
    features: Float[np.ndarray, "cell coefficient"]
    constant: Float[np.ndarray, "cell 1"]
    segments: Float[np.ndarray, "cell segment"]  # 1 where the cell is in the segment, else 0


# `population(theta (dim, chain), basis)`: the cells' weights (cell or pair of cells, chain) and the log prior density
# (chain,). The basis is a named tuple of arrays, one of them `n_problems`.
Population = Callable[[Array, Any], tuple[Array, Array]]


def normalised(
    coefficients: Float[Array, "coefficient chain"], odds: Float[Array, "segment chain"], basis: Basis
) -> Float[Array, "cell chain"]:
    """Weights of the cells from the log density within segments and each segment's log odds against the last one."""
    log_density = basis.features @ coefficients + basis.constant
    # The smooth part's largest value is taken out: where all problems share one solve rate it is far from 0.
    smooth = basis.segments[:, -1:]
    largest = jnp.max(jnp.where(smooth > 0, log_density, -jnp.inf), axis=0)
    density = jnp.exp(log_density - smooth * jax.lax.stop_gradient(largest))
    shares = jax.nn.softmax(jnp.concatenate([odds, jnp.zeros((1, odds.shape[1]))]), axis=0)
    return density * (basis.segments @ (shares / (basis.segments.T @ density)))


def atom_odds(
    theta: Float[Array, "atom chain"],
    place: OfAtoms,
    n_problems: Float[Array | np.ndarray, ""],
    scale: float | OfAtoms = ATOM_SCALE,
) -> tuple[Float[Array, "atom chain"], Float[Array, " chain"]]:
    """Log odds of atoms against the smooth part, and their log prior density with the Jacobian of the coordinate.

    Notes
    -----
    The odds are N(place, scale). Counts determine the log odds of an atom of m problems to about 1 / sqrt(m), and those
    of an empty one not at all, so in the log odds themselves the posterior's scale changes tenfold from place to
    place and a sampler crawls. In the coordinate u with m = softplus(u)^2 / 4, expected problems m = n exp(odds),
    it is about 1 everywhere: the square root of a count where there is one, the log odds where there is none. theta
    = u minus its value at the prior's place.
    """
    log_four_n = jnp.log(4.0 * jnp.minimum(n_problems, COUNTED_PROBLEMS))
    centre = jnp.asarray(place, jnp.float32)[:, None]
    u = jnp.log(jnp.expm1(jnp.exp(0.5 * (centre + log_four_n)))) + theta
    root = jax.nn.softplus(u)
    odds = 2.0 * jnp.log(root) - log_four_n
    log_slope = jnp.log(2.0 * jax.nn.sigmoid(u) / root)
    width = jnp.reshape(jnp.asarray(scale, jnp.float32), (-1, 1))
    return odds, (log_slope - 0.5 * ((odds - centre) / width) ** 2).sum(axis=0)


def waves(points: np.ndarray, length: float, count: int, weight: np.ndarray | None = None) -> Float[np.ndarray, "..."]:
    """Leading eigenfunctions of a squared-exponential Gaussian process, scaled so that it is `waves @ normal`.

    `weight` is high where on the axis they must be accurate; None: everywhere.
    """
    kernel = np.exp(-0.5 * ((points[:, None] - points) / length) ** 2)
    root = np.sqrt(weight / weight.max()) + 1e-3 if weight is not None else np.ones_like(points)
    values, vectors = np.linalg.eigh(root[:, None] * kernel * root)
    leading = vectors[:, ::-1][:, :count] * np.sqrt(np.maximum(values[::-1][:count], 0.0))
    # Libraries differ in an eigenvector's sign; fixed, so that the same seed gives the same numbers everywhere.
    # By the first large entry: the sum of an odd one is rounding.
    first_large = (np.abs(leading) > 0.4 * np.abs(leading).max(axis=0)).argmax(axis=0)
    signs = np.sign(leading[first_large, np.arange(count)])
    return leading * signs / root[:, None]


class MarginalPrior(NamedTuple):
    """What is expected of the density of one model's logits, before any count.

    Parameters
    ----------
    length, waves
        The length of the Gaussian process, in logits, and how many of its eigenfunctions are kept.
    spacing
        Logits from one knot of the grid to the next.
    amplitude, amplitude_scale
        Median and log scale of its standard deviation.
    left, left_scale, right, right_scale
        Medians and log scales of the Beta's two parameters.
    width, width_scale
        Median and log scale of the width, in logits, beyond which the tails are drawn in.
    at_zero, at_zero_scale, at_one, at_one_scale
        Means and scales of the log odds of the atoms at 0 and at 1 against the smooth part.
    counted_problems
        An atom's coordinate goes by the problems expected in it, of so many at most.
    """

    length: float
    waves: int
    spacing: float
    amplitude: float
    amplitude_scale: float
    left: float
    left_scale: float
    right: float
    right_scale: float
    width: float
    width_scale: float
    at_zero: float = ATOM_AT_ZERO
    at_zero_scale: float = ATOM_SCALE
    at_one: float = ATOM_AT_ONE
    at_one_scale: float = ATOM_SCALE
    counted_problems: float = COUNTED_PROBLEMS

    @property
    def dim(self) -> int:
        """Parameters of a population: two atoms, three of the Beta with its tails drawn in, the amplitude, the bend."""
        return 6 + self.waves


# How these were chosen, and what others cost: docs/decisions/022-learned-amplitude.md.
LEARNED_BEND = MarginalPrior(
    length=1.5,
    waves=24,
    spacing=0.4,
    amplitude=1.0,
    amplitude_scale=0.4,
    left=0.4,
    left_scale=1.2,
    right=0.6,
    right_scale=1.2,
    width=5.0,
    width_scale=0.7,
)
# Learned from nine published sets of counts (71 tables), with a width that holds how little nine sets tell:
# `python -m benchmarks.calibration.learn_prior` and docs/decisions/024-learned-prior.md.
EMPIRICAL = LEARNED_BEND._replace(
    amplitude=0.425,
    amplitude_scale=0.829,
    left=0.188,
    left_scale=1.14,
    right=0.607,
    right_scale=2.65,
    width=8.75,
    width_scale=0.959,
    at_zero=-5.18,
    at_zero_scale=2.71,
    at_one=-7.18,
    at_one_scale=3.11,
)
# The default as it was, to compare with: docs/decisions/002-population.md.
FIXED_BEND = MarginalPrior(
    length=2.0,
    waves=18,
    spacing=0.8,
    amplitude=1.75,
    amplitude_scale=0.0,
    left=0.5,
    left_scale=0.8,
    right=0.8,
    right_scale=0.8,
    width=6.0,
    width_scale=0.7,
)


def marginal_basis(prior: MarginalPrior, grid: Grid) -> Basis:
    """Constants of the population of one model on a grid: cells in the order atom at 0, knots, atom at 1."""
    knots, size = grid.knots, grid.n_cells
    features = np.zeros((size, prior.waves + 3))
    features[1:-1, : prior.waves] = prior.amplitude * waves(knots, prior.length, prior.waves)
    features[1:-1, prior.waves :] = np.stack([knots, np.logaddexp(0.0, knots), knots**2], axis=1)
    segments = np.zeros((size, 3))
    segments[0, 0] = segments[-1, 1] = segments[1:-1, 2] = 1
    return basis_of(features, np.zeros(size), segments)


def basis_of(features: np.ndarray, constant: np.ndarray, segments: np.ndarray) -> Basis:
    """The basis of tables with the cells in one axis or two, the last axis that of features or segments."""
    cells = constant.size
    parts = 1, features.reshape(cells, -1), constant.reshape(cells, 1), segments.reshape(cells, -1)
    return Basis(*(np.asarray(part, np.float32) for part in parts))


def marginal_population(
    prior: MarginalPrior, theta: Float[Array, "dim chain"], basis: Basis
) -> tuple[Float[Array, "cell chain"], Float[Array, " chain"]]:
    """Weights of the cells, summing to 1, of a population of one model, and the log prior density of its parameters.

    Notes
    -----
    log density(x) = a x - (a + b) log(1 + e^x) - x^2 / (2 s^2) + A GP(x): a Beta(a, b) density on the logit scale with
    its tails drawn in, bent where the data ask for it. log a, log b, log s and log A are normal, GP has standard
    deviation 1, and the log odds of each atom against the smooth part are normal; places and scales are the prior's.
    """
    left, right, width, amplitude = theta[2:6]
    a, b = prior.left * jnp.exp(prior.left_scale * left), prior.right * jnp.exp(prior.right_scale * right)
    drawn_in = jnp.exp(-2.0 * prior.width_scale * width) / prior.width**2
    log_amplitude = prior.amplitude_scale * amplitude
    n_problems = jnp.minimum(basis.n_problems, prior.counted_problems)
    odds, log_prior = atom_odds(
        theta[:2], (prior.at_zero, prior.at_one), n_problems, (prior.at_zero_scale, prior.at_one_scale)
    )
    # Partial non-centring (Papaspiliopoulos, Roberts & Skold 2007): the coordinate is the bend over the root of its
    # amplitude, in which chains neither stay at small amplitudes nor crawl (docs/decisions/024-learned-prior.md).
    root = jnp.exp(0.5 * log_amplitude)
    bend = theta[6:] * root
    weights = normalised(jnp.concatenate([bend, jnp.stack([a, -(a + b), -0.5 * drawn_in])]), odds, basis)
    log_prior -= 0.5 * (theta[2:6] ** 2).sum(axis=0)
    log_prior -= 0.5 * ((theta[6:] / root) ** 2).sum(axis=0)
    return weights, log_prior - prior.waves * 0.5 * log_amplitude


# Normal logits without atoms: mean and log scale.
NORMAL_DIM = 2


def normal_basis(grid: Grid) -> Basis:
    """Constants of a normal population of one model on a grid."""
    features, segments = np.zeros((grid.n_cells, 2)), np.zeros((grid.n_cells, 1))
    features[1:-1] = np.stack([grid.knots, grid.knots**2], axis=1)
    segments[1:-1] = 1
    return basis_of(features, np.zeros(grid.n_cells), segments)


def normal_population(
    theta: Float[Array, "dim chain"], basis: Basis
) -> tuple[Float[Array, "cell chain"], Float[Array, " chain"]]:
    """Weights of the cells of a normal population of logits, and the log prior density of its parameters.

    Notes
    -----
    x ~ N(m, s^2), m ~ N(-.5, 2.5), log s ~ N(1, .5).
    """
    mean, precision = CENTRE + 2.5 * theta[0], jnp.exp(-2.0 - theta[1])
    coefficients = jnp.stack([mean * precision, -0.5 * precision])
    return normalised(coefficients, theta[:0], basis), -0.5 * (theta**2).sum(axis=0)
