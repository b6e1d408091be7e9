"""Posterior of solve rates whose population is a mixture of the cells of a grid: of one model, or of a pair."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Array, Float, Int

from boundary.stats.population import densities, monitoring
from boundary.stats.population.count_tables import CountTable, count_tables
from boundary.stats.population.draw_rates import draw_new, draw_rates
from boundary.stats.population.grid import SPACING, Grid
from boundary.stats.population.likelihood import (
    CountData,
    binned_data,
    count_data,
    counted_from_mode,
    log_chances,
    log_posterior,
    posterior_data,
)
from boundary.stats.population.lumps import has_lumps
from boundary.stats.population.starts import Density, starting_modes
from boundary.stats.sampler.compilation import compiled
from boundary.stats.sampler.hmc import Monitored, hmc, in_groups
from boundary.stats.sampler.mode import Mode
from boundary.stats.solve_rates import SolveRates
from boundary.stats.verdict_errors import VerdictErrors

# Draws of solve rates kept of one fit: 2 GiB. Chains are thinned to that, but not below so many draws each.
MOST_RATES = 2**29
LEAST_LENGTH = 16
# Log likelihoods kept of one fit, 512 MiB: of more there are none, and no leave-one-out prediction.
MOST_LOG_LIKELIHOODS = 2**27


class Family(NamedTuple):
    """A family of populations on a grid: of one model, or of a pair; `basis(grid)` gives its constants.

    `amplitude` is which parameter is the log amplitude of a bend, None where that is fixed; `has_atom` is whether the
    first cell is an atom at 0. `lumpy`, if any, takes this family's place where problems come in narrow lumps.
    """

    population: densities.Population
    basis: Callable[[Grid], Any]
    dim: int
    spacing: float = SPACING
    amplitude: int | None = None
    has_atom: bool = True
    lumpy: "Family | None" = None

    def grid(self, largest_n: int) -> Grid:
        """The grid that it takes for n samples a problem."""
        return Grid.for_samples(largest_n, self.spacing)


class Posterior(NamedTuple):
    """A posterior of the parameters of a population, given the tables of each model's counts on a grid.

    Parameters
    ----------
    counts, binned
        Data of the likelihood, and of one nearly the same that costs less.
    modes
        Where chains start, the likeliest first.
    """

    family: Family
    tables: Sequence[CountTable]
    grid: Grid
    basis: Any
    counts: CountData
    binned: CountData
    modes: Sequence[Mode]


class PopulationFit(NamedTuple):
    """Drawn populations as weights of cells, their cells, drawn solve rates, and the log likelihood of each problem.

    There is no log likelihood where it would not fit into memory.
    """

    weights: Float[Array, "draw cell"]
    cells: Int[np.ndarray, "cell model"]
    p: Float[np.ndarray, "draw problem model"]
    log_likelihood: Float[np.ndarray, "draw problem"] | None


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
    Draws of the solve rates, of new problems and of the log likelihood, in groups of chains
    (`boundary.stats.sampler.hmc.in_groups`).
    """
    posterior = chosen_posterior(family, n_correct, n_samples, errors)
    fit = fit_population(posterior, key, settings)
    rates = rates_by_chain(fit, n_correct, n_samples, posterior.grid, key, name, new_problems, settings, errors)
    return replace(rates, in_lumps=posterior.family is not family)


def chosen_posterior(
    family: Family,
    n_correct: Int[np.ndarray, "problem model"],
    n_samples: Int[np.ndarray, "problem model"],
    errors: VerdictErrors | None = None,
) -> Posterior:
    """The posterior under the family, or under the one that takes its place where problems come in narrow lumps."""
    grid = family.grid(int(n_samples.max()))
    posterior = posterior_of(family, count_tables(n_correct, n_samples, grid, errors), grid)
    if family.lumpy and _has_lumps(posterior, family.lumpy):
        return chosen_posterior(family.lumpy, n_correct, n_samples, errors)
    return posterior


def posterior_of(family: Family, tables: Sequence[CountTable], grid: Grid) -> Posterior:
    """The posterior given the tables of each model's counts, and its modes."""
    basis = _basis(family, grid, len(tables[0].row))
    counts, _ = count_data(tables)
    binned = binned_data(tables, counts)
    density = Density(log_posterior(family.population), family.dim, family.amplitude, family.has_atom)
    modes = starting_modes(density, counts, binned, basis)
    return Posterior(family, tables, grid, basis, counts, binned, modes)


def _has_lumps(posterior: Posterior, lumpy: Family) -> bool:
    """Whether the problems of either model come in lumps that a pair's smooth population at its mode does not have."""
    at_mode = _weights(posterior, posterior.modes[0].position.astype(np.float32)[None, None])
    joint = np.asarray(at_mode, float).reshape(posterior.grid.n_cells, -1)
    base, rl = posterior.tables
    grid = lumpy.grid(max(base.largest_n, rl.largest_n))
    return has_lumps(base, joint.sum(axis=1), grid) or has_lumps(rl, joint.sum(axis=0), grid)


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
    """Draws by group of chains, with new problems of each population."""
    new_p = None
    if new_problems:
        new_p = np.asarray(draw_new(key, fit.weights, fit.cells, _prior_quantiles(grid), new_problems))

    def grouped(draws: np.ndarray) -> np.ndarray:
        return in_groups(draws.reshape(settings["chains"], -1, *draws.shape[1:]))

    new_p, log_likelihood = (None if part is None else grouped(part) for part in (new_p, fit.log_likelihood))
    return SolveRates(grouped(fit.p), n_correct, n_samples, name, new_p, log_likelihood=log_likelihood, errors=errors)


