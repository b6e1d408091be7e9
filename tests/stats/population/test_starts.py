"""Chains start from each explanation of the problems never solved that has some of the posterior."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from boundary.stats.population.count_tables import count_tables
from boundary.stats.population.densities import FIXED_BEND
from boundary.stats.population.fit import fit_population
from boundary.stats.population.likelihood import binned_data, count_data, log_posterior
from boundary.stats.population.starts import Posterior, starting_modes
from boundary.stats.priors.nonparametric import JOINT, MARGINAL, of_one_model

SETTINGS = {"chains": 64, "draws": 32, "warmup": 32, "leapfrogs": 16, "thinning": 1}


def modes_of(family, n_correct, n_samples):
    grid = family.grid(n_samples)
    tables = count_tables(n_correct, np.full_like(n_correct, n_samples), grid, None)
    counts, _ = count_data(tables)
    basis = family.basis(grid)._replace(n_problems=np.array(len(n_correct), np.float32))
    posterior = Posterior(log_posterior(family.population), family.dim, family.amplitude)
    modes = starting_modes(posterior, counts, binned_data(tables, counts), basis, grid, n_samples)
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
    weights, _, _ = modes_of(family, half_never_solved(np.random.default_rng(3), 16), 16)
    assert sorted(round(float(w[0]), 1) for w in weights) == [0.0, 0.5]


def test_an_explanation_with_none_of_the_posterior_is_left_out():
    """A lump of half of the problems below one success in 8,192 samples, and none above, is not to be believed."""
    n_correct = half_never_solved(np.random.default_rng(3), 8192)
    weights, grid, tables = modes_of(MARGINAL, n_correct, 8192)
    assert [round(float(w[0]), 1) for w in weights] == [0.5]
    fit = fit_population(MARGINAL, tables, grid, jax.random.key(1), SETTINGS)
    np.testing.assert_allclose(np.asarray(fit.weights)[:, 0], 0.5, atol=0.15)


def test_a_pair_has_one_start():
    rng = np.random.default_rng(4)
    weights, _, _ = modes_of(JOINT, rng.binomial(16, rng.beta(0.5, 0.5, (60, 2))), 16)
    assert len(weights) == 1
