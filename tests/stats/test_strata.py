"""Strata: what a fit and the counts say of each, and how they are pooled."""

import numpy as np
import pytest

from boundary.stats.strata import StratumCells, strata_posterior, stratum_cells


def cells(means, variances, unbiased, noise):
    parts = (np.asarray(part, dtype=float) for part in (means, variances, unbiased, noise))
    return StratumCells(*parts, np.full(len(means), 50))


def test_agreement_keeps_the_common_fit_and_disagreement_leaves_it():
    agreeing = cells([0.02] * 4, [1e-4] * 4, [0.02] * 4, [4e-4] * 4)
    draws = strata_posterior(agreeing).draws
    np.testing.assert_allclose(draws.mean(axis=0), 0.02, atol=0.003)
    assert (draws.std(axis=0) < 0.02).all()  # below that of the counts alone
    disagreeing = cells([0.05, 0.02, 0.02, 0.02], [1e-4] * 4, [0.25, 0.02, 0.02, 0.02], [4e-4] * 4)
    draws = strata_posterior(disagreeing).draws
    assert draws[:, 0].mean() > 0.2
    np.testing.assert_allclose(draws[:, 1:].mean(axis=0), 0.02, atol=0.01)


def test_a_fit_less_sure_than_the_counts_is_no_fault():
    draws = strata_posterior(cells([0.0, 0.1], [1e-3, 1e-3], [0.05, 0.1], [1e-4, 1e-4])).draws
    assert np.isfinite(draws).all()
    np.testing.assert_allclose(draws.mean(axis=0), [0.0, 0.1], atol=0.06)


def test_equal_seeds_give_equal_draws():
    data = cells([0.1, 0.2], [1e-3, 1e-3], [0.1, 0.2], [2e-3, 2e-3])
    np.testing.assert_array_equal(strata_posterior(data, seed=4).draws, strata_posterior(data, seed=4).draws)


@pytest.mark.parametrize("k", [1, 3, 8])
def test_cells_are_those_of_simulated_counts(k):
    rng = np.random.default_rng(k)
    rates = rng.beta(0.6, 0.6, (6, 2))
    n, stratum = np.full((6, 2), 8), np.array([0, 0, 0, 1, 1, 1])
    estimates = []
    for _ in range(4000):
        cells_of_sample = stratum_cells(rates[None], rng.binomial(8, rates), n, stratum, k, (1.0, -1.0))
        estimates.append(cells_of_sample.unbiased)
    reach = 1 - (1 - rates) ** k
    true = (reach[:, 0] - reach[:, 1]).reshape(2, 3).mean(axis=1)
    np.testing.assert_allclose(np.mean(estimates, axis=0), true, atol=0.02)
    noise = cells_of_sample.unbiased_variances - 0.05 / 9
    np.testing.assert_allclose(noise, np.var(estimates, axis=0), rtol=0.15)
    np.testing.assert_allclose(cells_of_sample.means, true)
    assert cells_of_sample.n_problems.tolist() == [3, 3]
