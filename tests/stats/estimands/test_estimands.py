"""Estimands against brute force over the draws, and the identities between them."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import arrays

from boundary.stats import estimands
from boundary.stats.estimands import ESTIMANDS, crossover, delta_se, flows, no_crossover, pass_at_k, sampling_speedup
from boundary.stats.solve_rates import SolveRates


def rates_of(p, n=128):
    p = np.asarray(p, float)
    counts = np.zeros(p.shape[2:], int)
    return SolveRates(p, counts, np.full_like(counts, n), "made up", new_p=p[:, :, ::-1])


@pytest.fixture
def rates(seed):
    rng = np.random.default_rng(seed)
    p = rng.beta(0.5, 0.8, size=(2, 30, 12, 2))
    p[:, :, 0, 0], p[:, :, 1, 1], p[:, :, 2] = 0, 0, 1
    return rates_of(p)


@pytest.mark.parametrize("k", [1, 2, 7, 128, 10_000])
def test_flows_and_pass_at_k_match_brute_force(rates, k):
    reach = 1 - (1 - rates.p) ** k
    base, rl = reach[..., 0], reach[..., 1]
    problems = flows(rates, k)
    expected = {
        "kept": (base * rl).sum(2),
        "lost": (base * (1 - rl)).sum(2),
        "gained": ((1 - base) * rl).sum(2),
        "neither": ((1 - base) * (1 - rl)).sum(2),
        "shrinkage": (base - rl).mean(2),
    }
    for name, values in expected.items():
        np.testing.assert_allclose(problems[name], values, atol=2e-5)
        np.testing.assert_allclose(ESTIMANDS[name](rates, k), values, atol=2e-5)
    np.testing.assert_allclose(pass_at_k(rates, k), reach.mean(2), atol=1e-6)


@given(arrays(float, (1, 3, 5, 2), elements=st.floats(0, 1)), st.integers(1, 100_000))
def test_identities(p, k):
    rates = rates_of(p)
    problems = flows(rates, k)
    total = sum(problems[name] for name in ("kept", "lost", "gained", "neither"))
    np.testing.assert_allclose(total, 5, atol=1e-5)
    np.testing.assert_allclose(problems["shrinkage"], (problems["lost"] - problems["gained"]) / 5, atol=1e-6)
    curve = pass_at_k(rates, [k, 2 * k])
    assert (curve >= -1e-6).all()
    assert (curve <= 1 + 1e-6).all()
    assert (curve.sel(k=2 * k) >= curve.sel(k=k) - 1e-6).all()
    np.testing.assert_allclose(pass_at_k(rates, 1), p.mean(2), atol=1e-6)


@pytest.mark.parametrize("max_k", [2, 33, 128, 1024])
def test_crossover_is_the_first_budget_at_which_base_catches_up(max_k, seed):
    rng = np.random.default_rng(seed + 1)
    base = rng.beta(0.8, 4.0, size=(1, 200, 20))
    rl = np.where(rng.random((1, 200, 20)) < 0.5, 0.0, np.clip(2.5 * base, 0, 1))
    rates = rates_of(np.stack([base, rl], -1))
    crossing = crossover(rates, max_k).to_numpy().ravel()
    curve = np.stack([(1 - (1 - rates.p) ** k).mean(2) for k in range(1, max_k + 1)], -1)[0]
    leads = curve[:, 1] - curve[:, 0]
    for draw in range(200):
        caught = np.flatnonzero(leads[draw, 1:] <= 0)
        expected = np.nan if leads[draw, 0] <= 0 else caught[0] + 2 if len(caught) else np.inf
        assert crossing[draw] == expected or (np.isnan(expected) and np.isnan(crossing[draw]))
    never = no_crossover(rates, max_k).to_numpy().ravel()
    np.testing.assert_array_equal(never[~np.isnan(crossing)], np.isinf(crossing[~np.isnan(crossing)]))


@pytest.mark.parametrize("max_k", [2, 40, 700])
def test_speedup_is_the_first_budget_at_which_base_reaches_rl(max_k, seed):
    rng = np.random.default_rng(seed + 2)
    base = rng.beta(0.3, 6.0, size=(1, 100, 20))
    rates = rates_of(np.stack([base, np.clip(4 * base, 0, 1) ** 0.5], -1))
    curve = np.stack([(1 - (1 - base) ** k).mean(2) for k in range(1, max_k + 1)], -1)[0]
    reaches = curve >= rates.p[..., 1].mean(2).T
    expected = np.where(reaches.any(axis=1), reaches.argmax(axis=1) + 1, np.inf)
    np.testing.assert_array_equal(sampling_speedup(rates, max_k)[0], expected)


def test_delta_se(rates):
    expected = (1 - (1 - rates.p[..., 0]) ** 256).mean(2) - rates.p[..., 1].mean(2)
    np.testing.assert_allclose(delta_se(rates), expected, atol=1e-5)


def test_swapping_the_models_swaps_lost_and_gained(rates):
    forth, back = flows(rates, 16), flows(rates, 16, base=1, rl=0)
    np.testing.assert_allclose(forth["lost"], back["gained"], atol=1e-5)
    np.testing.assert_allclose(forth["shrinkage"], -back["shrinkage"], atol=1e-7)


def test_superpopulation_uses_the_new_problems(rates):
    flipped = SolveRates(rates.new_p, rates.n_correct, rates.n_samples, "made up")
    np.testing.assert_allclose(pass_at_k(rates, 5, target="superpopulation"), pass_at_k(flipped, 5))


@pytest.mark.parametrize("k", [0, -3, 1.5])
def test_budgets_that_are_none_are_refused(rates, k, unchecked_types):
    with pytest.raises(ValueError, match="at least 1"):
        pass_at_k(rates, [k])


def test_unknown_names_are_refused(rates, unchecked_types):
    with pytest.raises(ValueError, match="No model"):
        flows(rates, 1, base="nobody")
    with pytest.raises(ValueError, match="Unknown target"):
        pass_at_k(rates, 1, target="everything")
    with pytest.raises(ValueError, match="2 or more"):
        estimands.crossover(rates, 1)
