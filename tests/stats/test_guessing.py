"""Guess floors."""

import numpy as np
import pytest

from boundary.stats.guessing import guess_floors, hit_shares, lucky_chances


def test_hits_are_shares_of_samples_of_other_problems():
    problem, answer, times = np.array([0, 0, 1, 2]), np.array([0, 1, 1, 0]), np.array([3, 1, 4, 2])
    shares = hit_shares(problem, answer, times, np.array([4, 4, 4]), np.array([0, 1, 0]))
    np.testing.assert_array_equal(shares, [[np.nan, 0, 0.5], [0.25, np.nan, 0], [0.75, 0, np.nan]])


def test_a_guesser_with_equal_shares_is_measured(seed):
    rng = np.random.default_rng(seed)
    answers = rng.integers(0, 10, (60, 32))
    problem, answer = np.repeat(np.arange(60), 32), answers.ravel()
    right = rng.integers(0, 10, 60)
    shares = hit_shares(problem, answer, np.ones(len(answer), int), np.full(60, 32), right)
    floors = guess_floors(shares, 0.95, rng)
    assert floors.lower < 0.1 < floors.upper
    assert floors.mean == pytest.approx(np.nanmean(shares))
    assert floors.upper - floors.lower < 0.05
    lucky = lucky_chances(shares, np.full(60, 32), np.full(60, 32))
    assert lucky.mean() == pytest.approx(1 - 0.9**32, abs=0.03)
    assert floors.worth > 16


def test_no_hit_still_leaves_room(seed):
    floors = guess_floors(np.zeros((20, 20)), 0.95, np.random.default_rng(seed))
    assert 0 < floors.mean < 0.02
    assert 0.005 < floors.upper < 0.2
    nodes = floors.nodes(5, 16, np.random.default_rng(seed))
    assert (nodes >= 0).all()
    assert (np.diff(nodes, axis=1) >= 0).all()


def test_samples_that_repeat_one_answer_count_as_one(seed):
    """Nineteen other problems of which one always hits say less than a share of one in nineteen of all samples."""
    rng = np.random.default_rng(seed)
    repeated, spread = np.zeros((20, 20)), np.full((20, 20), 1 / 19)
    repeated[np.arange(20), (np.arange(20) + 1) % 20] = 1
    for shares in (repeated, spread):
        np.fill_diagonal(shares, np.nan)
    widths = [
        np.ptp(np.quantile(guess_floors(shares, 0.95, rng).draws[0], [0.025, 0.975])) for shares in (repeated, spread)
    ]
    assert widths[0] > 2 * widths[1]


def test_floors_are_pooled_but_keep_their_order(seed):
    shares = np.zeros((30, 30))
    shares[0], shares[1] = 0.5, 0.1
    np.fill_diagonal(shares, np.nan)
    draws = guess_floors(shares, 0.95, np.random.default_rng(seed)).draws.mean(axis=1)
    assert draws[0] > draws[1] > draws[2:].max()
    assert draws[0] < 0.5


def test_identical_samples_are_one_guess_and_no_luck_of_many(seed):
    """Each of 40 problems has one answer, 32 times: others hit a right answer as often as single guesses would."""
    rng = np.random.default_rng(seed)
    answer, right = rng.integers(0, 4, 40), rng.integers(0, 4, 40)
    n = np.full(40, 32)
    shares = hit_shares(np.arange(40), answer, n, n, right)
    lucky = lucky_chances(shares, n, n)
    np.testing.assert_allclose(lucky, np.nanmean(shares, axis=1))
    assert 5 < lucky.sum() < 16
    assert guess_floors(shares, 0.95, rng).worth == pytest.approx(1, abs=0.1)


def test_shares_of_lucky_samples_spread_as_those_of_other_problems(seed):
    """Samples that are one guess make luck all or nothing; independent ones give every problem the same share."""
    rng = np.random.default_rng(seed)
    answer, right, n = rng.integers(0, 4, 200), rng.integers(0, 4, 200), np.full(200, 32)
    repeated = guess_floors(hit_shares(np.arange(200), answer, n, n, right), 0.95, rng)
    nodes = repeated.nodes(20, 32, rng)
    assert nodes.mean() == pytest.approx(repeated.draws.mean(), rel=0.05)
    assert nodes.mean(axis=0)[-3:].min() > 0.7
    assert nodes.mean(axis=0)[:10].max() < 0.05
    spread = np.full((200, 200), 0.25)
    np.fill_diagonal(spread, np.nan)
    equal = guess_floors(spread + rng.normal(0, np.sqrt(0.25 * 0.75 / 32), spread.shape), 0.95, rng)
    assert np.ptp(equal.nodes(20, 32, rng).mean(axis=0)) < 0.25


def test_chances_are_those_of_samples_drawn_without_replacement():
    n = np.array([4, 4, 2])
    shares = np.array([[np.nan, 0.25, 1.0], [0.5, np.nan, 0.0], [0.0, 0.0, np.nan]])
    np.testing.assert_allclose(lucky_chances(shares, n, np.array([1, 3, 2])), [(0.25 + 1) / 2, 0.5, 0])
