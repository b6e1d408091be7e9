"""Means of responses by problem and group: sums of cells, closed forms, and the same model by NUTS."""

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
import pytest

from boundary.stats.diagnostics import MAX_R_HAT, convergence
from boundary.stats.likelihood.cells import Cells, cells_of
from boundary.stats.likelihood.means import FREEDOM, LEVEL_SCALE, fit_means, pooled
from boundary.stats.likelihood.spread import LOG_FREEDOM, LOG_SCALE, POWER, fit_spread


def responses(rng, problems=20, n=16, groups=2, scale=0.05):
    """Responses of every problem and group, their lengths and their true means."""
    means = -0.5 + 0.1 * rng.standard_normal((problems, 1)) + 0.02 * rng.standard_normal((problems, groups))
    problem, group = (part.ravel().repeat(n) for part in np.indices((problems, groups)))
    lengths = rng.integers(50, 500, len(problem)).astype(float)
    values = means[problem, group] + scale * rng.standard_normal(len(problem)) * np.sqrt(200 / lengths)
    return values, lengths, problem, group, means


def cells_from(data, groups=2):
    values, lengths, problem, group, means = data
    return cells_of(values, lengths, problem, group, len(means), groups)


def test_cells_are_sums_over_responses(seed):
    values, lengths, problem, group, _ = data = responses(np.random.default_rng(seed), problems=4, n=3)
    cells = cells_from(data)
    for i, g in np.ndindex(4, 2):
        part = values[(problem == i) & (group == g)]
        assert cells.n[i, g] == 3
        assert cells.mean[i, g] == pytest.approx(part.mean())
        assert cells.squares[i, g] == pytest.approx(part.var() * 3)
        assert cells.log_length[i, g] == pytest.approx(np.log(lengths[(problem == i) & (group == g)].mean()))


def test_many_responses_give_their_mean_and_its_standard_error(seed):
    cells = cells_from(responses(np.random.default_rng(seed), n=200))
    fit = fit_means(cells, jax.random.key(seed))
    draws = fit.means.reshape(-1, *cells.n.shape)
    error = np.sqrt(cells.squares / (cells.n - 1) / cells.n)
    assert np.abs(draws.mean(axis=0) - cells.mean).max() < 0.5 * error.max()
    assert draws.std(axis=0) == pytest.approx(error, rel=0.3)
    difference = (draws[..., 1] - draws[..., 0]).mean(axis=1)
    assert difference.std() == pytest.approx(np.sqrt((error**2).sum()) / len(error), rel=0.15)


def test_chains_agree_and_a_key_gives_the_same_draws(seed):
    cells = cells_from(responses(np.random.default_rng(seed), n=4))
    fit = fit_means(cells, jax.random.key(seed))
    assert np.array_equal(fit.means, fit_means(cells, jax.random.key(seed)).means)
    checks = convergence(np.moveaxis(fit.means.mean(axis=2), -1, 0))
    assert (checks.r_hat < MAX_R_HAT + 0.005).all()
    assert (checks.ess_bulk > 400).all()


def test_few_responses_are_drawn_towards_the_other_problems(seed):
    rng = np.random.default_rng(seed)
    data = responses(rng, problems=40, n=3, groups=1, scale=0.3)
    cells = cells_from(data, 1)
    estimate = fit_means(cells, jax.random.key(seed)).means.mean(axis=(0, 1))
    assert ((estimate - data[-1]) ** 2).mean() < 0.8 * ((cells.mean - data[-1]) ** 2).mean()


def test_cells_without_responses_and_equal_values_do_no_harm(seed):
    data = responses(np.random.default_rng(seed), problems=5, n=2)
    cells = cells_from(data)
    absent = Cells(*(np.where(np.arange(5)[:, None] == 2, 0.0, part) for part in cells))
    fit = fit_means(absent, jax.random.key(seed))
    assert np.isfinite(fit.means).all()
    assert not fit.present[2].any()
    constant = cells._replace(mean=np.full((5, 2), -0.3), squares=np.zeros((5, 2)))
    assert np.abs(fit_means(constant, jax.random.key(seed)).means + 0.3).max() < 0.3
    single = cells_of(np.array([-1.0]), np.array([3.0]), np.array([0]), np.array([0]), 1, 1)
    assert np.isfinite(fit_means(single, jax.random.key(seed)).means).all()


def test_the_power_of_the_length_is_that_of_independent_tokens(seed):
    cells = cells_from(responses(np.random.default_rng(seed), problems=200, n=4))
    log_length = np.where(np.arange(200)[:, None] % 2, np.log(100.0), np.log(400.0)) * np.ones((1, 2))
    scaled = cells._replace(log_length=log_length)
    squares = scaled.squares / scaled.squares.mean() / np.exp(scaled.log_length - np.log(200.0))
    mode = fit_spread(Cells(cells.n, cells.mean, squares, scaled.log_length - scaled.log_length.mean())).mode
    assert mode[2] == pytest.approx(-1, abs=0.35)


