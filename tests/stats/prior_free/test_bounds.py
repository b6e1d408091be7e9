"""Ranges that counts allow beyond n, and Good-Toulmin estimates: against populations that are known."""

from math import comb

import numpy as np
import pytest
from scipy.stats import binom

from boundary.stats.prior_free.bounds import pass_at_k_bounds, shrinkage_bounds
from boundary.stats.prior_free.good_toulmin import good_toulmin

N_SAMPLES = 64
BUDGETS = [128, 256, 1024]


def beta(rng, problems):
    return rng.beta(0.4, 0.7, problems)


def spike(rng, problems):
    return np.where(rng.random(problems) < 0.2, 0.0, rng.beta(0.4, 0.7, problems))


def bimodal(rng, problems):
    logits = np.where(rng.random(problems) < 0.4, rng.normal(-6, 1.2, problems), rng.normal(1, 1.5, problems))
    return 1 / (1 + np.exp(-logits))


POPULATIONS = [beta, spike, bimodal]


def draw_counts(population, problems, seed):
    rng = np.random.default_rng(seed)
    rates = population(rng, problems)
    return rng.binomial(N_SAMPLES, rates), np.full(problems, N_SAMPLES), rates


def share_solved(rates, budgets):
    return (1 - (1 - rates) ** np.array(budgets)[:, None]).mean(axis=1)


@pytest.mark.parametrize("population", POPULATIONS)
@pytest.mark.parametrize("target", ["benchmark", "superpopulation"])
def test_bounds_hold_the_truth(population, target):
    """Where 5 % may miss, 2 of 20 would have a probability of .26; the bounds err on the safe side, and 1 is plenty."""
    truth = share_solved(population(np.random.default_rng(0), 200_000), BUDGETS)
    missed = 0
    for seed in range(20):
        n_correct, n_samples, rates = draw_counts(population, 100, seed)
        lower, upper = pass_at_k_bounds(n_correct, n_samples, BUDGETS, target=target).T
        solved = share_solved(rates, BUDGETS) if target == "benchmark" else truth
        missed += not ((lower <= solved) & (solved <= upper)).all()
    assert missed <= 1


def test_bounds_speak_of_these_problems_more_closely_than_of_new_ones():
    n_correct, n_samples, _ = draw_counts(beta, 200, 0)
    widths = [
        np.diff(pass_at_k_bounds(n_correct, n_samples, BUDGETS, target=target)).ravel()
        for target in ("benchmark", "superpopulation")
    ]
    assert (widths[0] < widths[1]).all()


def test_bounds_are_as_wide_as_the_data_leave_open():
    """With no success anywhere, a population that the counts allow puts all problems at the largest p they allow."""
    problems, n = 400, 16
    lower, upper = pass_at_k_bounds(np.zeros(problems, int), np.full(problems, n), [64, 4096]).T
    assert lower == pytest.approx([0, 0], abs=1e-9)
    # P(no success in all) = (1 - p)^(n N) stays above the error of one bound: p below log(1 / error) / (n N).
    largest = np.log(8 / 0.05) / (n * problems)
    assert upper[0] == pytest.approx(1 - (1 - largest) ** 64, rel=0.05)
    # At a huge budget the best use of so many successes is many problems just likely enough.
    assert upper[0] < upper[1] < 1


def test_more_problems_and_more_samples_narrow_the_bounds(seed):
    few, many = (draw_counts(beta, problems, 3)[:2] for problems in (30, 1000))
    assert np.diff(pass_at_k_bounds(*many, [256])) < np.diff(pass_at_k_bounds(*few, [256]))
    rates = beta(np.random.default_rng(seed + 5), 200)
    widths = []
    for n in (16, 256):
        n_correct = np.random.default_rng(seed + 6).binomial(n, rates)
        widths.append(float(np.diff(pass_at_k_bounds(n_correct, np.full(200, n), [512]))[0, 0]))
    assert widths[1] < widths[0] / 2


def test_a_finer_grid_changes_nothing(monkeypatch):
    from boundary.stats.prior_free import bounds

    n_correct, n_samples, _ = draw_counts(bimodal, 300, 1)
    coarse = pass_at_k_bounds(n_correct, n_samples, BUDGETS)
    fine = np.concatenate([[0.0], np.geomspace(1e-7, 0.5, 900), 1 - np.geomspace(0.5, 1e-4, 200)[1:], [1.0]])
    monkeypatch.setattr(bounds, "_grid", lambda n, furthest: fine)
    np.testing.assert_allclose(coarse, pass_at_k_bounds(n_correct, n_samples, BUDGETS), atol=2e-4)


@pytest.mark.parametrize("n_problems", [1, 2])
@pytest.mark.parametrize("p", [0.5, 0.9, 0.938, 0.969, 0.99, 0.999])
def test_bounds_from_one_sample_each_cover_by_enumeration(n_problems, p):
    missed = 0.0
    for c in range(n_problems + 1):
        outcome = np.arange(n_problems) < c
        chance = binom.pmf(c, n_problems, p)
        lower, upper = pass_at_k_bounds(outcome.astype(int), np.ones(n_problems, int), [1])[0]
        missed += chance * (not lower <= p <= upper)
    assert missed <= 0.05


