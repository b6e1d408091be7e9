"""Figure of shrinkage: pass@k of the base less that of each RL model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from boundary.analysis.estimates.table import OBSERVED, POSTERIOR, SIMULTANEOUS, select
from boundary.analysis.figures.drawing import (
    INK,
    MUTED,
    Layout,
    arm_label,
    budget_axis,
    curve_of,
    draw_band_edges,
    draw_bounds,
    draw_curve,
    explain,
    label_ends,
    percent_axis,
)
from boundary.analysis.figures.figure import FigureData
from boundary.analysis.figures.pass_at_k import BOUNDS_WORDS, colours_of_models, has_few_bounds

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def shrinkage_layout(data: FigureData) -> Layout:
    """One panel, with room for the names of the RL models where there are several."""
    right = 1.85 if select(data.rows, estimand="shrinkage")["model"].nunique() > 1 else 0.3
    return Layout(width=6.75 - right, right=right)


def draw_shrinkage(axes: Axes, data: FigureData) -> None:
    """Draw pass@k of the base less that of each RL model over k, with band, zero line and crossover."""
    rows = select(data.rows, estimand="shrinkage")
    base = data.base
    colours = colours_of_models(rows, data)
    with_band = len(colours) == 1 and not select(rows, kind=SIMULTANEOUS).empty
    with_bounds = has_few_bounds(rows)
    words = "base less RL: posterior, {level:.0%} interval; points: unbiased" + BOUNDS_WORDS * with_bounds
    explain(axes, rows, data.benchmark, words + "; dotted: all k at once" * with_band)
    axes.axhline(0, color=INK, linewidth=0.9)
    ends = []
    for model, colour in colours.items():
        curve = curve_of(rows, model)
        if with_bounds:
            draw_bounds(axes, rows, model, data.n, colour)
        if with_band:
            draw_band_edges(axes, curve_of(rows, model, SIMULTANEOUS), colour)
        draw_curve(axes, curve, curve_of(rows, model, OBSERVED), data.n, colour)
        ends.append((float(curve.middle[-1]), arm_label(model, base, alone=False), colour))
    percent_axis(axes, "shrinkage, percentage points", signed=True)
    budget_axis(axes, rows, data.n)
    name_sides(axes)
    if len(ends) == 1:
        mark_crossover(axes, data.rows)
    else:
        label_ends(axes, ends)


def name_sides(axes: Axes) -> None:
    """Say in words what each side of the zero line means."""
    low, high = axes.get_ylim()
    spare = 0.12 * (high - low)
    axes.set_ylim(min(low, -spare), max(high, spare))
    words = {"base solves more": (6, 4, "bottom"), "RL solves more": (6, -4, "top")}
    place = axes.get_yaxis_transform()
    for text, (x, y, side) in words.items():
        axes.annotate(text, (0, 0), (x, y), place, "offset points", color=MUTED, va=side)


def mark_crossover(axes: Axes, rows: pd.DataFrame) -> None:
    """Mark the crossover and its interval on the zero line, with an arrow where the interval has no end."""
    crossover = select(rows, kind=POSTERIOR, estimand="crossover")
    if crossover.empty or not np.isfinite(crossover["median"].iloc[0]):
        return
    median, lower, upper = (float(crossover[column].iloc[0]) for column in ("median", "lower", "upper"))
    edge = min(upper, axes.get_xlim()[1])
    axes.plot([lower, edge], [0, 0], color=INK, linewidth=4, solid_capstyle="butt", alpha=0.55)
    axes.plot([median], [0], "D", color=INK, markersize=5, markeredgecolor="white")
    end = f"{upper:,.0f}" if np.isfinite(upper) else "none"
    words = f"crossover at k = {median:,.0f} [{lower:,.0f}, {end}]"
    # Shrinkage rises through zero here, so what is free is below to the right and above to the left.
    below = median < np.sqrt(np.prod(axes.get_xlim()))
    axes.annotate(
        words,
        (median, 0),
        (4, -8) if below else (-4, 8),
        textcoords="offset points",
        ha="left" if below else "right",
        va="top" if below else "bottom",
        fontsize=8.5,
        fontweight="bold",
        bbox={"facecolor": "white", "alpha": 0.6, "linewidth": 0, "pad": 0.5},
    )
