"""Figure of shrinkage: pass@k of the base less that of each RL model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from boundary.analysis.estimates.table import POSTERIOR, SIMULTANEOUS, furthest_budget, select
from boundary.analysis.figures.curve import curve_of
from boundary.analysis.figures.drawing import (
    End,
    arm_label,
    budget_axis,
    draw_band_edges,
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
from boundary.analysis.figures.layout import Layout
from boundary.analysis.figures.messages import comparison_message
from boundary.analysis.figures.palette import INK, MUTED, PAGE
from boundary.analysis.figures.pass_at_k import BOUNDS_WORDS, has_few_bounds
from boundary.analysis.formatting import crossover_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def shrinkage_layout(data: FigureData, narrow: bool) -> Layout:
    """One panel, with room for the names of the RL models where there are several."""
    has_several_models = select(data.rows, estimand="shrinkage")["model"].nunique() > 1
    return Layout(right=1.75 if has_several_models and not narrow else 0.12)


def draw_shrinkage(axes: Axes, data: FigureData) -> None:
    """Draw pass@k of the base less that of each RL model over k, with band, zero line and crossover."""
    rows = select(data.rows, estimand="shrinkage")
    looks = data.looks_of(rows)
    with_band = len(looks) == 1 and not select(rows, kind=SIMULTANEOUS).empty
    with_bounds = has_few_bounds(rows)
    axes.axhline(0, color=INK, linewidth=0.9)
    ends = []
    for model, look in looks.items():
        curve = data.curve("shrinkage", model)
        if with_bounds:
            draw_bounds(axes, rows, data.n, look, model)
        if with_band:
            draw_band_edges(axes, curve_of(rows, model, SIMULTANEOUS), look, model)
        draw_curve(axes, curve, data.n, look, model)
        draw_points(axes, rows, data.n, look, model)
        ends.append(End(float(curve.middle[-1]), Entry(model, arm_label(model, data.base, alone=False), look)))
    percent_axis(axes, "shrinkage (base less RL), points", signed=True)
    budget_axis(axes, rows, data.n)
    name_sides(axes)
    if len(ends) == 1 and data.unconverged_models.isdisjoint(looks):
        mark_crossover(axes, data.rows)
    elif len(ends) > 1:
        label_ends(axes, ends)
    words = f"{headline(rows, data.benchmark)}. Base less RL: posterior, {interval_words(rows)}; points: unbiased"
    words += BOUNDS_WORDS * with_bounds + "; thin lines: all k at once" * with_band
    header(axes, comparison_message(data), words, [end.entry for end in ends] if len(ends) > 1 else [])


def name_sides(axes: Axes) -> None:
    """Say in words what each side of the zero line means."""
    low, high = axes.get_ylim()
    spare = 0.17 * (high - low)
    axes.set_ylim(min(low, -spare), max(high, spare))
    words = {"base solves more": (5, 4, "bottom"), "RL solves more": (5, -4, "top")}
    place = axes.get_yaxis_transform()
    behind = {"facecolor": PAGE, "alpha": 0.75, "linewidth": 0, "pad": 0.8}
    for text, (x, y, side) in words.items():
        axes.annotate(text, (0, 0), (x, y), place, "offset points", color=MUTED, va=side, bbox=behind)


def mark_crossover(axes: Axes, rows: pd.DataFrame) -> None:
    """Mark the crossover and its interval on the zero line, and write it in the corner that the curve leaves free."""
    crossover = select(rows, kind=POSTERIOR, estimand="crossover")
    if crossover.empty or not np.isfinite(crossover["median"].iloc[0]):
        return
    median, lower, upper = (float(crossover[column].iloc[0]) for column in ("median", "lower", "upper"))
    edge = min(upper, axes.get_xlim()[1])
    axes.plot([lower, edge], [0, 0], color=INK, linewidth=4, solid_capstyle="butt", alpha=0.55)
    axes.plot([median], [0], "D", color=INK, markersize=5, markeredgecolor=PAGE)
    # Shrinkage rises through zero here, so the upper left is free.
    axes.annotate(
        f"crossover at k = {crossover_text(median, lower, upper, furthest_budget(rows))}",
        (0.015, 0.985),
        xycoords="axes fraction",
        va="top",
        fontweight="bold",
    )
