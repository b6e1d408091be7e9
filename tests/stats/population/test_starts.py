"""Chains start from each explanation of the problems never solved that has some of the posterior."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from boundary.stats.population import fit, starts
from boundary.stats.population.count_tables import count_tables
from boundary.stats.population.densities import EMPIRICAL, FIXED_BEND, LEARNED_BEND
from boundary.stats.population.fit import fit_population, posterior_of
from boundary.stats.population.likelihood import binned_data, count_data, log_posterior
from boundary.stats.population.pair_densities import EXPECTED_PAIR
from boundary.stats.population.starts import Density, starting_modes
from boundary.stats.priors.nonparametric import of_one_model, of_pair

MARGINAL, JOINT = of_one_model(LEARNED_BEND), of_pair(EXPECTED_PAIR)
SETTINGS = {"chains": 64, "draws": 32, "warmup": 32, "leapfrogs": 16, "thinning": 1}


def starting_weights(family, n_correct, n_samples):
    n_samples = np.broadcast_to(n_samples, n_correct.shape)
    grid = family.grid(int(n_samples.max()))
    tables = count_tables(n_correct, n_samples, grid, None)
    counts, _ = count_data(tables)
    basis = family.basis(grid)._replace(n_problems=np.array(len(n_correct), np.float32))
    density = Density(log_posterior(family.population), family.dim, family.amplitude, family.has_atom)
    modes = starting_modes(density, counts, binned_data(tables, counts), basis)
    return (
        [family.population(jnp.asarray(mode.position, jnp.float32)[:, None], basis)[0][:, 0] for mode in modes],
        grid,
        tables,
    )


def half_never_solved(rng, n_samples):
    rates = np.where(np.arange(300) < 150, 0.0, rng.beta(2, 2, 300))
    return rng.binomial(n_samples, rates)[:, None]


@pytest.mark.parametrize("family", [MARGINAL, of_one_model(FIXED_BEND)], ids=["learned", "fixed"])
def test_an_atom_and_a_lump_that_few_samples_do_not_tell_apart_are_both_started_from(family):
    """Of 16 samples nobody knows whether half of the problems have rates of exactly 0."""
    weights, _, _ = starting_weights(family, half_never_solved(np.random.default_rng(3), 16), 16)
    assert sorted(round(float(w[0]), 1) for w in weights) == [0.0, 0.5]


def test_each_problem_has_its_own_lowest_rates():
    """Ten problems with many samples do not change what few samples of the others leave open."""
    rng, n_samples = np.random.default_rng(3), np.full((300, 1), 16)
    n_samples[-10:] = 4096
    weights, _, _ = starting_weights(MARGINAL, half_never_solved(rng, n_samples[:, 0]), n_samples)
    assert sorted(round(float(w[0]), 1) for w in weights) == [0.0, 0.5]


def test_where_no_problem_may_be_at_zero_there_is_one_start():
    weights, _, _ = starting_weights(MARGINAL, np.full((50, 1), 16), 16)
    assert len(weights) == 1


def test_an_explanation_with_none_of_the_posterior_is_left_out():
    """A lump of half of the problems below one success in 8,192 samples, and none above, is not to be believed."""
    n_correct = half_never_solved(np.random.default_rng(3), 8192)
    weights, grid, tables = starting_weights(MARGINAL, n_correct, 8192)
    assert [round(float(w[0]), 1) for w in weights] == [0.5]
    fit = fit_population(posterior_of(MARGINAL, tables, grid), jax.random.key(1), SETTINGS)
    np.testing.assert_allclose(np.asarray(fit.weights)[:, 0], 0.5, atol=0.15)


def test_a_pair_has_one_start():
    rng = np.random.default_rng(4)
    weights, _, _ = starting_weights(JOINT, rng.binomial(16, rng.beta(0.5, 0.5, (60, 2))), 16)
    assert len(weights) == 1


@pytest.mark.parametrize("prior", [LEARNED_BEND, EMPIRICAL], ids=["default", "empirical"])
def test_without_samples_the_evidence_of_an_amplitude_is_its_prior(prior):
    """Laplace's approximation in the others, with the amplitude held: a normal density of it is left."""
    family, nothing = of_one_model(prior), np.zeros((40, 1), int)
    grid = family.grid(0)
    counts, _ = count_data(count_tables(nothing, nothing, grid, None))
    basis = family.basis(grid)._replace(n_problems=np.float32(40))
    density = Density(log_posterior(family.population), family.dim, family.amplitude, family.has_atom)
    start = np.zeros(family.dim)
    evidence = [starts.evidence_at(density, counts, counts, basis, amplitude, start)[1] for amplitude in (0.0, 2.5)]
    assert evidence[1] - evidence[0] == pytest.approx(-0.5 * 2.5**2, abs=0.3)


@pytest.mark.parametrize(("n_problems", "is_binned"), [(1000, True), (3000, False)])
def test_only_counts_of_few_problems_are_binned(monkeypatch, n_problems, is_binned):
    """Counts of many problems tell neighbouring counts apart: chains along binned ones did not converge."""
    guides = []

    def record(_log_density, data, _mode, _key, *, guide, **_):
        guides.append((data, guide))
        raise InterruptedError

    monkeypatch.setattr(fit, "hmc", record)
    rng = np.random.default_rng(5)
    n_samples = np.full((n_problems, 2), 64)
    tables = count_tables(rng.binomial(64, rng.beta(0.5, 0.5, (n_problems, 2))), n_samples, JOINT.grid(64), None)
    with pytest.raises(InterruptedError):
        fit_population(posterior_of(JOINT, tables, JOINT.grid(64)), jax.random.key(0), SETTINGS)
    ((data, guide),) = guides
    assert (guide.counts.problems.size < data.counts.problems.size) == is_binned
