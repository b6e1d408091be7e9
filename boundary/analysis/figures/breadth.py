"""Figure of breadth: different wrong and right answers within k samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from boundary.analysis.breadth.record import DISTINCT_RIGHT, DISTINCT_WRONG
from boundary.analysis.figures.curve import curve_of
from boundary.analysis.figures.drawing import (
    End,
    arm_label,
    budget_axis,
    draw_curve,
    headline,
    label_ends,
)
from boundary.analysis.figures.figure import MOST_CURVES, FigureData
from boundary.analysis.figures.header import Entry, header
from boundary.analysis.figures.layout import Layout
from boundary.analysis.formatting import level_text, number

if TYPE_CHECKING:
    pass

PANELS = {DISTINCT_WRONG: "different wrong answers", DISTINCT_RIGHT: "different right answers"}


def has_breadth(data: FigureData) -> bool:
    """Whether there are curves of different answers, of no more models than the figure can hold."""
    return 0 < len(_models(data)) <= MOST_CURVES


def breadth_layout(data: FigureData, narrow: bool) -> Layout:
    """A panel for the wrong answers, and one for the right ones."""
    return Layout(rows=2, height=2.2, right=0.12 if narrow else 1.75)


def draw_breadth(axes: Any, data: FigureData) -> None:
    """Draw different wrong and right answers within k samples of every model, with bands; dotted beyond n."""
    for panel, (estimand, label) in zip(np.ravel(axes), PANELS.items(), strict=True):
        rows = _curves(data, estimand)
        within = rows.loc[~rows["extrapolated"].astype(bool), "k"]
        n = int(within.max()) if len(within) else data.n
        ends = []
        for model in _models(data):
            look, curve = data.looks[model], curve_of(rows, model, None)
            if len(curve.k):
                draw_curve(panel, curve, n, look, model, label)
                end = Entry(model, arm_label(model, data.base, len(_models(data)) <= 2), look)
                ends.append(End(float(curve.middle[-1]), end))
        panel.set_ylim(bottom=0)
        panel.set_ylabel(f"{label} a problem")
        budget_axis(panel, rows, n)
        label_ends(panel, ends)
        words = (
            f"{headline(rows, data.benchmark)}. Line, band: mean, {level_text(float(rows['level'].iloc[0]))} interval"
        )
        header(panel, _message(rows, label, n), words, [end.entry for end in ends])


def _message(rows: pd.DataFrame, label: str, n: int) -> str:
    """How many different answers the models give at n."""
    at_n = rows.loc[rows["k"] == n].drop_duplicates("model")
    values = [number(value, 1.0, 1 if at_n["mean"].max() > 2 else 2) for value in sorted(at_n["mean"])]
    words = (
        values[0] if len(values) == 1 else " and ".join(values) if len(values) == 2 else f"{values[0]} to {values[-1]}"
    )
    return f"In {n:,} samples {words} {label}"


def _curves(data: FigureData, estimand: str) -> pd.DataFrame:
    rows = data.breadth
    return rows.loc[(rows["estimand"] == estimand) & (rows["reference"] == "")]


def _models(data: FigureData) -> list[str]:
    if data.breadth.empty:
        return []
    present = set(_curves(data, DISTINCT_WRONG)["model"])
    return [model for model in data.looks if model in present]
