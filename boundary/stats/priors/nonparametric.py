"""A smooth population of any shape with atoms at 0 and 1, for one model or jointly for a pair."""

from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from boundary.stats import populations
from boundary.stats.cells import draw_new, draw_rates, draw_rates_of_pair
from boundary.stats.hmc import hmc
from boundary.stats.lattice import Lattice
from boundary.stats.priors.prior import check_counts
from boundary.stats.solve_rates import SolveRates

# Solve rates are drawn for so many problems in one call.
PROBLEMS_AT_ONCE = 128
# Likelihoods are relative to their largest value, so a smaller chance means nothing; its inverse square is finite.
LEAST_CHANCE = 1e-18


class MarginalData(NamedTuple):
    """Distinct counts of one model: their likelihood in each cell and how many problems have them."""

    likelihood: Float[np.ndarray, "row cell"]
    problems: Float[np.ndarray, " row"]
    basis: populations.Basis


class JointData(NamedTuple):
    """Distinct pairs of counts, in groups with one count of the base model, and how many problems have each."""

    base: Float[np.ndarray, "group cell"]
    rl: Float[np.ndarray, "group slot cell"]
    problems: Float[np.ndarray, "group slot"]
    basis: populations.Basis


def marginal_log_density(theta: Float[Array, "dim chain"], data: MarginalData) -> Float[Array, " chain"]:
    """Log posterior of populations of one model, every solve rate integrated out."""
    weights, log_prior = populations.marginal_population(theta, data.basis)
    chance = data.likelihood @ weights
    return jnp.log(chance + LEAST_CHANCE).T @ data.problems + log_prior


def joint_log_density(theta: Float[Array, "dim chain"], data: JointData) -> Float[Array, " chain"]:
    """Log posterior of populations of a pair, every solve rate integrated out."""
    weights, log_prior = populations.joint_population(theta, data.basis)
    size = data.base.shape[-1]
    given_base = data.base @ weights.T.reshape(-1, size, size)
    chance = jnp.einsum("cgj,gsj->gcs", given_base, data.rl)
    return (data.problems[:, None] * jnp.log(chance + LEAST_CHANCE)).sum(axis=(0, 2)) + log_prior


@dataclass(frozen=True)
class NonParametric:
    """Smooth population of logit solve rates with atoms at 0 and at 1; jointly for a pair of models.

    The default. The density on the logit scale is a normal one bent by a Gaussian process
    (`boundary.stats.populations`), so it takes the shape that the data ask for, and where they say nothing, near p = 0,
    the spread of its draws says so. In a pair each model's counts inform the other's solve rate.

    Parameters
    ----------
    chains, draws, warmup, leapfrogs
        Hamiltonian Monte Carlo: chains, kept draws and tuning steps of each, leapfrog steps a draw.
    new_problems
        New problems drawn from each population, for the target `superpopulation`.

    Notes
    -----
    A g-model (Efron 2016, doi 10.1093/biomet/asv068) with atoms, fully Bayesian. docs/decisions/002-population.md
    compares it with Dirichlet processes on a grid, which mix badly (10 effective draws of 2,000 for pass@1024) and
    cover less.
    """

    chains: int = 8
    draws: int = 320
    warmup: int = 160
    leapfrogs: int = 16
    new_problems: int = 500
    name: str = "nonparametric"

    def posterior(
        self, n_correct: Int[np.ndarray, "problem model"], n_samples: Int[np.ndarray, "problem model"], key: Array
    ) -> SolveRates:
        """Posterior of the solve rates of one model, or of a pair with the base model in column 0.

        Raises
        ------
        ValueError
            If there are more than two models: fit pairs.
        """
        n_correct, n_samples = check_counts(n_correct, n_samples)
        n_models = n_correct.shape[1]
        if n_models > 2:
            raise ValueError(f"The nonparametric prior takes one model or a pair, got {n_models}; fit pairs.")
        lattice = Lattice.for_samples(int(n_samples.max()))
        fit = self._marginal if n_models == 1 else self._joint
        p, new_p, log_likelihood = fit(n_correct, n_samples, lattice, key)
        chains = (self.chains, self.draws)
        p, new_p, log_likelihood = (
            part.astype(np.float64).reshape(chains + part.shape[1:]) for part in (p, new_p, log_likelihood)
        )
        return SolveRates(p, n_correct, n_samples, self.name, new_p, log_likelihood=log_likelihood)

    def _marginal(self, n_correct: np.ndarray, n_samples: np.ndarray, lattice: Lattice, key: Array) -> Any:
        table = _Distinct.of(n_correct[:, 0], n_samples[:, 0], lattice)
        problems = np.bincount(table.row, minlength=len(table.likelihood)).astype(np.float32)
        basis = _marginal_basis(lattice)._replace(n_problems=np.array(len(n_correct), np.float32))
        data = MarginalData(table.likelihood, problems, basis)
        chains = self._hmc(marginal_log_density, data, populations.MARGINAL_DIM, key)
        weights = _weights(populations.marginal_population, chains, basis)
        p = _in_blocks(draw_rates, key, weights, table.likelihood, table.quantiles, table.row)
        cells = np.arange(lattice.n_cells)[:, None]
        log_likelihood = _log_chance(_marginal_chance, weights, table.likelihood)[:, table.row]
        return p[..., None], self._new(key, weights, cells, lattice), log_likelihood + table.log_largest[table.row]

    def _joint(self, n_correct: np.ndarray, n_samples: np.ndarray, lattice: Lattice, key: Array) -> Any:
        base, rl = (_Distinct.of(n_correct[:, m], n_samples[:, m], lattice) for m in (0, 1))
        rows = np.column_stack([base.row, rl.row])
        of_base, of_rl, problems, place = _grouped(rows)
        basis = _joint_basis(lattice)._replace(n_problems=np.array(len(n_correct), np.float32))
        data = JointData(base.likelihood[of_base], rl.likelihood[of_rl], problems, basis)
        chains = self._hmc(joint_log_density, data, populations.JOINT_DIM, key)
        weights = _weights(populations.joint_population, chains, basis)
        tables = (base.likelihood, rl.likelihood), (base.quantiles, rl.quantiles)
        size = lattice.n_cells
        p = _in_blocks(draw_rates_of_pair, key, weights.reshape(-1, size, size), *tables, rows)
        states = np.stack(np.divmod(np.arange(size**2), size), axis=1)
        log_likelihood = _log_chance(_joint_chance, weights, (data.base, data.rl))[:, place]
        log_likelihood += base.log_largest[base.row] + rl.log_largest[rl.row]
        return p, self._new(key, weights, states, lattice), log_likelihood

    def _hmc(self, log_density: Any, data: Any, dim: int, key: Array) -> Float[np.ndarray, "draw dim"]:
        settings = {"chains": self.chains, "draws": self.draws, "warmup": self.warmup, "leapfrogs": self.leapfrogs}
        return hmc(log_density, data, dim, key, **settings).draws.reshape(-1, dim)

    def _new(self, key: Array, weights: Array, cells: np.ndarray, lattice: Lattice) -> np.ndarray:
        return np.asarray(draw_new(key, weights, cells, _prior_quantiles(lattice), self.new_problems))


