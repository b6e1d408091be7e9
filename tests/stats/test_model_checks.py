"""Leave-one-out, stacking and predictive checks: against refits, closed forms and populations known to be wrong."""

from math import comb

import jax
import numpy as np
import pytest
import xarray as xr

from boundary.stats.diagnostics import convergence
from boundary.stats.model_checks import Loo, loo, predictive_checks, stacking_weights
from boundary.stats.pareto_smoothing import leave_one_out
from boundary.stats.priors import BetaBinomial, Independent, LogitNormal, NonParametric, Stacked
from boundary.stats.priors.stacked import mixed, weights_of
from boundary.stats.quiet_arviz import import_arviz
from boundary.stats.solve_rates import SolveRates


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
    mixture = mixed({"a": fit, "b": fit}, np.array([0.3, 0.7]), 100, "stacked")
    assert mixture.p.shape[:2] == (8, 100)
    assert mixture.families == {"a": 0.3, "b": 0.7}
    with pytest.raises(ValueError, match="fit pairs"):
        Stacked().posterior(np.ones((4, 3), int), np.full((4, 3), 5), jax.random.key(seed))


def test_smoothed_importance_sampling_is_that_of_arviz(seed):
    import_arviz()
    stats = pytest.importorskip("arviz_stats", reason="ArviZ 0.23 takes one more draw for the tail")
    assert stats
    rng = np.random.default_rng(seed + 6)
    spread = rng.uniform(0.01, 3.0, 40)
    log_likelihood = -spread * rng.standard_exponential((4, 250, 40)) - 3
    draws = xr.DataArray(log_likelihood, dims=("chain", "draw", "problem"))
    weights, pareto_k = draws.azstats.psislw(dim=["chain", "draw"])
    elpd = np.logaddexp.reduce((weights + draws).stack(all=("chain", "draw")).to_numpy(), axis=-1)
    smoothed = leave_one_out(log_likelihood.reshape(-1, 40))
    np.testing.assert_allclose(smoothed[0], elpd, atol=1e-10)
    np.testing.assert_allclose(smoothed[1], pareto_k, atol=1e-10)
    assert (smoothed[1] > 0.7).any()


def test_tails_without_a_shape_leave_the_weights_as_they_are():
    constant = leave_one_out(np.full((400, 2), -2.0))
    np.testing.assert_allclose(constant[0], -2.0)
    assert np.isnan(constant[1]).all()
    few = np.log(np.random.default_rng(0).random((12, 3)))
    elpd, pareto_k = leave_one_out(few)
    np.testing.assert_allclose(elpd, np.log(12) - np.log(np.exp(-few).sum(axis=0)))
    assert np.isinf(pareto_k).all()
    assert np.isnan(Loo(constant[0], constant[1]).max_pareto_k)


def test_replicated_tables_have_the_distribution_of_replicated_problems(seed, monkeypatch):
    rng = np.random.default_rng(seed)
    base, new_base = rng.beta(0.4, 0.7, 300), rng.beta(0.4, 0.7, (2, 100, 50))
    c, n = counts(np.stack([base, np.sqrt(base)], axis=1), n=12, seed=seed)
    new = np.stack([new_base, np.sqrt(new_base)], axis=-1)
    rates = SolveRates(np.zeros((2, 100, 300, 2)), c.reshape(-1, 2), n, "made up", new_p=new)
    one_by_one = predictive_checks(rates)
    monkeypatch.setattr("boundary.stats.model_checks.MANY_PROBLEMS", 100)
    for problems, table in zip(one_by_one, predictive_checks(rates), strict=True):
        assert table.statistic == problems.statistic
        assert table.observed == problems.observed
        width = problems.upper - problems.lower
        for name in ("replicated", "lower", "upper"):
            assert getattr(table, name) == pytest.approx(getattr(problems, name), abs=0.15 * width + 1 / 300)


def test_a_mixture_shows_how_slowly_its_families_mix():
    rng = np.random.default_rng(0)
    noise, p = rng.standard_normal((8, 250)), np.zeros((8, 250))
    for i in range(1, 250):
        p[:, i] = 0.95 * p[:, i - 1] + noise[:, i]
    p = 1 / (1 + np.exp(-p))[..., None, None]
    counts = np.ones((1, 1), int)
    log_likelihood = np.log(p[..., 0])
    fit = SolveRates(p, counts, counts, "slow", p, log_likelihood=log_likelihood)
    alone = convergence(p[None, ..., 0, 0]).ess_bulk[0]
    mixture = mixed({"slow": fit, "other": fit}, np.array([1.0, 0.0]), 250, "stacked")
    assert convergence(mixture.p[None, ..., 0, 0]).ess_bulk[0] < 1.5 * alone
    assert Stacked().with_more_draws(3).with_more_draws(2).times == 6
