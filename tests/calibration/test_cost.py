"""Intervals of cost cover the truth of simulated attempts (`benchmarks.cost`)."""

import numpy as np
import pytest

from benchmarks.cost import CELLS, EXACT, simulate

pytestmark = pytest.mark.slow

DATA_SETS, LEAST_COVERAGE = 80, 0.92
# Means of all attempts alone cannot tell right from wrong ones: docs/cost.md says when not to use them.
TOLD_APART = [name for name, cell in CELLS.items() if cell.rates == EXACT and cell.seen_as != "means"]


@pytest.mark.parametrize("name", TOLD_APART)
def test_intervals_cover_the_truth(name):
    rows = [row for number in range(DATA_SETS) for row in simulate(name, CELLS[name], number)]
    for quantity in ("pass@B, base", "pass@B, RL", "shrinkage", "crossover", "budget for half"):
        held = np.array([row["held"] for row in rows if row["quantity"] == quantity])
        # Rows of one data set are not independent: two standard errors of 80 of them are .05.
        assert held.mean() >= LEAST_COVERAGE - 0.03, quantity
