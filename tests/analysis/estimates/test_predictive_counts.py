"""The predictive histogram has the mean and spread of binomial counts, the observed one is that of the counts."""

import numpy as np
import pytest
from scipy.stats import binom

from boundary.analysis.estimates.predictive_counts import predictive_counts
from boundary.stats.model_checks import replicated_counts
from boundary.stats.solve_rates import SolveRates

N, PROBLEMS, RATE = 8, 40, 0.3


def rates_of(n_samples, n_correct, new_p=RATE):
    """A posterior that is sure of one solve rate for all problems."""
    p = np.full((1, 20, PROBLEMS, 1), RATE)
    new = None if new_p is None else np.full((1, 20, 5, 1), new_p)
    counts = {"n_correct": n_correct[:, None], "n_samples": n_samples[:, None]}
    return SolveRates(p, prior="made_up", new_p=new, models=("m",), **counts)


@pytest.fixture
def n_correct(seed):
    return np.random.default_rng(seed).binomial(N, RATE, PROBLEMS)


def test_a_bin_for_each_count_with_the_binomial_mean(n_correct, seed):
    bins = predictive_counts(rates_of(np.full(PROBLEMS, N), n_correct), "m", 0.95, seed)
    assert bins["label"].tolist() == [str(c) for c in range(N + 1)]
    np.testing.assert_array_equal(bins["observed"], np.bincount(n_correct, minlength=N + 1))
    expected = PROBLEMS * binom.pmf(range(N + 1), N, RATE)
    error = np.sqrt(expected / 400) + 0.02
    assert (np.abs(bins["mean"] - expected) < 5 * error).all()
    assert (bins["lower"] <= bins["mean"]).all()
    assert (bins["mean"] <= bins["upper"] + 1).all()


def test_many_samples_are_binned_and_unequal_ones_by_their_share(n_correct):
    bins = predictive_counts(rates_of(np.full(PROBLEMS, 128), n_correct), "m", 0.95)
    assert len(bins) == 18
    assert bins["label"].iloc[[0, 1, -2, -1]].tolist() == ["0", "1\N{EN DASH}8", "121\N{EN DASH}127", "128"]
    assert bins["observed"].sum() == PROBLEMS
    assert bins["mean"].sum() == pytest.approx(PROBLEMS)
    n_samples = np.full(PROBLEMS, N)
    n_samples[:3] = 0, 4, 16
    shares = predictive_counts(rates_of(n_samples, np.minimum(n_correct, n_samples)), "m", 0.95)
    assert shares["label"].iloc[[0, -1]].tolist() == ["0", "1"]
    assert shares["observed"].sum() == PROBLEMS - 1  # one has no samples


def test_without_a_population_nothing_is_predicted_and_a_seed_gives_the_same(n_correct):
    n_samples = np.full(PROBLEMS, N)
    assert predictive_counts(rates_of(n_samples, n_correct, None), "m", 0.95) is None
    once, again = (replicated_counts(rates_of(n_samples, n_correct), "m", 7, seed=3) for _ in range(2))
    np.testing.assert_array_equal(once, again)
    assert once.shape == (7, PROBLEMS)
