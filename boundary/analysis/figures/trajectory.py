"""Figure of a training run: what its checkpoints solve, in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boundary.analysis.checkpoints import ENOUGH_CHECKPOINTS
from boundary.analysis.estimates.table import POSTERIOR, select
from boundary.analysis.figures.drawing import (
    BASE_COLOUR,
    RL_COLOURS,
    RULE,
    Layout,
    headline,
    label_ends,
    name_ticks,
    percent_axis,
    title,
)
from boundary.analysis.figures.figure import FigureData

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def has_trajectory(data: FigureData) -> bool:
    """Whether the benchmark has a base and two checkpoints of one run."""
    return sum(model in data.checkpoint_steps for model in data.models) > ENOUGH_CHECKPOINTS


def trajectory_layout(data: FigureData) -> Layout:
    """One panel, with room for the names of the budgets."""
    return Layout(right=1.1)


def draw_trajectory(axes: Axes, data: FigureData) -> None:
    """Draw pass@k over the checkpoints of a run, for k = 1, a middle budget and n, with bands.

    Checkpoints stand at equal distances, since the step of the final one need not be known.
    """
    curves = select(data.rows, kind=POSTERIOR, estimand="pass_at_k")
    checkpoints = [model for model in data.checkpoint_steps if model in set(curves["model"])]
    budgets = sorted({float(k) for k in curves["k"]})
    within = [k for k in budgets if k <= data.n] or budgets[:1]
    places, ends = np.arange(len(checkpoints)), []
    shown_budgets = dict.fromkeys([within[0], within[len(within) // 2], within[-1]])
    for k, colour in zip(shown_budgets, (RL_COLOURS[0], RL_COLOURS[1], BASE_COLOUR), strict=False):
        line = select(curves, k=k).drop_duplicates("model").set_index("model").loc[checkpoints]
        axes.fill_between(places, line["lower"], line["upper"], color=colour, alpha=0.18, linewidth=0)
        axes.plot(places, line["mean"], "o-", color=colour, markersize=4)
        ends.append((float(line["mean"].iloc[-1]), f"pass@{k:.0f}", colour))
    name_ticks(axes.xaxis, ["base", *(data.checkpoint_steps[model] for model in checkpoints[1:])])
    axes.set_xlabel("checkpoint step")
    axes.grid(axis="y", color=RULE, linewidth=0.5, alpha=0.7)
    percent_axis(axes, "share of problems solved")
    title(axes, headline(curves, data.benchmark), f"line, band: posterior, {curves['level'].iloc[0]:.0%} interval")
    label_ends(axes, ends)
