"""Populations of pairs: what is lost or gained may be rarely solved instead of never."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from boundary.stats.population.grid import Grid
from boundary.stats.population.pair_densities import (
    EXPECTED_PAIR,
    JOINT_DIM,
    LOW_HIGHEST,
    joint_basis,
    joint_population,
    outer_product,
)
from boundary.stats.priors.nonparametric import NonParametric

GRID = Grid.for_samples(64)
BASIS = joint_basis(EXPECTED_PAIR, GRID)._replace(n_problems=np.array(100, np.float32))
# The last four parameters: of the base and of the RL model, the share with low rates and the place of these.
BASE_SHARE, RL_SHARE, BASE_PLACE, RL_PLACE = range(JOINT_DIM - 4, JOINT_DIM)


def plain_product(first, second):
    return first[:, None] * second


def weights_at(**values):
    theta = np.zeros((JOINT_DIM, 1), np.float32)
    for index, value in values.items():
        theta[globals()[index]] = value
    return np.asarray(joint_population(jnp.asarray(theta), BASIS)[0]).reshape(GRID.n_cells, GRID.n_cells)


def test_of_the_problems_of_an_edge_a_share_has_low_rates():
    all_at_zero = weights_at(BASE_SHARE=-6.0, RL_SHARE=-6.0)
    all_low = weights_at(BASE_SHARE=-6.0, RL_SHARE=6.0)
    assert all_at_zero.sum() == pytest.approx(1, abs=1e-5)
    assert all_low.sum() == pytest.approx(1, abs=1e-5)
    lost = all_at_zero[1:-1, 0]
    assert all_low[1:-1, 0].max() < 1e-6 < lost.max()
    difference = (all_low - all_at_zero)[1:-1, 1:-1]
    np.testing.assert_allclose(difference.sum(axis=1), lost, atol=1e-6)
    assert abs(difference[:, GRID.knots > LOW_HIGHEST]).max() < 1e-7
    np.testing.assert_array_equal(all_low[0], all_at_zero[0])
    gained = weights_at(BASE_SHARE=6.0, RL_SHARE=-6.0)
    np.testing.assert_allclose((gained - all_at_zero)[1:-1, 1:-1].sum(axis=0), all_at_zero[0, 1:-1], atol=1e-6)


def test_low_rates_lie_around_their_place():
    means = []
    for place in (-1.0, 0.0, 1.0):
        of_rl = (weights_at(RL_SHARE=6.0, RL_PLACE=place) - weights_at(RL_SHARE=-6.0))[1:-1, 1:-1].sum(axis=0)
        means.append(of_rl @ GRID.knots / of_rl.sum())
    np.testing.assert_allclose(means, [-9.0, -7.0, -5.15], atol=0.2)


def test_the_gradient_of_the_outer_product(seed):
    rng = np.random.default_rng(seed)
    first, second, weight = (jnp.asarray(rng.normal(size=shape)) for shape in ((5, 3), (4, 3), (5, 4, 3)))

    def total(product, first, second):
        return (product(first, second) ** 2 * weight).sum()

    by_rule = jax.grad(total, argnums=(1, 2))(outer_product, first, second)
    plain = jax.grad(total, argnums=(1, 2))(plain_product, first, second)
    for slope, expected in zip(by_rule, plain, strict=True):
        np.testing.assert_allclose(slope, expected, rtol=1e-5)
    forward_over_reverse = jax.hessian(partial(total, outer_product))(first, second)
    np.testing.assert_allclose(
        forward_over_reverse, jax.hessian(partial(total, plain_product))(first, second), rtol=1e-5
    )


@pytest.mark.parametrize("n", [32, 256])
def test_no_success_in_n_samples_is_not_a_rate_of_zero_for_certain(n):
    """RL sharpens 22 problems and has no success on two that the base always solves."""
    base, rl = np.array([0.04, 0.1, 0.25, 0.35, 0.5, 0.6, 0.7, 0.8, 0.9, 0.97, 0.99] * 2 + [1.0, 1.0]), np.zeros(24)
    rl[:22] = base[:22] ** 0.6
    counts = np.round(n * np.stack([base, rl], axis=1)).astype(int)
    rates = NonParametric().posterior(counts, np.full_like(counts, n), jax.random.key(0))
    of_lost = rates.p[..., 22:, 1]
    assert 0.1 < (of_lost == 0).mean() < 0.9
    n_solved_later = (1 - (1 - of_lost.astype(float)) ** (8 * n)).sum(axis=-1)
    assert np.quantile(n_solved_later, 0.975) > 0.5, "one of the two may well be solved in eight times the samples"
    assert np.quantile(n_solved_later, 0.025) < 0.01
