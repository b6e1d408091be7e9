"""Signs of differences with a margin, and how two curves run against each other, against brute force."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import arrays

from boundary.stats.estimands import crossover, narrowed, no_crossover, pass_at_k, sampling_speedup, shrinkage, widened
from boundary.stats.estimands.crossing import curve_order
from boundary.stats.intervals import signs, summarise
from boundary.stats.solve_rates import SolveRates

N = 16
# Rates that tie, rates that nearly do, and any others.
RATES = arrays(float, (1, 6, 4, 2), elements=st.sampled_from([0.0, 1e-9, 1e-4, 0.003, 0.05, 0.3, 0.7, 1.0]))


def rates_of(p):
    return SolveRates(p, np.zeros(p.shape[2:], int), np.full(p.shape[2:], N), "made up", models=("base", "rl"))


@given(RATES)
def test_the_three_probabilities(p):
    for k in (1, N, 1000):
        d = shrinkage(rates_of(p), k).to_numpy()
        row = summarise(d, 0.95, 0.005)
        assert row.prob_positive + row.prob_negative + np.mean(np.abs(d) <= 1e-9) == pytest.approx(1)
        outside_margin = narrowed(rates_of(p), k).mean().item() + widened(rates_of(p), k).mean().item()
        assert outside_margin + row.prob_equivalent == pytest.approx(1)
        mirrored = summarise(-d, 0.95, 0.005)
        assert mirrored[4:] == (row.prob_negative, row.prob_positive, row.prob_equivalent)


def test_ties_count_for_nobody_and_the_margin_belongs_to_it():
    assert signs(np.array([0.0, -0.0, 1e-12, 0.1]), 0.005) == (0.25, 0.0, 0.75)
    assert signs(np.array([0.005, -0.005, 1 / 200, 0.0051]), 0.005) == (0.75, 0.25, 0.75)
    assert signs(np.zeros(4), 0.0) == (0.0, 0.0, 1.0)
    assert np.isnan(summarise(np.array([1.0]), 0.95).prob_negative)  # a quantity that is no difference


@given(RATES, st.sampled_from([0.0, 0.005, 0.2]))
def test_course_by_brute_force(p, margin):
    rates, max_k = rates_of(p), 30
    lead = np.diff(pass_at_k(rates, range(1, max_k + 1)).to_numpy()[0], axis=-1)[..., 0]
    ahead, behind = lead > margin + 1e-9, lead < -margin - 1e-9
    probabilities = curve_order(rates, max_k, margin)
    crosses = [any(a[: k + 1].any() and b[k] for k in range(max_k)) for a, b in zip(ahead, behind, strict=True)]
    back = [any(b[: k + 1].any() and a[k] for k in range(max_k)) for a, b in zip(ahead, behind, strict=True)]
    assert probabilities[1:5] == pytest.approx(
        (np.mean(crosses), np.mean(back), ahead[:, :N].all(1).mean(), behind[:, :N].all(1).mean())
    )
    assert probabilities.crosses_twice == pytest.approx(np.mean(np.logical_and(crosses, back)))


def test_curves_that_cross_once_each_way_in_half_of_the_draws_do_not_cross_twice():
    p = np.full((1, 50, 10, 2), 0.05)
    p[:, :25, :2, 0], p[:, :25, 2:, 0] = 1.0, 0.0
    p[:, 25:, :2, 1], p[:, 25:, 2:, 1] = 1.0, 0.0
    order = curve_order(rates_of(p), 1000)
    assert (order.crosses, order.crosses_back, order.crosses_twice) == (0.5, 0.5, 0.0)


@given(RATES)
def test_swapped_models_run_the_other_way(p):
    forward, backward = curve_order(rates_of(p), 100), curve_order(rates_of(p[..., ::-1]), 100)
    assert (forward.crosses, forward.ahead) == (backward.crosses_back, backward.behind)
    assert (forward.crosses_back, forward.behind) == (backward.crosses, backward.ahead)


def test_a_curve_that_catches_up_has_a_place():
    p = np.full((1, 50, 10, 2), 0.05)
    p[..., :2, 0], p[..., 2:, 0] = 1.0, 0.0  # the base solves two problems always, RL all at times
    run = curve_order(rates_of(p), 1000)
    assert run.crosses_back == 1
    assert run.catches_up == (5, 5, 5)  # 1 - .95^5 = .226


def test_curves_that_are_equal_but_for_rounding_do_not_cross():
    p = np.random.default_rng(3).uniform(0.05, 0.6, 30)
    rates = SolveRates.exact(np.stack([p, p[::-1]], axis=1), models=("base", "rl"))
    assert np.isnan(crossover(rates, 64).item())
    assert np.isnan(crossover(rates, 64, base="rl", rl="base").item())


def test_a_lead_that_never_ends_has_no_crossover_however_small_failures_become():
    easy = SolveRates.exact([[0.9, 0.95], [0.92, 0.99]], models=("base", "rl"))
    assert np.isinf(crossover(easy, 100_000).item())
    assert np.isinf(crossover(SolveRates.exact([[0.1, 0.65]]), 10**6).item())
    assert np.isinf(sampling_speedup(SolveRates.exact([[0.6, 1.0]]), 10**5).item())
    of_base = np.random.default_rng(0).uniform(0.75, 0.95, (2, 50, 30))
    rates = rates_of(np.stack([of_base, 1 - 0.4 * (1 - of_base)], axis=-1))
    assert np.isinf(crossover(rates, 10_000).to_numpy()).all()
    assert (no_crossover(rates, 10_000) == 1).all()
