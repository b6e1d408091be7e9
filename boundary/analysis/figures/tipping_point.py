"""Figure of shrinkage against the rate of false positives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from boundary.analysis.figures.drawing import percent_axis
from boundary.analysis.figures.header import Entry, header
from boundary.analysis.figures.layout import Layout, new_figure
from boundary.analysis.figures.palette import BASE_LOOK, EXTRAPOLATED_DASH, INK, RL_LOOKS
from boundary.analysis.figures.side_labels import label_side
from boundary.analysis.figures.tags import tag_marks
from boundary.analysis.figures.widths import NARROW, PAGE_WIDTH
from boundary.analysis.formatting import benchmark_name, level_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def tipping_point_figure(rows: pd.DataFrame, width: float = PAGE_WIDTH) -> Figure:
    """Draw shrinkage over the false-positive rate for one pair as a new figure; rows as for `draw_tipping_point`."""
    return new_figure(tipping_point_layout(width < NARROW), draw_tipping_point, rows, width=width)


def tipping_point_layout(narrow: bool) -> Layout:
    """One panel, with room for the names of the budgets."""
    return Layout(right=0.12 if narrow else 1.75)


def draw_tipping_point(axes: Axes, rows: pd.DataFrame) -> None:
    """Draw shrinkage over the false-positive rate for one pair, a curve with its band for each k.

    Parameters
    ----------
    axes
        To draw on.
    rows
        Rows of `boundary.analysis.checks.tipping_point.tipping_point_curves` of one benchmark and model.
    """
    level, name = float(rows["level"].iloc[0]), benchmark_name(str(rows["benchmark"].iloc[0]))
    axes.axhline(0, color=INK, linewidth=0.9)
    smallest = rows.loc[rows["false_positive_rate"] > 0, "false_positive_rate"].min()
    entries = []
    for look, (k, curve) in zip((BASE_LOOK, *RL_LOOKS), rows.groupby("k", sort=True), strict=False):
        # A rate of 0 stands a decade left of the smallest one: a log scale has no place for it.
        at = np.maximum(curve["false_positive_rate"], smallest / 10)
        extrapolated = bool(curve["extrapolated"].any())
        label = f"k = {float(str(k)):,.0f}" + ", extrapolated" * extrapolated
        axes.fill_between(at, curve["lower"], curve["upper"], color=look.colour, alpha=0.15, linewidth=0)
        axes.plot(at, curve["mean"], color=look.colour, linestyle=EXTRAPOLATED_DASH if extrapolated else look.dash)
        (points,) = axes.plot(at, curve["mean"], look.marker, color=look.colour, markersize=4.3)
        values = zip(*(curve[part] for part in ("false_positive_rate", "mean", "lower", "upper")), strict=True)
        items = [
            {"name": f"rate {rate:g}", "value": mean, "lower": low, "upper": high} for rate, mean, low, high in values
        ]
        tag_marks(points, items, unit="points", of=label)
        entries.append(Entry("", label, look))
    axes.set_xscale("log")
    ticks = sorted({smallest / 10, *rows.loc[rows["false_positive_rate"] > 0, "false_positive_rate"]})
    axes.set_xticks(ticks, ["0", *(f"{rate:g}" for rate in ticks[1:])])
    axes.minorticks_off()
    axes.set_xlabel("false-positive rate of the verifier")
    percent_axis(axes, "shrinkage (base less RL), points", signed=True)
    label_side(axes, entries)
    words = f"{name}. Shrinkage, base less RL, {level_text(level)} interval"
    header(axes, "What wrongly accepted samples would change", words, entries)
