"""What the counts say by themselves agrees with the closed forms, and is left out where there is none."""

import numpy as np
import pytest

from boundary.analysis.estimates.observed import observed
from boundary.analysis.estimates.posterior import EstimateOptions, model_quantities, pair_quantities
from boundary.analysis.options import chosen_estimands
from boundary.stats.estimands.unbiased import unbiased_pass_at_k
from boundary.stats.priors import Independent

N = 8
OPTIONS = EstimateOptions([1, 2, 4, 8, 16], (0.5, 1.0), 16, "benchmark", chosen_estimands(None))


@pytest.fixture(scope="module")
def rates():
    import jax

    counts = np.array([[0, 0], [1, 8], [3, 6], [8, 8], [0, 5], [2, 0]])
    fit = Independent(draws=50).posterior(counts, np.full_like(counts, N), jax.random.key(0))
    return fit.labelled(["base", "rl"], list("abcdef"))


@pytest.fixture(scope="module")
def estimates(rates):
    rows = observed(rates, ["base", "rl"], [("base", "rl")], OPTIONS)
    return {(row.estimand, row.model, row.k, row.tau): row.value for row in rows}


def at(estimates, estimand, model, k=None, tau=None):
    matches = [
        value
        for (name, label, budget, threshold), value in estimates.items()
        if name == estimand and label == model and k in (None, budget) and tau in (None, threshold)
    ]
    (value,) = matches
    return value


def test_naive_counts_at_n(estimates):
    assert [at(estimates, name, "rl", 8) for name in ("kept", "lost", "gained", "neither")] == [3, 1, 1, 1]
    assert at(estimates, "srr", "rl", 8) == pytest.approx(3 / 4)
    assert at(estimates, "ndr", "rl", 8) == pytest.approx(1 / 4)
    assert at(estimates, "nscr", "rl", 8) == pytest.approx(0)


def test_shares_of_c_over_n(estimates):
    assert at(estimates, "accuracy_histogram", "base", tau=0.0) == pytest.approx(2 / 6)
    assert at(estimates, "accuracy_histogram", "base", tau=1.0) == pytest.approx(1 / 6)
    assert at(estimates, "g_pass_at_k", "rl", 8, 1.0) == at(estimates, "pass_hat_k", "rl", 8) == pytest.approx(2 / 6)
    assert at(estimates, "mg_pass_at_k", "rl", 8) == pytest.approx((1 + 0.5 + 1 + 0.25) / 6)


def test_gaps_and_slopes(estimates, rates):
    at_k = {k: unbiased_pass_at_k(rates.n_correct, rates.n_samples, k).mean(0) for k in (1, 4, 8)}
    assert at(estimates, "delta_se", "rl", 8) == pytest.approx(at_k[8][0] - at_k[1][1])
    assert at(estimates, "tail_exponent", "base", 4) == pytest.approx(np.log2(np.log(at_k[4][0]) / np.log(at_k[8][0])))


def test_nothing_beyond_n_and_nothing_that_counts_cannot_say(estimates):
    assert max(k for _, _, k, _ in estimates if not np.isnan(k)) == N
    absent = {"cover_at_tau", "crossover", "sampling_speedup", "amplified", "reach", "rank"}
    assert absent.isdisjoint({name for name, *_ in estimates})


def test_every_observed_row_has_its_posterior(estimates, rates):
    quantities = [*model_quantities(rates, ["base", "rl"], OPTIONS), *pair_quantities(rates, "base", "rl", OPTIONS)]
    posterior = {(row.estimand, row.model, str(row.k), str(row.tau)) for row in quantities}
    assert {(name, model, str(float(k)), str(tau)) for name, model, k, tau in estimates} <= posterior


def test_marks_of_extrapolation(rates):
    quantities = [*model_quantities(rates, ["base"], OPTIONS), *pair_quantities(rates, "base", "rl", OPTIONS)]
    for row in quantities:
        if not np.isnan(row.k):
            assert row.extrapolated == ((2 * row.k if row.estimand == "tail_exponent" else row.k) > N), row.estimand
        elif row.estimand in ("cover_at_tau", "accuracy_histogram"):
            assert not row.extrapolated


def test_only_what_is_asked_for(rates):
    few = OPTIONS._replace(estimands=frozenset({"pass_at_k", "srr"}))
    rows = list(observed(rates, ["base"], [("base", "rl")], few))
    assert {row.estimand for row in rows} == {"pass_at_k", "srr"}
    assert {row.estimand for row in model_quantities(rates, ["base"], few)} == {"pass_at_k"}
