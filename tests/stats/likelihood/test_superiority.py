"""Probability of superiority against brute force, and its variance."""

import jax
import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.special import ndtr
from scipy.stats import mannwhitneyu

from boundary.stats.likelihood.superiority import count_wins, draw_pooled_superiority, draw_superiority


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 2), st.booleans()), max_size=40))
def test_wins_are_those_of_all_pairs(rows):
    values, problem, first = (np.array([row[i] for row in rows]) for i in range(3))
    wins = count_wins(values.astype(float), problem.astype(int), first.astype(bool), 3)
    for i in range(3):
        first_values, second_values = (
            (values[(problem == i) & (first == side)] for side in (True, False)) if rows else ([], [])
        )
        if not len(first_values) or not len(second_values):
            assert np.isnan(wins.share[i])
            continue
        assert wins.share[i] == pytest.approx(
            mannwhitneyu(first_values, second_values).statistic / len(first_values) / len(second_values)
        )
        assert wins.variance[i] >= 0


def test_the_variance_is_that_of_repeated_shares(seed):
    rng = np.random.default_rng(seed)
    n = 4000
    problem = np.repeat(np.arange(n), 12)
    first = np.tile(np.arange(12) < 5, n)
    values = rng.standard_normal(len(problem)) + 0.7 * first
    wins = count_wins(values, problem, first, n)
    assert wins.variance.mean() == pytest.approx(1.08 * wins.share.var(), rel=0.08)  # never too small in the mean


def test_draws_are_around_the_shares_and_pooled_ones_around_their_mean(seed):
    rng = np.random.default_rng(seed)
    problem = np.repeat(np.arange(30), 32)
    first = np.tile(np.arange(32) < 16, 30)
    wins = count_wins(rng.standard_normal(len(problem)) + first, problem, first, 30)
    draws = draw_superiority(wins, jax.random.key(seed), 4, 250)
    assert ((draws > 0) & (draws < 1)).all()
    pooled = draw_pooled_superiority(wins, jax.random.key(seed), 4, 250)
    assert pooled.mean() == pytest.approx(wins.share.mean(), abs=0.005)
    assert pooled.std() == pytest.approx(np.sqrt(wins.variance.sum()) / 30, rel=0.1)
    new = draw_pooled_superiority(wins, jax.random.key(seed), 4, 250, new_problems=True)
    assert new.std() == pytest.approx(wins.share.std(ddof=1) / np.sqrt(30), rel=0.1)


@pytest.mark.parametrize("n_problems", [2, 3, 5])
def test_pooled_over_few_problems_new_ones_are_held(seed, n_problems):
    rng, held, truth = np.random.default_rng(seed), [], ndtr(0.5 / np.sqrt(2 + 0.49))
    problem = np.repeat(np.arange(n_problems), 16)
    first = np.tile(np.arange(16) < 8, n_problems)
    for trial in range(150):
        shift = rng.normal(0.5, 0.7, n_problems)
        values = rng.standard_normal(len(problem)) + shift[problem] * first
        wins = count_wins(values, problem, first, n_problems)
        draws = draw_pooled_superiority(wins, jax.random.key(trial), 4, 200, new_problems=True)
        held.append(np.quantile(draws, 0.025) <= truth <= np.quantile(draws, 0.975))
    assert np.mean(held) >= 0.93


def test_one_problem_says_nothing_of_new_ones(seed):
    wins = count_wins(np.array([0.0, 1.0]), np.zeros(2, dtype=int), np.array([True, False]), 1)
    with pytest.raises(ValueError, match="at least two problems"):
        draw_pooled_superiority(wins, jax.random.key(seed), 2, 3, new_problems=True)


def test_a_response_each_is_one_comparison_a_problem(seed):
    """All of n single comparisons are won: the interval reaches down as far as that of n of n in a binomial does."""
    problem, first = np.repeat(np.arange(5), 2), np.tile([True, False], 5)
    draws = {}
    for n_lost in (0, 2):
        values = np.where(first, np.where(problem < n_lost, -1.0, 1.0), 0.0)
        draws[n_lost] = draw_pooled_superiority(count_wins(values, problem, first, 5), jax.random.key(seed), 4, 500)
    assert np.quantile(draws[0], 0.025) < 0.57  # of 5 of 5, Jeffreys: 0.62
    assert draws[2].std() > np.sqrt(0.6 * 0.4 / 5) * 0.85
    # One response against many, of two kinds: its share is nearly 0 or nearly 1, and says nothing of its variance.
    rng = np.random.default_rng(seed)
    problem, first = np.repeat(np.arange(20), 9), np.tile(np.arange(9) < 1, 20)
    kinds = np.where(first, 2.0 * (problem % 2), 1.0) + 0.01 * rng.standard_normal(180)
    pooled = draw_pooled_superiority(count_wins(kinds, problem, first, 20), jax.random.key(seed), 4, 500)
    assert pooled.std() == pytest.approx(0.5 / np.sqrt(20), rel=0.15)


def test_separated_responses_are_not_certain(seed):
    values = np.array([0.0, 0.1, 1.0, 1.1])
    wins = count_wins(values, np.zeros(4, dtype=int), values > 0.5, 1)
    assert wins.share[0] == 1
    assert np.quantile(draw_superiority(wins, jax.random.key(seed), 4, 250), 0.025) < 0.8
    assert np.quantile(draw_pooled_superiority(wins, jax.random.key(seed), 4, 250), 0.025) < 0.9
