"""Intervals of breadth, and guess floors, hold the truth where it is known: 80 draws in each cell."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.breadth import PAIRS, PROBLEMS, SAMPLES, coverage_of_floors, coverage_of_pair

pytestmark = pytest.mark.slow

DRAWS = 80
# What coverage must be, on average over cells, and in each: three standard errors of 80 draws below.
LEAST = 0.92
LEAST_OF_A_CELL = LEAST - 3 * np.sqrt(LEAST * (1 - LEAST) / DRAWS)


@pytest.mark.parametrize("kinds", PAIRS, ids="-".join)
def test_intervals_of_breadth_hold_the_truth(kinds, seed):
    cells = [(n_problems, n_samples) for n_problems in PROBLEMS for n_samples in SAMPLES]
    rows = [row for cell in cells for row in coverage_of_pair(kinds, *cell, DRAWS, seed)]
    table = pd.DataFrame(rows)
    assert table["coverage"].min() >= LEAST_OF_A_CELL
    over_cells = table.groupby(["quantity", "of", "target"])["coverage"].mean()
    assert over_cells.min() >= LEAST, over_cells.to_string()


@pytest.mark.parametrize("concentration", [3.0, 30.0])
def test_measured_floors_hold_the_truth(concentration, seed):
    for n_problems in PROBLEMS:
        for n_samples in SAMPLES:
            cell = coverage_of_floors(n_problems, n_samples, concentration, DRAWS, seed)
            assert cell["coverage_of_mean"] >= LEAST
            assert cell["coverage_of_problems"] >= LEAST
