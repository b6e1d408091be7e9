"""Figure of pass@k: the curve of every model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from boundary.analysis.estimates.table import BOUNDS, select
from boundary.analysis.figures.drawing import (
    End,
    arm_label,
    budget_axis,
    draw_bounds,
    draw_curve,
    draw_points,
    headline,
    interval_words,
    label_ends,
    percent_axis,
)
from boundary.analysis.figures.figure import FigureData
from boundary.analysis.figures.header import Entry, header
from boundary.analysis.figures.messages import comparison_message

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# So many models may have the ranges that counts allow shaded: overlapping ranges of more tell nobody anything.
MOST_RANGES = 3
BOUNDS_WORDS = "; faint: prior-free bounds"


def draw_pass_at_k(axes: Axes, data: FigureData) -> None:
    """Draw pass@k of every model: posterior with its band, and the unbiased estimates as points."""
    rows = select(data.rows, estimand="pass_at_k")
    looks = data.looks_of(rows)
    with_bounds = has_few_bounds(rows)
    ends = []
    for model, look in looks.items():
        curve = data.curve("pass_at_k", model)
        if with_bounds:
            draw_bounds(axes, rows, data.n, look, model)
        draw_curve(axes, curve, data.n, look, model)
        draw_points(axes, rows, data.n, look, model)
        ends.append(End(float(curve.middle[-1]), Entry(model, arm_label(model, data.base, len(looks) <= 2), look)))
    low, high = axes.get_ylim()
    axes.set_ylim(max(low, -0.02), min(max(high, 0.05), 1.03))
    percent_axis(axes, "pass@k, share of problems solved")
    budget_axis(axes, rows, data.n)
    label_ends(axes, ends)
    words = f"{headline(rows, data.benchmark)}. Line, band: posterior, {interval_words(rows)}; points: unbiased"
    words += BOUNDS_WORDS * with_bounds
    header(axes, comparison_message(data), words, [end.entry for end in ends])


def has_few_bounds(rows: pd.DataFrame) -> bool:
    """Whether to shade what counts allow."""
    return 0 < select(rows, kind=BOUNDS)["model"].nunique() <= MOST_RANGES
