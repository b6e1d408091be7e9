"""The sampler on posteriors known in closed form."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from boundary.stats.diagnostics import convergence
from boundary.stats.sampler import hmc as sampler
from boundary.stats.sampler.hmc import hmc, in_groups
from boundary.stats.sampler.mode import find_mode

COVARIANCE = np.array([[1.0, 0.9, 0.0], [0.9, 1.0, 0.0], [0.0, 0.0, 0.01]])
MEAN = np.array([0.5, -0.5, 1.0])


def normal_density(theta, data):
    mean, precision = data
    centred = theta - mean[:, None]
    return -0.5 * (centred * (precision @ centred)).sum(axis=0)


def skewed_density(theta, data):
    # Log-gamma: theta = log of a Gamma(3, 1) variable.
    return (3.0 * theta - jnp.exp(theta)).sum(axis=0)


def test_moments_of_a_correlated_normal(seed):
    data = (jnp.asarray(MEAN, jnp.float32), jnp.asarray(np.linalg.inv(COVARIANCE), jnp.float32))
    draws = np.asarray(
        hmc(
            normal_density, data, find_mode(normal_density, data, np.zeros(3)), jax.random.key(seed + 1), draws=64
        ).draws,
        float,
    )
    flat = draws.reshape(-1, 3)
    error = np.sqrt(np.diag(COVARIANCE) / 1000)  # at least 1,000 of the 4,096 draws are effective
    np.testing.assert_array_less(abs(flat.mean(0) - MEAN), 4 * error)
    np.testing.assert_allclose(np.cov(flat.T), COVARIANCE, atol=0.12, rtol=0.15)


def test_quantiles_of_a_skewed_density(seed):
    mode = find_mode(skewed_density, None, np.zeros(2))
    draws = np.exp(np.asarray(hmc(skewed_density, None, mode, jax.random.key(seed + 2), draws=64).draws, float))
    flat = draws.reshape(-1)
    assert abs(flat.mean() - 3) < 4 * np.sqrt(3 / 2000)
    assert abs((flat < 2.674).mean() - 0.5) < 4 * np.sqrt(0.25 / 2000)


def test_a_guide_that_is_wrong_leaves_the_density_alone(seed):
    """Trajectories along a normal density with another centre and half the precision, accepted by the right one."""
    data = (jnp.asarray(MEAN, jnp.float32), jnp.asarray(np.linalg.inv(COVARIANCE), jnp.float32))
    guide = (data[0] + 0.3, 0.5 * data[1])
    mode = find_mode(normal_density, data, np.zeros(3))
    result = hmc(normal_density, data, mode, jax.random.key(seed + 1), draws=128, guide=guide)
    flat = np.asarray(result.draws, float).reshape(-1, 3)
    assert result.acceptance.mean() < 0.95  # the guide is wrong enough for proposals to be refused
    error = np.sqrt(np.diag(COVARIANCE) / 1000)
    np.testing.assert_array_less(abs(flat.mean(0) - MEAN), 4 * error)
    np.testing.assert_allclose(np.cov(flat.T), COVARIANCE, atol=0.12, rtol=0.15)


def test_same_key_same_draws():
    mode = find_mode(skewed_density, None, np.zeros(2))
    first, second, other = (hmc(skewed_density, None, mode, jax.random.key(s), draws=60).draws for s in (3, 3, 4))
    assert (first == second).all()
    assert not (first == other).all()


def test_groups_hold_their_chains_one_after_the_other():
    draws = np.arange(64 * 3).reshape(64, 3)
    groups = in_groups(draws)
    assert groups.shape == (8, 24)
    np.testing.assert_array_equal(groups[1], draws[8:16].ravel())
    for chains in (1, 4, 8, 20):
        assert in_groups(np.zeros((chains, 5))).shape == (chains, 5)


def test_chains_that_disagree_are_seen_in_groups():
    """One chain of 64 that stays elsewhere: R-hat of groups and effective draws show it."""
    draws = np.random.default_rng(0).normal(size=(64, 32))
    assert convergence(in_groups(draws)).ok
    draws[5] += 8.0
    assert not convergence(in_groups(draws)).ok


def two_explanations(theta, data):
    """Two normals thirty standard deviations apart."""
    return jnp.logaddexp(-0.5 * theta[0] ** 2, -0.5 * (theta[0] - 30.0) ** 2)


def test_chains_from_two_places_show_that_they_do_not_meet(seed):
    """From one mode all agree, on half of the truth; from both, groups of chains disagree, and R-hat says so."""
    low, high = (find_mode(two_explanations, None, np.array([x])) for x in (0.0, 30.0))
    key = jax.random.key(seed)
    from_one = hmc(two_explanations, None, low, key, leapfrogs=5).draws
    from_both = hmc(two_explanations, None, low, key, leapfrogs=5, other_starts=[high]).draws
    assert convergence(in_groups(from_one)[..., 0]).ok
    assert not convergence(in_groups(from_both)[..., 0]).ok
    by_group = in_groups(from_both).mean(axis=1)[:, 0]
    np.testing.assert_allclose(by_group, np.tile([0.0, 30.0], 4), atol=1.0)


def test_few_chains_start_from_all_places_too():
    low, high = (find_mode(two_explanations, None, np.array([x])) for x in (0.0, 30.0))
    draws = hmc(two_explanations, None, low, jax.random.key(0), chains=4, leapfrogs=5, other_starts=[high]).draws
    np.testing.assert_allclose(draws.mean(axis=1)[:, 0], [0, 30, 0, 30], atol=2)


def test_thinned_chains_are_longer_not_fewer():
    # A key with which one round of draws is enough: of two rounds every second draw is kept.
    mode = find_mode(skewed_density, None, np.zeros(2))
    plain, thinned = (
        hmc(skewed_density, None, mode, jax.random.key(10), thinning=t, leapfrogs=10).draws for t in (1, 3)
    )
    assert plain.shape == thinned.shape
    np.testing.assert_array_equal(plain[:, 3], thinned[:, 1])


def test_rounding_of_linear_algebra_does_not_change_the_metric(seed):
    rng = np.random.default_rng(seed)
    visited, slopes = rng.normal(size=(2, 12, 5, 16))
    exact = sampler._pooled(visited, slopes, np.eye(5))
    noisy = sampler._pooled(visited * (1 + 1e-14), slopes * (1 - 1e-14), np.eye(5))
    for a, b in zip(exact, noisy, strict=True):
        np.testing.assert_array_equal(a, b)
    values = rng.normal(size=(5, 5))
    np.testing.assert_allclose(sampler._without_rounding_noise(values), values, atol=abs(values).max() / 2**17)
    assert (sampler._without_rounding_noise(np.zeros((2, 3))) == 0).all()


def test_too_few_tuning_steps_are_refused():
    data = (jnp.asarray(MEAN, jnp.float32), jnp.eye(3, dtype=jnp.float32))
    mode = find_mode(normal_density, data, np.zeros(3))
    with pytest.raises(ValueError, match="at least 8 tuning steps"):
        hmc(normal_density, data, mode, jax.random.key(0), warmup=7)
