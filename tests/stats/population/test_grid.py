"""The grid's likelihoods and quantiles against numerical integration."""

import jax
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import expit
from scipy.stats import binom

from boundary.stats.population.draw_rates import _pick
from boundary.stats.population.grid import QUANTILES, Grid


def hat_integral(grid, knot, c, n):
    def height(x):
        return (1 - abs(x - knot) / grid.spacing) / grid.spacing * binom.pmf(c, n, expit(x))

    left = quad(height, knot - grid.spacing, knot, epsabs=0, epsrel=1e-10, limit=200)[0]
    return left + quad(height, knot, knot + grid.spacing, epsabs=0, epsrel=1e-10, limit=200)[0]


@pytest.mark.parametrize(("c", "n"), [(0, 128), (1, 128), (64, 128), (127, 128), (128, 128), (3, 8), (5000, 10000)])
def test_likelihood_is_the_integral_over_each_hat(c, n):
    grid = Grid.for_samples(n)
    (table,), (log_largest,) = grid.likelihood(np.array([c]), np.array([n]))
    assert table.max() == 1
    exact = np.array([hat_integral(grid, knot, c, n) for knot in grid.knots])
    atom = [float(c == 0), float(c == n)]
    scale = max(exact.max(), *atom)
    # Trapezoid sums over a hat have an error of second order in the refinement where the likelihood is broad.
    np.testing.assert_allclose(table[1:-1], exact / scale, atol=0.004)
    np.testing.assert_allclose(table[[0, -1]], np.array(atom) / scale, atol=1e-12)
    assert abs(log_largest - np.log(scale)) < 0.004


def test_unsampled_problem_has_a_flat_likelihood():
    table, _ = Grid.for_samples(128).likelihood(np.array([0]), np.array([0]))
    np.testing.assert_allclose(table, 1.0)


def test_quantiles_reproduce_posterior_moments_within_a_cell():
    grid = Grid.for_samples(128)
    c, n = 3, 128
    cell = 1 + int(np.argmin(abs(grid.knots - np.log(c / (n - c)))))
    values = grid.quantiles(np.array([c]), np.array([n]))[0, cell]
    knot = grid.knots[cell - 1]

    def moment(power):
        def height(x):
            return (1 - abs(x - knot) / grid.spacing) * binom.pmf(c, n, expit(x)) * expit(x) ** power

        return quad(height, knot - grid.spacing, knot)[0] + quad(height, knot, knot + grid.spacing)[0]

    mean = moment(1) / moment(0)
    sd = np.sqrt(moment(2) / moment(0) - mean**2)
    assert values.mean() == pytest.approx(mean, rel=2e-3)
    assert values.std() == pytest.approx(sd, rel=2e-2)
    assert (np.diff(values) > 0).all()


def test_atoms_hold_exactly_zero_and_one():
    quantiles = Grid.for_samples(16).quantiles(np.array([4]), np.array([16]))
    assert (quantiles[:, 0] == 0).all()
    assert (quantiles[:, -1] == 1).all()


@pytest.mark.parametrize(("n", "lowest", "highest"), [(64, -13.5, 10.5), (1500, -13.5, 10.5), (100_000, -15.1, 15.3)])
def test_the_ends_lie_beyond_what_many_samples_tell(n, lowest, highest):
    for spacing in (0.8, 0.4):
        grid = Grid.for_samples(n, spacing)
        assert (grid.lowest, grid.highest) == pytest.approx((lowest, highest))
        assert grid.knots[-1] == pytest.approx(highest)
        assert len(grid.knots) % 2 == 1 or spacing == 0.8
        last_cells = grid.likelihood(np.array([0, n]), np.array([n, n]))[0]
        assert last_cells[0, 1] > 0.9
        assert last_cells[1, -2] > 0.9


def test_a_cell_without_mass_is_never_drawn():
    rng = np.random.default_rng(0)
    mass = rng.gamma(0.3, size=(63, 256)).astype(np.float32)
    mass[[0, -1]] = 0
    quantiles = np.repeat(np.arange(63, dtype=np.float32), QUANTILES)
    bits = np.full(256, 2**32 - 1, np.uint32)
    cell, _ = jax.jit(_pick)(bits, mass, np.zeros(256, np.int32), quantiles)
    assert (mass[np.asarray(cell), np.arange(256)] > 0).all()