def test_unequal_samples_are_thinned_and_absent_ones_leave_all_open(seed):
    rng = np.random.default_rng(seed + 2)
    rates = beta(rng, 200)
    n_samples = rng.choice([32, 128], 200)
    n_correct = rng.binomial(n_samples, rates)
    lower, upper = pass_at_k_bounds(n_correct, n_samples, BUDGETS).T
    truth = share_solved(rates, BUDGETS)
    assert ((lower <= truth) & (truth <= upper)).all()
    with_unseen = [np.append(part, np.zeros(200, int)) for part in (n_correct, n_samples)]
    wider = pass_at_k_bounds(*with_unseen, BUDGETS)
    np.testing.assert_allclose(wider, np.stack([lower / 2, upper / 2 + 0.5], axis=1), atol=1e-9)
    nothing = np.zeros(3, int)
    assert pass_at_k_bounds(nothing, nothing, [4]).tolist() == [[0.0, 1.0]]


def test_counts_that_no_population_gives_have_no_bounds():
    """Every problem right once in 64, in all of 1,000: samples that depend on each other."""
    assert np.isnan(pass_at_k_bounds(np.ones(1000, int), np.full(1000, 64), [128])).all()


def test_shrinkage_bounds_hold_the_truth_and_turn_with_the_models():
    missed = 0
    for seed in range(15):
        rng = np.random.default_rng(seed)
        base = bimodal(rng, 150)
        rates = np.stack([base, np.where(rng.random(150) < 0.1, 0.0, 1 - (1 - base) ** 3)], axis=1)
        n_samples = np.full((150, 2), N_SAMPLES)
        n_correct = rng.binomial(n_samples, rates)
        lower, upper = shrinkage_bounds(n_correct, n_samples, BUDGETS).T
        base_share, rl_share = (share_solved(column, BUDGETS) for column in rates.T)
        missed += not ((lower <= base_share - rl_share) & (base_share - rl_share <= upper)).all()
    assert missed <= 1
    swapped = shrinkage_bounds(n_correct[:, ::-1], n_samples, BUDGETS)
    np.testing.assert_allclose(swapped, -np.stack([upper, lower], axis=1), atol=1e-7)


def test_good_toulmin_weighs_counts_as_the_formula_says():
    """5 problems solved, and those of one or two successes once more with their weights, at t = 1."""
    n_correct = np.array([0] * 7 + [1] * 2 + [2] + [10] * 2)
    estimates = good_toulmin(n_correct[:, None], np.full((12, 1), 10), [20])
    # S = 24 and t = 1: m = log_3(24 * 4) / 2 = 2.08, which is 2 trials.
    weights = [-((-1.0) ** j) * binom.sf(j - 1, 2, 2 / 3) for j in (1, 2)]
    assert estimates.mean[0] == pytest.approx((5 + 2 * weights[0] + weights[1]) / 12)


def test_thinning_averages_over_the_samples_kept():
    """A problem of 3 right in 6, thinned to 4: the average over the C(6, 4) ways to keep four."""
    n_samples = np.array([[4], [4], [6]])
    mixed = good_toulmin(np.array([[0], [2], [3]]), n_samples, [5]).mean[0]
    kept = {c: comb(3, c) * comb(3, 4 - c) / comb(6, 4) for c in (1, 2, 3)}
    by_subset = sum(
        weight * good_toulmin(np.array([[0], [2], [c]]), np.full((3, 1), 4), [5]).mean[0] for c, weight in kept.items()
    )
    assert mixed == pytest.approx(by_subset, abs=0.02)  # the number of trials rests on the sum of successes


@pytest.mark.parametrize("population", POPULATIONS)
def test_good_toulmin_intervals_hold_the_truth_within_their_range(population):
    missed = 0
    for seed in range(20):
        n_correct, n_samples, rates = draw_counts(population, 300, seed)
        estimates = good_toulmin(n_correct[:, None], n_samples[:, None], [128, 256])
        truth = share_solved(rates, [128, 256])
        missed += ((estimates.lower > truth) | (truth > estimates.upper)).any()
    assert missed <= 3


def test_good_toulmin_says_nothing_out_of_its_range():
    n_correct, n_samples, _ = draw_counts(beta, 100, 0)
    estimates = good_toulmin(n_correct[:, None], n_samples[:, None], [64, 128, 266, 267])
    assert estimates.furthest == 266  # 64 log 64
    assert np.isnan(estimates.mean).tolist() == [True, False, False, True]
    assert np.isnan(good_toulmin(np.zeros((1, 1), int), np.full((1, 1), 8), [9]).mean).all()


def test_good_toulmin_of_a_pair_is_the_difference():
    pair = np.stack([draw_counts(beta, 200, seed)[0] for seed in (0, 1)], axis=1)
    n_samples = np.full_like(pair, N_SAMPLES)
    of_pair = good_toulmin(pair, n_samples, [128])
    base, rl = (good_toulmin(pair[:, [i]], n_samples[:, [i]], [128]) for i in (0, 1))
    assert of_pair.mean[0] == pytest.approx(base.mean[0] - rl.mean[0])
    assert of_pair.lower[0] < of_pair.mean[0] < of_pair.upper[0]
