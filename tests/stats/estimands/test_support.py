"""Support rates, where a gain comes from, the tail of the curve and the speed-up, against sums written out."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import arrays

from boundary.stats.estimands import (
    amplified,
    delta_se,
    discovered,
    flows,
    pass_at_k,
    reach,
    sampling_speedup,
    shrinkage,
    support_rates,
    tail_exponent,
)
from boundary.stats.solve_rates import SolveRates

RATES = arrays(float, (1, 3, 5, 2), elements=st.floats(0, 1))
BUDGETS = st.integers(1, 100_000)

# pass@1 / pass@256 in per cent on Omni-MATH train, its test part and MATH500: Yue et al. 2025, arXiv 2504.13837, v2,
# Table 2.
TABLE_2 = {
    "Qwen2.5-7B": ((9.9, 67.2), (10.2, 69.1), (34.5, 96.2)),
    "GRPO": ((26.1, 66.3), (25.1, 68.3), (74.4, 97.2)),
    "PPO": ((27.2, 65.8), (26.8, 69.2), (75.2, 97.2)),
    "ReMax": ((24.4, 65.5), (23.8, 67.5), (73.5, 96.6)),
    "RLOO": ((28.6, 66.4), (28.1, 69.2), (75.0, 97.4)),
    "Reinforce++": ((28.2, 67.7), (28.0, 69.7), (75.4, 96.8)),
    "DAPO": ((31.4, 66.1), (26.5, 67.0), (75.6, 96.4)),
}


def rates_of(p, n=128):
    p = np.asarray(p, float)
    counts = np.zeros(p.shape[2:], int)
    return SolveRates(p, counts, np.full_like(counts, n), "made up", new_p=p[:, :, ::-1])


@given(RATES, BUDGETS)
def test_reach_averages_to_pass_at_k(p, k):
    rates = rates_of(p)
    by_problem = reach(rates, [k])
    np.testing.assert_allclose(by_problem.isel(k=0), 1 - (1 - p) ** k, atol=1e-5)
    np.testing.assert_allclose(by_problem.mean("problem").isel(k=0), pass_at_k(rates, k), atol=1e-6)


@given(RATES, BUDGETS)
def test_support_rates_follow_from_flows(p, k):
    rates = rates_of(p)
    problems, support = flows(rates, k), support_rates(rates, k)
    kept, lost, gained = (problems[name].to_numpy() for name in ("kept", "lost", "gained"))
    some = (kept + lost > 1e-3) & (kept + gained > 1e-3)
    np.testing.assert_allclose(support["srr"].to_numpy()[some], (kept / (kept + lost).clip(1e-9))[some], atol=1e-5)
    np.testing.assert_allclose(support["ndr"].to_numpy()[some], (gained / (kept + gained).clip(1e-9))[some], atol=1e-5)
    union = 5 - problems["neither"].to_numpy()
    np.testing.assert_allclose((support["nscr"] * union).to_numpy()[some], (gained - lost)[some], atol=1e-4)
    # The same change, as a share of all problems, is minus the shrinkage.
    share = (support["nscr"] * union / 5).to_numpy()
    np.testing.assert_allclose(share[some], -shrinkage(rates, k).to_numpy()[some], atol=1e-4)


def test_support_score_is_the_harmonic_mean():
    p = np.array([[[[0.9, 0.9], [0.9, 0.0], [0.0, 0.9], [0.9, 0.9]]]])
    support = support_rates(rates_of(p), 1000)
    assert support["srr"].item() == pytest.approx(2 / 3)
    assert support["ndr"].item() == pytest.approx(1 / 3)
    assert support["sds"].item() == pytest.approx(2 / (3 / 2 + 3))
    assert support["nscr"].item() == pytest.approx(0, abs=1e-9)


@given(RATES, BUDGETS)
def test_amplified_and_discovered_add_up_to_the_gain(p, k):
    rates = rates_of(p)
    parts = amplified(rates, k) + discovered(rates, k)
    np.testing.assert_allclose(parts, (p[..., 1] - p[..., 0]).mean(2), atol=1e-9)
    np.testing.assert_allclose(parts, -shrinkage(rates, 1), atol=1e-6)


def test_a_gain_counts_as_amplified_where_the_base_reaches_half():
    p = np.array([[[[0.5, 0.9], [0.001, 0.2]]]])
    rates = rates_of(p)
    assert amplified(rates, 1).item() == pytest.approx(0.2)  # exactly one half belongs to the reached
    assert discovered(rates, 1).item() == pytest.approx(0.199 / 2)
    assert discovered(rates, 693).item() == pytest.approx(0.0, abs=1e-12)  # 1 - .999^693 = .5001


@pytest.mark.parametrize(("b", "k"), [(0.3, 100_000), (1.0, 500), (2.5, 50)])
def test_tail_exponent_finds_the_power_of_the_density_near_zero(b, k):
    # p ~ Beta(b, 1): density b p^(b-1). At equally likely quantiles the mean is the integral.
    p = ((np.arange(200_000) + 0.5) / 200_000) ** (1 / b)
    slope = tail_exponent(rates_of(p[None, None, :, None]), k).item()
    assert slope == pytest.approx(b, rel=0.03)


def test_tail_exponent_is_zero_where_the_curve_levels_off_and_undefined_where_all_is_solved():
    level = tail_exponent(rates_of(np.array([0.0, 0.9, 0.9])[None, None, :, None]), 64).item()
    assert level == pytest.approx(0, abs=1e-6)
    assert np.isnan(tail_exponent(rates_of(np.ones((1, 1, 3, 1))), 4).item())
    assert np.isnan(tail_exponent(rates_of(np.zeros((1, 1, 3, 1))), 4).item())


@pytest.mark.parametrize("max_k", [2, 33, 1000])
def test_speedup_is_the_first_budget_that_reaches_one_sample_of_rl(max_k, seed):
    p = np.random.default_rng(seed + 1).beta(0.8, 4.0, size=(1, 100, 20, 2))
    p[..., 1] = np.clip(p[..., 1] * 3, 0, 1)
    p[:, :5, :, 0] = 0  # a base that never solves anything
    speedup = sampling_speedup(rates_of(p), max_k).to_numpy().ravel()
    curve = np.stack([(1 - (1 - p[0, ..., 0]) ** k).mean(1) for k in range(1, max_k + 1)], -1)
    for draw, aim in enumerate(p[0, ..., 1].mean(1)):
        budgets = np.flatnonzero(curve[draw] >= aim)
        assert speedup[draw] == (budgets[0] + 1 if len(budgets) else np.inf)


def test_a_model_needs_one_sample_to_equal_itself(seed):
    p = np.random.default_rng(seed + 2).random((1, 50, 7, 1)).repeat(2, axis=3)
    np.testing.assert_array_equal(sampling_speedup(rates_of(p), 64), 1)
    with pytest.raises(ValueError, match="2 or more"):
        sampling_speedup(rates_of(p), 1)


def population(pass_at_1, pass_at_256, n_problems=1000):
    """Problems of which a share has one solve rate and the rest none, with these two values of pass@k."""
    share = pass_at_256  # the solve rate is then high enough that 256 samples always hit
    p = np.zeros(n_problems)
    p[: round(share * n_problems)] = pass_at_1 / share
    return p


@pytest.mark.parametrize("panel", range(3))
def test_differences_of_the_papers_table_2(panel):
    base = population(*(value / 100 for value in TABLE_2["Qwen2.5-7B"][panel]))
    for algorithm in list(TABLE_2)[1:]:
        rl = population(*(value / 100 for value in TABLE_2[algorithm][panel]))
        rates = rates_of(np.stack([base, rl], -1)[None, None])
        (base_1, base_256), (rl_1, rl_256) = TABLE_2["Qwen2.5-7B"][panel], TABLE_2[algorithm][panel]
        assert 100 * delta_se(rates).item() == pytest.approx(base_256 - rl_1, abs=1e-3)
        assert 100 * shrinkage(rates, 256).item() == pytest.approx(base_256 - rl_256, abs=1e-3)
        assert 100 * shrinkage(rates, 1).item() == pytest.approx(base_1 - rl_1, abs=1e-3)
