"""Figure of a model at several temperatures: its answer entropy and the base's, and shrinkage where they are equal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from boundary.analysis.breadth.matched_temperatures import MARK
from boundary.analysis.breadth.record import ENTROPY, MATCHED_SHRINKAGE, MATCHED_TEMPERATURE
from boundary.analysis.figures.curve import curve_of
from boundary.analysis.figures.drawing import budget_axis, draw_curve, headline, percent_axis
from boundary.analysis.figures.figure import FigureData
from boundary.analysis.figures.header import Entry, header
from boundary.analysis.figures.layout import Layout
from boundary.analysis.figures.palette import BASE_LOOK, INK, RL_LOOKS, RULE
from boundary.analysis.figures.shrinkage import name_sides
from boundary.analysis.figures.side_labels import label_side
from boundary.analysis.formatting import interval, level_text, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def has_temperatures(data: FigureData) -> bool:
    """Whether a model's answers surely reach the base's entropy at one of the temperatures between those sampled."""
    return not data.breadth.empty and bool((data.breadth["estimand"] == MATCHED_SHRINKAGE).any())


def temperatures_layout(data: FigureData, narrow: bool) -> Layout:
    """A panel of entropies over temperature, and one of shrinkage over k at equal entropy."""
    return Layout(rows=2, height=2.2, right=0.12 if narrow else 1.75)


def draw_temperatures(axes: Any, data: FigureData) -> None:
    """Draw answer entropy over temperature with the base's as a line, and shrinkage over k where both are equal."""
    entropies, shrinkage = np.ravel(axes)
    rows = data.breadth
    families = list(dict.fromkeys(rows.loc[rows["estimand"] == MATCHED_SHRINKAGE, "model"]))
    looks = dict(zip(families, RL_LOOKS, strict=False))
    _draw_entropies(entropies, data, looks)
    matched = rows.loc[rows["estimand"] == MATCHED_SHRINKAGE]
    n = int(matched.loc[~matched["extrapolated"].astype(bool), "k"].max())
    shrinkage.axhline(0, color=INK, linewidth=0.9)
    for family, look in looks.items():
        draw_curve(shrinkage, curve_of(matched, family, None), n, look, "", "shrinkage at equal entropy")
    percent_axis(shrinkage, "shrinkage (base less RL), points", signed=True)
    budget_axis(shrinkage, matched, n)
    name_sides(shrinkage)
    entries = [Entry("", data.shorten(family), look) for family, look in looks.items()]
    label_side(shrinkage, entries)
    level = level_text(float(rows["level"].iloc[0]))
    words = f"{headline(matched, data.benchmark)}. Line, band: posterior, {level} interval"
    header(shrinkage, "Shrinkage at the temperature of equal answer entropy", words, entries)


def _draw_entropies(axes: Axes, data: FigureData, looks: dict[str, Any]) -> None:
    rows = data.breadth.loc[(data.breadth["estimand"] == ENTROPY) & (data.breadth["reference"] == "")]
    base = rows.loc[rows["model"] == data.base].iloc[0]
    axes.axhspan(base["lower"], base["upper"], color=BASE_LOOK.colour, alpha=0.12, linewidth=0)
    axes.axhline(base["mean"], color=BASE_LOOK.colour)
    entries = [Entry("", f"{data.shorten(str(data.base))} (base)", BASE_LOOK)]
    messages = []
    for family, look in looks.items():
        points = _points(rows, family)
        distance = [points["mean"] - points["lower"], points["upper"] - points["mean"]]
        axes.plot(points["temperature"], points["mean"], color=look.colour, linestyle=look.dash)
        axes.errorbar(
            points["temperature"],
            points["mean"],
            distance,
            fmt=look.marker,
            color=look.colour,
            markersize=4.3,
            linewidth=1,
        )
        entries.append(Entry("", data.shorten(family), look))
        matched = data.breadth.loc[
            (data.breadth["estimand"] == MATCHED_TEMPERATURE) & (data.breadth["model"] == family)
        ].iloc[0]
        axes.plot([matched["lower"], matched["upper"]], [base["mean"]] * 2, color=INK, linewidth=3, alpha=0.6)
        axes.plot([matched["mean"]], [base["mean"]], "D", color=INK, markersize=5)
        messages.append(f"T = {number(matched['mean'], 1.0, 2)} {interval(matched.to_dict(), 1.0, 2)}")
    axes.set_xlabel("temperature")
    axes.set_ylabel("answer entropy, nats")
    axes.grid(axis="y", color=RULE, linewidth=0.5, alpha=0.7)
    label_side(axes, entries)
    words = f"{headline(rows, data.benchmark)}. Bars, band: {level_text(float(base['level']))} interval"
    header(axes, f"Equal answer entropy at {', '.join(messages)}", words, entries)


def _points(rows: pd.DataFrame, family: str) -> pd.DataFrame:
    """Entropies of a model at each of its temperatures, in order."""
    own = rows.loc[rows["model"].str.startswith(family + MARK)]
    temperature = pd.to_numeric(own["model"].str.rpartition(MARK)[2], errors="coerce")
    return own.assign(temperature=temperature).dropna(subset=["temperature"]).sort_values("temperature")
