"""Chances of counts are those of scipy.stats."""

import numpy as np
import pytest
from scipy import stats

from boundary.stats.chances import binomial_pmf, hypergeometric_cdf, hypergeometric_pmf

SIZES = (1, 2, 8, 128, 1024)


@pytest.mark.parametrize("n", SIZES)
def test_binomial(n):
    c, p = np.arange(n + 1)[:, None], np.array([0.0, 1e-9, 0.1, 0.5, 0.999, 1.0])
    np.testing.assert_allclose(binomial_pmf(c, n, p), stats.binom.pmf(c, n, p), rtol=1e-10, atol=1e-300)


@pytest.mark.parametrize("n", SIZES)
def test_hypergeometric(n):
    c = np.arange(n + 1)
    for k in sorted({1, n // 2, n} - {0}):
        chances = hypergeometric_pmf(np.arange(k + 1)[:, None], n, c, k)
        np.testing.assert_allclose(chances, stats.hypergeom.pmf(np.arange(k + 1)[:, None], n, c, k), rtol=1e-9)
        np.testing.assert_allclose(chances.sum(axis=0), 1)


def test_hypergeometric_cdf_of_problems_with_more_or_fewer_samples():
    n = np.array([8, 8, 9, 30, 64])
    c = np.array([0, 8, 3, 1, 40])
    most = np.array([0, 1, 2, 4])
    expected = stats.hypergeom.cdf(most[:, None], n, c, 8)
    np.testing.assert_allclose(hypergeometric_cdf(most, n, c, 8), expected, atol=1e-12)
