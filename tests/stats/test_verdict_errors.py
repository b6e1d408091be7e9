"""Verdicts that err: the map from solve rates to verdicts, and posteriors under it."""

import jax
import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.integrate import quad
from scipy.special import comb, expit
from scipy.stats import binom

from boundary.stats.estimands import pass_at_k
from boundary.stats.population.grid import Grid
from boundary.stats.population.shared_errors import log_evidences
from boundary.stats.priors import NonParametric
from boundary.stats.verdict_errors import (
    VerdictErrors,
    count_likelihood,
    judged_correct,
    misclassification_from_audit,
    with_guessing,
)

SMALL = NonParametric(new_problems=50)
rates = st.floats(0, 0.49)


def constant(shape, positive, negative=0.0):
    full = (*shape, 1)
    return VerdictErrors(np.full(full, positive), np.full(full, negative))


@given(st.floats(0, 1), rates, rates, rates)
def test_ends_of_the_map_and_guessing(p, positive, negative, guess):
    p, positive, negative, guess = (np.array([rate]) for rate in (p, positive, negative, guess))
    assert judged_correct(np.zeros(1), positive, negative) == positive
    assert judged_correct(np.ones(1), positive, negative) == pytest.approx(1 - negative)
    answered = guess + (1 - guess) * p
    one_step = judged_correct(p, with_guessing(positive, negative, guess), negative)
    assert one_step == pytest.approx(judged_correct(answered, positive, negative))


def test_count_likelihood_is_that_of_every_outcome_enumerated():
    """Each of n samples is right or wrong, and each verdict is right or wrong: summed over all ways to get c."""
    n, p, positive, negative = 3, 0.3, 0.1, 0.2
    for c in range(n + 1):
        total = 0.0
        for right in range(n + 1):
            for kept in range(right + 1):
                fooled = c - kept
                if 0 <= fooled <= n - right:
                    total += (
                        comb(n, right) * p**right * (1 - p) ** (n - right)
                        * comb(right, kept) * (1 - negative) ** kept * negative ** (right - kept)
                        * comb(n - right, fooled) * positive**fooled * (1 - positive) ** (n - right - fooled)
                    )  # fmt: skip
        counts = np.array([c]), np.array([n])
        chance = count_likelihood(*counts, np.array([p]), np.array([[positive]]), np.array([[negative]]))
        assert chance[0, 0] == pytest.approx(total, rel=1e-12)


def test_nodes_are_averaged_over():
    positive, negative = np.array([[0.0, 0.1, 0.3]]), np.array([[0.2, 0.0, 0.1]])
    counts, p = (np.array([2]), np.array([5])), np.array([0.0, 0.4, 1.0])
    by_node = [
        count_likelihood(*counts, p, positive[:, j : j + 1], negative[:, j : j + 1]) for j in range(positive.shape[1])
    ]
    np.testing.assert_allclose(count_likelihood(*counts, p, positive, negative), np.mean(by_node, axis=0))


@pytest.mark.parametrize(("c", "n"), [(0, 128), (2, 128), (128, 128), (3, 8)])
def test_grid_likelihood_under_errors_is_the_integral_over_each_hat(c, n):
    grid, positive, negative = Grid.for_samples(n), 0.01, 0.05

    def density(x, knot):
        q = positive + (1 - positive - negative) * expit(x)
        return (1 - abs(x - knot) / grid.spacing) / grid.spacing * binom.pmf(c, n, q)

    exact = np.array(
        [
            sum(quad(density, a, a + grid.spacing, args=(knot,), limit=200)[0] for a in (knot - grid.spacing, knot))
            for knot in grid.knots
        ]
    )
    atoms = [binom.pmf(c, n, positive), binom.pmf(c, n, 1 - negative)]
    scale = max(exact.max(), *atoms)
    errors = np.array([[positive]]), np.array([[negative]])
    (table,), _ = grid.likelihood(np.array([c]), np.array([n]), errors)
    np.testing.assert_allclose(table[1:-1], exact / scale, atol=0.004)
    np.testing.assert_allclose(table[[0, -1]], np.array(atoms) / scale, rtol=0.004, atol=1e-12)


