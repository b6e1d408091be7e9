"""Smooth populations of pairs of solve rates with atoms: weights of pairs of cells, of standard normal parameters.

As in `boundary.stats.population.densities`, for a base and an RL model together.
"""

from math import log
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy.special import expit

from boundary.stats.population.densities import (
    ATOM_SCALE,
    CENTRE,
    Basis,
    OfAtoms,
    atom_odds,
    basis_of,
    normalised,
    waves,
)
from boundary.stats.population.grid import Grid

# A pair: Gaussian processes over the common level (x + y) / 2, over the change y - x, and over both together.
LEVEL_LENGTH, LEVEL_WAVES, LEVEL_AMPLITUDE = 2.5, 12, 1.5
CHANGE_LENGTH, CHANGE_WAVES, CHANGE_AMPLITUDE = 1.5, 8, 1.0
BOTH_LENGTHS, BOTH_WAVES, BOTH_AMPLITUDE = (4.0, 2.5), (7, 5), 1.0
EDGE_LENGTH, EDGE_WAVES, EDGE_AMPLITUDE = 3.0, 6, 1.0
# Changes larger than this scale (in logits) are rare, so the eigenfunctions spend themselves on smaller ones.
CHANGE_SCALE = 4.0
# The ridge along which RL's logits follow the base model's has one slope, shift and tightness where both models solve
# little and another where they solve much, the two melting into each other over some logits.
RIDGE_BLEND = 1.5
CORNERS_AND_EDGES, RIDGE = 8, 8
BEND = LEVEL_WAVES + CHANGE_WAVES + BOTH_WAVES[0] * BOTH_WAVES[1]
# Samples do not tell a rate of 0 from a low one. Of the problems of an edge where a model's rate is 0, an unknown share
# has low rates instead: logits up to the highest (p = .05), normal with this spread around an unknown place.
LOW_PLACE, LOW_PLACE_SCALE, LOW_SPREAD, LOW_HIGHEST = -7.0, 2.0, 1.5, -3.0
JOINT_DIM = CORNERS_AND_EDGES + 4 * EDGE_WAVES + RIDGE + BEND + 4


class JointPrior(NamedTuple):
    """What is expected of the population of a pair, before any count: means and scales of normal parameters.

    Parameters
    ----------
    odds, odds_scale
        Log odds, against the smooth part, of: dead in both; certain in both; (0, 1) and (1, 0); base at 0 or 1 with RL
        anywhere; RL at 0 or 1 with base anywhere. The edges at RL = 0 and base = 0 are the problems truly lost and
        truly gained.
    ridge, ridge_scale
        Of `joint_population`: m, log s, b_low, b_high, a_low, a_high - a_low, (log t_low + log t_high) / 2 and
        (log t_low - log t_high) / 2.
    """

    odds: OfAtoms
    odds_scale: OfAtoms
    ridge: tuple[float, ...] | Float[np.ndarray | Array, "8"]
    ridge_scale: tuple[float, ...] | Float[np.ndarray | Array, "8"]


EXPECTED_PAIR = JointPrior(
    odds=(-4.0, -3.5, -9.0, -9.0, -5.0, -5.0, -5.0, -5.0),
    odds_scale=(ATOM_SCALE,) * CORNERS_AND_EDGES,
    ridge=(0.0, log(3.5), 0.0, 0.0, 1.0, 0.0, log(0.35), 0.0),
    ridge_scale=(2.0, 0.4, 0.3, 0.3, 1.5, 1.0, 0.9, 0.6),
)
# Learned from pairs of five published sets: `python -m benchmarks.calibration.learn_pair_prior` and
# docs/decisions/027-learned-prior-of-a-pair.md.
EMPIRICAL_PAIR = JointPrior(
    odds=(-5.52, -6.2, -10.1, -9.85, -7.06, -8.02, -7.56, -7.55),
    odds_scale=(2.07, 2.17, 2.65, 2.51, 1.95, 2.02, 2.5, 2.31),
    ridge=(0.0316, 0.976, 0.175, 0.256, 0.515, 0.824, 0.0811, 0.238),
    ridge_scale=(2.54, 0.545, 0.265, 0.285, 0.919, 0.939, 1.77, 0.604),
)


class PairBasis(NamedTuple):
    """Constants of the population of a pair on a grid: the smooth part inside, and edges where a model has p = 0 or 1.

    The log density is `inside @ coefficients` over the pairs of knots, the base model's first, and `edge @ coefficients
    + edge_constant` over the knots of an edge, `edge_knots`. `prior` is in arrays: another one compiles nothing.
    """

    n_problems: Float[np.ndarray, ""]
    inside: Float[np.ndarray, "pair coefficient"]
    edge: Float[np.ndarray, "knot wave"]
    edge_constant: Float[np.ndarray, "knot 1 1"]
    edge_knots: Float[np.ndarray, " knot"]
    prior: JointPrior


