"""Populations of pairs whose problems come in narrow lumps: groups of nearly the same solve rate.

The population of `boundary.stats.population.pair_densities`, on knots twice as close, with a further bend along each
model's own logits: short, and of a large amplitude. It costs several times as much, and only counts that ask for it
are fitted with it (`boundary.stats.population.lumps`).
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from boundary.stats.population.densities import CENTRE, waves
from boundary.stats.population.grid import SPACING, Grid
from boundary.stats.population.pair_densities import (
    JOINT_DIM,
    JointPrior,
    PairBasis,
    basis_on,
    parts_of,
    ridge_features,
    shares_of,
)

# The bend along each model's logits. Others that were tried: docs/decisions/028-pairs-in-lumps.md.
LENGTH, WAVES, AMPLITUDE = 1.0, 24, 3.0
LUMPY_DIM = JOINT_DIM + 2 * WAVES
# Each second knot is one of the smooth population, whose log density is linear between them.
LUMPY_SPACING = SPACING / 2


class LumpyBasis(NamedTuple):
    """Constants of a population with lumps.

    Parameters
    ----------
    pair
        Those of the smooth population, its edges on close knots.
    ridge
        Features of the level and the ridge over the pairs of close knots.
    bend
        Waves of the bend along one model's logits.
    """

    n_problems: Float[np.ndarray, ""]
    pair: PairBasis
    ridge: Float[np.ndarray, "pair feature"]
    bend: Float[np.ndarray, "knot wave"]


def lumpy_basis(prior: JointPrior, grid: Grid) -> LumpyBasis:
    """Constants of a population with lumps on a grid with close knots."""
    pair = basis_on(prior, grid.knots[::2], grid.knots)
    base, rl = (axis.ravel() for axis in np.meshgrid(grid.knots, grid.knots, indexing="ij"))
    ridge = ridge_features((base + rl) / 2 - CENTRE, rl - base).astype(np.float32)
    return LumpyBasis(pair.n_problems, pair, ridge, (AMPLITUDE * waves(grid.knots, LENGTH, WAVES)).astype(np.float32))


def lumpy_population(
    theta: Float[Array, "dim chain"], basis: LumpyBasis
) -> tuple[Float[Array, "cells chain"], Float[Array, " chain"]]:
    """Weights of the pairs of cells and the log prior density, as of `joint_population`.

    Notes
    -----
    log density(x, y) = that of `joint_population` + GP(x) + GP'(y) for the two logits x and y. An edge, along which one
    model's rate is 0 or 1, has the bend of the other model. Between the smooth population's knots its Gaussian
    processes are linear, its level and ridge exact: a tight ridge between four knots is far above all four.
    """
    smooth, bends = theta[:JOINT_DIM], theta[JOINT_DIM:]
    chains = theta.shape[1]
    parts = parts_of(smooth, basis.pair._replace(n_problems=basis.n_problems))
    of_base, of_rl = (basis.bend @ of_model for of_model in jnp.split(bends, 2))
    n_coarse = (len(basis.bend) + 1) // 2
    n_features = basis.ridge.shape[1]  # the last columns of `inside`
    smooth_bend = jnp.asarray(basis.pair.inside[:, :-n_features]) @ parts.coefficients[:-n_features]
    smooth_bend = smooth_bend.reshape(n_coarse, n_coarse, chains)
    for _ in range(2):
        smooth_bend = _at_close_knots(smooth_bend).swapaxes(0, 1)
    ridge = (jnp.asarray(basis.ridge) @ parts.coefficients[-n_features:]).reshape(smooth_bend.shape)
    inside = ridge + smooth_bend + of_base[:, None] + of_rl
    edges = jax.nn.softmax(parts.log_edges + jnp.stack([of_rl, of_rl, of_base, of_base], axis=1), axis=0)
    weights = parts.cells(shares_of(inside.reshape(-1, chains)), edges)
    return weights, parts.log_prior - 0.5 * (bends**2).sum(axis=0)


def _at_close_knots(values: Float[Array, "coarse ..."]) -> Float[Array, "knot ..."]:
    """Values at knots and half-way between them, by linear interpolation."""
    half_way = 0.5 * (values[:-1] + values[1:])
    doubled = jnp.stack([values[:-1], half_way], axis=1).reshape(-1, *values.shape[1:])
    return jnp.concatenate([doubled, values[-1:]])
