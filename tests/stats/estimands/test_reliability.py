"""pass^k, G-Pass@k, cover@tau and the histogram against sums written out and enumeration, and their identities."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import beta, binom

from boundary.stats.estimands import (
    accuracy_histogram,
    cover_at_tau,
    g_pass_at_k,
    mg_pass_at_k,
    pass_at_k,
    pass_hat_k,
)
from boundary.stats.estimands.reliability import least_correct
from boundary.stats.estimands.unbiased import (
    unbiased_g_pass_at_k,
    unbiased_mg_pass_at_k,
    unbiased_pass_at_k,
    unbiased_pass_hat_k,
)
from boundary.stats.solve_rates import SolveRates

RATES = arrays(float, (1, 3, 5, 2), elements=st.floats(0, 1))
TAUS = (0.0, 0.25, 0.5, 0.55, 0.75, 1.0)


def rates_of(p, n=128):
    p = np.asarray(p, float)
    counts = np.zeros(p.shape[2:], int)
    return SolveRates(p, counts, np.full_like(counts, n), "made up", new_p=p[:, :, ::-1])


def many_draws():
    """Enough draws that the tables of `_tabulated_mean` are used."""
    p = np.random.default_rng(0).beta(0.4, 0.7, size=(2, 2000, 12, 2))
    p[:, :, 0], p[:, :, 1] = 0, 1
    return rates_of(p)


@given(RATES, st.integers(1, 300), st.sampled_from(TAUS))
def test_shares_of_k_are_binomial_tails(p, k, tau):
    rates = rates_of(p)
    least = max(1, int(np.ceil(round(tau * k, 9))))
    np.testing.assert_allclose(g_pass_at_k(rates, k, tau), binom.sf(least - 1, k, p).mean(2), atol=1e-9)
    np.testing.assert_allclose(pass_hat_k(rates, k), (p**k).mean(2), atol=1e-5)


@given(RATES, st.integers(1, 60))
def test_mean_over_tau_is_the_integral_of_g_pass(p, k):
    rates = rates_of(p)
    # G-Pass@k is a step function of tau with steps at i/2k: its mean over the middles of the steps is exact.
    middles = 0.5 + (np.arange(k) + 0.5) / (2 * k)
    expected = np.mean([g_pass_at_k(rates, k, tau) for tau in middles], axis=0)
    np.testing.assert_allclose(mg_pass_at_k(rates, k), expected, atol=1e-9)


@pytest.mark.parametrize("k", [1, 2, 3, 16, 64])
def test_tables_are_exact_to_single_precision(k):
    rates = many_draws()
    p = rates.p[:, :50]
    few = rates_of(p)
    for tau in TAUS:
        np.testing.assert_allclose(g_pass_at_k(rates, k, tau)[:, :50], g_pass_at_k(few, k, tau), atol=3e-6)
    np.testing.assert_allclose(mg_pass_at_k(rates, k)[:, :50], mg_pass_at_k(few, k), atol=3e-6)


@given(RATES, st.integers(1, 200))
def test_ends_of_g_pass_are_pass_at_k_and_pass_hat_k(p, k):
    rates = rates_of(p)
    np.testing.assert_allclose(g_pass_at_k(rates, k, 0.0), pass_at_k(rates, k), atol=1e-5)
    np.testing.assert_allclose(g_pass_at_k(rates, k, 1.0), pass_hat_k(rates, k), atol=1e-5)


@given(RATES)
def test_one_sample_makes_all_alike(p):
    rates = rates_of(p)
    single = pass_at_k(rates, 1)
    for other in (pass_hat_k(rates, 1), mg_pass_at_k(rates, 1), *(g_pass_at_k(rates, 1, tau) for tau in TAUS)):
        np.testing.assert_allclose(other, single, atol=1e-6)


@settings(max_examples=30)
@given(RATES, st.integers(1, 1000))
def test_pass_at_k_is_the_beta_mean_of_cover_at_tau(p, k):
    rates = rates_of(p)
    # Quantiles of Beta(1, k) in the middle of equal parts: the mean of a step function of height 1/5 is off by 1/parts.
    parts = 4000
    taus = beta(1, k).ppf((np.arange(parts) + 0.5) / parts)
    mean = cover_at_tau(rates, taus.tolist()).mean("tau")
    np.testing.assert_allclose(mean, pass_at_k(rates, k), atol=1.0 / parts + 1e-5)


@given(RATES)
def test_histogram_bins_are_differences_of_cover(p):
    rates = rates_of(p)
    shares = accuracy_histogram(rates)
    np.testing.assert_allclose(shares.sum("tau"), 1, atol=1e-12)
    np.testing.assert_allclose(shares.isel(tau=0), (p == 0).mean(2))
    np.testing.assert_allclose(shares.isel(tau=-1), (p == 1).mean(2))
    np.testing.assert_allclose(shares.sel(tau=0.45), ((p > 0.4) & (p <= 0.5)).mean(2))
    np.testing.assert_allclose(shares.sel(tau=0.95), ((p > 0.9) & (p < 1)).mean(2))
    np.testing.assert_allclose(cover_at_tau(rates, [0.0, 1.0]).isel(tau=0), 1)
    np.testing.assert_allclose(cover_at_tau(rates, 1.0), shares.isel(tau=-1))


@pytest.mark.parametrize("k", [1, 2, 3, 5])
@pytest.mark.parametrize("tau", TAUS)
def test_closed_forms_are_means_over_all_subsets(k, tau):
    n = 5
    for c in range(n + 1):
        right = [sum(subset) for subset in combinations([1] * c + [0] * (n - c), k)]
        share = np.mean([r >= max(1, np.ceil(round(tau * k, 9))) for r in right])
        excess = np.mean([max(2 * r / k - 1, 0) for r in right])
        counts, sizes = np.array([c]), np.array([n])
        np.testing.assert_allclose(unbiased_g_pass_at_k(counts, sizes, k, tau), share, atol=1e-12)
        np.testing.assert_allclose(unbiased_mg_pass_at_k(counts, sizes, k), excess, atol=1e-12)
        np.testing.assert_allclose(unbiased_pass_hat_k(counts, sizes, k), np.mean([r == k for r in right]))
        np.testing.assert_allclose(unbiased_pass_at_k(counts, sizes, k), np.mean([r > 0 for r in right]))


@pytest.mark.parametrize("k", [1, 4, 7])
def test_closed_forms_are_unbiased(k):
    n, p = 9, 0.37
    counts = np.arange(n + 1)
    chances, sizes = binom.pmf(counts, n, p), np.full(n + 1, n)
    rates = rates_of(np.full((1, 1, 1, 1), p))
    for tau in TAUS:
        mean = chances @ unbiased_g_pass_at_k(counts, sizes, k, tau)
        assert mean == pytest.approx(g_pass_at_k(rates, k, tau).item(), abs=1e-9)
    assert chances @ unbiased_mg_pass_at_k(counts, sizes, k) == pytest.approx(mg_pass_at_k(rates, k).item(), abs=1e-9)


def test_closed_forms_need_k_samples():
    assert np.isnan(unbiased_g_pass_at_k(np.array([1]), np.array([2]), 3, 0.5)).all()
    assert np.isnan(unbiased_mg_pass_at_k(np.array([1]), np.array([2]), 3)).all()
    with pytest.raises(ValueError, match="at least 1"):
        unbiased_g_pass_at_k(np.array([1]), np.array([2]), 0, 0.5)


def test_a_share_is_not_rounded_up_past_itself():
    assert least_correct(100, 0.55) == 55  # .55 * 100 is 55.00000000000001
    assert least_correct(3, 1 / 3) == 1
    assert least_correct(10, 0.0) == 1


@pytest.mark.parametrize("tau", [-0.1, 1.01, float("nan")])
def test_thresholds_outside_the_unit_interval_are_refused(tau):
    rates = rates_of(np.full((1, 1, 1, 1), 0.5))
    for ask in (lambda: cover_at_tau(rates, tau), lambda: g_pass_at_k(rates, 4, tau)):
        with pytest.raises(ValueError, match="between 0 and 1"):
            ask()