def joint_basis(prior: JointPrior, grid: Grid) -> PairBasis:
    """Constants of the population of a pair of models on a grid."""
    return basis_on(prior, grid.knots, grid.knots)


def basis_on(
    prior: JointPrior, knots: Float[np.ndarray, " knot"], edge_knots: Float[np.ndarray, " edge_knot"]
) -> PairBasis:
    """Constants where the inside has knots of its own and the edges others."""
    base, rl = (axis.ravel() for axis in np.meshgrid(knots, knots, indexing="ij"))
    level, change = (base + rl) / 2, rl - base
    span = knots[-1] - knots[0]
    levels, changes = np.linspace(knots[0], knots[-1], 97), np.linspace(-span, span, 193)
    common = np.exp(-0.5 * (changes / CHANGE_SCALE) ** 2)

    def along(at: np.ndarray, axis: np.ndarray, length: float, count: int, weight: np.ndarray | None) -> np.ndarray:
        table = waves(axis, length, count, weight)
        return np.stack([np.interp(at, axis, column) for column in table.T], axis=-1)

    over_level = along(level, levels, LEVEL_LENGTH, LEVEL_WAVES, None)
    over_change = along(change, changes, CHANGE_LENGTH, CHANGE_WAVES, common)
    slow_level = along(level, levels, BOTH_LENGTHS[0], BOTH_WAVES[0], None)
    slow_change = along(change, changes, BOTH_LENGTHS[1], BOTH_WAVES[1], common)
    over_both = (slow_level[:, :, None] * slow_change[:, None, :]).reshape(len(level), -1)
    bend = np.concatenate(
        [LEVEL_AMPLITUDE * over_level, CHANGE_AMPLITUDE * over_change, BOTH_AMPLITUDE * over_both], axis=1
    )
    inside = [_beyond_normal(bend, level - CENTRE, change), ridge_features(level - CENTRE, change)]
    edge_constant = -0.5 * ((edge_knots - CENTRE) / 4.0)[:, None, None] ** 2
    return PairBasis(
        n_problems=np.array(1, np.float32),
        inside=np.concatenate(inside, axis=1).astype(np.float32),
        edge=(EDGE_AMPLITUDE * waves(edge_knots, EDGE_LENGTH, EDGE_WAVES)).astype(np.float32),
        edge_constant=edge_constant.astype(np.float32),
        edge_knots=edge_knots.astype(np.float32),
        prior=JointPrior(*(np.asarray(part, np.float32) for part in prior)),
    )


def ridge_features(level: np.ndarray, change: np.ndarray) -> Float[np.ndarray, "point feature"]:
    """Level and its square; then, weighted low and weighted high: 1, l, l^2, d, d l, d^2."""
    low = expit(-level / RIDGE_BLEND)
    parts = [np.ones_like(level), level, level**2, change, change * level, change**2]
    return np.stack([level, level**2] + [weight * part for weight in (low, 1 - low) for part in parts], axis=1)


def _beyond_normal(bend: np.ndarray, level: np.ndarray, change: np.ndarray) -> Float[np.ndarray, "point wave"]:
    """Waves without the part that the two normal densities' own parameters already span.

    Otherwise the two trade places along curved ridges of the posterior (effective draws of shrinkage(1024), the least
    of four fits: 163 of 2,560 with that part, 683 without).
    """
    normal = ridge_features(level, change)
    root = np.exp(-0.25 * (level / 4.0) ** 2 - 0.25 * (change / 2.5) ** 2)[:, None]
    slopes = np.linalg.lstsq(root * normal, root * bend, rcond=None)[0]
    return np.asarray(bend - normal @ slopes)