class _Distinct(NamedTuple):
    """Tables of the distinct counts of one model, and the row of each problem in them."""

    likelihood: Float[np.ndarray, "row cell"]
    quantiles: Float[np.ndarray, "row cell quantile"]
    log_largest: Float[np.ndarray, " row"]
    row: Int[np.ndarray, " problem"]

    @classmethod
    def of(cls, n_correct: np.ndarray, n_samples: np.ndarray, lattice: Lattice) -> "_Distinct":
        counts = np.column_stack([n_correct, n_samples])
        distinct, row = np.unique(counts, axis=0, return_inverse=True)
        size = _bucket(len(distinct), 160)
        relative, log_largest = lattice.likelihood(*distinct.T)
        likelihood, quantiles = (
            _padded(table.astype(np.float32), size) for table in (relative, lattice.quantiles(*distinct.T))
        )
        return cls(likelihood, quantiles, log_largest, row.ravel())


def _padded(table: np.ndarray, size: int) -> np.ndarray:
    """The table with its first row repeated at the end, up to a size."""
    return np.concatenate([table, np.repeat(table[:1], size - len(table), axis=0)])


def _in_blocks(draw: Any, key: Array, weights: Array, likelihood: Any, quantiles: Any, rows: np.ndarray) -> np.ndarray:
    """Solve rates of all problems, drawn for a fixed number of problems at once: compiled once, bounded memory."""
    blocks = []
    for first in range(0, len(rows), PROBLEMS_AT_ONCE):
        block = rows[first : first + PROBLEMS_AT_ONCE]
        drawn = draw(key, first, weights, likelihood, quantiles, _padded(block, PROBLEMS_AT_ONCE))
        blocks.append(np.asarray(drawn)[:, : len(block)])
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
    pairs: 38 microseconds a gradient with each apart, 25 in groups of four). There are 64, 192, 576, ... groups, the
    last ones empty.
    """
    distinct, pair, problems = np.unique(rows, axis=0, return_inverse=True, return_counts=True)
    _, first, size = np.unique(distinct[:, 0], return_index=True, return_counts=True)
    slot = (np.arange(len(distinct)) - np.repeat(first, size)) % slots
    group = np.cumsum(slot == 0) - 1
    shape = (_bucket(group[-1] + 1, 64), slots)
    # Empty slots repeat a pair that occurs: one that does not might have no chance at all, and an infinite gradient.
    of_base, of_rl, held = np.full(shape[0], distinct[0, 0]), np.full(shape, distinct[0, 1]), np.zeros(shape)
    of_base[group], of_rl[group] = distinct[:, 0], distinct[:, 1:]
    of_rl[group, slot], held[group, slot] = distinct[:, 1], problems
    return _Groups(of_base, of_rl, held.astype(np.float32), (group * slots + slot)[pair.ravel()])


def _bucket(size: int, smallest: int) -> int:
    """The smallest size times the least power of three that holds so many, so that few shapes are ever compiled."""
    while smallest < size:
        smallest *= 3
    return smallest


@partial(jax.jit, static_argnums=0)
def _weights(population: Any, chains: Float[Array, "draw dim"], basis: populations.Basis) -> Float[Array, "draw cell"]:
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
    return jax.lax.map(lambda one: jnp.log(chance(one, tables) + LEAST_CHANCE), weights, batch_size=32)


@lru_cache(maxsize=8)
def _marginal_basis(lattice: Lattice) -> populations.Basis:
    return populations.marginal_basis(lattice, n_problems=1)


@lru_cache(maxsize=8)
def _joint_basis(lattice: Lattice) -> populations.Basis:
    return populations.joint_basis(lattice, n_problems=1)


@lru_cache(maxsize=8)
def _prior_quantiles(lattice: Lattice) -> Float[np.ndarray, "cell quantile"]:
    """Quantiles within each cell when nothing was sampled (0 of 0)."""
    nothing = np.zeros(1, dtype=int)
    return lattice.quantiles(nothing, nothing)[0].astype(np.float32)
