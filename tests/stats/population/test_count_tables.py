"""Tables of distinct counts: the same rows whether they are kept for every model or computed for one."""

import numpy as np
import pytest

from boundary.stats.population.count_tables import MOST_KEPT_SAMPLES, count_tables
from boundary.stats.population.grid import Grid


@pytest.mark.parametrize("n", [1, 64, MOST_KEPT_SAMPLES, MOST_KEPT_SAMPLES + 1])
def test_rows_are_those_of_the_grid(n):
    n_correct = np.array([[0], [n], [n // 3], [0], [n // 2]])
    grid = Grid.for_samples(n)
    (table,) = count_tables(n_correct, np.full_like(n_correct, n), grid, None)
    counts, samples, _ = table.distinct
    likelihood, log_largest = grid.likelihood(counts, samples)
    np.testing.assert_allclose(table.likelihood[: table.n_rows], likelihood, rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(table.log_largest, log_largest, atol=1e-12)
    np.testing.assert_allclose(table.quantiles[: table.n_rows], grid.quantiles(counts, samples), rtol=1e-6)
    assert (counts[table.row] == n_correct[:, 0]).all()


def test_other_numbers_of_samples_and_wrong_verdicts_have_rows_of_their_own():
    grid = Grid.for_samples(64)
    n_correct, n_samples = np.array([[0], [0], [9]]), np.array([[64], [16], [64]])
    (table,) = count_tables(n_correct, n_samples, grid, None)
    assert table.n_rows == 3
    first, second = table.likelihood[table.row[:2]]
    assert (first[:-1] <= second[:-1]).all(), "16 failures say less against a high rate than 64"
    assert first[20] < second[20]
