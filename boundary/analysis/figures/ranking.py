"""Figures of several models against each other: their ranking, and every pair."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from boundary.analysis.estimates.table import POSTERIOR, select
from boundary.analysis.figures.drawing import BASE_COLOUR, INK, RL_COLOURS, RULE, Layout, headline, name_ticks, title
from boundary.analysis.figures.figure import FigureData
from boundary.analysis.formatting import short_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Cells of a table of pairs that are wide enough for a number.
MOST_NUMBERED = 12


def ranking_layout(data: FigureData) -> Layout:
    """A panel for each budget, a line for each model, and their names on the left."""
    rows, budgets = _ranked_rows(data)
    height = max(1.0, 0.19 * len(ranked_models(rows, budgets[0])))
    return Layout(columns=len(budgets), width=2.6, height=height, right=0.55, names=2.15, gap=0.35)


def draw_ranking(axes: Any, data: FigureData) -> None:
    """Draw pass@1 and pass@n of every model with their intervals, best first, and P(best) beside them."""
    panels = np.ravel(axes)
    rows, budgets = _ranked_rows(data)
    order = ranked_models(rows, budgets[0])
    for panel, k in zip(panels, budgets, strict=True):
        draw_ranks(panel, rows, order, k)
        name_ticks(panel.yaxis, [short_name(model) for model in order] if panel is panels[0] else [])
        panel.tick_params(axis="y", length=0, labelcolor=INK)
    level = rows["level"].iloc[0]
    explanation = f"posterior mean and {level:.0%} interval; at the right P(best), where above .005"
    title(panels[0], headline(rows, data.benchmark), explanation)


def draw_ranks(axes: Axes, rows: pd.DataFrame, order: Sequence[str], k: float) -> None:
    """Draw pass@k of models at one budget, a line each, with P(best) at its end."""
    curve = select(rows, estimand="pass_at_k", k=k).set_index("model").loc[list(order)]
    chances = select(rows, estimand="best", k=k).set_index("model")["mean"]
    places = np.arange(len(order))
    axes.hlines(places, curve["lower"], curve["upper"], color=BASE_COLOUR, linewidth=2.2, alpha=0.45)
    axes.plot(curve["mean"], places, "o", color=BASE_COLOUR, markersize=3.5)
    for place, model in zip(places, order, strict=True):
        if chances[model] >= 0.005:
            spot = (1.03, place)
            axes.annotate(f"{chances[model]:.2f}", spot, xycoords=axes.get_yaxis_transform(), va="center", fontsize=8)
    axes.set_ylim(len(order) - 0.4, -0.6)
    axes.grid(axis="x", color=RULE, linewidth=0.5, alpha=0.7)
    percent_axis_below(axes, f"pass@{k:.0f}")


def percent_axis_below(axes: Axes, label: str) -> None:
    """Write shares along the horizontal axis as per cent."""
    from matplotlib.ticker import FuncFormatter

    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{100 * x:.3g} %"))
    axes.set_xlabel(label)


def pairs_layout(data: FigureData) -> Layout:
    """A square panel for each budget, and the models' names on the left."""
    rows, budgets = _ranked_rows(data)
    side = float(np.clip(0.12 * len(ranked_models(rows, budgets[0])), 2.0, 4.6))
    return Layout(columns=len(budgets), width=side, height=side, right=0.6, names=2.3, gap=0.15)


def draw_pairs(axes: Any, data: FigureData) -> None:
    """Draw P(pass@k of the model in the row exceeds that of the one in the column), at k = 1 and n."""
    from matplotlib.cm import ScalarMappable

    panels = np.ravel(axes)
    rows, budgets = _ranked_rows(data)
    order = ranked_models(rows, budgets[0])
    size = 8.0 if len(order) <= MOST_NUMBERED else 4.8
    for panel, k in zip(panels, budgets, strict=True):
        mesh = draw_pair_chances(panel, rows, order, k)
        names = [f"{short_name(model)}\N{EM SPACE}{place}" for place, model in enumerate(order, start=1)]
        name_ticks(panel.xaxis, range(1, len(order) + 1))
        name_ticks(panel.yaxis, names if panel is panels[0] else [])
        panel.tick_params(length=0, labelcolor=INK, labelsize=size)
    title(panels[0], headline(rows, data.benchmark), "P(pass@k of the row exceeds that of the column)")
    steps = ScalarMappable(mesh.norm, mesh.cmap.resampled(32))  # a shape for each, in place of 256
    panels[0].figure.colorbar(steps, ax=list(panels), fraction=0.03, pad=0.02, ticks=[0, 0.5, 1])


def draw_pair_chances(axes: Axes, rows: pd.DataFrame, order: Sequence[str], k: float) -> Any:
    """Draw the square of P(row better than column) at one budget; returns the coloured image, for a colour bar."""
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
    better = select(rows, estimand="better", k=k)
    for model, reference, mean in better[["model", "reference", "mean"]].itertuples(index=False):
        chances[place[model], place[reference]] = mean
        chances[place[reference], place[model]] = 1 - mean
    return chances


def ranked_models(rows: pd.DataFrame, k: float) -> list[str]:
    """Models of a benchmark that were ranked, the best first."""
    ranked = set(select(rows, estimand="best")["model"])
    curve = select(rows, estimand="pass_at_k", k=k).sort_values("mean", ascending=False, kind="stable")
    return [str(model) for model in curve["model"] if model in ranked]


def ranked_budgets(rows: pd.DataFrame, n: int) -> list[float]:
    """The smallest budget at which models are ranked, and the largest within n; none where they are not ranked."""
    budgets = sorted(set(select(rows, estimand="best")["k"]))
    return list(dict.fromkeys([*budgets[:1], *[k for k in budgets if k <= n][-1:]]))


def _ranked_rows(data: FigureData) -> tuple[pd.DataFrame, list[float]]:
    rows = select(data.rows, kind=POSTERIOR)
    return rows, ranked_budgets(rows, data.n)
