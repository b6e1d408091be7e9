"""Cost: solved problems within a budget against closed forms and enumeration, and what lengths say."""

from itertools import product

import numpy as np
import pytest

from boundary.stats.cost.attempts import attempt_means, solved_within, solved_within_by_mean_attempts
from boundary.stats.cost.draws import cost_draws
from boundary.stats.cost.lengths import (
    ATOMS,
    LengthDraws,
    length_draws,
    lengths_of_means,
    lengths_of_samples,
    mean_length_draws,
)
from boundary.stats.cost.quantities import budget_to_solve, crossover_budget, spending
from boundary.stats.cost.token_limits import pass_at_k_with_error
from boundary.stats.estimands.unbiased import unbiased_pass_at_k

REPLICATES = 32


def fixed_lengths(wrong, right, shape=None):
    """Lengths of one problem without uncertainty; their shape around the means is a point, or given."""
    points = np.ones(ATOMS) if shape is None else shape / shape.mean()
    log_mean = np.broadcast_to(np.log([wrong, right]), (REPLICATES, 1, 2))
    return LengthDraws(log_mean, np.broadcast_to(points, (1, 2, ATOMS)), np.full((1, 2), 1e9))


def solved(p, lengths, budgets, seed=0):
    rates = np.full((REPLICATES, 1, 1), p)
    return solved_within(rates, lengths, np.asarray(budgets, dtype=float), np.random.default_rng(seed))[:, 0].mean(
        axis=0
    )


@pytest.mark.parametrize("p", [0.0, 0.05, 0.5, 1.0])
def test_attempts_of_one_length_are_whole_attempts(p):
    # Wrong ones take 10, the right one 4: the first ends at 4, the second at 14, the third at 24.
    budgets = [3.9, 4.1, 13.9, 14.1, 23.9, 24.1]
    assert solved(p, fixed_lengths(10.0, 4.0), budgets) == pytest.approx(
        1 - (1 - p) ** np.array([0, 1, 1, 2, 2, 3]), abs=1e-6
    )


@pytest.mark.parametrize("p", [0.02, 0.2, 0.6])
def test_exponential_lengths_have_a_closed_form(p):
    points = -np.log1p(-(np.arange(ATOMS) + 0.5) / ATOMS)
    budgets = np.geomspace(0.2, 200, 20)
    # Wrong and right ones alike: successes come as a thinned Poisson process.
    assert solved(p, fixed_lengths(1.0, 1.0, points), budgets) == pytest.approx(1 - np.exp(-p * budgets), abs=0.02)


