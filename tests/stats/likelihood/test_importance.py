"""What responses say of another model's solve rate: bounds never above the truth, and an unbiased estimate."""

import jax
import numpy as np
import pytest
from hypothesis import given, strategies as st

from boundary.stats.likelihood.gains import PARTS, split_gain
from boundary.stats.likelihood.importance import distinct_bound, importance_estimate, pareto_shape

N_TEXTS = 40


def two_models(rng, distance=0.35):
    """Probabilities of texts under a base and an RL model, and which are right."""
    logits = rng.normal(0, 1, N_TEXTS)
    base, rl = (np.exp(part) / np.exp(part).sum() for part in (logits, logits + rng.normal(0, distance, N_TEXTS)))
    return base, rl, np.arange(N_TEXTS) < N_TEXTS // 2


@given(st.integers(0, 10**6), st.integers(1, 200))
def test_the_bound_is_never_above_the_solve_rate(seed, n):
    rng = np.random.default_rng(seed)
    base, rl, is_right = two_models(rng)
    texts = rng.choice(N_TEXTS, n, p=rl)
    texts = texts[is_right[texts]]
    sizes = np.column_stack([texts % 5, texts % 3])
    noise = rng.uniform(-1e-4, 1e-4, len(texts))  # as batches of other shapes have
    bound = distinct_bound(np.log(base[texts]) + noise, np.zeros(len(texts), dtype=int), sizes, 1)[0]
    assert bound <= base[is_right].sum() + 1e-3
    if len(set(texts)) == N_TEXTS // 2 and len(set(np.round(base[:20], 3))) == 20:
        assert bound > 0.7 * base[is_right].sum()


def test_importance_sampling_finds_the_solve_rate(seed):
    rng = np.random.default_rng(seed)
    many, n, truths, logs, rights = 60, 200, [], [], []
    for _ in range(many):
        base, rl, is_right = two_models(rng)
        texts = rng.choice(N_TEXTS, n, p=rl)
        logs.append(np.log(base[texts] / rl[texts]))
        rights.append(is_right[texts])
        truths.append(base[is_right].sum())
    problem = np.repeat(np.arange(many), n)
    estimate = importance_estimate(
        np.concatenate(logs), np.concatenate(rights), problem, many, jax.random.key(seed), 4, 200
    )
    draws = estimate.draws.reshape(-1, many)[:, estimate.reliable]
    assert estimate.reliable.mean() > 0.3
    low, high = np.quantile(draws, [0.025, 0.975], axis=0)
    truth = np.array(truths)[estimate.reliable]
    assert ((low <= truth) & (truth <= high)).mean() >= 0.85
    assert (draws.mean(axis=0) - truth).mean() == pytest.approx(0, abs=0.02)


def test_long_tails_and_few_responses_are_withheld(seed):
    rng = np.random.default_rng(seed)
    log_weight = rng.normal(-8, 4, 256)
    right, problem = np.ones(256, dtype=bool), np.zeros(256, dtype=int)
    key = jax.random.key(seed)
    estimate = importance_estimate(log_weight, right, problem, 1, key, 2, 10)
    assert not estimate.reliable[0]
    assert estimate.effective[0] < 128
    few = importance_estimate(np.zeros(16), right[:16], problem[:16], 1, key, 2, 10)
    assert not few.reliable[0]
    assert np.isinf(few.pareto_k[0])
    none = importance_estimate(np.full(64, -np.inf), right[:64], problem[:64], 1, key, 2, 10)
    assert not none.reliable[0]


def test_the_shape_is_that_of_a_pareto_distribution(seed):
    weights = np.random.default_rng(seed).pareto(2.0, 4000) + 1  # shape 1/2
    assert pareto_shape(np.log(weights)) == pytest.approx(0.5, abs=0.2)


def test_tied_weights_have_a_shape(seed):
    """Texts that are drawn again have the same weight: a tail that would begin among equal ones is no endless one."""
    rng = np.random.default_rng(seed)
    weights = np.concatenate([np.ones(48), np.full(8, 1.2), np.linspace(1.3, 2.5, 8)])  # its tail is twelve
    assert pareto_shape(np.log(weights)) < 0.7
    heavy = np.sort(rng.pareto(0.6, 200) + 1).round(1)  # a mean that is infinite
    assert pareto_shape(np.log(np.concatenate([heavy, np.ones(40)]))) > 0.7


def test_a_response_that_the_base_never_draws_has_no_weight(seed):
    """Half of the right responses hold a token outside the base's nucleus: they count for nothing, but are counted."""
    rng = np.random.default_rng(seed)
    log_weight = np.where(np.arange(80) % 2, -np.inf, rng.normal(0, 0.1, 80))
    right, problem, key = np.ones(80, dtype=bool), np.zeros(80, dtype=int), jax.random.key(seed)
    estimate = importance_estimate(log_weight, right, problem, 1, key, 4, 100)
    assert estimate.effective[0] <= 40
    assert not estimate.reliable[0]  # half of the right ones are effective
    mostly = np.where(np.arange(80) % 5, log_weight[0], -np.inf)
    draws = importance_estimate(mostly, right, problem, 1, key, 4, 100).draws
    assert np.median(draws) == pytest.approx(0.8 * np.exp(log_weight[0]), rel=0.15)


@given(st.integers(0, 10**6), st.sampled_from([1, 16, 256]))
def test_parts_sum_to_the_gain(seed, k):
    rng = np.random.default_rng(seed)
    p_base, p_rl, bound, estimate = rng.random((4, 7, 5))
    estimate[:, 2] = np.nan
    parts = split_gain(p_base, p_rl, bound, estimate, k)
    assert tuple(parts) == PARTS
    assert np.sum(list(parts.values()), axis=0) == pytest.approx((p_rl - p_base).mean(axis=1))


def test_a_low_estimate_proves_nothing():
    """What the base writes and the RL model never does is in no sample: the scores leave the problem open."""
    p_base, p_rl, bound, estimate = (np.array([[value]]) for value in (0.4, 0.9, 0.001, 0.001))
    parts = split_gain(p_base, p_rl, bound, estimate, 16)
    assert parts["amplified_by_counts"].tolist() == [0.5]
