"""Figure of how the solve rates are spread over the problems."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from boundary.analysis.estimates.table import OBSERVED, POSTERIOR, select
from boundary.analysis.figures.drawing import (
    RULE,
    Layout,
    arm_label,
    headline,
    name_ticks,
    percent_axis,
    title,
)
from boundary.analysis.figures.figure import FigureData

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BINS = ("0", *(f"\N{LESS-THAN OR EQUAL TO} .{high}" for high in range(1, 10)), "< 1", "1")


def histogram_layout(data: FigureData) -> Layout:
    """A panel for each RL model, or for a model alone."""
    return Layout(rows=len(_rl_models(data)) or 1, height=2.3, right=1.95)


def draw_histogram(axes: Any, data: FigureData) -> None:
    """Draw how the solve rates are spread over the problems: posterior bars, and the observed c/n as circles."""
    rows = select(data.rows, estimand="accuracy_histogram")
    base, colours = data.base, data.colours
    rl_models = _rl_models(data)
    for i_panel, panel in enumerate(np.ravel(axes)):
        models = [model for model in (base, *rl_models[i_panel : i_panel + 1]) if model is not None]
        for i, model in enumerate(models):
            draw_bars(panel, select(rows, model=model), colours[model], i, len(models))
            words = {"xycoords": "axes fraction", "color": colours[model], "fontweight": "bold", "va": "top"}
            panel.annotate(arm_label(model, base, alone=len(rl_models) == 1), (1.02, 1 - 0.4 * i), **words)
        name_ticks(panel.xaxis, BINS)
        panel.set_xlabel("solve rate p of a problem")
        panel.grid(axis="y", color=RULE, linewidth=0.5, alpha=0.7)
        percent_axis(panel, "share of problems")
        title(panel, headline(rows, data.benchmark), "bars: posterior of p, with intervals; circles: observed c/n")


def _rl_models(data: FigureData) -> list[str]:
    rows = select(data.rows, estimand="accuracy_histogram")
    return [model for model in dict.fromkeys(rows["model"]) if model != data.base]


def draw_bars(axes: Axes, rows: pd.DataFrame, colour: str, i: int, models: int) -> None:
    """Draw one model's bars, the i-th of so many models beside each other in each bin."""
    from matplotlib.collections import PolyCollection

    posterior, observed = (select(rows, kind=kind).sort_values("tau") for kind in (POSTERIOR, OBSERVED))
    width = 0.8 / models
    places = np.arange(len(posterior)) + (i - (models - 1) / 2) * width
    half = 0.46 * width
    tops = posterior["mean"].to_numpy()
    corners = [
        [(x - half, 0), (x - half, top), (x + half, top), (x + half, 0)] for x, top in zip(places, tops, strict=True)
    ]
    bars = PolyCollection(corners, facecolors=colour, alpha=0.45, linewidths=0)
    bars.sticky_edges.y.append(0)
    axes.add_collection(bars)
    axes.vlines(places, posterior["lower"], posterior["upper"], color=colour, linewidth=1.2)
    if len(observed):
        axes.plot(places, observed["mean"], "o", color="white", markeredgecolor=colour, markersize=4)
