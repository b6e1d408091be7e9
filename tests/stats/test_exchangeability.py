"""Exchangeable samples give uniform p-values; drift, unlike runs and repeated samples are found; moments are exact."""

from itertools import permutations

import numpy as np
import pytest
from scipy.stats import kstest

from boundary.stats.exchangeability import (
    ABSENT,
    _expected_at_lags,
    _match_moments,
    _matching_moments,
    compare_groups,
    halves,
    repeats_at_lags as at_lags,
    repeats_between_runs as between_runs,
)

N_NULLS = 1000
RUNS = 4


def exchangeable(rng, problems=50, samples=16):
    rates = rng.beta(0.6, 0.9, problems)
    return (rng.random((problems, samples)) < rates[:, None]).astype(int)


def runs_of(outcomes):
    return np.tile(np.arange(outcomes.shape[1]) % RUNS, (len(outcomes), 1))


def layers(outcomes):
    return np.stack([outcomes[:, run::RUNS] for run in range(RUNS)])


TESTS = {
    "early and late": lambda outcomes: compare_groups(outcomes, halves(outcomes)),
    "runs": lambda outcomes: compare_groups(outcomes, runs_of(outcomes)),
    "lags": at_lags,
    "between runs": lambda outcomes: between_runs(layers(outcomes)),
}


@pytest.mark.parametrize("name", TESTS)
def test_p_values_are_uniform_under_the_null(name, seed):
    rng = np.random.default_rng(seed + 7)
    p_values = [TESTS[name](exchangeable(rng)).p_value for _ in range(N_NULLS)]
    assert kstest(p_values, "uniform").pvalue > 0.001
    # Three standard errors of a share of 1,000 around its level.
    for level in (0.01, 0.05, 0.1):
        assert abs(np.mean(np.array(p_values) < level) - level) < 3 * np.sqrt(level * (1 - level) / N_NULLS)


def drifting(rng, outcomes):
    """The last half lost a tenth of its successes' chances."""
    late = halves(outcomes) == 1
    return np.where(late & (rng.random(outcomes.shape) < 0.2), 0, outcomes)


def one_run_worse(rng, outcomes):
    return np.where((runs_of(outcomes) == 2) & (rng.random(outcomes.shape) < 0.3), 0, outcomes)


def seed_taken_up_again(rng, outcomes):
    """Every batch of four has the seeds of the first, but half of the samples come out differently all the same."""
    batch = np.tile(outcomes[:, :4], (1, outcomes.shape[1] // 4))
    return np.where(rng.random(outcomes.shape) < 0.5, outcomes, batch)


def one_run_twice(rng, outcomes):
    again = outcomes.copy()
    again[:, 3::RUNS] = outcomes[:, 1::RUNS]
    return again


@pytest.mark.parametrize(
    ("name", "harm"),
    [
        ("early and late", drifting),
        ("runs", one_run_worse),
        ("lags", seed_taken_up_again),
        ("between runs", one_run_twice),
    ],
)
def test_power_against_what_each_test_is_for(name, harm, seed):
    rng = np.random.default_rng(seed + 11)
    p_values = [TESTS[name](harm(rng, exchangeable(rng))).p_value for _ in range(200)]
    # The least of these powers is .81 over many tables; three standard errors of a share of 200 below it.
    assert np.mean(np.array(p_values) < 0.05) > 0.81 - 3 * np.sqrt(0.81 * 0.19 / 200)


def test_where_the_repeats_are(seed):
    rng = np.random.default_rng(seed + 3)
    outcomes = exchangeable(rng, problems=100)
    assert at_lags(seed_taken_up_again(rng, outcomes)).place in {(4,), (8,)}
    assert between_runs(layers(one_run_twice(rng, outcomes))).place == (1, 3)
    test = compare_groups(one_run_worse(rng, outcomes), runs_of(outcomes))
    assert test.excess.argmin() == 2


def test_repeated_texts_are_found_where_outcomes_say_nothing(seed):
    rng = np.random.default_rng(seed + 5)
    texts = np.arange(20 * 16).reshape(20, 16)
    assert np.isnan(at_lags(texts).p_value)
    texts[:, 8:] = texts[:, :8]
    assert at_lags(texts).p_value < 1e-6
    assert at_lags(texts).place == (8,)
    shuffled = [at_lags(rng.permuted(texts, axis=1)).p_value for _ in range(300)]
    assert np.mean(np.array(shuffled) < 0.05) < 0.1  # matches are skewed, see LEAST_VARIANCE_OF_MATCHES


def test_difficulty_alone_is_no_dependence():
    outcomes = np.repeat([[0] * 16, [1] * 16], 30, axis=0)
    for test in TESTS.values():
        assert np.isnan(test(outcomes).p_value)


def test_too_little_is_said_to_be_too_little():
    for test in (at_lags, lambda outcomes: compare_groups(outcomes, halves(outcomes))):
        for outcomes in ([[0, 1]], [[1]], [[ABSENT, ABSENT]], np.zeros((0, 4), int)):
            assert np.isnan(test(np.array(outcomes)).p_value)


def test_rows_of_different_lengths(seed):
    test = halves(np.array([[1, 0, 1, 0, 1], [1, 0, 1, ABSENT, ABSENT]]))
    assert test.tolist() == [[0, 0, -1, 1, 1], [0, -1, 1, -1, -1]]
    rng = np.random.default_rng(seed + 2)
    whole = exchangeable(rng, problems=200)
    ragged = np.where(np.arange(16) < rng.integers(6, 17, 200)[:, None], whole, ABSENT)
    assert compare_groups(ragged, halves(ragged)).p_value > 0.001
    assert at_lags(ragged).p_value > 0.001


def test_two_groups_are_the_textbook_test(seed):
    rng = np.random.default_rng(seed + 1)
    outcomes = exchangeable(rng)
    n, c = 16, outcomes.sum(axis=1)
    early = outcomes[:, :8].sum(axis=1)
    z = (early - c / 2).sum() / np.sqrt((8 * 8 * c * (n - c) / (n**2 * (n - 1))).sum())
    from scipy.stats import norm

    test = compare_groups(outcomes, halves(outcomes))
    assert test.p_value == pytest.approx(2 * norm.sf(abs(z)))
    assert test.excess[0] == pytest.approx(-test.excess[1])


@pytest.mark.parametrize("row", [[0, 0, 1, 1, 1], [0, 1, 2, 2, 2, 0], [0, 0, 0], [3, 3, 1, 1]])
def test_moments_are_those_of_all_permutations(row):
    n = len(row)
    orders = np.array(list(permutations(row)))
    lags = np.arange(1, n)
    matches = np.array([(orders[:, lag:] == orders[:, :-lag]).sum(axis=1) for lag in lags])
    mean, covariance = _expected_at_lags(_match_moments(np.array([row])), np.array([n]), lags)
    assert mean == pytest.approx(matches.mean(axis=1))
    assert covariance == pytest.approx(np.cov(matches, bias=True), abs=1e-12)
    other = np.resize([0, 0, 1, 2], n)
    matches = (orders == other).sum(axis=1)
    assert _matching_moments(np.array(row), other) == pytest.approx((matches.mean(), matches.var()), abs=1e-12)
