"""Figure of training runs: what their checkpoints solve over the steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from boundary.analysis.figures.drawing import End, label_ends, percent_axis
from boundary.analysis.figures.figure import FigureData
from boundary.analysis.figures.header import Entry, clipped, header
from boundary.analysis.figures.layout import Layout
from boundary.analysis.figures.messages import trajectory_message
from boundary.analysis.figures.palette import BASE_LOOK, RL_LOOKS, RULE, Look
from boundary.analysis.figures.tags import tag_marks
from boundary.analysis.formatting import benchmark_name, level_text
from boundary.analysis.trajectory.record import BETWEEN
from boundary.plain_text import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# More runs than these are in the table alone.
MOST_RUNS = 4
# Steps that lie closer than this share of the run are drawn on a logarithmic scale.
LEAST_DISTANCE = 0.035
# Points that the number of a step takes.
LABEL_ROOM = 30.0


def has_trajectory(data: FigureData) -> bool:
    """Whether the benchmark has a base and two checkpoints of a run, of no more runs than the figure can hold."""
    return 0 < len(_runs(data)) <= MOST_RUNS


def trajectory_layout(data: FigureData, narrow: bool) -> Layout:
    """A panel for each run, with room for the names of the budgets."""
    return Layout(rows=len(_runs(data)), right=0.12 if narrow else 0.9)


def draw_trajectory(axes: Any, data: FigureData) -> None:
    """Draw pass@1 and pass@n over the steps of each run, with the band of the whole trajectory."""
    for panel, run in zip(np.ravel(axes), _runs(data), strict=True):
        _draw_run(panel, data, data.trajectory.loc[data.trajectory["training_run"] == run], run)


def _draw_run(axes: Axes, data: FigureData, rows: pd.DataFrame, run: str) -> None:
    curves = rows.loc[rows["estimand"] == "pass_at_k"]
    ends = []
    for k, look in zip(sorted(curves["k"].unique()), (RL_LOOKS[0], BASE_LOOK), strict=False):
        ends.append(_draw_curve(axes, curves.loc[curves["k"] == k].sort_values("step"), float(k), look))
    measured = curves.loc[curves["kind"] != BETWEEN].drop_duplicates("step").sort_values("step")
    _step_axis(axes, measured["step"].to_numpy(dtype=float), [str(label) for label in measured["step_label"]])
    axes.grid(axis="y", color=RULE, linewidth=0.5, alpha=0.7)
    percent_axis(axes, "share of problems solved")
    label_ends(axes, ends)
    problems = int(rows["n_problems"].iloc[0])
    name = clipped(plain(benchmark_name(data.benchmark)), 48)
    words = f"{name}, {problems:,} problem{'s' * (problems != 1)}{f', run {clipped(plain(run), 40)}' * bool(run)}. "
    words += f"Marks: checkpoints. Line, band: trajectory, {level_text(float(rows['level'].iloc[0]))} interval"
    models = [str(model) for model in measured["model"]]
    header(axes, trajectory_message(data, models, rows), words, [end.entry for end in ends])


def _draw_curve(axes: Axes, curve: pd.DataFrame, k: float, look: Look) -> End:
    """Line and band over all steps, and marks with their intervals at the checkpoints."""
    step, mean, lower, upper = (curve[name].to_numpy(dtype=float) for name in ("step", "mean", "lower", "upper"))
    axes.fill_between(step, lower, upper, color=look.colour, alpha=0.16, linewidth=0)
    axes.plot(step, mean, color=look.colour, linestyle=look.dash)
    at = curve.loc[curve["kind"] != BETWEEN]
    axes.vlines(at["step"], at["lower"], at["upper"], color=look.colour, linewidth=0.9, alpha=0.7)
    (points,) = axes.plot(at["step"], at["mean"], look.marker, color=look.colour, markersize=4.3)
    values = zip(*(at[name] for name in ("model", "mean", "lower", "upper")), strict=True)
    items = [{"name": model, "value": value, "lower": low, "upper": high} for model, value, low, high in values]
    tag_marks(points, items, unit="%", of=f"pass@{k:.0f}")
    return End(float(mean[-1]), Entry("", f"pass@{k:.0f}", look))


def _step_axis(axes: Axes, steps: np.ndarray, labels: list[str]) -> None:
    """Steps of training, on a logarithmic scale where some lie close together; `base` at 0."""
    from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

    first = float(steps[steps > 0].min())
    is_even = np.diff(steps).min() >= LEAST_DISTANCE * steps[-1]
    if not is_even:
        axes.set_xscale("function", functions=(lambda s: np.log1p(s / first), lambda u: first * np.expm1(u)))
    places = steps / steps[-1] if is_even else np.log1p(steps / first) / np.log1p(steps[-1] / first)
    room = axes.get_position().width * axes.figure.get_size_inches()[0] * 72  # type: ignore[union-attr]
    shown = [0]
    for i in range(1, len(steps)):
        is_clear = (places[i] - places[shown[-1]]) * room >= LABEL_ROOM
        is_before_last = i < len(steps) - 1 and (places[-1] - places[i]) * room < LABEL_ROOM
        if is_clear and not is_before_last:
            shown.append(i)
    axes.xaxis.set_major_locator(FixedLocator([float(steps[i]) for i in shown]))
    axes.xaxis.set_major_formatter(FixedFormatter(["base", *(labels[i] for i in shown[1:])]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("step of training" + ("" if is_even else ", logarithmic"))


def _runs(data: FigureData) -> list[str]:
    return [] if data.trajectory.empty else list(dict.fromkeys(data.trajectory["training_run"]))
