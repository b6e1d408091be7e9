"""The likelihood of counts: groups or a table of pairs, in single precision, for any number of problems."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from boundary.stats.population import count_tables as tables_module
from boundary.stats.population.count_tables import count_tables, paired
from boundary.stats.population.densities import EMPIRICAL, LEARNED_BEND, atom_odds, marginal_basis, marginal_population
from boundary.stats.population.draw_rates import draw_rates
from boundary.stats.population.fit import _basis
from boundary.stats.population.grid import Grid
from boundary.stats.population.likelihood import (
    PosteriorData,
    binned_data,
    count_data,
    counted_from_mode,
    log_chances,
    log_posterior,
)
from boundary.stats.population.pair_densities import EXPECTED_PAIR
from boundary.stats.priors.nonparametric import of_one_model, of_pair
from boundary.stats.sampler.mode import find_mode

MARGINAL, JOINT = of_one_model(LEARNED_BEND), of_pair(EXPECTED_PAIR)

N = 16
GRID = Grid.for_samples(N)


def simulated(problems, seed, models=2):
    rng = np.random.default_rng(seed)
    counts = rng.binomial(N, rng.beta(0.4, 0.8, (problems, models)))
    return counts, count_tables(counts, np.full_like(counts, N), GRID, None)


def posterior_data(tables):
    counts, _ = count_data(tables)
    family = (MARGINAL, JOINT)[len(tables) - 1]
    return family, PosteriorData(counts, _basis(family, GRID, len(tables[0].row)), np.zeros_like(counts.problems))


@pytest.mark.parametrize("problems", [1, 40, 3000])
@pytest.mark.parametrize("cells_a_group", [0, 10**9])  # always groups, always a table of all pairs
def test_every_problem_has_the_place_of_its_pair(problems, cells_a_group, monkeypatch):
    monkeypatch.setattr(tables_module, "CELLS_A_GROUP", cells_a_group)
    _, tables = simulated(problems, 1)
    pairs = paired(tables)
    group, slot = np.divmod(pairs.place, pairs.problems.shape[1])
    rl = pairs.rl[group, slot] if pairs.rl.ndim == 2 else pairs.rl[slot]
    assert (pairs.rl.ndim == 2) == (cells_a_group == 0)
    np.testing.assert_array_equal(pairs.base[group], tables[0].row)
    np.testing.assert_array_equal(rl, tables[1].row)
    np.testing.assert_array_equal(
        np.bincount(pairs.place, minlength=pairs.problems.size), pairs.problems.ravel().astype(int)
    )


def test_groups_and_a_table_give_the_same_posterior(monkeypatch):
    _, tables = simulated(500, 2)
    theta = jnp.asarray(np.random.default_rng(3).normal(0, 0.5, (JOINT.dim, 3)), jnp.float32)
    values = []
    for cells_a_group in (0, 10**9):
        monkeypatch.setattr(tables_module, "CELLS_A_GROUP", cells_a_group)
        values.append(log_posterior(JOINT.population)(theta, posterior_data(tables)[1]))
    np.testing.assert_allclose(values[0], values[1], rtol=1e-5)


@pytest.mark.parametrize("models", [1, 2])
def test_few_counts_are_not_binned(models):
    _, tables = simulated(300, 6, models)
    family, data = posterior_data(tables)
    theta = jnp.asarray(np.random.default_rng(3).normal(0, 0.5, (family.dim, 4)), jnp.float32)
    few = binned_data(tables, data.counts)
    assert few.cost < data.counts.cost
    binned = data._replace(counts=few, log_chance=np.zeros_like(few.problems))
    log_density = log_posterior(family.population)
    np.testing.assert_allclose(log_density(theta, binned), log_density(theta, data), rtol=1e-5)


@pytest.mark.parametrize("models", [1, 2])
def test_bins_hold_every_problem_and_cost_less(models):
    rng = np.random.default_rng(7)
    samples = np.where(rng.random((400, models)) < 0.3, 64, 256)
    counts = rng.binomial(samples, rng.beta(0.4, 0.8, (400, models)))
    tables = count_tables(counts, samples, Grid.for_samples(256), None)
    exact, _ = count_data(tables)
    binned = binned_data(tables, exact)
    assert binned.problems.sum() == 400
    assert binned.cost < exact.cost
    for table, n_correct, n_samples in zip(tables, counts.T, samples.T, strict=True):
        of_problem = table.bin[table.row]
        for number in np.unique(of_problem):
            inside = of_problem == number
            assert len(set(n_samples[inside])) == 1
            deviations = 2 * np.sqrt(n_samples[inside]) * np.arcsin(np.sqrt(n_correct[inside] / n_samples[inside]))
            assert np.ptp(deviations) < tables_module.BIN_WIDTH
            assert (n_correct[inside] == 0).all() or (n_correct[inside] > 0).all()


@pytest.mark.parametrize("models", [1, 2])
def test_counts_that_have_no_neighbours_are_their_own_bins(models):
    """A table of all pairs of 3,000 numbers of samples would take what 9 million problems take."""
    samples = np.repeat(np.arange(20, 3020)[:, None], models, axis=1)
    tables = count_tables(samples // 2, samples, Grid.for_samples(64), None)
    exact, _ = count_data(tables)
    assert binned_data(tables, exact) is exact


@pytest.mark.parametrize("models", [1, 2])
def test_single_precision_is_exact_enough_near_the_mode_of_250_000_problems(models):
    _, tables = simulated(2000, 4, models)
    family, data = posterior_data(tables)
    data = data._replace(counts=data.counts._replace(problems=125 * data.counts.problems))
    log_density = log_posterior(family.population)
    mode, root = find_mode(log_density, data, np.zeros(family.dim))
    near = (mode[:, None] + root @ np.random.default_rng(5).normal(size=(family.dim, 8))).astype(np.float32)
    single = log_density(jnp.asarray(near), counted_from_mode(family.population, data, mode))
    with jax.enable_x64(True):
        double = jax.tree.map(lambda part: jnp.asarray(part, jnp.float64), data)
        exact = log_density(jnp.asarray(near, jnp.float64), double)
    single, exact = np.asarray(single, float), np.asarray(exact)
    errors = (single - single[0]) - (exact - exact[0])
    # Of log posteriors of half a million: the rounding of the population itself, a tenth of what a proposal loses.
    assert np.abs(errors).max() < 0.5


@pytest.mark.parametrize("scale", [2.0, 3.0])
@pytest.mark.parametrize("problems", [100, 2000, 250_000])
def test_the_coordinate_of_an_atom_leaves_its_prior_alone(problems, scale):
    # Close together near 0, and as far out as a heavy atom among many problems is.
    theta = np.sinh(np.linspace(-np.arcsinh(60), np.arcsinh(1e5), 200_001))[None]
    odds, log_prior = (
        np.asarray(part, float)
        for part in atom_odds(jnp.asarray(theta, jnp.float32), (-4.0,), jnp.float32(problems), scale)
    )
    weight = np.exp(log_prior - log_prior.max()) * np.gradient(theta[0])
    weight /= weight.sum()
    mean = (weight * odds[0]).sum()
    assert mean == pytest.approx(-4.0, abs=0.02)
    assert np.sqrt((weight * (odds[0] - mean) ** 2).sum()) == pytest.approx(scale, abs=0.02)


def test_the_bend_has_its_amplitude_in_any_coordinate():
    """With one wave, over a grid of it and of the amplitude: that is standard normal, and the bend's scale is it."""
    prior = EMPIRICAL._replace(waves=1)
    basis = marginal_basis(prior, GRID)._replace(n_problems=np.float32(100))
    amplitudes, bends = np.linspace(-2, 2, 9), np.linspace(-40, 40, 4001)
    theta = np.zeros((prior.dim, 9 * 4001), np.float32)
    theta[5], theta[6] = np.repeat(amplitudes, 4001), np.tile(bends, 9)
    log_prior = np.asarray(marginal_population(prior, jnp.asarray(theta), basis)[1], float).reshape(9, -1)
    total = np.log(np.exp(log_prior).sum(axis=1))
    np.testing.assert_allclose(total - total[4], -0.5 * amplitudes**2, atol=1e-3)
    # What a coordinate of 1 adds to the log ratio of two cells in the middle.
    middle = slice(GRID.n_cells // 2, GRID.n_cells // 2 + 2)
    log_ratios = []
    for coordinate in (0.0, 1.0):
        at = theta[:, ::4001].copy()
        at[6] = coordinate
        weights = np.asarray(marginal_population(prior, jnp.asarray(at), basis)[0], float)[middle]
        log_ratios.append(np.log(weights[0] / weights[1]))
    slope = (log_ratios[1] - log_ratios[0]) / -np.diff(basis.features[middle, 0])
    weight = np.exp(log_prior - log_prior.max(axis=1, keepdims=True))
    scale = slope * np.sqrt((weight * bends**2).sum(axis=1) / weight.sum(axis=1))
    np.testing.assert_allclose(scale, np.exp(prior.amplitude_scale * amplitudes), rtol=1e-2)


@pytest.mark.parametrize("models", [1, 2])
def test_drawn_rates_have_the_exact_conditional_means(models):
    """Given one population, means of p over many draws against sums over cells, and chances against the same."""
    counts, tables = simulated(6, 6, models)
    rng = np.random.default_rng(7)
    cells = rng.dirichlet(np.ones(GRID.n_cells**models))
    draws = 4000
    weights = jnp.asarray(np.tile(cells, (draws, 1)), jnp.float32)
    p = draw_rates(jax.random.key(0), weights, tables)
    of_cells = cells.reshape((GRID.n_cells,) * models)
    for problem in range(len(counts)):
        likelihoods = [table.likelihood[table.row[problem]].astype(float) for table in tables]
        mass = of_cells * likelihoods[0].reshape(-1, *(1,) * (models - 1))
        mass = mass if models == 1 else mass * likelihoods[1]
        chance = mass.sum()
        place = count_data(tables)[1][problem]
        assert np.exp(log_chances(count_data(tables)[0], weights[:1])[0, place]) == pytest.approx(chance, rel=1e-4)
        for model, table in enumerate(tables):
            marginal = mass.sum(axis=tuple(axis for axis in range(models) if axis != model)) / chance
            quantiles = table.quantiles[table.row[problem]].astype(float)
            mean, square = ((marginal @ quantiles**power).mean() for power in (1, 2))
            error = np.sqrt((square - mean**2) / draws)
            assert abs(p[:, problem, model].mean() - mean) < 5 * error + 1e-6
