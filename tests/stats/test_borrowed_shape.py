"""A pair's population that borrows its shape: the same prior, moments that are right, and what conflicts is left."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import expit

from boundary.stats.borrowed_shape import BorrowedShape
from boundary.stats.estimands import pass_at_k
from boundary.stats.population.borrowed import (
    ATOMS,
    Shape,
    _atom_coordinates,
    _standard_atoms,
    borrowing_family,
    borrowing_population,
    shape_of,
)
from boundary.stats.population.grid import Grid
from boundary.stats.population.pair_densities import (
    EMPIRICAL_PAIR,
    EXPECTED_PAIR,
    JOINT_DIM,
    joint_basis,
    joint_population,
)
from boundary.stats.priors import NonParametric
from boundary.stats.priors.nonparametric import of_pair

N = 32
GRID = Grid.for_samples(N)


def counts_of(n_problems, seed, level=-1.5, gain=1.0):
    rng = np.random.default_rng(seed)
    logits = rng.normal(level, 2.0, n_problems)
    rates = expit(np.stack([logits, logits + gain + 0.5 * rng.standard_normal(n_problems)], axis=1))
    n_samples = np.full((n_problems, 2), N)
    return rng.binomial(n_samples, rates), n_samples


@pytest.fixture(scope="module")
def large():
    return counts_of(200, 1), counts_of(100, 2)


PRIORS = pytest.mark.parametrize("prior", [EXPECTED_PAIR, EMPIRICAL_PAIR], ids=["by hand", "learned"])


@PRIORS
def test_without_a_shape_it_is_the_plain_population(prior):
    """Where nothing is known of the others the parameters are standard normal, whatever the correlation."""
    n_problems, nothing = np.array(30, np.float32), Shape(np.zeros(JOINT_DIM), np.eye(JOINT_DIM), np.ones(JOINT_DIM))
    basis = borrowing_family(nothing, prior).basis(GRID)._replace(n_problems=n_problems)
    rng = np.random.default_rng(0)
    u = rng.standard_normal((JOINT_DIM, 5)).astype(np.float32)
    theta = np.concatenate([u, rng.standard_normal((1, 5)).astype(np.float32)])
    weights, log_prior = borrowing_population(jnp.asarray(theta), basis)
    coordinates = np.concatenate([_atom_coordinates(jnp.asarray(u[:ATOMS]), n_problems, prior), u[ATOMS:]])
    plain = joint_basis(prior, GRID)._replace(n_problems=n_problems)
    expected, _ = joint_population(jnp.asarray(coordinates), plain)
    np.testing.assert_allclose(weights, expected, rtol=2e-4, atol=1e-9)
    np.testing.assert_allclose(log_prior, -0.5 * (theta**2).sum(axis=0), rtol=1e-5)


@PRIORS
def test_atoms_are_bent_there_and_back(prior):
    standard = np.random.default_rng(0).normal(size=(ATOMS, 7))
    with jax.enable_x64(True):
        coordinates = np.asarray(_atom_coordinates(jnp.asarray(standard), np.array(30.0), prior))
    values, slopes = _standard_atoms(coordinates, 30, prior)
    np.testing.assert_allclose(values, standard, atol=1e-5)
    above, _ = _standard_atoms(coordinates + 1e-5, 30, prior)
    np.testing.assert_allclose((above - values) / 1e-5, slopes, rtol=1e-3)


def test_the_shape_is_that_of_a_benchmark_at_random(large):
    first, second, mixed = (shape_of(counts, of_pair(EXPECTED_PAIR)) for counts in (large[:1], large[1:], large))
    np.testing.assert_allclose(mixed.mean, (first.mean + second.mean) / 2)

    def covariance(shape):
        return shape.axes * shape.variances @ shape.axes.T

    half_difference = (first.mean - second.mean) / 2
    expected = (covariance(first) + covariance(second)) / 2 + np.outer(half_difference, half_difference)
    np.testing.assert_allclose(covariance(mixed), expected, atol=1e-6)
    # Counts narrow what is expected; nothing is expected to be much wider than the prior.
    assert np.diag(covariance(first)).mean() < 0.95


def test_intervals_are_narrower_beside_others_of_the_same_kind_and_not_moved_by_others(large):
    small = counts_of(20, 5)
    key = jax.random.key(0)
    prior = NonParametric(new_problems=0)
    plain = pass_at_k(prior.posterior(*small, key), [1, 4 * N])
    same = pass_at_k(BorrowedShape(prior, large).posterior(*small, key), [1, 4 * N])
    unlike = BorrowedShape(prior, (counts_of(200, 7, level=4.0, gain=-4.0),)).posterior(*small, key)
    dims = ["chain", "draw"]
    deviation = plain.std(dims).to_numpy()
    assert same.std(dims).to_numpy()[:, 1].mean() < 0.99 * deviation[:, 1].mean()
    shift = np.abs((pass_at_k(unlike, [1, 4 * N]).mean(dims) - plain.mean(dims)).to_numpy())
    assert (shift < 0.5 * deviation).all()


def test_what_it_does_not_take(large):
    prior = BorrowedShape(NonParametric(), large)
    single = np.full((5, 1), 3)
    with pytest.raises(ValueError, match="by a pair of models, got 1"):
        prior.posterior(single, single, jax.random.key(0))
    assert prior.with_more_draws(3).prior.thinning == 3
