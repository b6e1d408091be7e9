"""Simulation-based calibration of every family (Talts et al. 2018, arXiv 1804.06788): `make calibration`.

A population is drawn from the family's prior (a fit to no samples at all), a benchmark of problems from it, counts from
these, and the family is fitted to the counts. The rank of each true quantity among its posterior draws is then uniform.
"""

import jax
import numpy as np
import pytest
from scipy.stats import chisquare

from boundary.stats.estimands import pass_at_k
from boundary.stats.priors import BetaBinomial, Independent, InflatedBetaBinomial, LogitNormal, NonParametric

pytestmark = pytest.mark.slow

PROBLEMS, SAMPLES = 16, 16
BUDGETS = [1, 4, 16, 64]
REPLICATES, RANKS, BINS = 96, 99, 8
# Eight or twelve tests for each of nine cases: together they alarm falsely about once in a thousand runs.
LEAST_P_VALUE = 1e-5

FAMILIES = {
    "independent": Independent(),
    "beta_binomial": BetaBinomial(),
    "inflated_beta_binomial": InflatedBetaBinomial(),
    "logit_normal": LogitNormal(),
    "nonparametric": NonParametric(),
}


def benchmarks_of(prior, n_models, key, rng):
    """Solve rates (replicate, problem, model) of benchmarks whose populations are drawn from the prior."""
    nothing = np.zeros((PROBLEMS, n_models), dtype=int)
    fit = prior.posterior(nothing, nothing, key)
    p = fit.p if fit.new_p is None else fit.new_p
    p = p.reshape(-1, *p.shape[2:])
    p = p[np.linspace(0, len(p) - 1, REPLICATES).astype(int)]
    # New problems come in order of difficulty: any sixteen of them, not the first.
    return np.stack([rates[rng.permutation(len(rates))[:PROBLEMS]] for rates in p])


def rank(truth, draws, rng):
    """Rank of the truth among thinned draws; ties, as at coverage 0 or 1, fall at random."""
    draws = draws[np.linspace(0, len(draws) - 1, RANKS).astype(int)]
    return (draws < truth).sum() + rng.integers(0, (draws == truth).sum() + 1)


def quantities(reach):
    """pass@k of each model, and the shrinkage of a pair, from reach (..., problem, model)."""
    mean = reach.mean(axis=-2)
    means = [mean[..., m] for m in range(mean.shape[-1])]
    return means + ([mean[..., 0] - mean[..., 1]] if mean.shape[-1] == 2 else [])


def solved_within(k, rates):
    """1 - (1 - p)^k, in double precision."""
    return -np.expm1(k * np.log1p(-np.minimum(rates.astype(np.float64), 1 - 1e-16)))


@pytest.mark.parametrize("n_models", [1, 2])
@pytest.mark.parametrize("family", FAMILIES)
def test_ranks_of_the_truth_are_uniform(family, n_models):
    prior, rng = FAMILIES[family], np.random.default_rng(0)
    key = jax.random.key(0)
    ranks = []
    for replicate, p in enumerate(benchmarks_of(prior, n_models, jax.random.fold_in(key, 0), rng)):
        n = np.full(p.shape, SAMPLES)
        fit = prior.posterior(rng.binomial(n, p), n, jax.random.fold_in(key, replicate + 1))
        of_replicate = []
        for k in BUDGETS:
            posterior, true = (quantities(solved_within(k, rates)) for rates in (fit.p.reshape(-1, *p.shape), p))
            of_replicate += [rank(t, d, rng) for t, d in zip(true, posterior, strict=True)]
        ranks.append(of_replicate)
    histograms = [np.histogram(of_quantity, bins=BINS, range=(0, RANKS + 1))[0] for of_quantity in np.array(ranks).T]
    p_values = [chisquare(bins).pvalue for bins in histograms]
    print(family, n_models, [bins.tolist() for bins in histograms], np.round(p_values, 4))
    assert min(p_values) > LEAST_P_VALUE, histograms


def test_reach_here_is_pass_at_k():
    prior = Independent()
    fit = prior.posterior(np.array([[3]]), np.array([[8]]), jax.random.key(0))
    assert np.allclose(pass_at_k(fit, [4]).to_numpy().ravel(), (1 - (1 - fit.p) ** 4).ravel())
