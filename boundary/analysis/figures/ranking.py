"""Figures of several models against each other: their ranking, and every pair."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from boundary.analysis.estimates.table import POSTERIOR, select
from boundary.analysis.figures.drawing import headline, name_ticks
from boundary.analysis.figures.figure import FigureData
from boundary.analysis.figures.header import clipped, header_across
from boundary.analysis.figures.layout import Layout
from boundary.analysis.figures.messages import ranking_message
from boundary.analysis.figures.palette import BASE_COLOUR, INK, RL_COLOURS, RULE
from boundary.analysis.figures.tags import tag_marks
from boundary.analysis.formatting import Shorten, level_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Models up to which two squares stand beside each other; beyond, inches of a line.
MOST_BESIDE, LINE = 18, 0.125
# White on a screen of any kind, since the cell below it has the same colour on all.
ON_COLOUR = "#FEFEFE"
# Cells of a table of pairs that are wide enough for a number.
MOST_NUMBERED = 12


def ranking_layout(data: FigureData, narrow: bool) -> Layout:
    """A panel for each budget, a line for each model, and their names on the left."""
    rows, budgets = _ranked_rows(data)
    models = len(ranked_models(rows, budgets[0]))
    if narrow:
        return Layout(rows=len(budgets), height=max(0.6, 0.16 * models), right=0.35, names=1.35)
    return Layout(columns=len(budgets), height=max(0.8, 0.17 * models), left=0.2, right=0.4, names=1.75)


def draw_ranking(axes: Any, data: FigureData) -> None:
    """Draw pass@1 and pass@n of every model with their intervals, best first, and P(best) beside them."""
    panels = np.ravel(axes)
    rows, budgets = _ranked_rows(data)
    order = ranked_models(rows, budgets[0])
    names = _ranked_names(order, panels[0], shorten=data.shorten)
    for panel, k in zip(panels, budgets, strict=True):
        draw_ranks(panel, rows, order, k)
        begins_row = panel.get_subplotspec() is None or panel.get_subplotspec().is_first_col()
        name_ticks(panel.yaxis, names if begins_row else [])
        panel.tick_params(axis="y", length=0, labelcolor=INK)
    level = float(rows["level"].iloc[0])
    words = f"{headline(rows, data.benchmark)}. Posterior mean, {level_text(level)} interval; right: P(best)"
    header_across(list(panels), ranking_message(data, budgets[0]), words, [f"At k = {k:,.0f}" for k in budgets])


def _ranked_names(order: Sequence[str], panel: Axes, spare: float = 0.0, *, shorten: Shorten) -> list[str]:
    """Names that fit to the left of a panel, with so many points to spare."""
    figure = panel.figure
    room = panel.get_position().x0 * figure.get_size_inches()[0] * 72  # type: ignore[union-attr]
    return [clipped(shorten(model), max(int((room - spare) / 5.0), 12)) for model in order]


def draw_ranks(axes: Axes, rows: pd.DataFrame, order: Sequence[str], k: float) -> None:
    """Draw pass@k of models at one budget, a line each, with P(best) at its end."""
    curve = select(rows, estimand="pass_at_k", k=k).set_index("model").loc[list(order)]
    chances = select(rows, estimand="best", k=k).set_index("model")["mean"]
    places = np.arange(len(order))
    mean, lower, upper = (curve[name].to_numpy(dtype=float) for name in ("mean", "lower", "upper"))
    axes.hlines(places, lower, upper, color=BASE_COLOUR, linewidth=2.2, alpha=0.45)
    (points,) = axes.plot(mean, places, "o", color=BASE_COLOUR, markersize=3.5)
    values = zip(order, mean.tolist(), lower.tolist(), upper.tolist(), strict=True)
    items = [{"name": model, "value": value, "lower": low, "upper": high} for model, value, low, high in values]
    tag_marks(points, items, unit="%", of=f"pass@{k:.0f}")
    for place, model in zip(places, order, strict=True):
        if chances[model] >= 0.005:
            spot = (1.03, place)
            axes.annotate(
                short_probability(chances[model]), spot, xycoords=axes.get_yaxis_transform(), va="center", fontsize=8
            )
    axes.set_ylim(len(order) - 0.4, -0.6)
    axes.grid(axis="x", color=RULE, linewidth=0.5, alpha=0.7)
    percent_axis_below(axes, f"pass@{k:.0f}")


def short_probability(value: float) -> str:
    """Write a probability in four letters; one that is nearly 0 or 1 is not rounded to it.

    Examples
    --------
    >>> short_probability(0.97), short_probability(0.9999), short_probability(0.0)
    ('0.97', '>.99', '<.01')
    """
    return ">.99" if value >= 0.995 else "<.01" if value < 0.005 else f"{value:.2f}"


def percent_axis_below(axes: Axes, label: str) -> None:
    """Write shares along the horizontal axis as per cent."""
    from matplotlib.ticker import FuncFormatter

    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{100 * x:.3g} %"))
    axes.set_xlabel(label)


def pairs_layout(data: FigureData, narrow: bool) -> Layout:
    """A square panel for each budget, and the models' names on the left."""
    rows, budgets = _ranked_rows(data)
    models = len(ranked_models(rows, budgets[0]))
    if narrow or models > MOST_BESIDE:
        height = max(1.95, LINE * models)
        return Layout(rows=len(budgets), height=height, right=0.1, names=1.3 if narrow else 1.85, bottom=0.3)
    return Layout(columns=len(budgets), height=2.35, left=0.3, right=0.1, names=1.85, bottom=0.3)


