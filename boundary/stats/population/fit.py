"""Posterior of solve rates whose population is a mixture of the cells of a grid: of one model, or of a pair."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from boundary.stats.population import densities
from boundary.stats.population.draw_rates import draw_new, draw_rates, draw_rates_of_pair
from boundary.stats.population.grid import Errors, Grid
from boundary.stats.sampler.hmc import LogDensity, hmc
from boundary.stats.solve_rates import SolveRates
from boundary.stats.verdict_errors import VerdictErrors

Population = Callable[[Array, densities.Basis], tuple[Array, Array]]

# Solve rates are drawn for so many problems in one call.
PROBLEMS_AT_ONCE = 128
# Likelihoods are relative to their largest value, so a smaller chance means nothing; its inverse square is finite.
LEAST_CHANCE = 1e-18


class MarginalData(NamedTuple):
    """Distinct counts of one model: their likelihood in each cell and how many problems have them."""

    likelihood: Float[np.ndarray, "row cell"]
    problems: Float[np.ndarray, " row"]
    basis: densities.Basis


class JointData(NamedTuple):
    """Distinct pairs of counts, in groups with one count of the base model, and how many problems have each."""

    base: Float[np.ndarray, "group cell"]
    rl: Float[np.ndarray, "group slot cell"]
    problems: Float[np.ndarray, "group slot"]
    basis: densities.Basis


class Family(NamedTuple):
    """A family of populations on a grid: of one model, or of a pair.

    `population(theta (dim, chain), basis)` gives the cells' weights (cell or pair of cells, chain) and the log prior
    density (chain,); `basis(grid)` its constants.
    """

    population: Population
    basis: Callable[[Grid], densities.Basis]
    dim: int


@lru_cache
def marginal_log_density(population: Population) -> LogDensity:
    """Log posterior of populations of one model, every solve rate integrated out."""

    def log_density(theta: Float[Array, "dim chain"], data: MarginalData) -> Float[Array, " chain"]:
        weights, log_prior = population(theta, data.basis)
        chance = data.likelihood @ weights
        return jnp.log(chance + LEAST_CHANCE).T @ data.problems + log_prior

    return log_density


@lru_cache
def joint_log_density(population: Population) -> LogDensity:
    """Log posterior of populations of a pair, every solve rate integrated out."""

    def log_density(theta: Float[Array, "dim chain"], data: JointData) -> Float[Array, " chain"]:
        weights, log_prior = population(theta, data.basis)
        size = data.base.shape[-1]
        given_base = data.base @ weights.T.reshape(-1, size, size)
        chance = jnp.einsum("cgj,gsj->gcs", given_base, data.rl)
        return (jnp.log(chance + LEAST_CHANCE) * data.problems[:, None]).sum(axis=(0, 2)) + log_prior

    return log_density


def fit_on_grid(
    family: Family,
    n_correct: Int[np.ndarray, "problem model"],
    n_samples: Int[np.ndarray, "problem model"],
    key: Array,
    name: str,
    new_problems: int,
    settings: Mapping[str, int],
    errors: VerdictErrors | None = None,
) -> SolveRates:
    """Draw populations by Hamiltonian Monte Carlo, then cells and solve rates exactly.

    Parameters
    ----------
    family
        Of one model or of a pair, as the counts are; in a pair the base model is column 0.
    n_correct, n_samples
        The counts.
    key
        JAX key; the same key gives the same draws.
    name, new_problems
        The prior's name, and how many new problems are drawn from each population.
    settings
        `chains`, `draws`, `warmup` and `leapfrogs` of `boundary.stats.sampler.hmc.hmc`.
    errors
        How often verdicts are wrong, each problem's nodes averaged over; None: never.

    Returns
    -------
    Draws of the solve rates, of new problems and of the log likelihood.
    """
    grid = Grid.for_samples(int(n_samples.max()))
    tables = tables_of(n_correct, n_samples, grid, errors)
    fit = fit_population(family, tables, grid, key, settings)
    return rates_by_chain(fit, n_correct, n_samples, grid, key, name, new_problems, settings, errors)


class PopulationFit(NamedTuple):
    """Drawn populations as weights of cells, their cells, drawn solve rates, and the log likelihood of each problem."""

    weights: Float[Array, "draw cell"]
    cells: Int[np.ndarray, "cell model"]
    p: Float[np.ndarray, "draw problem model"]
    log_likelihood: Float[np.ndarray, "draw problem"]


def fit_population(
    family: Family, tables: "Tables", grid: Grid, key: Array, settings: Mapping[str, int]
) -> PopulationFit:
    """Populations and solve rates given the tables of each model's counts."""
    return (_marginal if len(tables) == 1 else _joint)(family, tables, grid, key, settings)


