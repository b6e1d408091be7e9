"""Convergence of reported quantities: what it passes and what it must not pass, and the numbers that ArviZ gives."""

import os
import subprocess
import sys
import warnings
from importlib.metadata import version

import numpy as np
import pytest
from hypothesis import example, given, settings, strategies as st
from scipy.stats.mstats import mquantiles

from boundary.stats import diagnostics as module
from boundary.stats.diagnostics import TAILS, convergence
from boundary.stats.intervals import quantile_positions
from boundary.stats.quiet_arviz import import_arviz

LEVEL = 0.9
ENDS = ((1 - LEVEL) / 2, 1 - (1 - LEVEL) / 2)
KINDS = (
    "normal",
    "heavy",
    "walk",
    "antithetic",
    "ties",
    "binary",
    "rare",
    "stuck",
    "shifted",
    "drifting",
    "rising",
)


def made_up_draws(kind, chains, n_draws, rng):
    """Draws (chain, draw) of a kind that has gone wrong somewhere, or might."""
    noise = rng.normal(size=(chains, n_draws))
    match kind:
        case "normal":
            return noise
        case "heavy":
            return rng.standard_cauchy((chains, n_draws))
        case "walk":
            return np.cumsum(noise, axis=1)
        case "antithetic":
            return noise + 3 * (-1.0) ** np.arange(n_draws)
        case "ties":
            return np.round(2 * noise) / 2
        case "binary":
            return (noise > 0.3).astype(float)
        case "rare":
            return (noise > 2.5).astype(float)
        case "stuck":
            return np.where(np.arange(chains)[:, None] == chains - 1, 2.0, noise)
        case "shifted":
            return noise + np.arange(chains)[:, None]
        case "drifting":
            return noise + 3 * np.linspace(0, 1, n_draws)
        case "rising":
            return np.broadcast_to(np.arange(n_draws) / 8, (chains, n_draws)).copy()


def by_arviz(values):
    """R-hat, effective draws and the errors of both ends of the interval, one quantity at a time, by ArviZ."""
    az = import_arviz()
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        r_hat = float(az.rhat(values, method="rank"))
        if not np.isfinite(r_hat):
            r_hat = float(az.rhat(values, method="z_scale"))
        bulk = float(az.ess(values, method="bulk"))
        tail = float(az.ess(values, method="tail", prob=TAILS))
        errors = [float(az.mcse(values, method="quantile", prob=prob)) for prob in ENDS]
    return r_hat, bulk, tail, max(errors)


def quantiles_are_the_same(values):
    """Whether ArviZ has the same draws below its quantiles; 0.23 interpolates with another rounding."""
    if int(version("arviz").split(".")[0]) >= 1:
        return True
    probs = [*TAILS, *ENDS]
    interpolated, exact = mquantiles(values, probs, alphap=1, betap=1), np.quantile(values, probs)
    return all((values <= a).sum() == (values <= b).sum() for a, b in zip(interpolated, exact, strict=True))


def assert_as_by_arviz(values):
    if not quantiles_are_the_same(values):
        return
    r_hat, bulk, tail, error = by_arviz(values)
    result = convergence(values, LEVEL)
    # Where each chain is stuck somewhere else, R-hat is the rounding of 0 / 0 or 1 / 0.
    if not (r_hat > 1e6 and result.r_hat > 1e6):
        assert result.r_hat == pytest.approx(r_hat, rel=1e-6, nan_ok=True)
    assert result.ess_bulk == pytest.approx(bulk, rel=1e-6)
    assert result.ess_tail == pytest.approx(tail, rel=1e-6)
    positions = quantile_positions(values.size, LEVEL)
    lower, upper = np.sort(values, axis=None)[[positions.lower, positions.upper]]
    if not np.isnan(result.interval_mc_error):
        assert result.interval_mc_error * (upper - lower) == pytest.approx(error, rel=1e-6)
    elif upper > lower:
        assert 2 * len(np.unique(values)) <= values.size + 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("chains", [1, 2, 4, 8])
@pytest.mark.parametrize("n_draws", [4, 5, 33, 192])
def test_the_numbers_are_those_of_arviz(kind, chains, n_draws, seed):
    values = made_up_draws(kind, chains, n_draws, np.random.default_rng(seed))
    if values.min() < values.max():
        assert_as_by_arviz(values)


@settings(max_examples=300)
@given(
    kind=st.sampled_from(KINDS),
    chains=st.integers(1, 9),
    n_draws=st.integers(4, 90),
    scale=st.sampled_from([1e-300, 1e-30, 1e-6, 1.0, 1e9, 1e300]),
    seed=st.integers(0, 2**32 - 1),
)
@example(kind="normal", chains=4, n_draws=2000, scale=1.0, seed=0)
@example(kind="walk", chains=8, n_draws=1999, scale=1.0, seed=0)
@example(kind="ties", chains=4, n_draws=2000, scale=1.0, seed=0)
def test_the_numbers_are_those_of_arviz_whatever_the_draws(kind, chains, n_draws, scale, seed):
    values = scale * made_up_draws(kind, chains, n_draws, np.random.default_rng(seed))
    halves = n_draws // 2
    kept = np.concatenate([values[:, :halves], values[:, -halves:]])
    if kept.min() < kept.max() and np.isfinite(values).all():
        assert_as_by_arviz(values)


