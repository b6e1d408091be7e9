"""The three figures of a pair of models on a benchmark, drawn from the estimates table alone.

Each function returns a free-standing matplotlib Figure; save it with `boundary.analysis.figures.drawing.image`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from boundary.analysis.checkpoints import ENOUGH_CHECKPOINTS
from boundary.analysis.estimates.table import BOUNDS, SIMULTANEOUS, of_posterior
from boundary.analysis.figures.drawing import (
    FLOW_COLOURS,
    FLOW_WORDS,
    INK,
    LABEL_COLOURS,
    MUTED,
    arm_colours,
    arm_label,
    base_model,
    budget_axis,
    canvas,
    clipped,
    curve_of,
    draw_allowed,
    draw_curve,
    draw_edges,
    headline,
    label_ends,
    panels_of,
    percent_axis,
    styled,
    title,
    witness_of,
)
from boundary.analysis.figures.several_models import histogram, pairs, ranking, trajectory
from boundary.analysis.formatting import short

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@styled
def pass_curves(estimates: pd.DataFrame, benchmark: str, n: int) -> Figure:
    """Draw pass@k of every model: posterior with its band, and the unbiased estimates as points.

    Parameters
    ----------
    estimates
        The tidy table of an analysis.
    benchmark
        Whose rows to draw.
    n
        Samples per problem; budgets beyond it are shaded as extrapolated.

    Returns
    -------
    Figure
        Not attached to any backend; save it with `image`.
    """
    rows = estimates.loc[(estimates["benchmark"] == benchmark) & (estimates["estimand"] == "pass_at_k")]
    bounded = _bounded(rows)
    explanation = "line, band: posterior, {level:.0%} interval; points: unbiased estimates" + ALLOWED * bounded
    figure, axes = canvas(rows, benchmark, explanation)
    base = base_model(estimates)
    ends = []
    arms = _arms_in(rows, estimates)
    for model, colour in arms.items():
        curve = curve_of(rows, model)
        if bounded:
            draw_allowed(axes, rows, model, n, colour)
        draw_curve(axes, curve, curve_of(rows, model, observed=True), n, colour)
        ends.append((float(curve.middle[-1]), arm_label(model, base, alone=len(arms) <= 2), colour))
    percent_axis(axes, "pass@k, share of problems solved")
    budget_axis(axes, rows, n)
    label_ends(axes, ends)
    return figure


@styled
def shrinkage_curve(estimates: pd.DataFrame, benchmark: str, n: int) -> Figure:
    """Draw pass@k of the base less that of each RL model over k, with band, zero line and crossover.

    Parameters are those of `pass_curves`.
    """
    here = estimates.loc[estimates["benchmark"] == benchmark]
    rows = here.loc[here["estimand"] == "shrinkage"]
    base = base_model(estimates)
    arms = _arms_in(rows, estimates)
    alone = len(arms) == 1 and bool((rows["kind"] == SIMULTANEOUS).any())
    bounded = _bounded(rows)
    explanation = "base less RL: posterior, {level:.0%} interval; points: unbiased" + ALLOWED * bounded
    explanation += "; dotted: all k at once" * alone
    figure, axes = canvas(rows, benchmark, explanation, labels=len(arms) > 1)
    axes.axhline(0, color=INK, linewidth=0.9)
    ends = []
    for model, colour in arms.items():
        curve = curve_of(rows, model)
        if bounded:
            draw_allowed(axes, rows, model, n, colour)
        if alone:
            draw_edges(axes, witness_of(rows, model, SIMULTANEOUS), colour)
        draw_curve(axes, curve, curve_of(rows, model, observed=True), n, colour)
        ends.append((float(curve.middle[-1]), arm_label(model, base, alone=False), colour))
    percent_axis(axes, "shrinkage, percentage points", signed=True)
    budget_axis(axes, rows, n)
    _name_sides(axes)
    if len(ends) == 1:
        _mark_crossover(axes, here)
    else:
        label_ends(axes, ends)
    return figure


@styled
def flows(estimates: pd.DataFrame, benchmark: str, n: int) -> Figure:
    """Draw where the problems stand at each budget: kept, lost, gained and neither; a row for each RL model.

    On the left all problems, on the right lost and gained alone, with bands. Parameters are those of `pass_curves`.
    """
    rows = estimates.loc[(estimates["benchmark"] == benchmark) & estimates["estimand"].isin(list(FLOW_COLOURS))]
    models = list(dict.fromkeys(rows["model"]))
    figure, panels = panels_of(len(models), 2, width=3.1, height=2.8, right=1.4)
    for (whole, detail), model in zip(panels, models, strict=True):
        of_model = rows.loc[rows["model"] == model]
        _draw_stack(whole, of_model, clipped(short(model)) if len(models) > 1 else benchmark, n)
        _draw_lost_and_gained(detail, of_model, n)
    return figure


FIGURES: dict[str, Callable[[pd.DataFrame, str, int], Figure]] = {
    "pass_at_k": pass_curves,
    "shrinkage": shrinkage_curve,
    "flows": flows,
    "histogram": histogram,
    "ranking": ranking,
    "pairs": pairs,
}
NEEDS = {
    "pass_at_k": "pass_at_k",
    "shrinkage": "shrinkage",
    "flows": "lost",
    "histogram": "accuracy_histogram",
    "ranking": "best",
    "pairs": "better",
}
# So many models may have the ranges that counts allow shaded.
MOST_RANGES = 3
ALLOWED = "; faint: what counts allow"
# So many models a figure can hold.
MOST_CURVES = 8
MOST_MODELS = {
    "pass_at_k": MOST_CURVES,
    "shrinkage": MOST_CURVES,
    "flows": MOST_CURVES,
    "histogram": 4,
    "ranking": 100,
    "pairs": 100,
}


def figures_of(
    estimates: pd.DataFrame, benchmark: str, n: int, steps: Mapping[str, str] | None = None
) -> dict[str, Figure]:
    """Draw each figure that the table holds rows for: four for a pair, two for one model, more where there are several.

    Curves of more than eight models tell nobody anything: these get the ranking alone. `steps` are the checkpoints of a
    run (`boundary.analysis.text.trajectory.checkpoint_steps`).
    """
    rows = estimates.loc[estimates["benchmark"] == benchmark]
    known, models = set(rows["estimand"]), rows.loc[rows["estimand"] == "pass_at_k", "model"].unique()
    drawn = {
        name: draw(estimates, benchmark, n)
        for name, draw in FIGURES.items()
        if NEEDS[name] in known and len(models) <= MOST_MODELS[name]
    }
    if steps and sum(model in steps for model in models) > ENOUGH_CHECKPOINTS:
        drawn["trajectory"] = trajectory(estimates, benchmark, n, steps)
    return drawn


def _arms_in(rows: pd.DataFrame, estimates: pd.DataFrame) -> dict[str, str]:
    """Models that have rows, each with the colour that it has in every figure."""
    return {model: colour for model, colour in arm_colours(estimates).items() if (rows["model"] == model).any()}


def _bounded(rows: pd.DataFrame) -> bool:
    """Whether to shade what counts allow: overlapping ranges of many models tell nobody anything."""
    models = rows.loc[rows["kind"] == BOUNDS, "model"].nunique()
    return 0 < models <= MOST_RANGES


def _name_sides(axes: Axes) -> None:
    """Say in words what each side of the zero line means."""
    low, high = axes.get_ylim()
    spare = 0.12 * (high - low)
    axes.set_ylim(min(low, -spare), max(high, spare))
    words = {"base solves more": (6, 4, "bottom"), "RL solves more": (6, -4, "top")}
    place = axes.get_yaxis_transform()
    for text, (x, y, side) in words.items():
        axes.annotate(text, (0, 0), (x, y), place, "offset points", color=MUTED, va=side)


def _mark_crossover(axes: Axes, here: pd.DataFrame) -> None:
    """Mark the crossover and its interval on the zero line, with an arrow where the interval has no end."""
    from matplotlib.patheffects import withStroke

    found = here.loc[(here["estimand"] == "crossover") & of_posterior(here)]
    if found.empty or not np.isfinite(found["median"].iloc[0]):
        return
    median, lower, upper = (float(found[column].iloc[0]) for column in ("median", "lower", "upper"))
    edge = min(upper, axes.get_xlim()[1])
    axes.plot([lower, edge], [0, 0], color=INK, linewidth=4, solid_capstyle="butt", alpha=0.55)
    axes.plot([median], [0], "D", color=INK, markersize=5, markeredgecolor="white")
    end = f"{upper:,.0f}" if np.isfinite(upper) else "none"
    words = f"crossover at k = {median:,.0f} [{lower:,.0f}, {end}]"
    # Shrinkage rises through zero here, so what is free is below to the right and above to the left.
    below = median < np.sqrt(np.prod(axes.get_xlim()))
    axes.annotate(
        words,
        (median, 0),
        (4, -8) if below else (-4, 8),
        textcoords="offset points",
        ha="left" if below else "right",
        va="top" if below else "bottom",
        fontsize=8.5,
        fontweight="bold",
        path_effects=[withStroke(linewidth=2.5, foreground="white")],
    )


def _draw_stack(axes: Axes, rows: pd.DataFrame, name: str, n: int) -> None:
    """Draw the four flows as areas that add up to all problems."""
    total = int(rows["n_problems"].max())
    curves = [curve_of(rows.loc[rows["estimand"] == flow], str(rows["model"].iloc[0])) for flow in FLOW_COLOURS]
    axes.stackplot(curves[0].k, *(curve.middle for curve in curves), colors=list(FLOW_COLOURS.values()), linewidth=0)
    axes.set_ylim(0, total)
    _problem_axis(axes)
    title(axes, headline(rows, name), "all problems: who solves them within k samples")
    budget_axis(axes, rows, n)
    tops = np.cumsum([curve.middle[-1] for curve in curves])
    middles = tops - [curve.middle[-1] / 2 for curve in curves]
    label_ends(axes, list(zip(middles.tolist(), FLOW_WORDS.values(), LABEL_COLOURS.values(), strict=True)))


def _draw_lost_and_gained(axes: Axes, rows: pd.DataFrame, n: int) -> None:
    """Draw the two flows that tell the models apart, each with its band and the plug-in from the counts."""
    ends, level = [], rows.loc[of_posterior(rows), "level"].iloc[0]
    for flow in ("gained", "lost"):
        mine, model = rows.loc[rows["estimand"] == flow], str(rows["model"].iloc[0])
        curve = curve_of(mine, model)
        draw_curve(axes, curve, curve_of(mine, model, observed=True), n, FLOW_COLOURS[flow])
        ends.append((float(curve.middle[-1]), FLOW_WORDS[flow], LABEL_COLOURS[flow]))
    axes.set_ylim(bottom=0)
    _problem_axis(axes)
    title(axes, "Lost and gained", f"line, band: posterior, {level:.0%} interval; points: unbiased estimates")
    budget_axis(axes, rows, n)
    label_ends(axes, ends)


def _problem_axis(axes: Axes) -> None:
    from matplotlib.ticker import MaxNLocator, StrMethodFormatter

    axes.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.set_ylabel("expected number of problems")