@given(st.floats(0.01, 0.99), rates, rates)
def test_misclassification_from_audit_undoes_the_confusion_table(share, positive, negative):
    """From a known confusion table to the audit's two shares and back."""
    q = judged_correct(np.array([share]), positive, negative)
    wrong_of_correct, correct_of_wrong = (1 - share) * positive / np.maximum(q, 1e-300), share * negative / (1 - q)
    rates_of_errors = misclassification_from_audit(wrong_of_correct, correct_of_wrong, q.item())
    np.testing.assert_allclose(np.ravel(rates_of_errors), (positive, negative), atol=1e-9)


@pytest.mark.parametrize(
    ("positive", "negative"), [(-0.1, 0.0), (0.0, -0.1), (1.0, 0.0), (0.5, 0.5), (0.0, 1.5), (np.nan, 0.0)]
)
def test_rates_out_of_range_are_refused(positive, negative):
    with pytest.raises(ValueError, match="at least 0, and their sum below 1"):
        constant((1, 1), positive, negative)


def simulated(positive, negative=0.0, problems=80, n=64, *, seed):
    rng = np.random.default_rng(seed)
    p = np.where(rng.random((problems, 1)) < 0.3, 0.0, rng.beta(0.6, 0.9, size=(problems, 1)))
    samples = np.full((problems, 1), n)
    return p, rng.binomial(samples, judged_correct(p, positive, negative)), samples


def test_no_errors_are_errors_of_rate_zero(seed):
    _, correct, samples = simulated(0.0, seed=seed)
    key = jax.random.key(seed + 1)
    plain = SMALL.posterior(correct, samples, key)
    zero = SMALL.posterior(correct, samples, key, constant(correct.shape, 0.0))
    np.testing.assert_array_equal(plain.p, zero.p)


def test_the_posterior_sees_through_false_positives(seed):
    p, correct, samples = simulated(0.05, 0.1, seed=seed)
    truth = [1 - ((1 - p) ** k).mean() for k in (1, 16, 64)]
    key = jax.random.key(seed + 2)
    blind = pass_at_k(SMALL.posterior(correct, samples, key), [1, 16, 64]).to_numpy()
    aware = pass_at_k(
        SMALL.posterior(correct, samples, key, constant(correct.shape, 0.05, 0.1)), [1, 16, 64]
    ).to_numpy()
    for i, value in enumerate(truth):
        lower, upper = np.quantile(aware[:, :, i], [0.005, 0.995])
        assert lower < value < upper
    assert (blind[:, :, 1:] > truth[1] + 0.05).all()  # every problem looks solvable to the blind


def test_evidences_of_normal_nodes_have_a_closed_form(seed):
    """Prior N(0, 1), likelihood N(y; theta + shift, 1): the evidence is N(y; shift, 2)."""
    rng, y, shifts = np.random.default_rng(seed), 1.0, np.array([-1.0, 0.0, 0.5, 2.0])
    draws = (y - shifts[:, None]) / 2 + np.sqrt(0.5) * rng.standard_normal((len(shifts), 4000))
    log_likelihood = -0.5 * (y - draws[None] - shifts[:, None, None]) ** 2
    exact = -((y - shifts) ** 2) / 4
    np.testing.assert_allclose(log_evidences(log_likelihood), exact - exact.max(), atol=0.03)


def test_counts_tell_of_a_shared_rate(seed):
    _, correct, samples = simulated(0.02, problems=80, seed=seed)
    candidates = np.array([0.0, 0.002, 0.02, 0.08])
    shape = (*correct.shape, len(candidates))
    errors = VerdictErrors(np.broadcast_to(candidates, shape), np.zeros(shape), shared=True)
    fits, log_evidence = SMALL.posterior_by_node(correct, samples, jax.random.key(seed + 3), errors)
    assert len(fits) == len(candidates)
    assert log_evidence.argmax() == 2
    mixed = SMALL.posterior(correct, samples, jax.random.key(seed + 3), errors)
    alone = pass_at_k(SMALL.posterior(correct, samples, jax.random.key(seed + 4), errors.node(2)), 16)
    assert float(pass_at_k(mixed, 16).mean()) == pytest.approx(float(alone.mean()), abs=3 * float(alone.std()))
