"""Figure of training runs: the shrinkage of each run, of the mean of its method, and of a new run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from boundary.analysis.figures.drawing import headline, interval_words, name_ticks
from boundary.analysis.figures.figure import FigureData
from boundary.analysis.figures.header import clipped, header, is_narrow
from boundary.analysis.figures.layout import Layout
from boundary.analysis.figures.palette import INK, MUTED, PAGE, RL_LOOKS, RULE, Look
from boundary.analysis.figures.tags import Tag, tag_marks
from boundary.analysis.formatting import number
from boundary.analysis.runs.record import METHOD, NEW_RUN, RUN, largest_budget

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Inches of a line, and of the space between two methods.
LINE, SPACE = 0.17, 0.12
MOST_LINES = 60
WORDS = {METHOD: "mean", NEW_RUN: "new run"}


def has_runs(data: FigureData) -> bool:
    """Whether methods have several runs, of no more lines than the figure can hold."""
    return 0 < len(_lines(data)) <= MOST_LINES


def runs_layout(data: FigureData, narrow: bool) -> Layout:
    """One panel, with the names of the runs on its left and the numbers on its right."""
    rows = _lines(data)
    height = LINE * len(rows) + SPACE * rows["method"].nunique() + 0.1
    return Layout(height=height, names=1.3, right=0.12) if narrow else Layout(height=height, names=2.1, right=1.5)


def draw_runs(axes: Axes, data: FigureData) -> None:
    """Draw an interval for each run, for the mean of each method, and for a new run of it."""
    rows = _lines(data)
    estimand, k = str(rows["estimand"].iloc[0]), float(rows["k"].iloc[0])
    is_shrinkage = estimand == "shrinkage"
    if is_shrinkage:
        axes.axvline(0, color=INK, linewidth=0.9)
    methods = list(dict.fromkeys(rows["method"]))
    places = np.arange(len(rows)) + (SPACE / LINE) * np.array([methods.index(name) for name in rows["method"]])
    room = axes.get_position().x0 * axes.figure.get_size_inches()[0] * 72  # type: ignore[union-attr]
    names = []
    for place, row in zip(places, rows.to_dict(orient="records"), strict=True):
        look = RL_LOOKS[methods.index(row["method"]) % len(RL_LOOKS)]
        name = row["model"] or f"{row['method']}, {WORDS[row['of']]}"
        _draw_line(axes, row, float(place), look, name)
        names.append(clipped(name, max(int(room / 4.9), 10)))
    _axes(axes, places, names, is_shrinkage)
    quantity = f"pass@{k:.0f} of the base less that of RL" if is_shrinkage else f"pass@{k:.0f}"
    words = f"{headline(rows, data.benchmark)}. P{quantity[1:]}, {interval_words(rows)}; hollow: a new run"
    header(axes, _message(rows), words)


def _lines(data: FigureData) -> pd.DataFrame:
    """Rows at the largest budget within the samples: of each method its runs, its mean and a new run."""
    rows = data.training_runs
    if rows.empty:
        return rows
    rows = rows.loc[(rows["benchmark"] == data.benchmark) & rows["of"].isin([RUN, METHOD, NEW_RUN])]
    estimand = "shrinkage" if (rows["estimand"] == "shrinkage").any() else "pass_at_k"
    rows = rows.loc[rows["estimand"] == estimand]
    return rows.loc[rows["k"] == largest_budget(rows)] if len(rows) else rows


def _draw_line(axes: Axes, row: dict[Any, Any], place: float, look: Look, name: str) -> None:
    is_run, is_new = row["of"] == RUN, row["of"] == NEW_RUN
    width, alpha = (1.3, 0.6) if is_run else (1.3, 0.9) if is_new else (3.2, 0.9)
    style: dict[str, Any] = {"linewidth": width, "alpha": alpha, "linestyle": ":" if is_new else "-"}
    line = axes.hlines(place, row["lower"], row["upper"], color=look.colour, **style)
    line.set_gid(Tag("part", {"data-model": row["model"]} if row["model"] else {}))
    (point,) = axes.plot(
        [row["mean"]],
        [place],
        linestyle="none",
        marker="D" if row["of"] == METHOD else "o",
        markersize=3.8 if is_run else 5.2,
        color=look.colour,
        markerfacecolor=PAGE if is_new else look.colour,
    )
    item = {"name": name, "value": row["mean"], "lower": row["lower"], "upper": row["upper"]}
    tag_marks(point, [item], unit="points" if row["estimand"] == "shrinkage" else "%")
    if not is_narrow(axes):
        texts = [number(row[column], 100, 1) for column in ("mean", "lower", "upper")]
        style = {"xycoords": axes.get_yaxis_transform(), "va": "center", "fontsize": 7.5}
        axes.annotate(f"{texts[0]} [{texts[1]}, {texts[2]}]", (1.03, place), color=MUTED, **style)


def _axes(axes: Axes, places: np.ndarray, names: list[str], is_shrinkage: bool) -> None:
    """Lay out the names on the left, and points or shares below."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

    name_ticks(axes.yaxis, names)
    axes.yaxis.set_major_locator(FixedLocator(places.tolist()))
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.set_ylim(places[-1] + 0.7, -0.7)
    sign = "+" if is_shrinkage else ""
    axes.xaxis.set_major_locator(MaxNLocator(4 if is_narrow(axes) else 6))
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda x, _: f"{100 * x:{sign if round(x, 9) else ''}.3g}".replace("-", "\N{MINUS SIGN}"))
    )
    words = "RL solves more \N{LEFTWARDS ARROW} points \N{RIGHTWARDS ARROW} base solves more"
    narrow_words = "points \N{RIGHTWARDS ARROW} base solves more"
    axes.set_xlabel("%" if not is_shrinkage else narrow_words if is_narrow(axes) else words)
    axes.grid(axis="x", color=RULE, linewidth=0.5, alpha=0.7)


def _message(rows: pd.DataFrame) -> str:
    n_runs = sorted(rows.drop_duplicates("method")["n_runs"].astype(int))
    of_each = f"{n_runs[0]}" if n_runs[0] == n_runs[-1] else f"{n_runs[0]} to {n_runs[-1]}"
    methods = f"{len(n_runs)} methods" if len(n_runs) > 1 else "One method"
    return f"{methods}, {of_each} training runs each" if len(n_runs) > 1 else f"{methods}, {of_each} training runs"
