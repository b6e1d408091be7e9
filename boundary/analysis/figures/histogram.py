"""Figure of how the solve rates are spread over the problems."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from boundary.analysis.estimates.table import OBSERVED, POSTERIOR, select
from boundary.analysis.figures.drawing import arm_label, headline, interval_words, name_ticks, percent_axis
from boundary.analysis.figures.figure import FigureData
from boundary.analysis.figures.header import Entry, header, is_narrow
from boundary.analysis.figures.layout import Layout
from boundary.analysis.figures.messages import histogram_message
from boundary.analysis.figures.palette import PAGE, RULE, Look
from boundary.analysis.figures.side_labels import label_side
from boundary.analysis.figures.tags import tag_marks, tag_model

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BINS = ("0", *(f"\N{LESS-THAN OR EQUAL TO}.{high}" for high in range(1, 10)), "<1", "1")


def histogram_layout(data: FigureData, narrow: bool) -> Layout:
    """A panel for each RL model, or for a model alone."""
    return Layout(rows=len(_rl_models(data)) or 1, height=1.9, right=0.12 if narrow else 1.75)


def draw_histogram(axes: Any, data: FigureData) -> None:
    """Draw how the solve rates are spread over the problems: posterior bars, and the observed c/n as points."""
    rows = select(data.rows, estimand="accuracy_histogram")
    rl_models = _rl_models(data)
    for i_panel, panel in enumerate(np.ravel(axes)):
        models = [model for model in (data.base, *rl_models[i_panel : i_panel + 1]) if model is not None]
        entries = []
        for i, model in enumerate(models):
            draw_bars(panel, select(rows, model=model), data.looks[model], model, i, len(models))
            entries.append(Entry(model, arm_label(model, data.base, len(rl_models) == 1), data.looks[model]))
        name_ticks(panel.xaxis, BINS if not is_narrow(panel) else _every_second(BINS))
        panel.set_xlabel("solve rate p of a problem")
        panel.grid(axis="y", color=RULE, linewidth=0.5, alpha=0.7)
        percent_axis(panel, "share of problems")
        panel.set_ylim(bottom=0)
        label_side(panel, entries)
        words = f"{headline(rows, data.benchmark)}. Bars: posterior of p, {interval_words(rows)}; points: observed c/n"
        header(panel, histogram_message(data, models[-1]), words, entries)


def _every_second(names: Sequence[str]) -> list[str]:
    """The names at the ends, and every second one between them."""
    return [
        name if i in (0, len(names) - 1) or (i % 2 == 0 and i < len(names) - 2) else "" for i, name in enumerate(names)
    ]


def _rl_models(data: FigureData) -> list[str]:
    rows = select(data.rows, estimand="accuracy_histogram")
    return [model for model in dict.fromkeys(rows["model"]) if model != data.base]


def draw_bars(axes: Axes, rows: pd.DataFrame, look: Look, model: str, i: int, models: int) -> None:
    """Draw one model's bars, the i-th of so many models beside each other in each bin."""
    from matplotlib.collections import PolyCollection

    posterior, observed = (select(rows, kind=kind).sort_values("tau") for kind in (POSTERIOR, OBSERVED))
    width = 0.8 / models
    places = np.arange(len(posterior)) + (i - (models - 1) / 2) * width
    half = 0.46 * width
    mean, lower, upper = (posterior[name].to_numpy(dtype=float) for name in ("mean", "lower", "upper"))
    corners = [
        [(x - half, 0), (x - half, top), (x + half, top), (x + half, 0)] for x, top in zip(places, mean, strict=True)
    ]
    bars = PolyCollection(corners, facecolors=look.colour, alpha=0.4, linewidths=0)
    values = zip(BINS, mean.tolist(), lower.tolist(), upper.tolist(), strict=False)
    items = [{"name": f"p {name}", "value": value, "lower": low, "upper": high} for name, value, low, high in values]
    tag_marks(bars, items, model=model, unit="%")
    axes.add_collection(bars)
    tag_model(axes.vlines(places, lower, upper, color=look.colour, linewidth=1.1), model)
    if len(observed):
        style: dict[str, Any] = {"linestyle": "none", "marker": look.marker, "markersize": 3.6}
        (points,) = axes.plot(places, observed["mean"], color=PAGE, markeredgecolor=look.colour, **style)
        tag_model(points, model)
