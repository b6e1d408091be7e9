"""Means over problems of powers of rates: against extended precision, and block by block in little memory."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.stats import binom

from boundary.stats import estimands
from boundary.stats.powers import (
    WIDTH,
    failure_rates,
    mean_binomials,
    mean_powers,
    powers,
    products,
    sums_by_level,
)
from boundary.stats.solve_rates import SolveRates

EXPONENTS = (1, 2, 3, 7, 32, 100, 1000, 65_536, 1_000_000)


def extreme_rates(seed, size):
    """Solve rates in single precision: ordinary ones, and ones close to 0 and to 1."""
    rng = np.random.default_rng(seed)
    tiny = 10.0 ** rng.uniform(-8, -1, size)
    return np.concatenate([rng.beta(0.4, 0.7, size), tiny, 1 - tiny, np.repeat([0.0, 1.0], 3)]).astype(np.float32)


@given(st.lists(st.integers(1, 1_000_000), min_size=1, max_size=12, unique=True).map(sorted))
def test_products_reach_their_exponents(exponents):
    last = 0
    for exponent, step in zip(exponents, products(tuple(exponents)), strict=True):
        assert exponent == last * step.continues + sum(1 << i for i in step.squares)
        last = exponent


def test_exponents_must_ascend():
    with pytest.raises(ValueError, match="ascend"):
        products((2, 2))


def test_powers_of_single_precision_rates_are_exact_to_a_ten_thousand_millionth(seed):
    p = extreme_rates(seed, 1000)
    exact = 1 - p.astype(np.longdouble)
    for exponent, power in zip(EXPONENTS, powers(failure_rates(p[None]), EXPONENTS), strict=True):
        assert np.abs(power[0] - exact**exponent).max() < 1e-10


def test_means_over_several_blocks_are_means(seed):
    rng = np.random.default_rng(seed)
    base, rl = rng.beta(0.4, 0.7, (2, 7, WIDTH + 100)).astype(np.float32)
    failed = mean_powers([base, rl], EXPONENTS, of_failures=True)
    solved = mean_powers([base], EXPONENTS, of_failures=False)
    for i, k in enumerate(EXPONENTS):
        fails = [(1 - part.astype(float)) ** k for part in (base, rl)]
        np.testing.assert_allclose(failed[:, i], [part.mean(1) for part in (*fails, fails[0] * fails[1])], atol=1e-10)
        np.testing.assert_allclose(solved[0, i], (base.astype(float) ** k).mean(1), atol=1e-10)


@pytest.mark.parametrize("n_problems", [100, 256, 700])
def test_compiled_sums_are_the_means(seed, monkeypatch, n_problems):
    """Whole blocks of problems and broken ones; the two ways agree as far as powers of 1,000,000 are exact."""
    rng = np.random.default_rng(seed)
    extreme = extreme_rates(seed, 100_000)
    columns = [rng.choice(extreme, (300, n_problems)) for _ in range(2)]

    def means():
        failed, solved = (
            mean_powers(columns, EXPONENTS, of_failures=True),
            mean_powers(columns[:1], EXPONENTS, of_failures=False),
        )
        return np.concatenate([failed, solved]), mean_binomials(columns[0], 16)

    by_numpy = means()
    monkeypatch.setattr("boundary.stats.powers.MANY_VALUES", 1)
    for compiled, expected in zip(means(), by_numpy, strict=True):
        np.testing.assert_allclose(compiled, expected, rtol=1e-9, atol=1e-300)


def test_certain_rates_have_exact_sums(monkeypatch):
    monkeypatch.setattr("boundary.stats.powers.MANY_VALUES", 1)
    p = np.repeat(np.array([[0.0], [1.0]], np.float32), 300, axis=1)
    assert np.array_equal(mean_powers([p], [1, 1000], of_failures=True)[0], [[1, 0], [1, 0]])
    assert np.array_equal(mean_powers([p], [1, 1000], of_failures=False)[0], [[0, 1], [0, 1]])
    assert np.array_equal(mean_binomials(p, 3), [[1, 0], [0, 0], [0, 0], [0, 1]])


@pytest.mark.parametrize("k", [1, 5, 32])
def test_chances_of_right_samples_are_binomial(seed, k):
    p = extreme_rates(seed, 50)[None]
    expected = binom.pmf(np.arange(k + 1)[:, None, None], k, p.astype(float)).mean(axis=2)
    np.testing.assert_allclose(mean_binomials(p, k), expected, atol=1e-12)


@pytest.mark.parametrize("n_thresholds", [3, 300])
def test_sums_by_level_are_sums(seed, n_thresholds):
    rng = np.random.default_rng(seed)
    p, weights = rng.random((2, 5, WIDTH + 50))
    thresholds = np.sort(rng.random(n_thresholds))
    level = (p[..., None] >= thresholds).sum(axis=-1)
    expected = [
        [row_weights[row == i].sum() for i in range(n_thresholds + 1)]
        for row, row_weights in zip(level, weights, strict=True)
    ]
    np.testing.assert_allclose(sums_by_level(p, thresholds, weights), expected, atol=1e-9)
    counts = [np.bincount(row, minlength=n_thresholds + 1) for row in level]
    assert np.array_equal(sums_by_level(p, thresholds), counts)


def test_single_precision_rates_are_compared_with_thresholds_in_double():
    p = np.array([[0.0, 0.1, 0.7, 1.0]], np.float32)
    thresholds = [float(p[0, 1]), np.nextafter(float(p[0, 2]), 1), np.nextafter(0.0, 1), 1.0]
    n_reached = (p[..., None].astype(float) >= thresholds).sum(axis=-1)[0]
    assert np.array_equal(sums_by_level(p, thresholds)[0], np.bincount(n_reached, minlength=5))
    assert np.array_equal(sums_by_level(p, thresholds, np.ones_like(p))[0], np.bincount(n_reached, minlength=5))


def test_estimands_hold_little_beside_the_draws(seed):
    rng = np.random.default_rng(seed)
    p = np.moveaxis(rng.random((2, 2, 60, 60_000), dtype=np.float32), 0, -1)
    counts = np.zeros(p.shape[2:], int)
    rates = SolveRates(p, counts, counts + 16, "made up")
    assert rates.p.dtype == np.float32
    assert np.shares_memory(rates.p, p)
    budgets = [1, 2, 3, 16, 128]
    tracemalloc.start()
    estimands.pass_at_k(rates, budgets)
    estimands.flows(rates, budgets)
    estimands.pass_hat_k(rates, budgets)
    estimands.g_pass_at_k(rates, 8, [0.5, 1.0])
    estimands.accuracy_histogram(rates)
    estimands.gains(rates, budgets)
    estimands.crossover(rates, 256)
    estimands.sampling_speedup(rates, 256)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.25 * p.nbytes


def test_means_are_kept_where_they_are_few(seed):
    p = np.random.default_rng(seed).random((1, 4, 20, 2))
    rates = SolveRates(p, np.zeros((20, 2), int), np.zeros((20, 2), int), "made up")
    estimands.pass_at_k(rates, [1, 4])
    assert set(rates.means["failure", "benchmark", 0]) == {1, 4}
    single = SolveRates(p[:, :, :1], np.zeros((1, 2), int), np.zeros((1, 2), int), "made up")
    estimands.flows(single, [1, 4])
    assert not single.means
