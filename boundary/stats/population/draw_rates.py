"""From a population's weights to solve rates: which cell each problem is in, and where within the cell.

Given a population, problems are independent and their cells have closed-form probabilities, so every draw is exact and
independent given the population. A pair of cells is drawn as the base's cell first, with the RL model's summed out by a
matrix product, then the RL model's cell given the base's.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, UInt

from boundary.processors import usable_processors
from boundary.stats.population.count_tables import CountTable, padded
from boundary.stats.population.grid import QUANTILES
from boundary.stats.sampler.compilation import compiled

# Solve rates are drawn for so many problems in one call.
PROBLEMS_AT_ONCE = 256


def draw_rates(
    key: Array, weights: Float[Array, "draw cell"], tables: Sequence[CountTable]
) -> Float[np.ndarray, "draw problem model"]:
    """Solve rates of all problems given each population, of one model or of a pair.

    They are drawn for a fixed number of problems at once: compiled once, and in bounded memory.
    """
    rows = np.stack([table.row for table in tables])
    n_draws, n_problems = len(weights), rows.shape[1]
    likelihoods = [table.likelihood.T for table in tables]
    quantiles = [table.quantiles.ravel() for table in tables]
    draw = partial((_draw_single, _draw_pair)[len(tables) - 1], key, weights, likelihoods, quantiles)
    p = np.empty((len(tables), n_draws, n_problems), np.float32)

    def fill(first: int) -> None:
        block = rows[:, first : first + PROBLEMS_AT_ONCE]
        rates_of_models = draw(padded(block.T, PROBLEMS_AT_ONCE).T, first)
        for of_model, rates in zip(p, rates_of_models, strict=True):
            of_model[:, first : first + block.shape[1]] = np.asarray(rates)[:, : block.shape[1]]

    with ThreadPoolExecutor(usable_processors()) as pool:
        for _ in pool.map(fill, range(0, n_problems, PROBLEMS_AT_ONCE)):
            pass
    return np.moveaxis(p, 0, -1)


def _pick(
    bits: UInt[Array, " problem"],
    mass: Float[Array, "cell problem"],
    row: Int[Array, " problem"],
    quantiles: Float[Array, " entry"],
) -> tuple[Int[Array, " problem"], Float[Array, " problem"]]:
    """A cell for each problem, with probability proportional to its mass, and a solve rate within the cell.

    Of 32 random bits the upper 24 choose the cell and the lowest six one of 64 quantiles. Cells are the first axis, so
    that each step of the running sum is one vector operation over the problems.
    """
    n_cells = len(mass)
    at = (bits >> 8).astype(mass.dtype) * np.float32(2.0**-24) * mass.sum(axis=0)

    def next_cell(state: tuple[Array, Array], of_cell: Array) -> tuple[tuple[Array, Array], None]:
        upper, cell = state
        upper = upper + of_cell
        return (upper, cell + (upper <= at)), None

    start = jnp.zeros_like(at), jnp.zeros(at.shape, jnp.int32)
    (upper, cell), _ = jax.lax.scan(next_cell, start, mass[:-1])
    # The sum and the running sum round differently: the last cell may be reached though it has no mass.
    is_beyond = (upper <= at) & (mass[-1] <= 0)
    cell = jax.lax.cond(
        is_beyond.any(), lambda: jnp.where(is_beyond, mass.argmax(axis=0).astype(jnp.int32), cell), lambda: cell
    )
    level = (bits % QUANTILES).astype(cell.dtype)
    return cell, jnp.take(quantiles, (row * n_cells + cell) * QUANTILES + level, mode="clip")


@compiled()
def _draw_single(
    key: Array, weights: Array, likelihoods: Any, quantiles: Any, rows: Int[Array, "1 problem"], first: Array
) -> tuple[Float[Array, "draw problem"]]:
    (row,) = rows
    likelihood = likelihoods[0][:, row]

    def draw(args: tuple[Array, Array]) -> Array:
        key, weight = args
        return _pick(jax.random.bits(key, row.shape, jnp.uint32), weight[:, None] * likelihood, row, quantiles[0])[1]

    return (jax.lax.map(draw, (_keys(key, 1000 + first, weights), weights)),)


@compiled()
def _draw_pair(
    key: Array, weights: Array, likelihoods: Any, quantiles: Any, rows: Int[Array, "2 problem"], first: Array
) -> tuple[Float[Array, "draw problem"], Float[Array, "draw problem"]]:
    base_row, rl_row = rows
    base_likelihood, rl_likelihood = likelihoods[0][:, base_row], likelihoods[1][:, rl_row]
    n_cells = len(base_likelihood)

    def draw(args: tuple[Array, Array]) -> tuple[Array, Array]:
        key, weight = args
        weight = weight.reshape(n_cells, n_cells)
        for_base, for_rl = jax.random.bits(key, (2, len(base_row)), jnp.uint32)
        given_rl = jnp.take(weight @ likelihoods[1], rl_row, axis=1, mode="clip")
        cell, base = _pick(for_base, base_likelihood * given_rl, base_row, quantiles[0])
        given_base = jnp.take(weight.T, cell, axis=1, mode="clip")
        return base, _pick(for_rl, rl_likelihood * given_base, rl_row, quantiles[1])[1]

    return jax.lax.map(draw, (_keys(key, 1000 + first, weights), weights))


@compiled(static_argnums=(4,))
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
