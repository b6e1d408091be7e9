"""Figure of the counts: how many problems have how many correct samples, and how many the population predicts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from boundary.analysis.figures.drawing import arm_label, headline, interval_words, name_ticks
from boundary.analysis.figures.figure import FigureData
from boundary.analysis.figures.flows import problem_axis
from boundary.analysis.figures.header import Entry, header
from boundary.analysis.figures.layout import Layout
from boundary.analysis.figures.messages import UNCONVERGED
from boundary.analysis.figures.palette import INK, RULE, Look
from boundary.analysis.figures.side_labels import label_side
from boundary.analysis.figures.tags import tag_marks, tag_model

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# More arms than these make a figure that nobody looks at.
MOST_ARMS = 3
# Points that a label of a bin takes, about.
LABEL_ROOM = 34.0


def has_counts(data: FigureData) -> bool:
    """Whether there is a posterior with a population, of few enough models."""
    return 0 < len(data.rates) <= MOST_ARMS and all(bins is not None for bins in data.predicted_counts.values())


def counts_layout(data: FigureData, narrow: bool) -> Layout:
    """A panel for each model, the base first."""
    return Layout(rows=len(data.predicted_counts), height=1.5, right=0.12 if narrow else 1.75)


def draw_counts(axes: Any, data: FigureData) -> None:
    """Draw the observed histogram of correct samples as bars, and the predictive one of new problems as points."""
    level = float(data.rows["level"].dropna().iloc[0])
    for panel, (model, bins) in zip(np.ravel(axes), data.predicted_counts.items(), strict=True):
        assert bins is not None  # has_counts has looked
        draw_predictive(panel, bins, data.looks[model], model)
        entries = [Entry(model, arm_label(model, data.base, len(data.rates) == 1), data.looks[model])]
        label_side(panel, entries)
        words = (
            f"{headline(data.rows, data.benchmark)}. Bars: observed; points: expected of new problems of the fitted "
        )
        words += f"population, {interval_words(data.rows)}"
        arm = model if model in data.rates else next(iter(data.rates))  # the base is of the first fit
        message = UNCONVERGED if arm in data.unconverged_models else _message(bins, level)
        header(panel, message, words, entries)


def _message(bins: pd.DataFrame, level: float) -> str:
    """How many bins lie outside their intervals, and how many would by chance."""
    outside = int(((bins["observed"] < bins["lower"]) | (bins["observed"] > bins["upper"])).sum())
    by_chance = (1 - level) * len(bins)
    if outside <= by_chance:
        return "The counts are as the fitted population predicts"
    return f"{outside} of {len(bins)} bars outside the interval, where chance alone gives {by_chance:.1g}"


def draw_predictive(axes: Axes, bins: pd.DataFrame, look: Look, model: str) -> None:
    """Draw one model's bars, and the prediction over each."""
    from matplotlib.collections import PolyCollection

    places = np.arange(len(bins))
    observed, mean, lower, upper = (bins[name].to_numpy(dtype=float) for name in ("observed", "mean", "lower", "upper"))
    corners = [
        [(x - 0.42, 0), (x - 0.42, top), (x + 0.42, top), (x + 0.42, 0)]
        for x, top in zip(places, observed, strict=True)
    ]
    bars = PolyCollection(corners, facecolors=look.colour, alpha=0.4, linewidths=0)
    parts = zip(bins["label"], observed.tolist(), mean.tolist(), lower.tolist(), upper.tolist(), strict=True)
    items = [
        {"name": f"{label} correct", "observed": count, "value": middle, "lower": low, "upper": high}
        for label, count, middle, low, high in parts
    ]
    tag_marks(bars, items, model=model, unit="problems")
    axes.add_collection(bars)
    tag_model(axes.vlines(places, lower, upper, color=INK, linewidth=1.0), model)
    (points,) = axes.plot(places, mean, linestyle="none", marker="o", color=INK, markersize=3)
    tag_model(points, model)
    axes.set_ylim(0, 1.06 * max(upper.max(), observed.max(), 1))
    axes.set_xlim(-0.6, len(bins) - 0.4)
    problem_axis(axes)
    axes.set_ylabel("problems")
    room = axes.get_position().width * axes.figure.get_size_inches()[0] * 72 / len(bins)  # type: ignore[union-attr]
    step = int(np.ceil(LABEL_ROOM / room))
    last = len(bins) - 1
    names = [name if i == last or (i % step == 0 and last - i >= step) else "" for i, name in enumerate(bins["label"])]
    name_ticks(axes.xaxis, names)
    shares = bins["label"].iloc[-1] == "1" and len(bins) > 2
    axes.set_xlabel("share of correct samples" if shares else "correct samples of a problem")
    axes.grid(axis="y", color=RULE, linewidth=0.5, alpha=0.7)