def test_two_lengths_are_enumerated():
    p, lengths, budgets = 0.3, np.array([1.0, 4.0]), np.array([1.5, 4.5, 6.5, 9.5])
    shape = np.repeat(lengths, ATOMS // 2)
    expected = np.zeros(len(budgets))
    for j in range(11):
        for chosen_lengths in product(lengths, repeat=j + 1):
            expected += p * (1 - p) ** j * 0.5 ** (j + 1) * (sum(chosen_lengths) <= budgets)
    assert solved(p, fixed_lengths(2.5, 2.5, shape), budgets) == pytest.approx(expected, abs=0.01)


def test_the_closed_form_takes_over_smoothly():
    budgets = np.linspace(3, 15, 200)
    curve = solved(0.1, fixed_lengths(1.0, 1.0, np.linspace(0.2, 1.8, ATOMS)), budgets)
    assert (np.diff(curve) >= 0).all()
    assert np.diff(curve).max() < 0.015


def test_the_shortcut_counts_fractions_and_is_off_where_wrong_attempts_are_longer():
    p, budget = 0.5, np.array([2.0])
    shortcut = solved_within_by_mean_attempts(np.array([[p]]), np.array([[5.5]]), budget)[0, 0]
    assert solved(p, fixed_lengths(10.0, 1.0), budget)[0] == pytest.approx(0.5)
    assert shortcut == pytest.approx(1 - 0.5 ** (2 / 5.5))


def test_attempts_cost_what_their_outcomes_weigh():
    p = np.array([[[0.5, 0.1]]])
    log_mean = np.log(np.array([[[[10.0, 2.0], [20.0, 4.0]]]]))
    every, wrong, right = attempt_means(p, log_mean)[:, 0, 0]
    assert every == pytest.approx((5 + 1 + 18 + 0.4) / 2)
    assert wrong == pytest.approx((5 + 18) / 1.4)
    assert right == pytest.approx((1 + 0.4) / 0.6)


def test_lengths_of_samples_have_means_by_outcome():
    problem = np.repeat(np.arange(3), 40)
    right = np.tile([True, False], 60)
    right[problem == 2] = False
    rng = np.random.default_rng(0)
    tokens = np.where(right, 100.0, 300.0) * rng.gamma(4, 1 / 4, 120)
    lengths = lengths_of_samples(problem, right, tokens, 4)
    assert lengths.n.tolist() == [[20, 20], [20, 20], [40, 0], [0, 0]]
    assert lengths.mean[0] == pytest.approx([tokens[:40][~right[:40]].mean(), tokens[:40][right[:40]].mean()])
    assert np.isnan(lengths.mean[3]).all()
    assert lengths.shape.mean(axis=-1) == pytest.approx(1.0)
    draws = np.exp(mean_length_draws(lengths, 64, 8, rng)).reshape(-1, 4, 2)
    # A problem without right attempts follows the others: shorter than its wrong ones, and less sure.
    assert 50 < np.median(draws[:, 2, 1]) < 200
    assert np.log(draws[:, 2, 1]).std() > 1.5 * np.log(draws[:, 0, 1]).std()


def test_the_mean_of_few_lengths_is_uncertain():
    few, many = (
        lengths_of_samples(np.repeat(np.arange(20), n), np.zeros(20 * n, bool), np.tile([50.0, 150], 10 * n), 20)
        for n in (2, 200)
    )
    rng = np.random.default_rng(1)
    spreads = [mean_length_draws(part, 32, 4, rng)[..., 0].std() for part in (few, many)]
    assert spreads[0] > 3 * spreads[1]


def test_means_alone_take_right_and_wrong_for_alike():
    n, c = np.array([8, 8]), np.array([2, 8])
    alone = lengths_of_means(n, c, np.array([30.0, 40]))
    assert not alone.by_outcome
    draws = mean_length_draws(alone, 8, 2, np.random.default_rng(0))
    assert (draws[..., 0] == draws[..., 1]).all()
    apart = lengths_of_means(n, c, np.array([30.0, 40]), np.array([10.0, 40]), np.array([36.7, np.nan]))
    assert apart.n.tolist() == [[6, 2], [0, 8]]
    assert length_draws(apart, mean_length_draws(apart, 8, 2, np.random.default_rng(0))).log_mean.shape == (8, 2, 2)


def test_draws_keep_chains_apart():
    p = np.stack([np.full((640, 3), 0.1), np.full((640, 3), 0.8)])
    lengths = lengths_of_means(np.full(3, 64), np.full(3, 20), np.full(3, 100.0))
    result = cost_draws(p, lengths, np.array([50.0, 1000.0]), np.random.default_rng(0))
    assert result.solved.shape == (2, 640, 2)
    assert result.solved[0, :, 1].max() < result.solved[1, :, 1].min()
    assert result.attempts.shape == (3, 2, 640)


def test_the_crossing_lies_beyond_the_largest_lead():
    budgets = np.array([1.0, 10, 100, 1000])
    # The base is ahead first, then RL, then the base: only the second crossing counts.
    base = np.array([[0.2, 0.3, 0.5, 0.9], [0.1, 0.2, 0.3, 0.4], [0.5, 0.6, 0.7, 0.8]])
    rl = np.array([[0.1, 0.4, 0.6, 0.7], [0.2, 0.3, 0.4, 0.5], [0.1, 0.2, 0.3, 0.4]])
    crossing = crossover_budget(base, rl, budgets)
    assert 100 < crossing[0] < 1000
    assert np.isinf(crossing[1])
    assert np.isnan(crossing[2])


def test_spending_and_coverage_of_a_constant_rate():
    budgets = np.geomspace(0.01, 50, 400)
    curve = (1 - np.exp(-budgets))[None]
    assert budget_to_solve(curve, budgets, 0.5)[0] == pytest.approx(np.log(2), rel=0.01)
    assert spending(curve, budgets)[0, -1] == pytest.approx(1.0, rel=0.01)


def test_the_standard_error_is_that_of_repeated_sampling():
    rng = np.random.default_rng(0)
    p, n, k = np.array([0.05, 0.3, 0.7]), np.full(3, 32), 8
    counts = rng.binomial(32, p, (4000, 3))
    results = [pass_at_k_with_error(row, n, k) for row in counts[:400]]
    values = unbiased_pass_at_k(counts, np.broadcast_to(n, counts.shape), k).mean(axis=1)
    variance = np.mean([result.standard_error**2 for result in results])
    assert results[0].value == pytest.approx(values[0])
    assert variance == pytest.approx(values.var(), rel=0.25)
