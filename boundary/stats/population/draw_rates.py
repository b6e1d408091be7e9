"""From a population's weights to solve rates: which cell each problem is in, and where within the cell.

Given a population, problems are independent and their cells have closed-form probabilities, so every draw is exact and
independent given the population. A pair of cells is drawn as the base's cell first, with the RL model's summed out by a
matrix product, then the RL model's cell given the base's.
"""

from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int


def _pick(key: Array, mass: Float[Array, "problem cell"]) -> Int[Array, " problem"]:
    """One index for each row, with probability proportional to the row."""
    # A product with a triangle of ones is a running sum, and several times faster than one on a CPU.
    upper = mass @ jnp.triu(jnp.ones((mass.shape[1], mass.shape[1]), mass.dtype))
    at = jax.random.uniform(key, (mass.shape[0], 1)) * upper[:, -1:]
    return jnp.minimum((upper < at).sum(axis=1), mass.shape[1] - 1)


def _within(
    key: Array, cell: Int[Array, " problem"], quantiles: Float[Array, "row cell quantile"], row: Int[Array, " problem"]
) -> Float[Array, " problem"]:
    level = jax.random.randint(key, cell.shape, 0, quantiles.shape[2])
    return quantiles[row, cell, level]


@jax.jit
def draw_rates(
    key: Array,
    block: Int[Array, ""],
    weights: Float[Array, "draw cell"],
    likelihood: Float[Array, "row cell"],
    quantiles: Float[Array, "row cell quantile"],
    row: Int[Array, " problem"],
) -> Float[Array, "draw problem"]:
    """Solve rates of one model; `row` is each problem's row of the tables.

    Blocks of problems with different numbers get draws of their own.
    """

    def draw(args: tuple[Array, Array]) -> Array:
        key, weight = args
        for_cell, for_place = jax.random.split(key)
        cell = _pick(for_cell, (weight * likelihood)[row])
        return _within(for_place, cell, quantiles, row)

    return jax.lax.map(draw, (_keys(key, 1000 + block, weights), weights))


@jax.jit
def draw_rates_of_pair(
    key: Array,
    block: Int[Array, ""],
    weights: Float[Array, "draw cell cell"],
    likelihoods: tuple[Float[Array, "row cell"], Float[Array, "row cell"]],
    quantiles: tuple[Float[Array, "row cell quantile"], Float[Array, "row cell quantile"]],
    rows: Int[Array, "problem 2"],
) -> Float[Array, "draw problem 2"]:
    """Solve rates of a pair; the tables hold each model's distinct counts, `rows` the problems' rows of them."""
    base_rows, rl_rows = rows[:, 0], rows[:, 1]
    base_likelihood, rl_likelihood = likelihoods[0][base_rows], likelihoods[1][rl_rows]

    def draw(args: tuple[Array, Array]) -> Array:
        key, weight = args
        for_base, for_rl, for_place, for_rl_place = jax.random.split(key, 4)
        base = _pick(for_base, base_likelihood * (likelihoods[1] @ weight.T)[rl_rows])
        rl = _pick(for_rl, rl_likelihood * weight[base])
        places = (
            _within(for_place, base, quantiles[0], base_rows),
            _within(for_rl_place, rl, quantiles[1], rl_rows),
        )
        return jnp.stack(places, axis=-1)

    return jax.lax.map(draw, (_keys(key, 1000 + block, weights), weights))


@partial(jax.jit, static_argnums=(4,))
def draw_new(
    key: Array,
    weights: Float[Array, "draw state"],
    cells: Int[Array, "state model"],
    prior_quantiles: Float[Array, "cell quantile"],
    n_new: int,
) -> Float[Array, "draw new model"]:
    """Solve rates of new problems of the same kind: `n_new` systematic draws from each population.

    Systematic (equally spaced, randomly shifted) draws keep the error of a population's mean far below that of
    independent ones, so that a summary over the new problems reflects the population and not the number drawn.
    """
    n_models = cells.shape[1]

    def draw(args: tuple[Array, Array]) -> Array:
        key, weight = args
        for_shift, for_place = jax.random.split(key)
        upper = jnp.cumsum(weight)
        at = (jnp.arange(n_new) + jax.random.uniform(for_shift)) / n_new * upper[-1]
        state = jnp.minimum(jnp.searchsorted(upper, at), weight.shape[0] - 1)
        level = jax.random.randint(for_place, (n_new, n_models), 0, prior_quantiles.shape[1])
        return prior_quantiles[cells[state], level]

    return jax.lax.map(draw, (_keys(key, 999, weights), weights))


def _keys(key: Array, purpose: Array | int, weights: Array) -> Array:
    """A key for each draw; the sampler itself folds in the numbers below 999."""
    return jax.random.split(jax.random.fold_in(key, purpose), weights.shape[0])
