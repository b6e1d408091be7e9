"""Closed forms against enumeration of every subset of samples."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from boundary.stats.estimands.unbiased import unbiased_flows, unbiased_pass_at_k, unbiased_pass_hat_k


@pytest.mark.parametrize("n", range(1, 7))
def test_pass_at_k_is_the_share_of_subsets_with_a_success(n):
    for c in range(n + 1):
        outcomes = [1] * c + [0] * (n - c)
        for k in range(1, n + 1):
            subsets = list(combinations(outcomes, k))
            some = np.mean([max(s) for s in subsets])
            every = np.mean([min(s) for s in subsets])
            np.testing.assert_allclose(unbiased_pass_at_k(np.array([c]), np.array([n]), k), [some], atol=1e-12)
            np.testing.assert_allclose(unbiased_pass_hat_k(np.array([c]), np.array([n]), k), [every], atol=1e-12)


def test_beyond_n_there_is_no_unbiased_estimate():
    assert np.isnan(unbiased_pass_at_k(np.array([3]), np.array([4]), 5)).all()
    assert np.isnan(unbiased_pass_hat_k(np.array([3]), np.array([4]), 5)).all()


def test_budget_below_one_is_refused():
    with pytest.raises(ValueError, match="at least 1"):
        unbiased_pass_at_k(np.array([1]), np.array([4]), 0)


def test_no_overflow_at_ten_thousand_samples():
    value = unbiased_pass_at_k(np.array([1]), np.array([10_000]), 5_000)
    np.testing.assert_allclose(value, [0.5], rtol=1e-9)


@given(st.integers(1, 40), st.data())
def test_unbiased_flows_sum_to_the_problems_and_match_naive_counts_at_n(n, data):
    problems = data.draw(st.integers(1, 20))
    counts = np.array(data.draw(st.lists(st.tuples(*[st.integers(0, n)] * 2), min_size=problems, max_size=problems)))
    sizes = np.full_like(counts, n)
    k = data.draw(st.integers(1, n))
    flows = unbiased_flows(counts, sizes, k)
    assert sum(flows[name] for name in ("kept", "lost", "gained", "neither")) == pytest.approx(problems)
    assert flows["shrinkage"] == pytest.approx((flows["lost"] - flows["gained"]) / problems, abs=1e-12)
    naive = unbiased_flows(counts, sizes, n)
    solved = counts > 0
    assert naive["kept"] == pytest.approx((solved[:, 0] & solved[:, 1]).sum())
    assert naive["lost"] == pytest.approx((solved[:, 0] & ~solved[:, 1]).sum())
