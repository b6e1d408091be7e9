"""The log of the Gamma function of positive numbers, against SciPy's, in both precisions."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import digamma, gammaln

from boundary.stats.population.beta import log_gamma


# Of what is near 0 the absolute error counts: log likelihoods are added. Single precision has 6e-8 of the largest term.
@pytest.mark.parametrize(("is_double", "smallest", "error"), [(False, 1e-30, 5e-6), (True, 1e-300, 1e-11)])
def test_log_gamma_and_its_slope(is_double, smallest, error):
    with jax.enable_x64(is_double):
        x = np.concatenate([np.geomspace(smallest, 2e5, 20_000), np.linspace(7.9, 8.1, 200)])
        x = jnp.asarray(x, float if is_double else jnp.float32)
        value, slope = (np.asarray(of(x), dtype=float) for of in (log_gamma, jax.vmap(jax.grad(log_gamma))))
    exact = np.asarray(x, dtype=float)
    for computed, right in ((value, gammaln(exact)), (slope, digamma(exact))):
        assert (np.abs(computed - right) < error * np.maximum(1, np.abs(right))).all()
