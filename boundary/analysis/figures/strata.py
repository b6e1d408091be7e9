"""Figure of strata: shrinkage at n in each, with intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from boundary.analysis.estimates.decisions import SURE
from boundary.analysis.estimates.table import POSTERIOR, select
from boundary.analysis.figures.drawing import name_ticks
from boundary.analysis.figures.figure import FigureData
from boundary.analysis.figures.header import Entry, clipped, header, is_narrow
from boundary.analysis.figures.layout import Layout
from boundary.analysis.figures.palette import INK, RULE
from boundary.analysis.figures.tags import Tag, tag_marks
from boundary.analysis.formatting import benchmark_name, level_text, percentage
from boundary.analysis.strata.record import named_differences
from boundary.plain_text import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Inches of a stratum, and of each further model in it.
LINE, LINE_OF_SEVERAL = 0.24, 0.13
MOST_COLUMNS, MOST_MODELS = 3, 6


def has_strata(data: FigureData) -> bool:
    """Whether there is shrinkage in strata, of no more columns and models than the figure can hold."""
    rows = _rows(data)
    return not rows.empty and rows["column"].nunique() <= MOST_COLUMNS and rows["model"].nunique() <= MOST_MODELS


def strata_layout(data: FigureData, narrow: bool) -> Layout:
    """A panel for each column, with the names of the strata on its left."""
    rows = _rows(data)
    stratum_height = LINE + LINE_OF_SEVERAL * (rows["model"].nunique() - 1)
    height = max(stratum_height * int(rows.groupby("column")["stratum"].nunique().max()), 0.6)
    return Layout(rows=rows["column"].nunique(), height=height, names=1.15 if narrow else 1.75, right=0.12)


def draw_strata(axes: Any, data: FigureData) -> None:
    """Draw shrinkage at n with its interval in each stratum, a panel for each column."""
    rows = _rows(data)
    for panel, column in zip(np.ravel(axes), dict.fromkeys(rows["column"]), strict=True):
        _draw_column(panel, data, rows.loc[rows["column"] == column], str(column))


def _draw_column(axes: Axes, data: FigureData, rows: pd.DataFrame, column: str) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    strata, models = list(dict.fromkeys(rows["stratum"])), list(dict.fromkeys(rows["model"]))
    axes.axvline(0, color=INK, linewidth=0.9)
    for i, model in enumerate(models):
        own, look = rows.loc[rows["model"] == model], data.looks[model]
        places = np.array([strata.index(name) for name in own["stratum"]]) + (i - (len(models) - 1) / 2) * (
            0.7 / len(models)
        )
        lines = axes.hlines(places, own["lower"], own["upper"], color=look.colour, linewidth=1.4, alpha=0.6)
        lines.set_gid(Tag("part", {"data-model": model}))
        (points,) = axes.plot(own["mean"], places, look.marker, color=look.colour, markersize=4.5)
        values = zip(*(own[name] for name in ("stratum", "mean", "lower", "upper")), strict=True)
        items = [
            {"name": f"{column} = {name}", "value": mean, "lower": low, "upper": high}
            for name, mean, low, high in values
        ]
        tag_marks(points, items, unit="points", of="shrinkage", model=model)
    sizes = rows.drop_duplicates("stratum").set_index("stratum")["n_problems"]
    length = 14 if is_narrow(axes) else 24
    name_ticks(axes.yaxis, [f"{clipped(str(name), length)} ({sizes[name]:,})" for name in strata])
    axes.set_ylim(len(strata) - 0.5, -0.5)
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{100 * x:.3g}".replace("-", "\N{MINUS SIGN}")))
    axes.set_xlabel("shrinkage, points")
    axes.grid(axis="x", color=RULE, linewidth=0.5, alpha=0.7)
    k, level = float(rows["k"].iloc[0]), level_text(float(rows["level"].iloc[0]))
    words = f"{clipped(plain(benchmark_name(data.benchmark)), 48)}, strata of {plain(column)} (problems), "
    words += f"pass@{k:,.0f} of the base less that of RL, {level} interval"
    entries = [Entry(model, plain(model), data.looks[model]) for model in models] if len(models) > 1 else []
    header(axes, _message(data, column, k), words, entries)


def _message(data: FigureData, column: str, k: float) -> str:
    """Which two strata differ most surely."""
    rows = data.strata
    pairs = named_differences(rows.loc[(rows["column"] == column) & (rows["k"] == k)])
    chances = pairs[["prob_positive", "prob_negative"]].max(axis=1)
    surest = pairs.iloc[int(chances.to_numpy().argmax())]
    is_larger = surest["prob_positive"] >= surest["prob_negative"]
    names = (surest["stratum"], surest["other_stratum"])
    more, smaller = (plain(clipped(str(name), 24)) for name in (names if is_larger else names[::-1]))
    of_model = f" of {plain(clipped(data.shorten(str(surest['model'])), 24))}" if pairs["model"].nunique() > 1 else ""
    chance = f"larger in {more} than in {smaller} with probability {percentage(float(chances.max()))}"
    if chances.max() >= SURE:
        return f"Shrinkage{of_model} is {chance}"
    return f"Whether shrinkage{of_model} differs cannot be told yet: {chance}"


def _rows(data: FigureData) -> pd.DataFrame:
    """Shrinkage in each stratum at the larger budget."""
    if data.strata.empty:
        return data.strata
    rows = select(data.strata, estimand="shrinkage", kind=POSTERIOR)
    return rows if rows.empty else select(rows, k=float(rows["k"].max()))