def rates_by_chain(
    fit: PopulationFit,
    n_correct: np.ndarray,
    n_samples: np.ndarray,
    grid: Grid,
    key: Array,
    name: str,
    new_problems: int,
    settings: Mapping[str, int],
    errors: VerdictErrors | None,
) -> SolveRates:
    """Draws by chain, with new problems of each population."""
    weights, cells, p, log_likelihood = fit
    new_p = np.asarray(draw_new(key, weights, cells, _prior_quantiles(grid), new_problems))
    chains = (settings["chains"], settings["draws"])
    p, new_p, log_likelihood = (
        part.astype(np.float64).reshape(chains + part.shape[1:]) for part in (p, new_p, log_likelihood)
    )
    return SolveRates(p, n_correct, n_samples, name, new_p, log_likelihood=log_likelihood, errors=errors)


def _marginal(family: Family, tables: "Tables", grid: Grid, key: Array, settings: Any) -> PopulationFit:
    (table,) = tables
    problems = np.bincount(table.row, minlength=len(table.likelihood)).astype(np.float32)
    data = MarginalData(table.likelihood, problems, _basis(family, grid, len(table.row)))
    weights = _draw_populations(family, marginal_log_density(family.population), data, key, settings)
    p = _in_blocks(draw_rates, key, weights, table.likelihood, table.quantiles, table.row)
    cells = np.arange(grid.n_cells)[:, None]
    return PopulationFit(weights, cells, p[..., None], log_likelihood_of(weights, tables))


def _joint(family: Family, tables: "Tables", grid: Grid, key: Array, settings: Any) -> PopulationFit:
    base, rl = tables
    rows, size = np.column_stack([base.row, rl.row]), grid.n_cells
    of_base, of_rl, problems, _ = _grouped(rows)
    basis = _basis(family, grid, len(rows))
    data = JointData(base.likelihood[of_base], rl.likelihood[of_rl], problems, basis)
    weights = _draw_populations(family, joint_log_density(family.population), data, key, settings)
    likelihoods, quantiles = (base.likelihood, rl.likelihood), (base.quantiles, rl.quantiles)
    p = _in_blocks(draw_rates_of_pair, key, weights.reshape(-1, size, size), likelihoods, quantiles, rows)
    cells = np.stack(np.divmod(np.arange(size**2), size), axis=1)
    return PopulationFit(weights, cells, p, log_likelihood_of(weights, tables))


def _draw_populations(
    family: Family, log_density: LogDensity, data: Any, key: Array, settings: Any
) -> Float[Array, "draw cell"]:
    chains = hmc(log_density, data, family.dim, key, **settings)
    return _weights(family.population, chains.draws.reshape(-1, family.dim), data.basis)


def _basis(family: Family, grid: Grid, n_problems: int) -> densities.Basis:
    return _cached_basis(family, grid)._replace(n_problems=np.array(n_problems, np.float32))


@lru_cache(maxsize=16)
def _cached_basis(family: Family, grid: Grid) -> densities.Basis:
    return family.basis(grid)


class _CountTables(NamedTuple):
    """Tables of the distinct counts of one model, and the row of each problem in them."""

    likelihood: Float[np.ndarray, "row cell"]
    quantiles: Float[np.ndarray, "row cell quantile"]
    log_largest: Float[np.ndarray, " row"]
    row: Int[np.ndarray, " problem"]

    @classmethod
    def of(cls, n_correct: np.ndarray, n_samples: np.ndarray, grid: Grid, errors: Errors) -> "_CountTables":
        counts = np.column_stack([n_correct, n_samples, *errors])
        _, first, row = np.unique(counts, axis=0, return_index=True, return_inverse=True)
        distinct = n_correct[first], n_samples[first], (errors[0][first], errors[1][first])
        size = _bucket(len(first), 160)
        relative, log_largest = grid.likelihood(*distinct)
        likelihood, quantiles = (
            _padded(table.astype(np.float32), size) for table in (relative, grid.quantiles(*distinct))
        )
        return cls(likelihood, quantiles, log_largest, row.ravel())


Tables = Sequence[_CountTables]


def tables_of(
    n_correct: np.ndarray, n_samples: np.ndarray, grid: Grid, errors: VerdictErrors | None
) -> list[_CountTables]:
    """Tables of each model's counts, under the errors of verdicts."""
    no_errors = np.zeros((*n_correct.shape, 1))
    positive, negative = (no_errors, no_errors) if errors is None else (errors.false_positive, errors.false_negative)
    return [
        _CountTables.of(n_correct[:, m], n_samples[:, m], grid, (positive[:, m], negative[:, m]))
        for m in range(n_correct.shape[1])
    ]


