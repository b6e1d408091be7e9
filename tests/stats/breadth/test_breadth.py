"""Different answers, entropy, agreement and votes against enumeration, closed forms and brute force."""

from itertools import combinations, product

import numpy as np
import pytest
from scipy.stats import multinomial

from boundary.stats.breadth import (
    AnswerCounts,
    agreement,
    answer_entropy,
    difference_of_means,
    distinct_answers,
    majority_vote,
    mean_over_problems,
)
from boundary.stats.breadth.majority import expected_majority
from boundary.stats.breadth.problem_terms import ProblemTerms, additive_terms

SHARES = np.array([0.5, 0.3, 0.15, 0.05])


def counts_of(*problems, right=0):
    """Answers of problems, each a list of how often each answer was given; the first `right` are right."""
    times = [times for problem in problems for times in problem if times]
    problem = [place for place, problem in enumerate(problems) for times in problem if times]
    is_right = [rank < right for problem in problems for rank, times in enumerate(problem) if times]
    return AnswerCounts(np.array(problem), np.array(times), np.array(is_right), np.array([sum(p) for p in problems]))


def samples_of(problem):
    return [rank for rank, times in enumerate(problem) for _ in range(times)]


@pytest.mark.parametrize("k", [1, 2, 4, 6])
def test_rarefaction_is_the_mean_over_all_choices_of_k_samples(k):
    problem = [3, 1, 1, 2]
    sizes = [len(set(choice)) for choice in combinations(samples_of(problem), k)]
    assert distinct_answers(counts_of(problem), [k]).values[0, 0] == pytest.approx(np.mean(sizes))


def test_samples_without_an_answer_count_as_samples():
    with_answer = counts_of([2, 1])
    counts = AnswerCounts(with_answer.problem, with_answer.times, with_answer.is_right, np.array([5]))
    sizes = [len(set(choice) - {2}) for choice in combinations([0, 0, 1, 2, 2], 3)]
    assert distinct_answers(counts, [3]).values[0, 0] == pytest.approx(np.mean(sizes))


def expectation(estimate, n):
    """Expectation of an estimate over all samples of size n from SHARES, and its variance."""
    values, weights = [], []
    for times in product(range(n + 1), repeat=len(SHARES)):
        if sum(times) == n:
            values.append(estimate(counts_of(times)))
            weights.append(multinomial.pmf(times, n, SHARES))
    mean = np.average(values, weights=weights)
    return mean, np.average((np.array(values) - mean) ** 2, weights=weights)


@pytest.mark.parametrize("k", [1, 3, 6])
def test_rarefaction_and_agreement_are_unbiased(k):
    mean, _ = expectation(lambda counts: distinct_answers(counts, [k]).values[0, 0], 6)
    assert mean == pytest.approx((1 - (1 - SHARES) ** k).sum())
    assert expectation(lambda counts: agreement(counts).values[0, 0], 5)[0] == pytest.approx((SHARES**2).sum())


def test_the_part_of_the_entropy_within_n_is_unbiased():
    n = 6
    mean, _ = expectation(lambda counts: answer_entropy(counts).values[0, 0], n)
    k = np.arange(1, n)[:, None]
    assert mean == pytest.approx((SHARES * (1 - SHARES) ** k / k).sum())


@pytest.mark.parametrize(
    "estimate",
    [lambda counts: distinct_answers(counts, [3]), agreement, answer_entropy],
    ids=["distinct", "agree", "entropy"],
)
def test_variances_are_on_average_no_smaller_than_the_true_ones(estimate):
    _, true = expectation(lambda counts: estimate(counts).values[0, 0], 6)
    mean, _ = expectation(lambda counts: estimate(counts).variances[0, 0], 6)
    assert true <= mean <= 3 * true


def test_variances_are_those_of_deleting_samples_one_at_a_time():
    problem = [4, 2, 1, 1]
    samples = samples_of(problem)
    without = []
    for left_out in range(len(samples)):
        remaining = samples[:left_out] + samples[left_out + 1 :]
        without.append(agreement(counts_of(np.bincount(remaining, minlength=4).tolist())).values[0, 0])
    expected = ((np.array(without) - np.mean(without)) ** 2).sum()
    assert agreement(counts_of(problem)).variances[0, 0] == pytest.approx(expected)


def test_problems_do_not_mix():
    counts = counts_of([3, 2, 1], [6], [1, 1, 1, 1, 1, 1])
    together = distinct_answers(counts, [2, 6])
    alone = [distinct_answers(counts_of(problem), [2, 6]) for problem in ([3, 2, 1], [6], [1] * 6)]
    np.testing.assert_allclose(together.values, np.concatenate([part.values for part in alone], axis=1))
    np.testing.assert_allclose(together.variances, np.concatenate([part.variances for part in alone], axis=1))
    shuffled = distinct_answers(counts.of_problems(np.array([2, 0])), [2, 6])
    np.testing.assert_allclose(shuffled.values, together.values[:, [2, 0]])


