"""Figure of shrinkage against the rate of false positives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from boundary.analysis.figures.drawing import BASE_COLOUR, INK, RL_COLOURS, Layout, new_figure, percent_axis, title
from boundary.analysis.formatting import benchmark_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def tipping_point_figure(rows: pd.DataFrame) -> Figure:
    """Draw shrinkage over the false-positive rate for one pair as a new figure; rows as for `draw_tipping_point`."""
    return new_figure(Layout(right=2.3), draw_tipping_point, rows)


def draw_tipping_point(axes: Axes, rows: pd.DataFrame) -> None:
    """Draw shrinkage over the false-positive rate for one pair, a curve with its band for each k.

    Parameters
    ----------
    axes
        To draw on.
    rows
        Rows of `boundary.analysis.checks.tipping_point.error_curves` of one benchmark and model.
    """
    level = rows["level"].iloc[0]
    name = benchmark_name(str(rows["benchmark"].iloc[0]))
    title(axes, name, f"shrinkage (base less RL), {level:.0%} interval")
    axes.axhline(0, color=INK, linewidth=0.9)
    smallest = rows.loc[rows["false_positive_rate"] > 0, "false_positive_rate"].min()
    for colour, (k, curve) in zip((BASE_COLOUR, *RL_COLOURS), rows.groupby("k", sort=True), strict=False):
        # A rate of 0 stands a decade left of the smallest one: a log scale has no place for it.
        at = np.maximum(curve["false_positive_rate"], smallest / 10)
        extrapolated = bool(curve["extrapolated"].any())
        axes.fill_between(at, curve["lower"], curve["upper"], color=colour, alpha=0.15, linewidth=0)
        label = f"k = {float(str(k)):.0f}" + ", extrapolated" * extrapolated
        axes.plot(
            at, curve["mean"], color=colour, linestyle=(0, (3, 2)) if extrapolated else "-", marker="o", label=label
        )
    axes.set_xscale("log")
    ticks = sorted({smallest / 10, *rows.loc[rows["false_positive_rate"] > 0, "false_positive_rate"]})
    axes.set_xticks(ticks, ["0", *(f"{rate:g}" for rate in ticks[1:])])
    axes.minorticks_off()
    axes.set_xlabel("false-positive rate of the verifier")
    percent_axis(axes, "shrinkage, percentage points", signed=True)
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False)
