"""Figure of a training run: what its checkpoints solve, in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boundary.analysis.checkpoints import ENOUGH_CHECKPOINTS
from boundary.analysis.estimates.table import POSTERIOR, select
from boundary.analysis.figures.drawing import (
    End,
    headline,
    interval_words,
    label_ends,
    name_ticks,
    percent_axis,
)
from boundary.analysis.figures.figure import FigureData
from boundary.analysis.figures.header import Entry, header
from boundary.analysis.figures.layout import Layout
from boundary.analysis.figures.messages import trajectory_message
from boundary.analysis.figures.palette import BASE_LOOK, RL_LOOKS, RULE
from boundary.analysis.figures.tags import tag_marks

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def has_trajectory(data: FigureData) -> bool:
    """Whether the benchmark has a base and two checkpoints of one run."""
    return sum(model in data.checkpoint_steps for model in data.models) > ENOUGH_CHECKPOINTS


def trajectory_layout(data: FigureData, narrow: bool) -> Layout:
    """One panel, with room for the names of the budgets."""
    return Layout(right=0.12 if narrow else 0.9)


def draw_trajectory(axes: Axes, data: FigureData) -> None:
    """Draw pass@k over the checkpoints of a run, for k = 1, a middle budget and n, with bands.

    Checkpoints stand at equal distances, since the step of the final one need not be known.
    """
    curves = select(data.rows, kind=POSTERIOR, estimand="pass_at_k")
    checkpoints = [model for model in data.checkpoint_steps if model in set(curves["model"])]
    budgets = sorted({float(k) for k in curves["k"]})
    within = [k for k in budgets if k <= data.n] or budgets[:1]
    shown_budgets = list(dict.fromkeys([within[0], within[len(within) // 2], within[-1]]))
    places, ends = np.arange(len(checkpoints)), []
    for k, look in zip(shown_budgets, (RL_LOOKS[0], RL_LOOKS[1], BASE_LOOK), strict=False):
        line = select(curves, k=k).drop_duplicates("model").set_index("model").loc[checkpoints]
        axes.fill_between(places, line["lower"], line["upper"], color=look.colour, alpha=0.16, linewidth=0)
        axes.plot(places, line["mean"], color=look.colour, linestyle=look.dash)
        (points,) = axes.plot(places, line["mean"], look.marker, color=look.colour, markersize=4.3)
        values = zip(checkpoints, *(line[name] for name in ("mean", "lower", "upper")), strict=True)
        items = [{"name": model, "value": mean, "lower": low, "upper": high} for model, mean, low, high in values]
        tag_marks(points, items, unit="%", of=f"pass@{k:.0f}")
        ends.append(End(float(line["mean"].iloc[-1]), Entry("", f"pass@{k:.0f}", look)))
    name_ticks(axes.xaxis, ["base", *(data.checkpoint_steps[model] for model in checkpoints[1:])])
    axes.set_xlabel("checkpoint step")
    axes.grid(axis="y", color=RULE, linewidth=0.5, alpha=0.7)
    percent_axis(axes, "share of problems solved")
    label_ends(axes, ends)
    words = f"{headline(curves, data.benchmark)}. Line, band: posterior, {interval_words(curves)}"
    message = trajectory_message(data, checkpoints, shown_budgets)
    header(axes, message, words, [end.entry for end in ends])
