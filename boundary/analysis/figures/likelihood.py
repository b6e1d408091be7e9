"""Figure of perplexities: the responses of each model under the base and under itself, with their spread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from boundary.analysis.figures.drawing import headline, name_ticks
from boundary.analysis.figures.figure import FigureData
from boundary.analysis.figures.header import clipped, header, is_narrow
from boundary.analysis.figures.layout import Layout
from boundary.analysis.figures.palette import INK, MUTED, PAGE, RULE, Look
from boundary.analysis.figures.tags import Tag, tag_marks
from boundary.analysis.formatting import level_text, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Inches of a line, and of the space between two boxes.
LINE, SPACE = 0.17, 0.14
MOST_BOXES = 12
# Classes of outcomes of a box, in the order of its lines.
CLASSES = ("all", "right", "wrong")
UNTEMPERED, REFERENCE = "untempered", "reference"


class Box(NamedTuple):
    """Responses of one model under one scorer: its name, its look and its rows by class of outcomes."""

    name: str
    model: str
    look: Look
    rows: dict[str, dict[Any, Any]]


def boxes_of(data: FigureData) -> list[Box]:
    """The boxes of a benchmark: the base under itself, each RL model under the base and under itself, the reference."""
    if data.likelihood.empty:
        return []
    rows = data.likelihood
    rows = rows.loc[(rows["benchmark"] == data.benchmark) & (rows["estimand"] == "perplexity")]
    rows = rows.loc[rows["scored_as"] == UNTEMPERED]
    first = data.base if data.base is not None else next(iter(data.looks))
    places = [(first, first)]
    for model in data.looks:
        if model != first:
            places += [(first, model), (model, model)]
    boxes = [_box(rows, scorer, model, data) for scorer, model in (*places, (first, ""))]
    return [box for box in boxes if box.rows]


def _box(rows: pd.DataFrame, scorer: str, model: str, data: FigureData) -> Box:
    part = rows.loc[(rows["scorer"] == scorer) & (rows["model"] == model)]
    by_class = {row["outcome"]: row for row in part.to_dict(orient="records")}
    under = "itself" if scorer == model else "the base" if data.base is not None else data.shorten(scorer)
    name = f"{data.shorten(model)} under {under}" if model else "reference answers"
    return Box(name, model, data.looks.get(model, Look(MUTED, "D")), by_class)


def has_likelihood(data: FigureData) -> bool:
    """Whether responses were scored, of few enough models."""
    return 0 < len(boxes_of(data)) <= MOST_BOXES


def likelihood_layout(data: FigureData, narrow: bool) -> Layout:
    """One panel, with the boxes' names on its left and the numbers on its right."""
    height = sum(len(box.rows) * LINE + SPACE for box in boxes_of(data))
    return Layout(height=height, names=1.2 if narrow else 1.9, right=0.12 if narrow else 1.65)


def draw_likelihood(axes: Axes, data: FigureData) -> None:
    """Draw the mean perplexity with its interval, and how far responses lie apart, a line a class of outcomes."""
    boxes = boxes_of(data)
    place, middles = 0.0, []
    for box in boxes:
        places = [place + i for i in range(len(box.rows))]
        middles.append(float(np.mean(places)))
        for at, (outcome, row) in zip(places, box.rows.items(), strict=True):
            _draw_line(axes, at, box, outcome, row)
        place = places[-1] + 1 + SPACE / LINE
        axes.axhline(place - 0.5 - SPACE / LINE / 2, color=RULE, linewidth=0.4)
    axes.set_ylim(place - 0.5 - SPACE / LINE / 2, -0.7)
    _axes_of(axes, boxes, middles)
    level = level_text(float(data.likelihood["level"].iloc[0]))
    marks = "From the top: all, right, wrong (hollow)" if is_narrow(axes) else ""
    words = (
        f"{headline(data.rows, data.benchmark)}. Mark and thick line: mean, {level} interval; pale lines: middle half "
        f"and nine tenths of the responses. {marks}"
    )
    header(axes, _message(boxes), words.strip())