def fit_population(posterior: Posterior, key: Array, settings: Mapping[str, int]) -> PopulationFit:
    """Populations and solve rates."""
    tables, grid = posterior.tables, posterior.grid
    n_problems, few = len(tables[0].row), len(tables[0].row) <= monitoring.FEW_PROBLEMS
    budgets = monitoring.monitored_budgets(max(table.largest_n for table in tables))
    failures = _mean_failures(grid, budgets)
    weights: Any = None
    p: Any = None

    def monitored(draws: Float[np.ndarray, "chain step dim"]) -> Float[np.ndarray, "quantity chain step"]:
        nonlocal weights, p
        weights = _weights(posterior, draws)
        if few:
            p = draw_rates(key, weights, tables)
            quantities = monitoring.of_benchmark(p, budgets)
        else:
            by_cell = np.asarray(weights).reshape(-1, *(grid.n_cells,) * len(tables))
            quantities = monitoring.of_population(by_cell, failures)
        return quantities.reshape(-1, *draws.shape[:2])

    # The draws that come back are those that were monitored last.
    draw_parameters(posterior, key, monitored, _within_memory(settings, n_problems * len(tables)))
    cells = np.stack(np.unravel_index(np.arange(weights.shape[1]), (grid.n_cells,) * len(tables)), axis=1)
    log_likelihood = None
    if len(weights) * n_problems <= MOST_LOG_LIKELIHOODS:
        log_likelihood = log_likelihood_of(weights, tables)
    return PopulationFit(weights, cells, p if few else draw_rates(key, weights, tables), log_likelihood)


def draw_parameters(
    posterior: Posterior, key: Array, monitored: Monitored, settings: Mapping[str, int] = MappingProxyType({})
) -> Float[np.ndarray, "chain draw dim"]:
    """Draws of the parameters of a population.

    Parameters
    ----------
    monitored, settings
        Of `boundary.stats.sampler.hmc.hmc`: what must converge, and chains, draws and so on.
    """
    population = posterior.family.population
    mode, *other_starts = posterior.modes
    data, guide = (
        counted_from_mode(population, posterior_data(part, posterior.basis), mode.position)
        for part in (posterior.counts, posterior.binned)
    )
    log_density = log_posterior(population)
    return hmc(
        log_density, data, mode, key, other_starts=other_starts, guide=guide, monitored=monitored, **settings
    ).draws


def log_likelihood_of(
    weights: Float[Array, "draw cell"], tables: Sequence[CountTable]
) -> Float[np.ndarray, "draw problem"]:
    """Log probability of each problem's counts given each population."""
    counts, place = count_data(tables)
    largest = sum(table.log_largest[table.row] for table in tables)
    return (log_chances(counts, weights)[:, place] + largest).astype(np.float32)


def _weights(posterior: Posterior, draws: Float[np.ndarray, "chain step dim"]) -> Float[Array, "draw cell"]:
    return _weights_of(posterior.family.population, draws.reshape(-1, draws.shape[-1]), posterior.basis)


@compiled(static_argnums=0)
def _weights_of(population: Any, theta: Float[Array, "draw dim"], basis: Any) -> Float[Array, "draw cell"]:
    return population(theta.T, basis)[0].T


def _mean_failures(grid: Grid, budgets: Sequence[int]) -> Float[np.ndarray, "cell k"]:
    """Mean of (1 - p)^k within each cell, for each budget."""
    return np.stack([((1.0 - _prior_quantiles(grid)) ** k).mean(axis=1) for k in budgets], axis=1)


def _within_memory(settings: Mapping[str, int], n_rates: int) -> dict[str, int]:
    """Settings by which a panel with so many solve rates keeps fewer draws, further apart, that fit into memory."""
    least_step = -(-settings["chains"] * settings["draws"] * n_rates // MOST_RATES)
    step = max(1, min(least_step, settings["draws"] // LEAST_LENGTH))
    return {**settings, "draws": settings["draws"] // step, "thinning": settings["thinning"] * step}


def _basis(family: Family, grid: Grid, n_problems: int) -> Any:
    return _cached_basis(family, grid)._replace(n_problems=np.array(n_problems, np.float32))


@lru_cache(maxsize=16)
def _cached_basis(family: Family, grid: Grid) -> Any:
    return family.basis(grid)


@lru_cache(maxsize=8)
def _prior_quantiles(grid: Grid) -> Float[np.ndarray, "cell quantile"]:
    """Quantiles within each cell when nothing was sampled (0 of 0)."""
    no_samples = np.zeros(1, dtype=int)
    return grid.quantiles(no_samples, no_samples)[0].astype(np.float32)
