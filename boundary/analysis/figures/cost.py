"""Figure of cost: share of problems solved against tokens or money."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from boundary.analysis.figures.drawing import End, arm_label, label_ends, percent_axis
from boundary.analysis.figures.figure import MOST_CURVES, FigureData
from boundary.analysis.figures.header import Entry, clipped, header, note_above
from boundary.analysis.figures.messages import UNCONVERGED
from boundary.analysis.figures.palette import EXTRAPOLATED, EXTRAPOLATED_DASH, INK, MUTED, PAGE, RULE, Look
from boundary.analysis.figures.tags import Tag, numbers, tag_model
from boundary.analysis.formatting import benchmark_name, cost_text, level_text
from boundary.plain_text import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Points that the label of a tick takes, about.
LABEL_ROOM = 44.0


def has_cost(data: FigureData) -> bool:
    """Whether there are curves, of no more models than the figure can hold."""
    rows = data.cost_rows
    return not rows.empty and 0 < rows.loc[rows["estimand"] == "pass_at_cost", "model"].nunique() <= MOST_CURVES


def draw_cost(axes: Axes, data: FigureData) -> None:
    """Draw the share of problems that each model solves within a budget, and where the curves cross."""
    rows = data.cost_rows
    curves = rows.loc[(rows["estimand"] == "pass_at_cost") & (rows["kind"] == "curve")]
    looks, unit = data.looks_of(curves), str(curves["unit"].iloc[0])
    within = float(curves.loc[~curves["extrapolated"], "cost"].max())
    ends = []
    for model, look in looks.items():
        curve = curves.loc[curves["model"] == model].sort_values("cost")
        _draw_curve(axes, curve, look, model, unit)
        ends.append(
            End(float(curve["mean"].iloc[-1]), Entry(model, arm_label(model, data.base, len(looks) <= 2), look))
        )
    low, high = axes.get_ylim()
    axes.set_ylim(max(low, -0.02), min(max(high, 0.05), 1.03))
    percent_axis(axes, "share of problems solved")
    _cost_axis(axes, curves, unit, within)
    if len(data.rl_models) == 1 and data.unconverged_models.isdisjoint(looks):
        _mark_crossover(axes, rows, curves, unit)
    label_ends(axes, ends)
    level = level_text(float(curves["level"].iloc[0]))
    problems = int(curves["n_problems"].iloc[0])
    words = f"{clipped(plain(benchmark_name(data.benchmark)), 48)}, {problems:,} problem{'s' * (problems != 1)}. "
    words += f"Attempts until one is right; posterior, {level} interval"
    header(axes, cost_message(data), words, [end.entry for end in ends])


def cost_message(data: FigureData) -> str:
    """Where the curves of a pair cross, or who solves more at the largest budget within the samples."""
    if data.unconverged_models:
        return UNCONVERGED
    crossing = _crossover_row(data.cost_rows) if len(data.rl_models) == 1 else None
    unit = str(data.cost_rows["unit"].iloc[0])
    if crossing is not None:
        extrapolation = ", extrapolated" if crossing["extrapolated"] else ""
        return f"The base catches up at {cost_text(crossing['median'], unit)} a problem{extrapolation}"
    return "Problems solved " + ("at equal tokens" if unit == "tokens" else "for equal money")


def _crossover_row(rows: pd.DataFrame) -> Any:
    """The crossover, where one is likely by more than the margin."""
    likely = rows.loc[rows["estimand"] == "crosses_at_cost", "mean"]
    crossing = rows.loc[rows["estimand"] == "crossover_cost"]
    if likely.empty or likely.iloc[0] < 0.5 or not np.isfinite(crossing["median"].iloc[0]):
        return None
    return crossing.iloc[0]


def _draw_curve(axes: Axes, curve: pd.DataFrame, look: Look, model: str, unit: str) -> None:
    """Draw line and band; beyond the samples the line is thin and dotted."""
    cost, middle, lower, upper = (curve[name].to_numpy(dtype=float) for name in ("cost", "mean", "lower", "upper"))
    tag_model(axes.fill_between(cost, lower, upper, color=look.colour, alpha=0.16, linewidth=0), model)
    extrapolated = curve["extrapolated"].to_numpy(dtype=bool)
    n_within = int((~extrapolated).sum())
    (line,) = axes.plot(cost[:n_within], middle[:n_within], color=look.colour, linestyle=look.dash)
    attributes = {"data-model": model, "data-k": numbers(cost), "data-value": numbers(middle)}
    attributes |= {"data-lower": numbers(lower), "data-upper": numbers(upper), "data-axis": f"{unit} a problem"}
    line.set_gid(Tag("curve", attributes))
    if n_within < len(cost):
        start = max(n_within - 1, 0)
        style: dict[str, Any] = {"linestyle": EXTRAPOLATED_DASH, "linewidth": 1.3}
        (dotted,) = axes.plot(cost[start:], middle[start:], color=look.colour, **style)
        tag_model(dotted, model)


def _cost_axis(axes: Axes, curves: pd.DataFrame, unit: str, within: float) -> None:
    """Lay out the budgets in powers of ten, and shade what lies beyond the samples."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    low, high = float(curves["cost"].min()), float(curves["cost"].max())
    axes.set_xscale("log")
    axes.set_xlim(low / 1.05, high * 1.05)
    powers = [10.0**power for power in range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)]
    ticks = [power * digit for power in powers for digit in (1, 3) if low <= power * digit <= high]
    room = axes.get_position().width * axes.figure.get_size_inches()[0] * 72  # type: ignore[union-attr]
    if len(ticks) * LABEL_ROOM > room:
        ticks = [power for power in powers if low <= power <= high]
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda cost, _: short_cost(cost)))
    axes.set_xlabel(f"budget, {unit} a problem")
    axes.grid(axis="y", color=RULE, linewidth=0.5, alpha=0.7)
    if high > within:
        shade = axes.axvspan(max(within, low / 1.05), high * 1.05, color=EXTRAPOLATED, zorder=0, linewidth=0)
        shade.set_gid(Tag("part", {"data-n": f"{within:.6g}"}))
        axes.axvline(within, color=MUTED, linewidth=0.8, linestyle=":")
        note_above(axes, "beyond the samples: extrapolated")


