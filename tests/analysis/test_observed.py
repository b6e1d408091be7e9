"""What the counts say by themselves agrees with the closed forms, and is left out where there is none."""

import numpy as np
import pytest

from boundary.analysis.estimates.observed import observed
from boundary.analysis.estimates.posterior import EstimateOptions, model_quantities, pair_quantities
from boundary.analysis.request import chosen_estimands
from boundary.stats.estimands.unbiased import unbiased_pass_at_k
from boundary.stats.priors import Independent

N = 8
ASKED = EstimateOptions([1, 2, 4, 8, 16], (0.5, 1.0), 16, "benchmark", chosen_estimands(None))


@pytest.fixture(scope="module")
def rates():
    import jax

    counts = np.array([[0, 0], [1, 8], [3, 6], [8, 8], [0, 5], [2, 0]])
    fit = Independent(draws=50).posterior(counts, np.full_like(counts, N), jax.random.key(0))
    return fit.labelled(["base", "rl"], list("abcdef"))


@pytest.fixture(scope="module")
def found(rates):
    rows = observed(rates, ["base", "rl"], [("base", "rl")], ASKED)
    return {(one.estimand, one.model, one.k, one.tau): one.value for one in rows}


def at(found, estimand, model, k=None, tau=None):
    matches = [
        value
        for (name, who, budget, threshold), value in found.items()
        if name == estimand and who == model and k in (None, budget) and tau in (None, threshold)
    ]
    (value,) = matches
    return value


def test_naive_counts_at_n(found):
    assert [at(found, name, "rl", 8) for name in ("kept", "lost", "gained", "neither")] == [3, 1, 1, 1]
    assert at(found, "srr", "rl", 8) == pytest.approx(3 / 4)
    assert at(found, "ndr", "rl", 8) == pytest.approx(1 / 4)
    assert at(found, "nscr", "rl", 8) == pytest.approx(0)


def test_shares_of_c_over_n(found):
    assert at(found, "accuracy_histogram", "base", tau=0.0) == pytest.approx(2 / 6)
    assert at(found, "accuracy_histogram", "base", tau=1.0) == pytest.approx(1 / 6)
    assert at(found, "g_pass_at_k", "rl", 8, 1.0) == at(found, "pass_hat_k", "rl", 8) == pytest.approx(2 / 6)
    assert at(found, "mg_pass_at_k", "rl", 8) == pytest.approx((1 + 0.5 + 1 + 0.25) / 6)


def test_gaps_and_slopes(found, rates):
    at_k = {k: unbiased_pass_at_k(rates.n_correct, rates.n_samples, k).mean(0) for k in (1, 4, 8)}
    assert at(found, "delta_se", "rl", 8) == pytest.approx(at_k[8][0] - at_k[1][1])
    assert at(found, "tail_exponent", "base", 4) == pytest.approx(np.log2(np.log(at_k[4][0]) / np.log(at_k[8][0])))


def test_nothing_beyond_n_and_nothing_that_counts_cannot_say(found):
    assert max(k for _, _, k, _ in found if not np.isnan(k)) == N
    absent = {"cover_at_tau", "crossover", "sampling_speedup", "amplified", "reach", "rank"}
    assert absent.isdisjoint({name for name, *_ in found})


def test_every_observed_row_has_its_posterior(found, rates):
    quantities = [*model_quantities(rates, ["base", "rl"], ASKED), *pair_quantities(rates, "base", "rl", ASKED)]
    posterior = {(one.estimand, one.model, str(one.k), str(one.tau)) for one in quantities}
    assert {(name, model, str(float(k)), str(tau)) for name, model, k, tau in found} <= posterior


def test_marks_of_extrapolation(rates):
    quantities = [*model_quantities(rates, ["base"], ASKED), *pair_quantities(rates, "base", "rl", ASKED)]
    for one in quantities:
        if not np.isnan(one.k):
            assert one.extrapolated == ((2 * one.k if one.estimand == "tail_exponent" else one.k) > N), one.estimand
        elif one.estimand in ("cover_at_tau", "accuracy_histogram"):
            assert not one.extrapolated


def test_only_what_is_asked_for(rates):
    few = ASKED._replace(estimands=frozenset({"pass_at_k", "srr"}))
    rows = list(observed(rates, ["base"], [("base", "rl")], few))
    assert {one.estimand for one in rows} == {"pass_at_k", "srr"}
    assert {one.estimand for one in model_quantities(rates, ["base"], few)} == {"pass_at_k"}