def _draw_line(axes: Axes, at: float, box: Box, outcome: str, row: dict[Any, Any]) -> None:
    """Draw the spread, the interval and the mean of one class of outcomes."""
    colour = box.look.colour
    for low, high, width, alpha in (("share_05", "share_95", 0.8, 0.35), ("share_25", "share_75", 3.4, 0.22)):
        line = axes.hlines(at, row[low], row[high], color=colour, linewidth=width, alpha=alpha)
        line.set_gid(Tag("part", {"data-model": box.model} if box.model else {}))
    if np.isfinite(row["lower"]):
        line = axes.hlines(at, row["lower"], row["upper"], color=colour, linewidth=2.0)
        line.set_gid(Tag("part", {"data-model": box.model} if box.model else {}))
    (point,) = axes.plot(
        [row["mean"]],
        [at],
        linestyle="none",
        marker=box.look.marker,
        markersize=5.0 if outcome in ("all", REFERENCE) else 3.8,
        color=colour,
        markerfacecolor=PAGE if outcome == "wrong" else colour,
    )
    values: dict[str, object] = {"name": f"{box.name}, {outcome}", "value": float(row["mean"])}
    if np.isfinite(row["lower"]):
        values |= {"lower": float(row["lower"]), "upper": float(row["upper"])}
    tag_marks(point, [values], unit="rate", **({"model": box.model} if box.model else {}))
    if not is_narrow(axes):
        around = f" [{number(row['lower'], 1, 2)}, {number(row['upper'], 1, 2)}]" if np.isfinite(row["lower"]) else ""
        words = "" if outcome == REFERENCE else f"{outcome} "
        text = f"{words}{number(row['mean'], 1, 2)}{around}"
        style: dict[str, Any] = {"xycoords": axes.get_yaxis_transform(), "va": "center", "fontsize": 7.5}
        axes.annotate(text, (1.03, at), color=INK if outcome == "all" else MUTED, **style)


def _axes_of(axes: Axes, boxes: list[Box], middles: list[float]) -> None:
    """Name the boxes, and lay out perplexity on a logarithmic scale."""
    from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

    room = axes.get_position().x0 * axes.figure.get_size_inches()[0] * 72  # type: ignore[union-attr]
    name_ticks(axes.yaxis, [clipped(box.name, max(int(room / 4.6), 12)) for box in boxes])
    axes.yaxis.set_major_locator(FixedLocator(middles))
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.set_xscale("log")
    low, high = axes.get_xlim()
    steps = [1, 1.1, 1.2, 1.3, 1.5, 1.75, 2, 2.5, 3, 4, 5, 7, 10, 15, 20, 30, 50, 100, 200, 500, 1000, 1e4, 1e5]
    ticks = [step for step in steps if low <= step <= high]
    most = 4 if is_narrow(axes) else 8
    ticks = ticks[:: max(-(-len(ticks) // most), 1)]
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_major_formatter(FixedFormatter([f"{tick:g}" for tick in ticks]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("perplexity per token \N{RIGHTWARDS ARROW} less likely")
    axes.grid(axis="x", color=RULE, linewidth=0.5, alpha=0.7)


def _message(boxes: list[Box]) -> str:
    """Whether the RL model's responses are likelier under the base than its own, where there is one RL model."""
    under_base = [box for box in boxes if box.name.endswith("under the base") and box.model]
    if len(under_base) != 1 or not boxes[0].rows.get("all") or not under_base[0].rows.get("all"):
        return "How likely the responses are under the models"
    of_base, of_arm = boxes[0].rows["all"], under_base[0].rows["all"]
    if of_arm["upper"] < of_base["lower"]:
        return "Under the base, RL's responses are likelier per token than its own"
    if of_arm["lower"] > of_base["upper"]:
        return "Under the base, RL's responses are less likely per token than its own"
    return "RL's and the base's responses under both models"