def draw_pairs(axes: Any, data: FigureData) -> None:
    """Draw P(pass@k of the model in the row exceeds that of the one in the column), at k = 1 and n."""
    panels = np.ravel(axes)
    rows, budgets = _ranked_rows(data)
    order = ranked_models(rows, budgets[0])
    names = [
        f"{name}\N{EM SPACE}{place}"
        for place, name in enumerate(_ranked_names(order, panels[0], 24, shorten=data.shorten), start=1)
    ]
    for panel, k in zip(panels, budgets, strict=True):
        draw_pair_chances(panel, rows, order, k)
        step = max(len(order) // 20 + 1, 1)
        numbers = [place if (place - 1) % step == 0 else "" for place in range(1, len(order) + 1)]
        name_ticks(panel.xaxis, numbers)
        begins_row = panel.get_subplotspec() is None or panel.get_subplotspec().is_first_col()
        name_ticks(panel.yaxis, names if begins_row else [])
        panel.tick_params(length=0, labelcolor=INK, labelsize=7.5)
    words = (
        f"{headline(rows, data.benchmark)}. P(pass@k of the row exceeds that of the column): blue near 1, red near 0"
    )
    message = "Which model solves more" + (f" at k = {budgets[0]:,.0f}" if len(budgets) == 1 else "")
    header_across(list(panels), message, words, [f"At k = {k:,.0f}" for k in budgets])


def draw_pair_chances(axes: Axes, rows: pd.DataFrame, order: Sequence[str], k: float) -> None:
    """Draw the square of P(row better than column) at one budget, as strong a colour as it is far from one half."""
    from matplotlib.colors import to_rgb

    chances = pair_chances(rows, order, k)
    cells = np.zeros((*chances.shape, 4))
    cells[chances >= 0.5, :3], cells[chances < 0.5, :3] = to_rgb(BASE_COLOUR), to_rgb(RL_COLOURS[0])
    cells[..., 3] = np.nan_to_num(2 * np.abs(chances - 0.5))
    axes.imshow(cells, aspect="auto", interpolation="nearest")
    if len(order) <= MOST_NUMBERED:
        for (i, j), chance in np.ndenumerate(chances):
            if i != j:
                strong = abs(chance - 0.5) > 0.35
                axes.text(
                    j,
                    i,
                    short_probability(chance),
                    ha="center",
                    va="center",
                    fontsize=7,
                    color=ON_COLOUR if strong else INK,
                )


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
