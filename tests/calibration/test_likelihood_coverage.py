"""Intervals of the likelihood hold the truth in simulations (`make calibration`)."""

from math import sqrt

import pytest

pytestmark = pytest.mark.slow

DRAWS, LEAST = 80, 0.92


def test_intervals_hold_the_truth():
    from benchmarks.likelihood import coverage

    differences, reach = coverage(DRAWS)
    differences = differences.loc[~differences["quantity"].str.contains("plain|locations|shrunk")]
    assert (differences["held"] >= LEAST - 2 * sqrt(LEAST * (1 - LEAST) / DRAWS)).all()
    assert (differences.groupby("quantity")["held"].mean() >= LEAST).all()
    bounds = reach.loc[reach["quantity"] == "lower end of the expected bound"]
    assert (bounds["held"] >= LEAST).all()
    sampling = reach.loc[(reach["quantity"] == "importance sampling") & ~reach["cell"].str.contains("right tail")]
    assert (sampling["held"] * sampling["n"]).sum() / sampling["n"].sum() >= LEAST
