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

from boundary.stats.population.densities import waves
from boundary.stats.population.grid import SPACING, Grid
from boundary.stats.population.pair_densities import (
    JOINT_DIM,
    JointPrior,
    PairBasis,
    basis_on,
    parts_of,
    shares_of,
)

# The bend along each model's logits. Others that were tried: docs/decisions/028-pairs-in-lumps.md.
LENGTH, WAVES, AMPLITUDE = 1.0, 24, 3.0
LUMPY_DIM = JOINT_DIM + 2 * WAVES
# Each second knot is one of the smooth population, whose log density is linear between them.
LUMPY_SPACING = SPACING / 2


class LumpyBasis(NamedTuple):
    """Constants of a population with lumps: those of the smooth one, its edges on close knots, and the bend's waves."""

    n_problems: Float[np.ndarray, ""]
    pair: PairBasis
    bend: Float[np.ndarray, "knot wave"]


def lumpy_basis(prior: JointPrior, grid: Grid) -> LumpyBasis:
    """Constants of a population with lumps on a grid with close knots."""
    pair = basis_on(prior, grid.knots[::2], grid.knots)
    return LumpyBasis(pair.n_problems, pair, (AMPLITUDE * waves(grid.knots, LENGTH, WAVES)).astype(np.float32))


def lumpy_population(
    theta: Float[Array, "dim chain"], basis: LumpyBasis
) -> tuple[Float[Array, "cells chain"], Float[Array, " chain"]]:
    """Weights of the pairs of cells and the log prior density, as of `joint_population`.

    Notes
    -----
    log density(x, y) = that of `joint_population` + GP(x) + GP'(y) for the two logits x and y. An edge, along which one
    model's rate is 0 or 1, has the bend of the other model.
    """
    smooth, bends = theta[:JOINT_DIM], theta[JOINT_DIM:]
    chains = theta.shape[1]
    parts = parts_of(smooth, basis.pair._replace(n_problems=basis.n_problems))
    of_base, of_rl = (basis.bend @ of_model for of_model in jnp.split(bends, 2))
    n_coarse = (len(basis.bend) + 1) // 2
    inside = (jnp.asarray(basis.pair.inside) @ parts.coefficients).reshape(n_coarse, n_coarse, chains)
    for _ in range(2):
        inside = _at_close_knots(inside).swapaxes(0, 1)
    inside += of_base[:, None] + of_rl
    edges = jax.nn.softmax(parts.log_edges + jnp.stack([of_rl, of_rl, of_base, of_base], axis=1), axis=0)
    weights = parts.cells(shares_of(inside.reshape(-1, chains)), edges)
    return weights, parts.log_prior - 0.5 * (bends**2).sum(axis=0)


def _at_close_knots(values: Float[Array, "coarse ..."]) -> Float[Array, "knot ..."]:
    """Values at knots and half-way between them, by linear interpolation."""
    half_way = 0.5 * (values[:-1] + values[1:])
    doubled = jnp.stack([values[:-1], half_way], axis=1).reshape(-1, *values.shape[1:])
    return jnp.concatenate([doubled, values[-1:]])
