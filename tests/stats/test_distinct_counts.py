"""Rows of counts that differ, and the place of each among them."""

import numpy as np
import pytest

from boundary.stats.distinct_counts import distinct_rows


@pytest.mark.parametrize("most", [3, 1000, 1 << 40])
def test_distinct_rows_are_those_of_numpy(seed, most):
    counts = np.random.default_rng(seed).integers(0, 5, (200, 3)) * (most // 3)
    rows, place = distinct_rows(counts)
    np.testing.assert_array_equal(rows, np.unique(counts, axis=0))
    np.testing.assert_array_equal(rows[place], counts)


def test_no_problem_has_no_row():
    rows, place = distinct_rows(np.empty((0, 2), dtype=int))
    assert rows.shape == (0, 2)
    assert not len(place)
