"""Leave-one-out, stacking and predictive checks: against refits, closed forms and populations known to be wrong."""

from math import comb

import jax
import numpy as np
import pytest

from boundary.stats.model_checks import loo, predictive_checks, stacking_weights
from boundary.stats.priors import BetaBinomial, Independent, LogitNormal, NonParametric, Stacked
from boundary.stats.priors.stacked import mixed, weights_of


def counts(p, n=32, *, seed):
    c = np.random.default_rng(seed).binomial(n, p)
    return c.reshape(len(p), -1), np.full((len(p), c.size // len(p)), n)


@pytest.fixture(scope="module")
def logit_normal_fit(seed):
    p = 1 / (1 + np.exp(-np.random.default_rng(seed + 1).normal(-1, 2, 25)))
    c, n = counts(p, seed=seed)
    return c, n, LogitNormal().posterior(c, n, jax.random.key(seed))


def test_leaving_one_out_agrees_with_fitting_without_it(logit_normal_fit, seed):
    c, n, fit = logit_normal_fit
    left_out = loo(fit)
    for problem in (0, int(c[:, 0].argmax())):
        without = np.delete(np.arange(len(c)), problem)
        again = LogitNormal().posterior(c[without], n[without], jax.random.key(seed + 1))
        grid = again.new_p.ravel()[::7]
        log_choose = np.log(float(comb(int(n[problem, 0]), int(c[problem, 0]))))
        chance = np.exp(log_choose + c[problem, 0] * np.log(grid) + (n - c)[problem, 0] * np.log1p(-grid)).mean()
        assert abs(left_out.elpd[problem] - np.log(chance)) < 0.1
    assert left_out.pareto_k.max() < 0.7
    assert left_out.total == pytest.approx(left_out.elpd.sum())


def test_a_prior_without_a_population_is_not_criticised(seed):
    c, n = counts(np.linspace(0.1, 0.9, 10), seed=seed)
    fit = Independent().posterior(c, n, jax.random.key(seed))
    assert loo(fit) is None
    assert predictive_checks(fit) == []


def test_stacking_weights_of_two_points_are_known():
    # Half the problems are certain under each family: equal weights. All under the first: weight 1.
    split = np.log(np.array([[1.0, 1e-9] * 10, [1e-9, 1.0] * 10]))
    np.testing.assert_allclose(stacking_weights(split), [0.5, 0.5], atol=1e-6)
    assert stacking_weights(np.log(np.array([[0.6] * 9, [0.5] * 9])))[0] > 0.999


def test_stacking_weights_maximise_the_mixture(seed):
    elpd = np.random.default_rng(seed + 3).normal(size=(3, 40))
    best = stacking_weights(elpd)
    value = np.log(best @ np.exp(elpd)).sum()
    for other in np.random.default_rng(seed + 4).dirichlet(np.ones(3), 500):
        assert np.log(other @ np.exp(elpd)).sum() <= value + 1e-6


def test_a_population_of_the_wrong_shape_fails_its_checks(seed):
    rng = np.random.default_rng(seed + 5)
    p = np.where(rng.random(400) < 0.4, 0.0, rng.beta(4, 4, 400))
    c, n = counts(p, n=128, seed=seed)
    wrong, right = (predictive_checks(f().posterior(c, n, jax.random.key(seed))) for f in (BetaBinomial, NonParametric))
    assert not all(check.ok for check in wrong)
    assert all(check.ok for check in right)


def test_a_mixture_holds_draws_of_each_family_in_proportion(logit_normal_fit, seed):
    c, n, fit = logit_normal_fit
    other = Independent(draws=fit.p.shape[1]).posterior(c, n, jax.random.key(seed + 2))
    with pytest.raises(ValueError, match="gives no likelihood"):
        weights_of({"a": fit, "b": other})
    mixture = mixed({"a": fit, "b": fit}, np.array([0.3, 0.7]), 100, jax.random.key(seed + 3), "stacked")
    assert mixture.p.shape[:2] == (8, 100)
    assert mixture.families == {"a": 0.3, "b": 0.7}
    with pytest.raises(ValueError, match="fit pairs"):
        Stacked().posterior(np.ones((4, 3), int), np.full((4, 3), 5), jax.random.key(seed))