def log_likelihood_of(weights: Float[Array, "draw cell"], tables: Tables) -> Float[np.ndarray, "draw problem"]:
    """Log probability of each problem's counts given each population."""
    if len(tables) == 1:
        (table,) = tables
        relative = _log_chance(_marginal_chance, weights, table.likelihood)[:, table.row]
        return relative + table.log_largest[table.row]
    base, rl = tables
    of_base, of_rl, _, place = _grouped(np.column_stack([base.row, rl.row]))
    relative = _log_chance(_joint_chance, weights, (base.likelihood[of_base], rl.likelihood[of_rl]))[:, place]
    return relative + base.log_largest[base.row] + rl.log_largest[rl.row]


def _padded(table: np.ndarray, size: int) -> np.ndarray:
    """The table with its first row repeated at the end, up to a size."""
    return np.concatenate([table, np.repeat(table[:1], size - len(table), axis=0)])


def _in_blocks(draw: Any, key: Array, weights: Array, likelihood: Any, quantiles: Any, rows: np.ndarray) -> np.ndarray:
    """Solve rates of all problems, drawn for a fixed number of problems at once: compiled once, bounded memory."""
    blocks = []
    for first in range(0, len(rows), PROBLEMS_AT_ONCE):
        block = rows[first : first + PROBLEMS_AT_ONCE]
        rates = draw(key, first, weights, likelihood, quantiles, _padded(block, PROBLEMS_AT_ONCE))
        blocks.append(np.asarray(rates)[:, : len(block)])
    return np.concatenate(blocks, axis=1)


class _Groups(NamedTuple):
    """Rows of the base's table and of RL's, how many problems have each pair, and each problem's pair (flattened)."""

    base: Int[np.ndarray, " group"]
    rl: Int[np.ndarray, "group slot"]
    problems: Float[np.ndarray, "group slot"]
    place: Int[np.ndarray, " problem"]


def _grouped(rows: Int[np.ndarray, "problem 2"], slots: int = 4) -> _Groups:
    """Distinct pairs of table rows in groups of up to `slots` with one row of the base.

    The product of the base's likelihood with a population is most of a gradient's work; a group shares it (505 distinct
    pairs: 38 microseconds a gradient with each alone, 25 in groups of four). There are 64, 192, 576, ... groups, the
    last ones empty.
    """
    distinct, pair, problems = np.unique(rows, axis=0, return_inverse=True, return_counts=True)
    _, first, size = np.unique(distinct[:, 0], return_index=True, return_counts=True)
    slot = (np.arange(len(distinct)) - np.repeat(first, size)) % slots
    group = np.cumsum(slot == 0) - 1
    shape = (_bucket(int(group[-1]) + 1, 64), slots)
    # Empty slots repeat a pair that occurs: one that does not might have no chance at all, and an infinite gradient.
    of_base, of_rl, n_in_slot = np.full(shape[0], distinct[0, 0]), np.full(shape, distinct[0, 1]), np.zeros(shape)
    of_base[group], of_rl[group] = distinct[:, 0], distinct[:, 1:]
    of_rl[group, slot], n_in_slot[group, slot] = distinct[:, 1], problems
    return _Groups(of_base, of_rl, n_in_slot.astype(np.float32), (group * slots + slot)[pair.ravel()])


def _bucket(size: int, smallest: int) -> int:
    """The smallest size times the least power of three that holds so many, so that few shapes are ever compiled."""
    while smallest < size:
        smallest *= 3
    return smallest


@partial(jax.jit, static_argnums=0)
def _weights(population: Any, chains: Float[Array, "draw dim"], basis: densities.Basis) -> Float[Array, "draw cell"]:
    return population(chains.T, basis)[0].T


def _marginal_chance(weights: Float[Array, " cell"], likelihood: Float[Array, "row cell"]) -> Float[Array, " row"]:
    return likelihood @ weights


def _joint_chance(weights: Float[Array, " cells"], tables: tuple[Array, Array]) -> Float[Array, " pair"]:
    base, rl = tables
    given_base = base @ weights.reshape(base.shape[1], -1)
    return (given_base[:, None, :] * rl).sum(axis=-1).ravel()


def _log_chance(chance: Any, weights: Array, tables: Any) -> Float[np.ndarray, "draw row"]:
    """Log probability of each row or pair of counts, relative to its likeliest cell, given each population."""
    return np.asarray(_log_chances(chance, weights, tables))


@partial(jax.jit, static_argnums=0)
def _log_chances(chance: Any, weights: Array, tables: Any) -> Float[Array, "draw row"]:
    return jax.lax.map(lambda cells: jnp.log(chance(cells, tables) + LEAST_CHANCE), weights, batch_size=32)


@lru_cache(maxsize=8)
def _prior_quantiles(grid: Grid) -> Float[np.ndarray, "cell quantile"]:
    """Quantiles within each cell when nothing was sampled (0 of 0)."""
    no_samples = np.zeros(1, dtype=int)
    return grid.quantiles(no_samples, no_samples)[0].astype(np.float32)
