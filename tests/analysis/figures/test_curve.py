"""Drawn curves: what lies between the estimates."""

import numpy as np

from boundary.analysis.figures.curve import Curve, smooth


def test_a_curve_that_rises_by_no_normal_number_is_drawn_without_a_warning():
    """Both models solve everything: shrinkage is zero but for numbers too small to divide by."""
    k, tiny = np.array([1.0, 2.0, 4.0]), np.array([0.0, 1e-310, 3e-310])
    curve = smooth(Curve(k, tiny, tiny, tiny))
    assert (curve.middle == 0).all()
