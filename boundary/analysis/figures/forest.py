"""Figure of a whole analysis: shrinkage at n of every benchmark and RL model, with intervals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from boundary.analysis.estimates.decisions import OPEN
from boundary.analysis.estimates.table import POSTERIOR, select
from boundary.analysis.figures.drawing import interval_words, name_ticks
from boundary.analysis.figures.figure import FigureData, decisions_at_n
from boundary.analysis.figures.header import Entry, clipped, header, is_narrow
from boundary.analysis.figures.layout import Layout
from boundary.analysis.figures.messages import counted_words
from boundary.analysis.figures.palette import INK, MUTED, PAGE, RULE, Look
from boundary.analysis.figures.tags import Tag, tag_marks
from boundary.analysis.formatting import benchmark_name, number
from boundary.data.counts import ALL

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Inches of a line, of the space between two benchmarks, and of one model's line among several.
LINE, SPACE, LINE_OF_SEVERAL = 0.21, 0.1, 0.105
MOST_MODELS = 8


def has_forest(data: FigureData) -> bool:
    """Whether several benchmarks or RL models are compared with a base, and few enough models to tell apart."""
    rows = forest_rows(data.estimates)
    return len(rows) > 1 and rows["model"].nunique() <= MOST_MODELS


def forest_rows(estimates: pd.DataFrame) -> pd.DataFrame:
    """Shrinkage of each benchmark and RL model at the largest budget within its samples, the pooled one first."""
    rows = select(estimates, kind=POSTERIOR, estimand="shrinkage")
    within = rows.loc[~rows["extrapolated"].astype(bool)]
    within = within.loc[within.groupby(["benchmark", "model"], sort=False)["k"].idxmax()]
    return pd.concat([within.loc[within["benchmark"] == ALL], within.loc[within["benchmark"] != ALL]])


def forest_layout(data: FigureData, narrow: bool) -> Layout:
    """One panel, with the benchmarks on its left and, where there is one RL model, the numbers on its right."""
    rows = forest_rows(data.estimates)
    has_several_models = rows["model"].nunique() > 1
    per_benchmark = LINE_OF_SEVERAL * rows["model"].nunique() + SPACE if has_several_models else LINE
    height = max(per_benchmark * rows["benchmark"].nunique(), 0.5)
    if narrow:
        return Layout(height=height, names=1.15, right=0.12)
    return Layout(height=height, names=1.75, right=1.75)


def draw_forest(axes: Axes, data: FigureData) -> None:
    """Draw shrinkage at n with its interval for every benchmark and RL model, the pooled ones first."""
    rows = forest_rows(data.estimates)
    benchmarks, models = list(dict.fromkeys(rows["benchmark"])), list(dict.fromkeys(rows["model"]))
    at_n = decisions_at_n(data.estimates)
    pairs = list(zip(rows["benchmark"], rows["model"], strict=True))
    words = {pair: data.word(*pair, at_n.get(pair)) for pair in pairs}
    axes.axvline(0, color=INK, linewidth=0.9)
    for i, model in enumerate(models):
        of_model = rows.loc[rows["model"] == model]
        step = 0.8 / len(models)
        places = (
            np.array([benchmarks.index(name) for name in of_model["benchmark"]]) + (i - (len(models) - 1) / 2) * step
        )
        draw_intervals(axes, of_model, places, data.looks[model], model, words)
    _forest_axes(axes, benchmarks)
    entries = [Entry(model, model, data.looks[model]) for model in models] if len(models) > 1 else []
    if not is_narrow(axes):
        _names_or_numbers(axes, rows, entries)
    message = counted_words(words.values(), len(data.unconverged.intersection(pairs)))
    header(axes, f"Shrinkage at n: {message}", f"pass@n of the base less that of RL, {interval_words(rows)}", entries)


def draw_intervals(
    axes: Axes,
    rows: pd.DataFrame,
    places: np.ndarray,
    look: Look,
    model: str,
    words_of_pairs: Mapping[tuple[str, str], str],
) -> None:
    """Draw one model's intervals and means; hollow where it cannot be told yet."""
    mean, lower, upper = (rows[name].to_numpy(dtype=float) for name in ("mean", "lower", "upper"))
    words = [words_of_pairs[name, model] for name in rows["benchmark"]]
    lines = axes.hlines(places, lower, upper, color=look.colour, linewidth=1.4, alpha=0.6)
    lines.set_gid(Tag("part", {"data-model": model}))
    for is_open in (False, True):
        is_shown = np.array([(word == OPEN) == is_open for word in words])
        if not is_shown.any():
            continue
        (points,) = axes.plot(
            mean[is_shown],
            places[is_shown],
            linestyle="none",
            marker=look.marker,
            markersize=4.5,
            color=look.colour,
            markerfacecolor=PAGE if is_open else look.colour,
        )
        values = zip(rows["benchmark"], rows["k"], mean.tolist(), lower.tolist(), upper.tolist(), words, strict=True)
        items = [
            {
                "name": f"{benchmark_name(str(name))}, k = {k:,.0f}",
                "value": value,
                "lower": low,
                "upper": high,
                "word": word,
            }
            for is_chosen, (name, k, value, low, high, word) in zip(is_shown, values, strict=True)
            if is_chosen
        ]
        tag_marks(points, items, model=model, unit="points")


def _forest_axes(axes: Axes, benchmarks: list[str]) -> None:
    """Lay out the benchmarks from the top, and differences below."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    figure = axes.figure
    room = axes.get_position().x0 * figure.get_size_inches()[0] * 72  # type: ignore[union-attr]
    name_ticks(axes.yaxis, [clipped(benchmark_name(name), max(int(room / 5.2), 10)) for name in benchmarks])
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.set_ylim(len(benchmarks) - 0.45, -0.55)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda x, _: f"{100 * x:{'+' if round(x, 9) else ''}.3g}".replace("-", "\N{MINUS SIGN}"))
    )
    words = "RL solves more \N{LEFTWARDS ARROW} points \N{RIGHTWARDS ARROW} base solves more"
    axes.set_xlabel("points \N{RIGHTWARDS ARROW} base solves more" if is_narrow(axes) else words)
    axes.grid(axis="x", color=RULE, linewidth=0.5, alpha=0.7)
    for place in range(1, len(benchmarks)):
        axes.axhline(place - 0.5, color=RULE, linewidth=0.4)


def _names_or_numbers(axes: Axes, rows: pd.DataFrame, entries: list[Entry]) -> None:
    """Write the models' names beside the panel, or the numbers of each line where there is one model."""
    from boundary.analysis.figures.side_labels import label_side

    if entries:
        label_side(axes, entries)
        return
    style: dict[str, Any] = {"xycoords": axes.get_yaxis_transform(), "va": "center", "fontsize": 8, "color": MUTED}
    for place, (mean, low, high) in enumerate(zip(rows["mean"], rows["lower"], rows["upper"], strict=True)):
        texts = [number(value, 100, 1) for value in (mean, low, high)]
        axes.annotate(f"{texts[0]} [{texts[1]}, {texts[2]}]", (1.03, place), **style)