def test_new_problems_widen_the_mean(seed):
    draws = np.broadcast_to(np.random.default_rng(seed).standard_normal(50), (8, 200, 50))
    mean = pooled(draws, jax.random.key(seed), new_problems=True)
    assert mean.std() == pytest.approx(draws[0, 0].std(ddof=1) / np.sqrt(50), rel=0.1)
    assert np.ptp(pooled(draws, jax.random.key(seed))) == 0


@pytest.mark.parametrize("n_problems", [2, 3, 5])
def test_intervals_for_new_problems_hold_with_few_of_them(seed, n_problems):
    rng, held = np.random.default_rng(seed), []
    for trial in range(150):
        draws = np.broadcast_to(rng.standard_normal(n_problems), (4, 100, n_problems))
        low, high = np.quantile(pooled(draws, jax.random.key(trial), new_problems=True), [0.025, 0.975])
        held.append(low <= 0 <= high)
    assert np.mean(held) >= 0.9


def test_one_problem_says_nothing_of_new_ones(seed):
    with pytest.raises(ValueError, match="at least two problems"):
        pooled(np.zeros((2, 3, 1)), jax.random.key(seed), new_problems=True)


def test_new_problems_do_not_count_the_noise_of_responses_twice(seed):
    """The means of problems vary by their responses alone: new problems are as uncertain as these."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal(200)
    draws = centres + rng.standard_normal((8, 200, 200))
    of_new, of_same = (pooled(draws, jax.random.key(seed), is_new) for is_new in (True, False))
    assert of_new.std() == pytest.approx(of_same.std(), rel=0.2)


def test_draws_are_kept_thinned_in_float32(seed):
    fit = fit_means(cells_from(responses(np.random.default_rng(seed), problems=3, n=2)), jax.random.key(seed))
    assert fit.means.dtype == fit.unshrunk.dtype == np.float32
    assert fit.means.base.size == 2 * fit.means.size  # and nothing beside the two
    assert fit.means[..., 1].flags.c_contiguous


def model(n, mean, squares, log_length):
    """The model of `fit_means` without a slope, for NumPyro."""
    n_problems, n_groups = n.shape
    level = numpyro.sample("level", dist.Normal(0.0, LEVEL_SCALE).expand([n_groups]).to_event(1))
    common = numpyro.sample("common", dist.HalfCauchy(1.0))
    own = numpyro.sample("own", dist.HalfCauchy(1.0).expand([n_groups]).to_event(1))
    log_scale = numpyro.sample("log_scale", dist.Normal(*LOG_SCALE).expand([n_groups]).to_event(1))
    power = numpyro.sample("power", dist.Normal(*POWER))
    freedom = 1.0 + jnp.exp(numpyro.sample("log_freedom", dist.Normal(*LOG_FREEDOM)))
    problem = numpyro.sample("problem", dist.StudentT(FREEDOM, 0.0, 1.0).expand([n_problems]).to_event(1))
    noise = numpyro.sample("noise", dist.StudentT(FREEDOM, 0.0, 1.0).expand([n_problems, n_groups]).to_event(2))
    latent = level + common * problem[:, None] + own * noise
    numpyro.deterministic("means", latent)
    squared = freedom * jnp.exp(2 * log_scale + power * log_length)
    misfit = jnp.log1p((squares + n * (mean - latent) ** 2) / squared)
    log_density = jax.lax.lgamma((freedom + n) / 2) - jax.lax.lgamma(freedom / 2)
    numpyro.factor("cells", (log_density - n / 2 * jnp.log(squared) - (freedom + n) / 2 * misfit).sum())


@pytest.mark.slow
def test_numpyro_gives_the_same_intervals(seed):
    from boundary.stats.sampler.nuts import nuts

    cells = cells_from(responses(np.random.default_rng(seed), problems=20, n=6))
    scale = np.sqrt(cells.mean.var() + cells.squares.sum() / cells.n.sum())
    centre = np.median(cells.mean)
    standard = (
        cells.n, (cells.mean - centre) / scale, cells.squares / scale**2, cells.log_length - cells.log_length.mean()
    )  # fmt: skip
    data = [np.asarray(part, dtype=np.float32) for part in standard]
    reference = centre + scale * nuts(model, jax.random.key(seed), *data, chains=4, draws=500, warmup=500)["means"]
    draws = fit_means(cells, jax.random.key(seed)).means
    for summary in (lambda d: d, lambda d: d.mean(axis=2, keepdims=True)):
        gibbs, by_nuts = (summary(part).reshape(-1, *summary(part).shape[2:]) for part in (draws, reference))
        assert np.abs(gibbs.mean(0) - by_nuts.mean(0)).max() < 0.2 * by_nuts.std(0).max()
        assert gibbs.std(0) == pytest.approx(by_nuts.std(0), rel=0.2)
