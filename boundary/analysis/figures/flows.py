"""Figure of flows: which problems both models solve, which one of them, and which neither, at each budget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from boundary.analysis.estimates.table import POSTERIOR, select
from boundary.analysis.figures.curve import curve_of, smooth
from boundary.analysis.figures.drawing import (
    End,
    budget_axis,
    draw_curve,
    draw_points,
    headline,
    interval_words,
    label_ends,
)
from boundary.analysis.figures.figure import FigureData
from boundary.analysis.figures.header import Entry, clipped, header
from boundary.analysis.figures.layout import Layout
from boundary.analysis.figures.messages import flows_message
from boundary.analysis.figures.palette import BASE_LOOK, FLOW_COLOURS, FLOW_WORDS, LABEL_COLOURS, PAGE, RL_LOOKS, Look
from boundary.analysis.figures.tags import Tag

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FLOW_LOOKS = {"gained": RL_LOOKS[0], "lost": BASE_LOOK}


def flows_layout(data: FigureData, narrow: bool) -> Layout:
    """A row of two panels for each RL model; in a narrow figure one below the other."""
    rows = _flow_rows(data)["model"].nunique()
    if narrow:
        return Layout(rows=2 * rows, height=2.0, right=0.12)
    return Layout(rows=rows, columns=2, height=2.2, right=1.22, left=0.6)


def draw_flows(axes: Any, data: FigureData) -> None:
    """Draw where the problems stand at each budget: kept, lost, gained and neither; a row for each RL model.

    On the left all problems, on the right lost and gained alone, with bands. Between the budgets of the estimates
    curves are joined smoothly.
    """
    rows = _flow_rows(data)
    models = list(dict.fromkeys(rows["model"]))
    for (whole, detail), model in zip(np.reshape(axes, (-1, 2)), models, strict=True):
        of_model = select(rows, model=model)
        name = clipped(data.shorten(model)) if len(models) > 1 else data.benchmark
        draw_stack(whole, of_model, flows_message(data, model), name, data.n)
        draw_lost_and_gained(detail, of_model, data.n)


def _flow_rows(data: FigureData) -> pd.DataFrame:
    return select(data.rows, estimand=FLOW_COLOURS)


def draw_stack(axes: Axes, rows: pd.DataFrame, message: str, name: str, n: int) -> None:
    """Draw the four flows as areas that add up to all problems."""
    total, model = int(rows["n_problems"].max()), str(rows["model"].iloc[0])
    curves = {flow: curve_of(select(rows, estimand=flow), model) for flow in FLOW_COLOURS}
    smoothed = [smooth(curve) for curve in curves.values()]
    areas = axes.stackplot(
        smoothed[0].k, *(curve.middle for curve in smoothed), colors=list(FLOW_COLOURS.values()), linewidth=0
    )
    for area in areas:
        area.set_gid(Tag("part", {"data-model": model}))
    axes.set_ylim(0, total)
    problem_axis(axes)
    budget_axis(axes, rows, n)
    if smoothed[0].k[-1] > n:  # what lies beyond n is paler, as the areas hide the shade
        axes.axvspan(max(n, smoothed[0].k[0]), smoothed[0].k[-1], color=PAGE, alpha=0.35, linewidth=0, zorder=1.5)
    middles = np.cumsum([curve.middle[-1] for curve in curves.values()])
    middles = middles - [curve.middle[-1] / 2 for curve in curves.values()]
    entries = [
        Entry(model, FLOW_WORDS[flow], Look(FLOW_COLOURS[flow], "s", "none"), LABEL_COLOURS[flow])
        for flow in FLOW_COLOURS
    ]
    label_ends(axes, [End(float(y), entry) for y, entry in zip(middles, entries, strict=True)])
    header(axes, message, f"{headline(rows, name)}: who solves them within k samples", entries)


def draw_lost_and_gained(axes: Axes, rows: pd.DataFrame, n: int) -> None:
    """Draw the two flows that tell the models apart, each with its band and the plug-in from the counts."""
    ends, model = [], str(rows["model"].iloc[0])
    for flow, look in FLOW_LOOKS.items():
        of_flow = select(rows, estimand=flow)
        curve = curve_of(of_flow, model)
        draw_curve(axes, curve, n, look, model, FLOW_WORDS[flow])
        draw_points(axes, of_flow, n, look, model)
        ends.append(End(float(curve.middle[-1]), Entry(model, FLOW_WORDS[flow], look)))
    axes.set_ylim(0, max(axes.get_ylim()[1], 1))
    problem_axis(axes)
    budget_axis(axes, rows, n)
    label_ends(axes, ends)
    words = f"Line, band: posterior, {interval_words(select(rows, kind=POSTERIOR))}; points: unbiased"
    header(axes, "Lost and gained", words, [end.entry for end in ends])


def problem_axis(axes: Axes) -> None:
    """Lay out numbers of problems."""
    from matplotlib.ticker import MaxNLocator, StrMethodFormatter

    axes.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.set_ylabel("expected problems")
