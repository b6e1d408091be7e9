"""The likelihood of a panel's counts given a population, every solve rate integrated out."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from boundary.stats.population.count_tables import CountTable, padded, padded_size, paired
from boundary.stats.population.densities import Population
from boundary.stats.sampler.compilation import QUICKLY, compiled
from boundary.stats.sampler.mode import LogDensity

# Likelihoods are relative to their largest value, so a smaller chance means nothing; its inverse square is finite.
LEAST_CHANCE = 1e-18
# Samples do not tell a solve rate from 0 where their likelihood is this near to that at 0, in relation to it.
NEARLY_ALIKE = 0.25
# Counts of so many problems at most are binned. More of them tell neighbouring counts apart: at 40,000, chains along
# binned ones ended with R-hat 1.02 after twice the time (docs/decisions/016-many-short-chains.md).
MOST_BINNED = 2000
# Populations whose chances are computed in one call, where there are many.
POPULATIONS_AT_ONCE = 32


class SingleCounts(NamedTuple):
    """Distinct counts of one model: their likelihood in each cell and how many problems have them."""

    likelihood: Float[np.ndarray, "row cell"]
    problems: Float[np.ndarray, " row"]

    def chances(self, weights: Float[Array, "cell chain"]) -> Float[Array, "row chain"]:
        """Probability of each count, relative to its likeliest cell."""
        return jnp.asarray(self.likelihood) @ weights

    @property
    def cost(self) -> int:
        """Products that the chances take, for each cell."""
        return len(self.likelihood)

    def without_atom(self) -> "SingleCounts":
        """The same counts where a problem whose rate may be 0 has another one."""
        likelihood = self.likelihood.copy()
        likelihood[:, 0] = 0
        return self._replace(likelihood=likelihood)

    def without_low_rates(self) -> "SingleCounts":
        """The same counts where a problem whose rate may be 0 has none that its samples do not tell from 0."""
        at_zero = self.likelihood[:, :1]
        nearly = np.abs(self.likelihood - at_zero) < NEARLY_ALIKE * at_zero
        # From 0 on: with wrong verdicts counts can be as likely again at a high rate.
        indistinguishable = np.logical_and.accumulate(nearly, axis=1)
        indistinguishable[indistinguishable.all(axis=1)] = False  # no samples
        indistinguishable[:, 0] = False
        return self._replace(likelihood=np.where(indistinguishable, np.float32(0), self.likelihood))


class PairedCounts(NamedTuple):
    """Distinct pairs of counts, as `boundary.stats.population.count_tables.Pairs` arranges them."""

    base: Float[np.ndarray, "group cell"]
    rl: Float[np.ndarray, "group slot cell"] | Float[np.ndarray, "slot cell"]
    problems: Float[np.ndarray, "group slot"]

    def chances(self, weights: Float[Array, "cells chain"]) -> Float[Array, "group slot chain"]:
        """Probability of each pair, relative to its likeliest cells."""
        size, chains = self.base.shape[1], weights.shape[1]
        given_base = (self.base @ weights.reshape(size, -1)).reshape(-1, size, chains)
        return jnp.einsum("gsj,gjc->gsc" if self.rl.ndim == 3 else "sj,gjc->gsc", self.rl, given_base)

    @property
    def cost(self) -> int:
        """Products that the chances take, for each cell of the RL model."""
        return self.base.size + self.problems.size


CountData = SingleCounts | PairedCounts


def count_data(tables: Sequence[CountTable]) -> tuple[CountData, Int[np.ndarray, " problem"]]:
    """Data of the likelihood of one model's counts or of a pair's, and each problem's place in it, flattened."""
    if len(tables) == 1:
        (table,) = tables
        problems = np.bincount(table.row, minlength=len(table.likelihood)).astype(np.float32)
        return SingleCounts(table.likelihood, problems), table.row
    base, rl = tables
    pairs = paired(tables)
    return PairedCounts(base.likelihood[pairs.base], rl.likelihood[pairs.rl], pairs.problems), pairs.place


