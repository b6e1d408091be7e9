"""Quantities by which the sampler decides that it has converged."""

import jax
import numpy as np
import pytest

from boundary.stats.population import monitoring
from boundary.stats.population.monitoring import monitored_budgets, of_benchmark, of_population
from boundary.stats.priors import NonParametric

BUDGETS = [1, 4, 32]


def of_one_pair(base, rl, k):
    """Failures and flows of a pair at one budget, problem by problem."""
    base_fails, rl_fails = (1 - base) ** k, (1 - rl) ** k
    both_fail = base_fails * rl_fails
    parts = [base_fails, rl_fails, both_fail, base_fails - rl_fails, rl_fails - both_fail, base_fails - both_fail]
    return [part.mean() for part in [*parts, base_fails + rl_fails - both_fail]]


def test_budgets_are_within_the_samples_and_beyond():
    assert monitored_budgets(64) == [1, 64, 512]
    assert monitored_budgets(1) == [1, 8]
    assert monitored_budgets(0) == [1, 8]


def test_quantities_of_a_benchmark_are_those_of_its_problems(seed):
    p = np.random.default_rng(seed).uniform(size=(5, 7, 2))
    p[:, 0, 0], p[:, 1, 1] = 0.0, 1.0
    quantities = of_benchmark(p, BUDGETS)
    for draw in range(5):
        expected = np.array([of_one_pair(p[draw, :, 0], p[draw, :, 1], k) for k in BUDGETS]).T.ravel()
        np.testing.assert_allclose(quantities[:-4, draw], expected, atol=1e-12)
    np.testing.assert_allclose(quantities[-4:, 0], [1 / 7, 0, 0, 1 / 7])


@pytest.mark.parametrize("n_models", [1, 2])
def test_quantities_of_a_population_are_those_of_many_problems(n_models, seed):
    """A population on a few solve rates, against a benchmark that has as many problems of each as its weight says."""
    rates = np.array([0.0, 0.2, 0.7, 1.0])
    repeats = np.random.default_rng(seed).integers(1, 9, size=(4,) * n_models)
    cells = np.argwhere(repeats)
    problems = np.repeat(rates[cells], repeats.ravel(), axis=0)
    failures = (1 - rates[:, None]) ** np.array(BUDGETS)
    of_weights = of_population(repeats[None] / repeats.sum(), failures)
    np.testing.assert_allclose(of_weights, of_benchmark(problems[None], BUDGETS), atol=1e-12)


@pytest.mark.parametrize("few_problems", [0, 2000])
def test_draws_that_come_back_are_those_that_were_monitored_last(few_problems, monkeypatch):
    monitored = []
    for name in ("of_benchmark", "of_population"):
        original = getattr(monitoring, name)
        monkeypatch.setattr(monitoring, name, lambda *a, call=original: monitored.append(call(*a)) or monitored[-1])
    monkeypatch.setattr(monitoring, "FEW_PROBLEMS", few_problems)
    n_correct, n_samples = np.array([[0, 1], [3, 8], [8, 8], [5, 2]]), np.full((4, 2), 8)
    rates = NonParametric().posterior(n_correct, n_samples, jax.random.key(0))
    last = monitored[-1].reshape(-1, *rates.p.shape[:2])
    if few_problems:
        of_rates = of_benchmark(rates.p.reshape(-1, 4, 2), monitored_budgets(8)).reshape(last.shape)
        np.testing.assert_allclose(last, of_rates)
    else:  # means over the population, of which these problems are a few
        failures = (1 - rates.new_p.astype(float)).mean(axis=2)
        np.testing.assert_allclose(last[0].mean(), failures[..., 0].mean(), atol=0.01)
