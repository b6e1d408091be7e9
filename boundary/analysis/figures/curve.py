"""An estimand over k, as the figures draw it."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pandas as pd

from boundary.analysis.estimates.table import POSTERIOR, Kind, select

# Octaves between the points of a drawn curve, at most.
STEP = 0.2
# Decimals of a drawn share, far finer than what a figure shows.
DECIMALS = 12


class Curve(NamedTuple):
    """An estimand over k: float arrays of one length, sorted by k."""

    k: np.ndarray
    middle: np.ndarray
    lower: np.ndarray
    upper: np.ndarray


def curve_of(rows: pd.DataFrame, model: str, kind: Kind | None = POSTERIOR) -> Curve:
    """Take one model's estimand over k: the posterior, estimates from the counts alone, bounds or a band."""
    curve = select(rows, kind=kind, model=model).sort_values("k")
    return Curve(*(curve[column].to_numpy(dtype=float) for column in ("k", "mean", "lower", "upper")))


def smooth(curve: Curve) -> Curve:
    """A curve at more budgets where they are far apart, monotone between them (Fritsch and Carlson 1980)."""
    from scipy.interpolate import PchipInterpolator

    if len(curve.k) < 3:
        return curve
    at = np.log2(curve.k)
    steps = [np.linspace(a, b, int(np.ceil((b - a) / STEP)), endpoint=False) for a, b in pairwise(at)]
    places = np.concatenate([*steps, at[-1:]])
    # Slopes that are no normal numbers overflow where they are divided by.
    parts = [np.round(part, DECIMALS) for part in curve[1:]]
    # Budgets of the estimates stay exactly what they are.
    return Curve(np.round(2.0**places, 6), *(PchipInterpolator(at, part)(places) for part in parts))
