"""Convergence of reported quantities: what it passes and what it must not pass."""

import os
import subprocess
import sys

import numpy as np
import pytest
import xarray as xr

from boundary.stats.diagnostics import convergence
from boundary.stats.intervals import summarise


def draws(values):
    return xr.DataArray(np.asarray(values, float), dims=("chain", "draw"))


def test_independent_draws_pass_and_a_stuck_chain_fails(seed):
    good = np.random.default_rng(seed).normal(size=(8, 200))
    stuck = good.copy()
    stuck[3] = 2.0
    diagnostics = convergence({"good": draws(good), "stuck": draws(stuck)})
    assert diagnostics["good"].ok
    assert not diagnostics["stuck"].ok


def test_slow_chains_have_few_effective_draws(seed):
    walk = np.cumsum(np.random.default_rng(seed).normal(size=(8, 200)), axis=1)
    assert not convergence({"walk": draws(walk)})["walk"].ok


def test_constant_infinite_and_undefined_draws(seed):
    rng = np.random.default_rng(seed)
    some_infinite = np.where(rng.random((8, 200)) < 0.2, np.inf, rng.normal(size=(8, 200)))
    some_undefined = np.where(rng.random((8, 200)) < 0.2, np.nan, rng.normal(size=(8, 200)))
    diagnostics = convergence(
        {
            "constant": draws(np.ones((8, 200))),
            "never": draws(np.full((8, 200), np.inf)),
            "undefined": draws(np.full((8, 200), np.nan)),
            "some infinite": draws(some_infinite),
            "some undefined": draws(some_undefined),
        }
    )
    assert all(quantity.ok for quantity in diagnostics.values()), diagnostics


def test_draws_that_hardly_vary_are_judged_without_a_warning():
    values = np.ones((4, 100))
    values[2, 7] = 0.999
    once = convergence({"once": xr.DataArray(values, dims=("chain", "draw"))})["once"]
    assert once.r_hat == pytest.approx(1.0, abs=0.02)
    values[3] = 0.999
    assert not convergence({"stuck": xr.DataArray(values, dims=("chain", "draw"))})["stuck"].ok


def test_nothing_to_judge():
    assert convergence({}) == {}


def test_summary_keeps_infinity_and_leaves_out_the_undefined():
    summary = summarise(np.array([2.0, 3.0, np.inf, np.nan]), 0.5)
    assert summary.median == 3.0
    assert summary.upper == np.inf
    assert summary.prob_positive == 1.0
    assert np.isnan(summarise(np.array([np.nan]), 0.95).mean)


def test_arviz_is_imported_without_its_daily_notice(tmp_path):
    """ArviZ 0.23 warns on the first import of a day, which it remembers in the user's cache."""
    code = "from boundary.stats.quiet_arviz import import_arviz; import_arviz().rhat"
    command = [sys.executable, "-W", "error::FutureWarning", "-c", code]
    subprocess.run(command, check=True, env=os.environ | {"XDG_CACHE_HOME": str(tmp_path)})