def test_beyond_n_no_answer_that_is_surely_seen_adds_to_the_estimate():
    terms = distinct_answers(counts_of([40, 24], [64]), [64, 96, 128, 192])
    np.testing.assert_allclose(terms.values, [[2, 1]] * 4, atol=1e-6)
    with pytest.raises(ValueError, match="up to 3 n"):
        distinct_answers(counts_of([4]), [13])


def test_beyond_n_the_estimate_is_near_the_truth(seed):
    rng = np.random.default_rng(seed)
    shares = 0.9 ** np.arange(100)
    shares /= shares.sum()
    times = rng.multinomial(64, shares, size=400)
    terms = distinct_answers(counts_of(*times.tolist()), [128, 192])
    estimate = mean_over_problems(terms)
    true = np.array([(1 - (1 - shares) ** k).sum() for k in (128, 192)])
    assert (np.abs(estimate.mean - true) < [0.7, 1.5]).all()
    assert ((estimate.lower < true) & (true < estimate.upper)).all()


def test_an_arm_that_always_says_the_same_still_has_an_interval():
    terms = distinct_answers(counts_of(*[[16]] * 20), [16])
    estimate = mean_over_problems(terms)
    assert estimate.mean[0] == estimate.lower[0] == 1
    # One more answer in 320 samples: the score interval of a Poisson number of which none was seen, 3.84.
    assert estimate.upper[0] == pytest.approx(1 + 1.959964**2 / 20, rel=1e-5)
    agreeing = mean_over_problems(agreement(counts_of(*[[16]] * 20)))
    assert agreeing.mean[0] == 1
    assert 0.9 < agreeing.lower[0] < 1
    entropy = mean_over_problems(answer_entropy(counts_of(*[[16]] * 20)))
    assert entropy.lower[0] < 0.01
    assert 0.02 < entropy.upper[0] < 0.2


@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_majority_votes_are_those_of_all_choices(k, seed):
    problem = [3, 2, 1]
    wins = []
    for choice in combinations(samples_of(problem), k):
        votes = np.bincount(choice, minlength=3)
        top = votes == votes.max()
        wins.append(top[0] / top.sum())
    terms = majority_vote(counts_of(problem, right=1), [k], np.random.default_rng(seed), 20_000)
    assert terms.values[0, 0] == pytest.approx(np.mean(wins), abs=0.02)


def test_majority_votes_of_known_shares():
    shares = np.array([0.4, 0.3, 0.3])
    draws = np.random.default_rng(0).multinomial(3, shares, 200_000)
    top = draws == draws.max(axis=1, keepdims=True)
    assert expected_majority(shares, 1, 3) == pytest.approx((top[:, 0] / top.sum(axis=1)).mean(), abs=0.005)


def test_a_problem_without_a_right_answer_is_never_won(seed):
    terms = majority_vote(counts_of([3, 2]), [1, 5], np.random.default_rng(seed))
    assert (terms.values == 0).all()


def test_differences_of_independent_models_and_of_new_problems(seed):
    rng = np.random.default_rng(seed)
    values = rng.normal(3, 1, (2, 1, 40))
    terms = [ProblemTerms(value, np.full((1, 40), 0.04)) for value in values]
    own = [mean_over_problems(part) for part in terms]
    difference = difference_of_means(*terms)
    assert difference.mean[0] == pytest.approx(own[0].mean[0] - own[1].mean[0])
    assert difference.upper[0] - difference.mean[0] == pytest.approx(1.96 * np.sqrt(0.08 / 40), rel=1e-3)
    new = difference_of_means(*terms, target="superpopulation")
    spread = (values[0] - values[1]).std(ddof=1) / np.sqrt(40)
    assert 1.9 * spread < new.upper[0] - new.mean[0] < 2.6 * spread
    assert 0 < difference.prob_positive(0.95)[0] < 1


def test_signs_of_differences():
    terms = [ProblemTerms(np.array([[value]]), np.array([[1.0]])) for value in (1.0, 1.0, 2.96)]
    assert difference_of_means(terms[0], terms[1]).prob_positive(0.95)[0] == pytest.approx(0.5)
    sure = difference_of_means(terms[2], terms[0]).prob_positive(0.95)[0]
    assert sure == pytest.approx(0.917, abs=0.001)  # 1.96 / sqrt(2) standard errors


def test_a_single_problem_says_nothing_of_new_ones():
    estimate = mean_over_problems(distinct_answers(counts_of([3, 1]), [2]), target="superpopulation")
    assert np.isinf(estimate.upper[0])


def test_an_answer_never_given_adds_nothing():
    values, variances = additive_terms(counts_of([5, 0, 0]), lambda times, size: (times / np.maximum(size, 1))[None])
    assert values[0, 0] == 1
    assert variances[0, 0] == pytest.approx(0)
