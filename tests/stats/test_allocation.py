"""Where further samples tell most: against closed forms and against trying all allocations."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy.stats import norm

from boundary.stats.allocation import (
    ProblemSums,
    allocated,
    assurance,
    exchangeable_groups,
    greedy_steps,
    preposterior_means,
)

DRAWS = 4000


def beta_sums(shapes, seed=0, contribution=lambda p: p[..., 0].copy()):
    """Independent problems with Beta rates of one model; what each contributes to the sum is a function of its rate."""
    rng = np.random.default_rng(seed)
    p = np.stack([rng.beta(a, b, DRAWS) for a, b in shapes], axis=1)[..., None]
    return ProblemSums(p, contribution(p)[..., None], np.zeros(1))


def single_problems(sums):
    return [np.array([i]) for i in range(sums.p.shape[1])]


def explained_variance(shape, m):
    """Variance of the posterior mean of a Beta rate after m samples: var m / (m + a + b)."""
    a, b = shape
    return a * b / ((a + b) ** 2 * (a + b + 1)) * m / (m + a + b)


@pytest.mark.parametrize("m", [1, 10, 100])
def test_what_is_foreseen_of_a_beta_rate_has_the_exact_variance(m):
    shapes = [(0.5, 3.0), (2.0, 2.0), (1.0, 20.0)]
    sums = beta_sums(shapes)
    expected = preposterior_means(sums, single_problems(sums), np.full((3, 1), m), np.random.default_rng(1))[:, 0]
    exact = sum(explained_variance(shape, m) for shape in shapes)
    # The variance of a variance of so many draws is about 2 / draws for bell shapes; five standard errors, and tails.
    assert expected.var() == pytest.approx(exact, rel=5 * np.sqrt(2 / DRAWS) + 0.06)
    assert expected.mean() == pytest.approx(sums.values.mean(), abs=5 * np.sqrt(exact / DRAWS))


def test_no_samples_foresee_nothing():
    sums = beta_sums([(1, 1), (2, 5)])
    expected = preposterior_means(sums, single_problems(sums), np.zeros((2, 1), int), np.random.default_rng(0))
    assert np.ptp(expected) == 0
    probability, residual = assurance(sums.values, expected)
    assert np.ptp(probability) == 0
    assert residual.var() == pytest.approx(sums.values.var())


def test_assurance_of_a_normal_sum_is_exact():
    """Sum ~ N(.5, 1), measured with noise of variance 1: the posterior mean is N(.5, 1/2), the rest N(0, 1/2)."""
    rng = np.random.default_rng(0)
    expected = rng.normal(0.5, np.sqrt(0.5), DRAWS)
    total = expected + rng.normal(0, np.sqrt(0.5), DRAWS)
    probability, residual = assurance(total[:, None], expected[:, None])
    exact = norm.cdf(expected / np.sqrt(0.5))
    assert np.abs(probability - exact).max() < 5 * 0.5 / np.sqrt(DRAWS) + 0.02
    assert residual.std() == pytest.approx(np.sqrt(0.5), rel=0.05)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000), sizes=st.lists(st.integers(0, 200), min_size=3, max_size=3))
def test_expected_probability_is_todays(seed, sizes):
    """Whatever is sampled, the claim's probability is a martingale."""
    sums = beta_sums([(0.5, 4), (1, 9), (3, 3)], seed)
    sums = sums._replace(constant=-sums.values.mean(axis=0))
    now = (sums.values > 0).mean()
    expected = preposterior_means(sums, single_problems(sums), np.array(sizes)[:, None], np.random.default_rng(seed))
    probability, _ = assurance(sums.values, expected)
    assert probability.mean() == pytest.approx(now, abs=0.05)


def test_steps_are_as_good_as_the_best_of_all_allocations():
    shapes, sizes = [(0.5, 2.0), (5.0, 50.0), (1.0, 30.0), (2.0, 1.0)], [8, 16, 32, 64]
    sums = beta_sums(shapes)
    budget = 64
    steps = greedy_steps(sums, single_problems(sums), np.ones(1), sizes, [0], budget)
    more = allocated(steps, (4, 1), budget)[:, 0]

    def gained(allocation):
        return sum(explained_variance(shape, m) for shape, m in zip(shapes, allocation, strict=True))

    best = max(gained(allocation) for allocation in product([0, *sizes], repeat=4) if sum(allocation) <= budget)
    assert more.sum() <= budget
    assert gained(more) > 0.97 * best


def test_problems_that_are_known_get_nothing():
    rng = np.random.default_rng(0)
    p = np.stack([np.full(DRAWS, 1.0), rng.beta(1, 5, DRAWS), np.full(DRAWS, 0.5)], axis=1)[..., None]
    sums = ProblemSums(p, p.copy(), np.zeros(1))
    steps = greedy_steps(sums, single_problems(sums), np.ones(1), [4, 64], [0], 1000)
    assert {int(problem) for step in steps for problem in step.problems} == {1}


def test_what_one_problem_tells_of_another_is_seen():
    """Two problems share one unknown rate: samples of either tell of both, and are taken first."""
    rng = np.random.default_rng(0)
    shared, own = rng.beta(1, 3, DRAWS), rng.beta(1, 3, DRAWS)
    p = np.stack([shared, shared, own], axis=1)[..., None]
    sums = ProblemSums(p, p.copy(), np.zeros(1))
    first = greedy_steps(sums, single_problems(sums), np.ones(1), [8], [0], 8)[0]
    assert first.problems[0] in (0, 1)
    expected = preposterior_means(sums, single_problems(sums), np.array([[8], [0], [0]]), np.random.default_rng(1))
    _, residual = assurance(sums.values, expected)
    left = sums.values.var() - residual.var()
    assert left == pytest.approx(4 * explained_variance((1, 3), 8), rel=0.1)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(3, 4)), min_size=1, max_size=40), st.integers(1, 5))
def test_groups_part_the_problems_by_their_counts(counts, most):
    c, n = (np.array(column)[:, None] for column in zip(*counts, strict=True))
    groups = exchangeable_groups(c, n, most)
    assert sorted(np.concatenate(groups)) == list(range(len(counts)))
    assert all(len(group) <= most for group in groups)
    assert all(len({counts[i] for i in group}) == 1 for group in groups)


def test_a_plan_keeps_to_what_it_may_cost():
    sums = beta_sums([(1, 3)] * 6)
    steps = greedy_steps(sums, single_problems(sums), np.ones(1), [4, 16, 64], [0], 200)
    for most in (0, 3, 50, 120, 10**6):
        more = allocated(steps, (6, 1), most)
        assert more.sum() <= most
        assert more.sum() in {0, *(step.cost for step in steps)}