def joint_population(
    theta: Float[Array, "dim chain"], basis: PairBasis
) -> tuple[Float[Array, "cells chain"], Float[Array, " chain"]]:
    """Weights of the pairs of cells, summing to 1, those of one base cell side by side; and the log prior density.

    Notes
    -----
    On the smooth part, log density = -(l - m)^2 / (2 s^2) - sum_j w_j(l) [t_j (d - a_j - b_j l)^2 - log t_j] / 2
    + GP(l) + GP(d) + GP(l, d), with the level l = (x + y) / 2 of the two logits, counted from -.5, the change
    d = y - x, and w_low = 1 / (1 + exp(l / 1.5)) = 1 - w_high. By default m ~ N(0, 2), log s ~ N(log 3.5, .4),
    b_j ~ N(0, .3), a_low ~ N(1, 1.5), a_high - a_low ~ N(0, 1), log t_j ~ N(log .35, 1.1) with correlation .4. Four
    edges and four corners carry the atoms. Why two parts: docs/decisions/002-population.md.

    Far from the ridge the smooth part has no mass to speak of, so that a problem with no success of one model and many
    of the other would be at an edge, with a rate of exactly 0, however few the samples. So of the problems of the edges
    at base = 0 and at RL = 0 a share v has low rates instead: logits N(c, 1.5) below -3, c ~ N(-7, 2), v ~ Beta(1/2,
    1/2), each edge with its own (docs/decisions/029-lost-or-rarely-solved.md).
    """
    parts = parts_of(theta, basis)
    inside = shares_of(jnp.asarray(basis.inside) @ parts.coefficients)
    return parts.cells(inside, jax.nn.softmax(parts.log_edges, axis=0)), parts.log_prior


class PairParts(NamedTuple):
    """What the parameters of a pair's population stand for.

    Parameters
    ----------
    coefficients
        Of the columns of `PairBasis.inside`.
    log_edges
        Log density over the knots of each edge: base at 0 and at 1, RL at 0 and at 1.
    shares
        Of the four corners, the four edges and the inside; they sum to 1.
    low, low_shares
        Each model's low rates as weights of the knots, and of the problems of its edge at 0 the share that has these
        rates instead.
    log_prior
        Log prior density of the parameters.
    """

    coefficients: Float[Array, "coefficient chain"]
    log_edges: Float[Array, "knot edge chain"]
    shares: Float[Array, "segment chain"]
    low: Float[Array, "knot model chain"]
    low_shares: Float[Array, "model chain"]
    log_prior: Float[Array, " chain"]

    def cells(
        self, inside: Float[Array, "pair chain"], edges: Float[Array, "knot edge chain"]
    ) -> Float[Array, "cells chain"]:
        """Weights of all pairs of cells, given those within the inside and within each edge, which sum to 1."""
        edges = edges * self.shares[4:-1]
        knots, _, chains = edges.shape
        gained, lost = edges[:, 0] * self.low_shares[0], edges[:, 2] * self.low_shares[1]
        rarely_solved = outer_product(self.low[:, 0], gained) + outer_product(lost, self.low[:, 1])
        inside = (inside * self.shares[-1]).reshape(knots, knots, chains) + rarely_solved
        edges = edges - jnp.stack([gained, jnp.zeros_like(gained), lost, jnp.zeros_like(lost)], axis=1)
        return _cells(inside, edges, self.shares[:4])


@jax.custom_vjp
def outer_product(first: Float[Array, "row chain"], second: Float[Array, "column chain"]) -> Array:
    """The outer product of two vectors of each chain.

    The vectors, and the products in its gradient's sums, are computed before they are used. Otherwise XLA computes them
    anew for each element, and the gradient of a pair's density takes twice as long.
    """
    return _outer_product_of(first, second)[0]


def _outer_product_of(first: Array, second: Array) -> tuple[Array, tuple[Array, Array]]:
    first, second = jax.lax.optimization_barrier((first, second))
    return first[:, None] * second, (first, second)


def _slopes_of_factors(factors: tuple[Array, Array], slope: Array) -> tuple[Array, Array]:
    first, second = factors
    of_first, of_second = jax.lax.optimization_barrier((slope * second, slope * first[:, None]))
    return of_first.sum(axis=1), of_second.sum(axis=0)


outer_product.defvjp(_outer_product_of, _slopes_of_factors)


