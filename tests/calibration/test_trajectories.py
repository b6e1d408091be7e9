"""Trajectories and strata cover the truth (`benchmarks.trajectories`), and the walk is that of NUTS."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.trajectories import BENCHMARKS, CHECKPOINTS, COURSES, collapses, run_of, run_scores, strata
from boundary.stats.trajectory import Measurements, walk, walk_posterior
from boundary.stats.trajectory.walk import FIRST_JUMP, INFLATION, START_SPREAD, WALK_SPREAD, WOBBLE_SPREAD

pytestmark = pytest.mark.slow

LEAST_COVERAGE, RUNS_OF_COURSE = 0.92, 14


@pytest.mark.parametrize("checkpoints", CHECKPOINTS)
@pytest.mark.parametrize(("problems", "n"), BENCHMARKS)
def test_trajectories_cover_the_truth(problems, n, checkpoints):
    rows = []
    for course in COURSES:
        for number in range(RUNS_OF_COURSE):
            steps, rates, _, posterior = run_of(course, checkpoints, problems, n, number)
            rows.append(run_scores(posterior, rates, steps, n, number))
    means = pd.DataFrame(rows).astype(float).mean()
    for name in ("pass@1", "pass@n", "shrinkage pass@1", "shrinkage pass@n", "peak pass@n", "onset pass@n"):
        assert means[name] >= LEAST_COVERAGE - 0.02, name
    assert means["shrinkage pass@n width"] < means["shrinkage pass@n width, apart"]


def test_collapses_cover_the_truth():
    means = pd.DataFrame(collapses(80)).groupby(["problems", "kind"]).mean(numeric_only=True)
    assert (means[["there", "shrinkage", "elsewhere"]] >= LEAST_COVERAGE - 0.03).all(axis=None)


def test_strata_cover_the_truth():
    table = pd.DataFrame(strata(80))
    means = table.groupby(["populations", "sizes"]).mean(numeric_only=True)
    assert (means["pooled"] >= LEAST_COVERAGE - 0.01).all()
    assert (means["width, pooled"] < means["width, counts alone"]).all()
    differs = table.loc[table["populations"] == "one differs"]
    assert differs["difference, common fit"].mean() < differs["difference, pooled"].mean() - 0.05


def test_walk_is_that_of_nuts(monkeypatch):
    """The same model with continuous hyperparameters, on the linear scale, with one shared part and no exception."""
    monkeypatch.setattr(walk, "EXCEPTIONAL", 1e-12)
    import jax
    import jax.numpy as jnp
    import numpyro
    import numpyro.distributions as dist
    from numpyro.infer import MCMC, NUTS

    steps, values = np.array([0.0, 100, 200, 300, 400, 500]), np.array([0.0, 0.7, 0.9, 1.0, 0.8, 0.4])
    measured = Measurements(steps, values, np.full(6, 0.04), np.zeros(6))

    def model():
        spread = numpyro.sample("walk", dist.HalfNormal(WALK_SPREAD))
        wobble = numpyro.sample("wobble", dist.HalfNormal(WOBBLE_SPREAD))
        start = numpyro.sample("start", dist.Normal(0, START_SPREAD))
        jump = numpyro.sample("jump", dist.Normal(0, FIRST_JUMP))
        moves = numpyro.sample("moves", dist.Normal(0, 1).expand([5]))
        bumps = numpyro.sample("bumps", dist.Normal(0, 1).expand([6]))
        course = jnp.concatenate([jnp.zeros(1), jnp.cumsum(moves * spread * jnp.sqrt(0.2))])
        theta = values.mean() + start + course + wobble * bumps + jump * (jnp.arange(6) == 0)
        numpyro.deterministic("theta", theta)
        numpyro.sample("measured", dist.Normal(theta, np.sqrt(INFLATION * 0.04)), obs=values)

    sampler = MCMC(NUTS(model, target_accept_prob=0.95), num_warmup=1000, num_samples=4000, progress_bar=False)
    sampler.run(jax.random.key(0))
    theta = np.asarray(sampler.get_samples()["theta"])
    draws = walk_posterior(measured, draws=20_000).draws
    # The grid also averages over two other scales of steps, which are nearly as probable here.
    np.testing.assert_allclose(draws.mean(axis=0), theta.mean(axis=0), atol=0.05)
    np.testing.assert_allclose(draws.std(axis=0), theta.std(axis=0), rtol=0.12)