def binned_data(tables: Sequence[CountTable], counts: CountData) -> CountData:
    """Data of a likelihood nearly that of `counts` and cheaper: neighbouring counts are as if they were the same.

    Each bin has the mean likelihood of its problems; a pair's are a table of all pairs of bins. Where the bins would
    not be cheaper, as with another number of samples for every problem, or problems are many, these are the counts
    themselves.
    """
    if len(tables[0].row) > MOST_BINNED:
        return counts
    # One size for a pair, so that few shapes are compiled.
    size = padded_size(max(int(table.bin.max()) + 1 for table in tables), least=16)
    cost = size if len(tables) == 1 else size * (size + tables[0].likelihood.shape[1])
    if cost >= counts.cost:
        return counts
    problems = np.zeros((size,) * len(tables), np.float32)
    np.add.at(problems, tuple(table.bin[table.row] for table in tables), 1)
    likelihood, *of_rl = (_mean_likelihood(table, size) for table in tables)
    return PairedCounts(likelihood, of_rl[0], problems) if of_rl else SingleCounts(likelihood, problems)


def _mean_likelihood(table: CountTable, size: int) -> Float[np.ndarray, "bin cell"]:
    """Mean likelihood of the problems of each bin, relative to the largest of their rows."""
    total = np.zeros((table.bin.max() + 1, table.likelihood.shape[1]))
    np.add.at(total, table.bin[table.row], table.likelihood[table.row])
    problems = np.bincount(table.bin[table.row])
    return padded((total / problems[:, None]).astype(np.float32), size)


class PosteriorData(NamedTuple):
    """What the posterior of a population rests on.

    `log_chance` is taken off the log probability of each count: with that at the mode (see `counted_from_mode`) sums
    over a million problems stay exact in single precision, since they are sums of small numbers.
    """

    counts: CountData
    basis: Any
    log_chance: Float[np.ndarray | Array, "..."]


def posterior_data(counts: CountData, basis: Any) -> PosteriorData:
    """Counts and basis with log probabilities counted from 0."""
    return PosteriorData(counts, basis, np.zeros_like(counts.problems))


@lru_cache
def log_posterior(population: Population) -> LogDensity:
    """Log posterior density of the parameters of a population, up to a constant, every solve rate integrated out."""

    def log_density(theta: Float[Array, "dim chain"], data: PosteriorData) -> Float[Array, " chain"]:
        weights, log_prior = population(theta, data.basis)
        relative = _log(data.counts.chances(weights)) - data.log_chance[..., None]
        return (relative * data.counts.problems[..., None]).sum(axis=tuple(range(relative.ndim - 1))) + log_prior

    return log_density


def counted_from_mode(population: Population, data: PosteriorData, mode: Float[np.ndarray, " dim"]) -> PosteriorData:
    """The same data with log probabilities counted from those at a mode, which are computed in double precision."""
    with jax.enable_x64(True):
        double = jax.tree.map(lambda part: jnp.asarray(part, jnp.float64), data)
        at_mode = _log_chances_of(population, double, mode[:, None])[..., 0]
    return data._replace(log_chance=np.asarray(at_mode, np.float32))


@compiled(static_argnums=0, compiler_options=QUICKLY)
def _log_chances_of(population: Population, data: Any, theta: Array) -> Array:
    return _log(data.counts.chances(population(theta, data.basis)[0]))


def _log(chances: Array) -> Array:
    return jnp.log(chances + LEAST_CHANCE)


def log_chances(counts: CountData, weights: Float[Array, "draw cell"]) -> Float[np.ndarray, "draw place"]:
    """Log probability of each count or pair, relative to its likeliest cell, given each drawn population."""
    return np.asarray(_log_chances(counts, _in_blocks(weights))).reshape(-1, counts.problems.size)[: len(weights)]


@compiled()
def _log_chances(counts: Any, blocks: Float[Array, "block slot cell"]) -> Float[Array, "block slot place"]:
    def of_block(weights: Array) -> Array:
        return _log(counts.chances(weights.T)).reshape(-1, len(weights)).T

    return jax.lax.map(of_block, blocks)


def _in_blocks(weights: Float[Array, "draw cell"]) -> Float[Array, "block slot cell"]:
    """Populations in blocks, the last one filled up."""
    n_draws, n_cells = weights.shape
    return jnp.resize(weights, (-(-n_draws // POPULATIONS_AT_ONCE), POPULATIONS_AT_ONCE, n_cells))
