"""Figures of several models at once: ranking, every pair, checkpoints of a run; and how solve rates are spread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from boundary.analysis.estimates.table import OBSERVED, of_posterior
from boundary.analysis.figures.drawing import (
    BASE_COLOUR,
    INK,
    RL_COLOURS,
    RULE,
    arm_colours,
    arm_label,
    base_model,
    headline,
    label_ends,
    panels_of,
    percent_axis,
    styled,
    title,
)
from boundary.analysis.formatting import short

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Cells of a table of pairs that are wide enough for a number.
MOST_NUMBERED = 12
BINS = ("0", *(f"\N{LESS-THAN OR EQUAL TO} .{high}" for high in range(1, 10)), "< 1", "1")


@styled
def ranking(estimates: pd.DataFrame, benchmark: str, n: int) -> Figure:
    """Draw pass@1 and pass@n of every model with their intervals, best first, and P(best) beside them."""
    rows = _posterior(estimates, benchmark)
    budgets = _budgets(rows, n)
    order = ranked_models(rows, budgets[0])
    height = max(1.0, 0.19 * len(order))
    figure, axes = panels_of(1, len(budgets), width=2.6, height=height, right=0.55)
    figure.subplots_adjust(left=2.15 / figure.get_figwidth(), wspace=0.35)
    for panel, k in zip(axes[0], budgets, strict=True):
        _draw_ranks(panel, rows, order, k)
        panel.set_yticks(range(len(order)), [short(model) for model in order] if panel is axes[0, 0] else [])
        panel.tick_params(axis="y", length=0, labelcolor=INK)
    level = rows["level"].iloc[0]
    explanation = f"posterior mean and {level:.0%} interval; at the right P(best), where above .005"
    title(axes[0, 0], headline(rows, benchmark), explanation)
    return figure


def _draw_ranks(axes: Axes, rows: pd.DataFrame, order: Sequence[str], k: float) -> None:
    curve = rows.loc[(rows["estimand"] == "pass_at_k") & (rows["k"] == k)].set_index("model").loc[list(order)]
    chances = rows.loc[(rows["estimand"] == "best") & (rows["k"] == k)].set_index("model")["mean"]
    places = np.arange(len(order))
    axes.hlines(places, curve["lower"], curve["upper"], color=BASE_COLOUR, linewidth=2.2, alpha=0.45)
    axes.plot(curve["mean"], places, "o", color=BASE_COLOUR, markersize=3.5)
    for place, model in zip(places, order, strict=True):
        if chances[model] >= 0.005:
            spot = (1.03, place)
            axes.annotate(f"{chances[model]:.2f}", spot, xycoords=axes.get_yaxis_transform(), va="center", fontsize=8)
    axes.set_ylim(len(order) - 0.4, -0.6)
    axes.grid(axis="x", color=RULE, linewidth=0.5, alpha=0.7)
    _percent_below(axes, f"pass@{k:.0f}")


def _percent_below(axes: Axes, label: str) -> None:
    from matplotlib.ticker import FuncFormatter

    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{100 * x:.3g} %"))
    axes.set_xlabel(label)


@styled
def pairs(estimates: pd.DataFrame, benchmark: str, n: int) -> Figure:
    """Draw P(pass@k of the model in the row exceeds that of the one in the column), at k = 1 and n."""
    rows = _posterior(estimates, benchmark)
    budgets = _budgets(rows, n)
    order = ranked_models(rows, budgets[0])
    side = float(np.clip(0.12 * len(order), 2.0, 4.6))
    figure, axes = panels_of(1, len(budgets), width=side, height=side, right=0.6)
    figure.subplots_adjust(left=2.3 / figure.get_figwidth(), wspace=0.15)
    size = 8.0 if len(order) <= MOST_NUMBERED else 4.8
    for panel, k in zip(axes[0], budgets, strict=True):
        mesh = _draw_pairs(panel, rows, order, k)
        names = [f"{short(model)}  {place}" for place, model in enumerate(order, start=1)]
        panel.set_xticks(range(len(order)), range(1, len(order) + 1), fontsize=size)
        panel.set_yticks(range(len(order)), names if panel is axes[0, 0] else [], fontsize=size)
        panel.tick_params(length=0, labelcolor=INK)
    title(axes[0, 0], headline(rows, benchmark), "P(pass@k of the row exceeds that of the column)")
    figure.colorbar(mesh, ax=list(axes[0]), fraction=0.03, pad=0.02, ticks=[0, 0.5, 1])
    return figure


def _draw_pairs(axes: Axes, rows: pd.DataFrame, order: Sequence[str], k: float) -> Any:
    from matplotlib.colors import LinearSegmentedColormap

    chances = pair_chances(rows, order, k)
    colours = LinearSegmentedColormap.from_list("sides", [RL_COLOURS[0], "#FFFFFF", BASE_COLOUR])
    mesh = axes.imshow(chances, cmap=colours, vmin=0, vmax=1, aspect="equal")
    axes.set_xlabel(f"k = {k:.0f}")
    axes.xaxis.set_label_position("top")
    if len(order) <= MOST_NUMBERED:
        for (i, j), chance in np.ndenumerate(chances):
            if i != j:
                strong = abs(chance - 0.5) > 0.35
                axes.text(j, i, f"{chance:.2f}", ha="center", va="center", fontsize=7, color="white" if strong else INK)
    return mesh


def pair_chances(rows: pd.DataFrame, order: Sequence[str], k: float) -> np.ndarray:
    """P(row better than column) as a square, the models in an order; NaN on the diagonal."""
    place = {model: i for i, model in enumerate(order)}
    chances = np.full((len(order), len(order)), np.nan)
    mine = rows.loc[(rows["estimand"] == "better") & (rows["k"] == k)]
    for model, reference, mean in mine[["model", "reference", "mean"]].itertuples(index=False):
        chances[place[model], place[reference]] = mean
        chances[place[reference], place[model]] = 1 - mean
    return chances


@styled
def trajectory(estimates: pd.DataFrame, benchmark: str, n: int, steps: Mapping[str, str]) -> Figure:
    """Draw pass@k over the checkpoints of a run, for k = 1, a middle budget and n, with bands.

    Checkpoints stand at equal distances, since the step of the final one need not be known.
    """
    rows = _posterior(estimates, benchmark)
    curves = rows.loc[rows["estimand"] == "pass_at_k"]
    here = [model for model in steps if model in set(curves["model"])]
    figure, panels = panels_of(1, 1, width=4.9, height=3.1, right=1.1)
    axes: Axes = panels[0, 0]
    known = sorted({float(k) for k in curves["k"]})
    within = [k for k in known if k <= n] or known[:1]
    budgets = list(dict.fromkeys([within[0], within[len(within) // 2], within[-1]]))
    places, ends = np.arange(len(here)), []
    for k, colour in zip(budgets, (RL_COLOURS[0], RL_COLOURS[1], BASE_COLOUR), strict=False):
        line = curves.loc[curves["k"] == k].drop_duplicates("model").set_index("model").loc[here]
        axes.fill_between(places, line["lower"], line["upper"], color=colour, alpha=0.18, linewidth=0)
        axes.plot(places, line["mean"], "o-", color=colour, markersize=4)
        ends.append((float(line["mean"].iloc[-1]), f"pass@{k:.0f}", colour))
    axes.set_xticks(places, ["base", *(steps[model] for model in here[1:])])
    axes.set_xlabel("checkpoint step")
    axes.grid(axis="y", color=RULE, linewidth=0.5, alpha=0.7)
    percent_axis(axes, "share of problems solved")
    title(axes, headline(curves, benchmark), f"line, band: posterior, {curves['level'].iloc[0]:.0%} interval")
    label_ends(axes, ends)
    return figure


@styled
def histogram(estimates: pd.DataFrame, benchmark: str, n: int) -> Figure:
    """Draw how the solve rates are spread over the problems: posterior bars, and the observed c/n as circles."""
    rows = estimates.loc[(estimates["benchmark"] == benchmark) & (estimates["estimand"] == "accuracy_histogram")]
    base, colours = base_model(estimates), arm_colours(estimates)
    arms = [model for model in dict.fromkeys(rows["model"]) if model != base]
    figure, panels = panels_of(len(arms) or 1, 1, width=4.9, height=2.3, right=1.95)
    for axes, arm in zip(panels[:, 0], arms or [base], strict=True):
        models = [model for model in dict.fromkeys((base, arm)) if model is not None]
        for i, model in enumerate(models):
            _draw_bars(axes, rows.loc[rows["model"] == model], colours[model], i, len(models), n)
            words = {"xycoords": "axes fraction", "color": colours[model], "fontweight": "bold", "va": "top"}
            axes.annotate(arm_label(model, base, alone=len(arms) == 1), (1.02, 1 - 0.4 * i), **words)
        axes.set_xticks(range(len(BINS)), BINS)
        axes.set_xlabel("solve rate p of a problem")
        axes.grid(axis="y", color=RULE, linewidth=0.5, alpha=0.7)
        percent_axis(axes, "share of problems")
        title(axes, headline(rows, benchmark), "bars: posterior of p, with intervals; circles: observed c/n")
    return figure


def _draw_bars(axes: Axes, rows: pd.DataFrame, colour: str, i: int, models: int, n: int) -> None:
    posterior, seen = (rows.loc[(rows["kind"] == OBSERVED) == flag].sort_values("tau") for flag in (False, True))
    width = 0.8 / models
    places = np.arange(len(posterior)) + (i - (models - 1) / 2) * width
    axes.bar(places, posterior["mean"], width=0.92 * width, color=colour, alpha=0.45)
    axes.vlines(places, posterior["lower"], posterior["upper"], color=colour, linewidth=1.2)
    if len(seen):
        axes.plot(places, seen["mean"], "o", color="white", markeredgecolor=colour, markersize=4)


def ranked_models(rows: pd.DataFrame, k: float) -> list[str]:
    """Models of a benchmark that were ranked, the best first."""
    ranked = set(rows.loc[rows["estimand"] == "best", "model"])
    curve = rows.loc[(rows["estimand"] == "pass_at_k") & (rows["k"] == k) & rows["model"].isin(ranked)]
    return [str(model) for model in curve.sort_values("mean", ascending=False, kind="stable")["model"]]


def _posterior(estimates: pd.DataFrame, benchmark: str) -> pd.DataFrame:
    return estimates.loc[(estimates["benchmark"] == benchmark) & of_posterior(estimates)]


def _budgets(rows: pd.DataFrame, n: int) -> list[float]:
    """The smallest budget at which models are ranked, and the largest within n."""
    known = sorted(set(rows.loc[rows["estimand"] == "best", "k"]))
    return list(dict.fromkeys([known[0], max([k for k in known if k <= n], default=known[0])]))