def parts_of(theta: Float[Array, "dim chain"], basis: PairBasis) -> PairParts:
    """The parts of the population of `joint_population`."""
    prior = basis.prior
    atoms, smooth = theta[:CORNERS_AND_EDGES], theta[CORNERS_AND_EDGES:]
    edges, standard, bend, low = jnp.split(smooth, np.cumsum([4 * EDGE_WAVES, RIDGE, BEND]))
    low_share, low_place = jnp.split(low, 2)
    knots = jnp.asarray(basis.edge_knots)[:, None, None]
    log_low = -0.5 * ((knots - LOW_PLACE - LOW_PLACE_SCALE * low_place) / LOW_SPREAD) ** 2
    ridge = jnp.asarray(prior.ridge)[:, None] + jnp.asarray(prior.ridge_scale)[:, None] * standard
    centre, log_scale, slope_low, slope_high, shift, shift_change, log_tightness, half_difference = ridge
    precision = jnp.exp(-2.0 * log_scale)
    normal = [centre * precision, -0.5 * precision]
    for a, b, log_t in (
        (shift, slope_low, log_tightness + half_difference),
        (shift + shift_change, slope_high, log_tightness - half_difference),
    ):
        t = jnp.exp(log_t)
        normal += [0.5 * (log_t - t * a**2), -t * a * b, -0.5 * t * b**2, t * a, t * b, -0.5 * t]
    odds, log_prior = atom_odds(atoms, prior.odds, basis.n_problems, prior.odds_scale)
    return PairParts(
        coefficients=jnp.concatenate([bend, jnp.stack(normal)]),
        log_edges=_log_edges(edges, basis),
        shares=jax.nn.softmax(jnp.concatenate([odds, jnp.zeros_like(odds[:1])]), axis=0),
        low=jax.nn.softmax(jnp.where(knots <= LOW_HIGHEST, log_low, -jnp.inf), axis=0),
        low_shares=jnp.sin(0.5 * jnp.pi * jax.scipy.special.ndtr(low_share)) ** 2,
        log_prior=log_prior - 0.5 * (smooth**2).sum(axis=0),
    )


def shares_of(log_density: Float[Array, "pair chain"]) -> Float[Array, "pair chain"]:
    """Weights that sum to 1 of a log density over pairs of knots."""
    density = jnp.exp(log_density - jax.lax.stop_gradient(log_density.max(axis=0)))
    return density / density.sum(axis=0)


def _log_edges(bends: Float[Array, "coefficient chain"], basis: PairBasis) -> Float[Array, "knot edge chain"]:
    """Log density over the knots of each edge."""
    waves_first = bends.reshape(4, EDGE_WAVES, -1).swapaxes(0, 1)
    return jnp.tensordot(basis.edge, waves_first, axes=1) + basis.edge_constant


def _cells(
    inside: Float[Array, "base rl chain"], edges: Float[Array, "knot edge chain"], corners: Float[Array, "corner chain"]
) -> Float[Array, "cells chain"]:
    """Weights of all pairs of cells: those of one base cell side by side, the cells at 0 first, those at 1 last."""
    chains = edges.shape[-1]
    base_at_0, base_at_1, rl_at_0, rl_at_1 = jnp.split(edges, 4, axis=1)
    never, always, gained, lost = jnp.split(corners[:, None], 4)
    between = jnp.concatenate([rl_at_0, inside, rl_at_1], axis=1)
    first = jnp.concatenate([never, base_at_0, gained])
    last = jnp.concatenate([lost, base_at_1, always])
    return jnp.concatenate([part.reshape(-1, chains) for part in (first, between, last)])


# Normal logits of a pair without atoms: means, log scales and their correlation.
NORMAL_PAIR_DIM = 5


def normal_pair_basis(grid: Grid) -> Basis:
    """Constants of a normal population of a pair of models on a grid."""
    size = grid.n_cells
    base, rl = np.meshgrid(grid.knots, grid.knots, indexing="ij")
    features, segments = np.zeros((size, size, 5)), np.zeros((size, size, 1))
    features[1:-1, 1:-1] = np.stack([base, rl, base**2, base * rl, rl**2], axis=-1)
    segments[1:-1, 1:-1] = 1
    return basis_of(features, np.zeros((size, size)), segments)


def normal_pair_population(
    theta: Float[Array, "dim chain"], basis: Basis
) -> tuple[Float[Array, "cells chain"], Float[Array, " chain"]]:
    """Weights of the pairs of cells of a bivariate normal population of logits, and the log prior density.

    Notes
    -----
    Means and scales of each model as in `normal_population`; correlation r = tanh(theta_4) with the LKJ(1.5) density,
    proportional to (1 - r^2)^(1/2).
    """
    mean, deviation = CENTRE + 2.5 * theta[:2], jnp.exp(1.0 + 0.5 * theta[2:4])
    correlation = jnp.tanh(theta[4])
    unexplained = 1.0 / jnp.cosh(theta[4]) ** 2  # 1 - r^2
    at, scaled = mean / deviation, 1.0 / (deviation * unexplained)
    coefficients = [
        (at[0] - correlation * at[1]) * scaled[0],
        (at[1] - correlation * at[0]) * scaled[1],
        -0.5 * scaled[0] / deviation[0],
        correlation * scaled[0] / deviation[1],
        -0.5 * scaled[1] / deviation[1],
    ]
    log_prior = 1.5 * jnp.log(unexplained) - 0.5 * (theta[:4] ** 2).sum(axis=0)
    return normalised(jnp.stack(coefficients), theta[:0], basis), log_prior