def test_many_quantities_are_judged_as_one_by_one(seed, monkeypatch):
    rng = np.random.default_rng(seed)
    draws = np.stack([made_up_draws(kind, 4, 50, rng) for kind in KINDS] * 2).reshape(2, len(KINDS), 4, 50)
    draws[0, 0, 1, 3], draws[0, 1, 2, 4], draws[1, 2] = np.nan, np.inf, 7.0
    before = draws.copy()
    monkeypatch.setattr(module, "_DRAWS_AT_ONCE", 3 * 200)
    together = convergence(draws, LEVEL)
    alone = [convergence(quantity, LEVEL) for quantity in draws.reshape(-1, 4, 50)]
    for name in together._fields:
        values = getattr(together, name)
        assert values.shape == (2, len(KINDS))
        np.testing.assert_array_equal(values.ravel(), [getattr(quantity, name) for quantity in alone])
    np.testing.assert_array_equal(draws, before)


def test_single_precision_and_truth_values_are_judged_as_their_numbers(seed):
    draws = np.random.default_rng(seed).normal(size=(3, 4, 60)).astype(np.float32)
    np.testing.assert_array_equal(convergence(draws, LEVEL), convergence(draws.astype(float), LEVEL))
    np.testing.assert_array_equal(convergence(draws > 0), convergence((draws > 0).astype(float)))


def test_independent_draws_pass_and_a_stuck_chain_fails(seed):
    good = np.random.default_rng(seed).normal(size=(8, 200))
    stuck = good.copy()
    stuck[3] = 2.0
    assert convergence(np.stack([good, stuck])).ok.tolist() == [True, False]


def test_slow_chains_have_few_effective_draws(seed):
    walk = np.cumsum(np.random.default_rng(seed).normal(size=(8, 200)), axis=1)
    assert not convergence(walk).ok


def test_constant_infinite_and_undefined_draws(seed):
    rng = np.random.default_rng(seed)
    constant = np.ones((8, 200))
    some_infinite = np.where(rng.random((8, 200)) < 0.2, np.inf, rng.normal(size=(8, 200)))
    some_undefined = np.where(rng.random((8, 200)) < 0.2, np.nan, rng.normal(size=(8, 200)))
    kinds = [constant, 0.1 * constant, np.inf * constant, np.nan * constant, some_infinite, some_undefined]
    diagnostics = convergence(np.stack(kinds), LEVEL)
    assert diagnostics.ok.all(), diagnostics
    assert np.isnan(diagnostics.interval_mc_error).all()
    assert diagnostics.r_hat[:4].tolist() == [1.0] * 4
    # Infinity counts as more than any number, whatever its size.
    large = np.where(np.isinf(some_infinite), 1e6, some_infinite)
    np.testing.assert_allclose(convergence(some_infinite)[:3], convergence(large)[:3])
    undefined = np.isnan(some_undefined)
    np.testing.assert_allclose(convergence(some_undefined)[:3], convergence(undefined)[:3])


def test_draws_that_hardly_vary_are_judged_without_a_warning():
    values = np.ones((4, 100))
    values[2, 7] = 0.999
    assert convergence(values).r_hat == pytest.approx(1.0, abs=0.02)
    values[3] = 0.999
    assert not convergence(values).ok


def test_nothing_to_judge():
    nothing = convergence(np.empty((0, 4, 100)), LEVEL)
    assert nothing.ok.shape == (0,)
    assert np.isnan(convergence(np.ones((2, 4, 3)))).all()  # fewer than four draws a chain


def test_the_error_of_an_interval_is_that_of_its_ends_when_drawn_again(seed):
    rng = np.random.default_rng(seed)
    draws = rng.exponential(size=(400, 4, 250))
    positions = quantile_positions(1000, LEVEL)
    ordered = np.sort(draws.reshape(400, -1), axis=1)
    ends = ordered[:, [positions.lower, positions.upper]]
    spread = ends.std(axis=0, ddof=1).max() / np.diff(ends, axis=1).mean()
    assert np.mean(convergence(draws, LEVEL).interval_mc_error) == pytest.approx(spread, rel=0.15)


def test_draws_of_few_values_have_no_error_of_the_interval(seed):
    problems = np.random.default_rng(seed).binomial(40, 0.3, size=(4, 250))
    assert np.isnan(convergence(problems, LEVEL).interval_mc_error)
    with pytest.raises(ValueError, match="between 0 and 1"):
        convergence(problems, 95)


def test_arviz_is_imported_without_its_daily_notice(tmp_path):
    """ArviZ 0.23 warns on the first import of a day, which it remembers in the user's cache."""
    code = "from boundary.stats.quiet_arviz import import_arviz; import_arviz().rhat"
    command = [sys.executable, "-W", "error::FutureWarning", "-c", code]
    subprocess.run(command, check=True, env=os.environ | {"XDG_CACHE_HOME": str(tmp_path)})
