"""The traces that stopping at a success leaves in counts."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from boundary.stats.optional_stopping import StoppingRule, stopping_rule


def sample_until_success(rng, p, most, successes=1, block=1):
    """Counts of sampling in blocks until so many successes, or up to a number of samples."""
    counts, sizes = [], []
    for rate in p:
        c = n = 0
        while c < successes and n < most:
            c, n = c + rng.binomial(block, rate), n + block
        counts.append(c)
        sizes.append(n)
    return np.array(counts), np.array(sizes)


@pytest.mark.parametrize(("successes", "block"), [(1, 1), (2, 1), (1, 10)])
def test_stopping_at_successes_is_recognised(successes, block, seed):
    rng = np.random.default_rng(seed + 1)
    c, n = sample_until_success(rng, rng.beta(0.5, 10, 60), 400, successes, block)
    rule = stopping_rule(c, n)
    assert rule == StoppingRule(successes, block, 400)


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 10**6), problems=st.integers(5, 60), ragged=st.booleans())
def test_sizes_chosen_without_regard_to_outcomes_are_hardly_ever_taken_for_a_rule(seed, problems, ragged):
    rng = np.random.default_rng(seed)
    p = rng.beta(rng.uniform(1, 3), rng.uniform(0.5, 2), problems)
    n = rng.integers(8, 60, problems) if ragged else rng.choice([16, 32, 48, 64], problems)
    rule = stopping_rule(rng.binomial(n, p), n)
    assert rule is None or problems < 8  # a handful of problems may look so by chance


def test_one_unsolved_problem_below_the_largest_n_breaks_the_pattern(seed):
    rng = np.random.default_rng(seed + 2)
    c, n = sample_until_success(rng, rng.beta(0.5, 10, 60), 400)
    assert stopping_rule(c, n) is not None
    c[np.flatnonzero(n < 400)[0]] = 0
    assert stopping_rule(c, n) is None


def test_a_fixed_number_of_samples_is_no_rule():
    assert stopping_rule(np.array([0, 1, 1, 1, 0, 1]), np.full(6, 16)) is None
    assert stopping_rule(np.array([1, 1]), np.array([3, 5])) is None
