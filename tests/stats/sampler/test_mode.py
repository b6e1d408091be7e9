"""The start of the sampler: a mode, found from 0."""

import jax.numpy as jnp
import numpy as np
import pytest

from boundary.stats.sampler.mode import find_mode

PRECISION = np.array([[4.0, 1.0], [1.0, 9.0]])
CENTRE = np.array([0.3, -2.0])


def quadratic(theta, data):
    centred = theta - CENTRE[:, None]
    return -0.5 * (centred * (jnp.asarray(PRECISION) @ centred)).sum(axis=0)


def normal(theta, data):
    centre, precision = data
    centred = theta - centre[:, None]
    return -0.5 * (centred * (precision @ centred)).sum(axis=0)


def two_wells(theta, data):
    # 0 is close to a saddle between modes at x = -1 and x = 1; the right one is higher.
    x, y = theta
    return -5.0 * (x**2 - 1.0) ** 2 + 0.1 * x - 0.5 * y**2


def broken(theta, data):
    return jnp.log(theta[0] - 1.0)


def test_the_mode_and_curvature_of_a_quadratic_are_exact():
    position, root = find_mode(quadratic, None, np.zeros(2))
    np.testing.assert_allclose(position, CENTRE, atol=1e-3)
    np.testing.assert_allclose(root @ root.T, np.linalg.inv(PRECISION), rtol=1e-6)


def test_a_guide_gives_the_curvature_and_leaves_the_mode_where_it_is():
    nearly = 1.2 * PRECISION
    position, root = find_mode(normal, (CENTRE, PRECISION), np.zeros(2), guide=(CENTRE + 0.5, nearly))
    np.testing.assert_allclose(position, CENTRE, atol=0.02)
    np.testing.assert_allclose(root @ root.T, np.linalg.inv(nearly), rtol=1e-6)


def test_a_saddle_is_left():
    position, _ = find_mode(two_wells, None, np.zeros(2))
    assert position[0] == pytest.approx(1.0, abs=0.01)


def test_a_density_that_is_not_finite_is_said_to_have_a_fault():
    with pytest.raises(FloatingPointError, match="fault"):
        find_mode(broken, None, np.zeros(1))
