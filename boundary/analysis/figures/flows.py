"""Figure of flows: which problems both models solve, which one of them, and which neither, at each budget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from boundary.analysis.estimates.table import OBSERVED, POSTERIOR, select
from boundary.analysis.figures.drawing import (
    FLOW_COLOURS,
    FLOW_WORDS,
    LABEL_COLOURS,
    Layout,
    budget_axis,
    clipped,
    curve_of,
    draw_curve,
    headline,
    label_ends,
    title,
)
from boundary.analysis.figures.figure import FigureData
from boundary.analysis.formatting import short_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def flows_layout(data: FigureData) -> Layout:
    """A row of two panels for each RL model."""
    return Layout(rows=_flow_rows(data)["model"].nunique(), columns=2, width=3.1, height=2.8, right=1.4)


def draw_flows(axes: Any, data: FigureData) -> None:
    """Draw where the problems stand at each budget: kept, lost, gained and neither; a row for each RL model.

    On the left all problems, on the right lost and gained alone, with bands.
    """
    rows = _flow_rows(data)
    models = list(dict.fromkeys(rows["model"]))
    for (whole, detail), model in zip(np.reshape(axes, (-1, 2)), models, strict=True):
        of_model = select(rows, model=model)
        draw_stack(whole, of_model, clipped(short_name(model)) if len(models) > 1 else data.benchmark, data.n)
        draw_lost_and_gained(detail, of_model, data.n)


def _flow_rows(data: FigureData) -> pd.DataFrame:
    return select(data.rows, estimand=FLOW_COLOURS)


def draw_stack(axes: Axes, rows: pd.DataFrame, name: str, n: int) -> None:
    """Draw the four flows as areas that add up to all problems."""
    total, model = int(rows["n_problems"].max()), str(rows["model"].iloc[0])
    curves = [curve_of(select(rows, estimand=flow), model) for flow in FLOW_COLOURS]
    axes.stackplot(curves[0].k, *(curve.middle for curve in curves), colors=list(FLOW_COLOURS.values()), linewidth=0)
    axes.set_ylim(0, total)
    problem_axis(axes)
    title(axes, headline(rows, name), "all problems: who solves them within k samples")
    budget_axis(axes, rows, n)
    tops = np.cumsum([curve.middle[-1] for curve in curves])
    middles = tops - [curve.middle[-1] / 2 for curve in curves]
    label_ends(axes, list(zip(middles.tolist(), FLOW_WORDS.values(), LABEL_COLOURS.values(), strict=True)))


def draw_lost_and_gained(axes: Axes, rows: pd.DataFrame, n: int) -> None:
    """Draw the two flows that tell the models apart, each with its band and the plug-in from the counts."""
    ends, model = [], str(rows["model"].iloc[0])
    level = select(rows, kind=POSTERIOR)["level"].iloc[0]
    for flow in ("gained", "lost"):
        of_flow = select(rows, estimand=flow)
        curve = curve_of(of_flow, model)
        draw_curve(axes, curve, curve_of(of_flow, model, OBSERVED), n, FLOW_COLOURS[flow])
        ends.append((float(curve.middle[-1]), FLOW_WORDS[flow], LABEL_COLOURS[flow]))
    axes.set_ylim(bottom=0)
    problem_axis(axes)
    title(axes, "Lost and gained", f"line, band: posterior, {level:.0%} interval; points: unbiased estimates")
    budget_axis(axes, rows, n)
    label_ends(axes, ends)


def problem_axis(axes: Axes) -> None:
    """Lay out numbers of problems."""
    from matplotlib.ticker import MaxNLocator, StrMethodFormatter

    axes.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.set_ylabel("expected number of problems")
