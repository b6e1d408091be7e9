"""Figure of pass@k: the curve of every model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from boundary.analysis.estimates.table import BOUNDS, OBSERVED, select
from boundary.analysis.figures.drawing import (
    arm_label,
    budget_axis,
    curve_of,
    draw_bounds,
    draw_curve,
    explain,
    label_ends,
    percent_axis,
)
from boundary.analysis.figures.figure import FigureData

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# So many models may have the ranges that counts allow shaded: overlapping ranges of more tell nobody anything.
MOST_RANGES = 3
BOUNDS_WORDS = "; faint: what counts allow"


def draw_pass_at_k(axes: Axes, data: FigureData) -> None:
    """Draw pass@k of every model: posterior with its band, and the unbiased estimates as points."""
    rows = select(data.rows, estimand="pass_at_k")
    with_bounds = has_few_bounds(rows)
    words = "line, band: posterior, {level:.0%} interval; points: unbiased estimates" + BOUNDS_WORDS * with_bounds
    explain(axes, rows, data.benchmark, words)
    base = data.base
    colours = colours_of_models(rows, data)
    ends = []
    for model, colour in colours.items():
        curve = curve_of(rows, model)
        if with_bounds:
            draw_bounds(axes, rows, model, data.n, colour)
        draw_curve(axes, curve, curve_of(rows, model, OBSERVED), data.n, colour)
        ends.append((float(curve.middle[-1]), arm_label(model, base, alone=len(colours) <= 2), colour))
    percent_axis(axes, "pass@k, share of problems solved")
    budget_axis(axes, rows, data.n)
    label_ends(axes, ends)


def colours_of_models(rows: pd.DataFrame, data: FigureData) -> dict[str, str]:
    """Models that have rows, each with the colour that it has in every figure."""
    present = set(rows["model"])
    return {model: colour for model, colour in data.colours.items() if model in present}


def has_few_bounds(rows: pd.DataFrame) -> bool:
    """Whether to shade what counts allow."""
    return 0 < select(rows, kind=BOUNDS)["model"].nunique() <= MOST_RANGES