def short_cost(cost: float) -> str:
    """A budget in a few letters.

    Examples
    --------
    >>> short_cost(300), short_cost(10_000), short_cost(3e6), short_cost(0.001)
    ('300', '10k', '3M', '0.001')
    """
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if cost >= size * 0.9999:
            return f"{cost / size:.3g}{letter}"
    return f"{cost:.3g}"


def _mark_crossover(axes: Axes, rows: pd.DataFrame, curves: pd.DataFrame, unit: str) -> None:
    """Mark the crossover and its interval where the curves cross, and write it in the corner that they leave free."""
    crossing = _crossover_row(rows)
    if crossing is None:
        return
    median, lower, upper = (float(crossing[column]) for column in ("median", "lower", "upper"))
    means = curves.groupby("cost")["mean"].mean()
    height = float(np.interp(np.log(median), np.log(means.index.to_numpy(dtype=float)), means.to_numpy(dtype=float)))
    edge = min(upper, float(axes.get_xlim()[1]))
    axes.plot([lower, edge], [height, height], color=INK, linewidth=4, solid_capstyle="butt", alpha=0.55)
    axes.plot([median], [height], "D", color=INK, markersize=5, markeredgecolor=PAGE)
    end = cost_text(upper, unit, with_unit=False)
    text = f"crossover at {cost_text(median, unit)}\n[{cost_text(lower, unit, with_unit=False)}, {end}]"
    axes.annotate(text, (0.015, 0.985), xycoords="axes fraction", va="top", fontweight="bold")
