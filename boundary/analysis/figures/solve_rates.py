"""Figure of the solve rates of two models, problem by problem."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from boundary.analysis.figures.drawing import headline, interval_words
from boundary.analysis.figures.figure import FigureData
from boundary.analysis.figures.header import clipped, header
from boundary.analysis.figures.layout import Layout
from boundary.analysis.figures.palette import INK, MUTED, RULE, Look
from boundary.analysis.figures.tags import tag_marks
from boundary.analysis.formatting import Shorten
from boundary.plain_text import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Panels and marks that a figure may have; from so many marks on, intervals of single ones are left out.
MOST_PANELS, MOST_MARKS, MOST_INTERVALS = 4, 2000, 150
TICKS = (0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1)
FEW_TICKS = (0, 0.05, 0.25, 0.5, 0.75, 0.95, 1)
# Area of the mark of one problem, square points.
AREA = 14.0


class Marks(NamedTuple):
    """Marks of the scatter: solve rates of base and RL with their intervals, and the problems behind each."""

    values: np.ndarray  # mark, (base, RL), (mean, lower, upper)
    problems: list[list[str]]

    @property
    def sizes(self) -> np.ndarray:
        """Number of problems behind each."""
        return np.array([len(problems) for problems in self.problems])


def has_solve_rates(data: FigureData) -> bool:
    """Whether there are pairs with a table of problems, and few enough of them."""
    return data.base is not None and 0 < len(_arms(data)) <= MOST_PANELS


def solve_rates_layout(data: FigureData, narrow: bool) -> Layout:
    """A square panel for each RL model."""
    arms = len(_arms(data))
    if narrow:
        return Layout(rows=arms, height=2.55, right=0.15)
    columns = min(arms, 2)
    if columns == 1:
        return Layout(height=3.4, right=2.6)
    return Layout(rows=-(-arms // 2), columns=2, height=2.65, right=0.1)


def _arms(data: FigureData) -> list[str]:
    if data.problems.empty:
        return []
    rows = data.problems.loc[data.problems["benchmark"] == data.benchmark]
    return [str(model) for model in rows.loc[rows["reference"] != "", "model"].unique()]


def draw_solve_rates(axes: Any, data: FigureData) -> None:
    """Draw the solve rate of RL against that of the base for each problem, on a scale that spreads both ends.

    Problems with the same counts are one mark, whose area is their number.
    """
    rows = data.problems.loc[data.problems["benchmark"] == data.benchmark]
    panels, arms = np.ravel(axes), _arms(data)
    for panel in panels[len(arms) :]:
        panel.remove()
    for panel, model in zip(panels, arms, strict=False):
        draw_pair_rates(panel, rows.loc[rows["model"] == model], data, model)


def draw_pair_rates(axes: Axes, rows: pd.DataFrame, data: FigureData, model: str) -> None:
    """Draw one RL model against the base."""
    marks = marks_of(rows, data.benchmark)
    places = _spread_ends(marks.values)
    look = data.looks[model]
    axes.plot([0, np.pi / 2], [0, np.pi / 2], color=RULE, linewidth=0.9)
    if len(places) <= MOST_INTERVALS:
        _draw_intervals(axes, places, look)
        words = "lines: {}"
    else:
        half = np.median((places[..., 2] - places[..., 1]) / 2, axis=0)
        axes.errorbar([1.38], [0.16], xerr=[half[0]], yerr=[half[1]], color=INK, linewidth=1, capsize=0)
        words = "cross at the lower right: the typical {}"
    points = axes.scatter(
        places[:, 0, 0], places[:, 1, 0], s=AREA * marks.sizes, color=look.colour, alpha=0.55, linewidths=0, zorder=3
    )
    points.set_clip_on(False)
    tag_marks(points, _items(marks), model=model, unit="rate")
    _rate_axes(axes, data.base or "", model, data.shorten)
    n_more, n_fewer = compared_counts(rows)
    message = f"RL was correct more often on {n_more:,} problem{'s' * (n_more != 1)}, less often on {n_fewer:,}"
    area = ", area: number of problems" if marks.sizes.max() > 1 else ""
    words = f"posterior means{area}; {words.format(interval_words(data.rows))}"
    words = f"{headline(data.rows, data.benchmark)}. Solve rates: {words}"
    header(axes, message, words)


def marks_of(rows: pd.DataFrame, benchmark: str) -> Marks:
    """The marks of a pair: one for each pair of counts, or for a cell of a grid where these are too many."""
    names = [f"{side}p_{part}" for side in ("reference_", "") for part in ("mean", "lower", "upper")]
    values = rows[names].to_numpy(dtype=float).reshape(-1, 2, 3)
    counts = rows[["reference_n_correct", "reference_n_samples", "n_correct", "n_samples"]].to_numpy()
    _, place = np.unique(counts, axis=0, return_inverse=True)
    if place.max(initial=0) >= MOST_MARKS:
        cells = np.round(_spread_ends(values)[..., 0] / (np.pi / 2) * (int(np.sqrt(MOST_MARKS)) - 1))
        _, place = np.unique(cells, axis=0, return_inverse=True)
    place = place.ravel()
    n_marks = place.max(initial=-1) + 1
    sums = np.zeros((n_marks, 2, 3))
    np.add.at(sums, place, values)
    means = sums / np.bincount(place, minlength=n_marks)[:, None, None]
    problems: list[list[str]] = [[] for _ in range(n_marks)]
    for mark, problem in zip(place.tolist(), rows["problem_id"], strict=True):
        problems[mark].append(f"{benchmark}/{problem}")
    order = np.argsort([-len(part) for part in problems], kind="stable")  # small marks lie on large ones
    return Marks(means[order], [problems[i] for i in order])


def _items(marks: Marks) -> list[dict[str, object]]:
    """What the page says of each mark."""
    items: list[dict[str, object]] = []
    for (base, rl), problems in zip(marks.values.tolist(), marks.problems, strict=True):
        item: dict[str, object] = {"value": rl[0], "lower": rl[1], "upper": rl[2]}
        item |= {"base": base[0], "base-lower": base[1], "base-upper": base[2]}
        ids = [printable(problem) for problem in problems]
        item |= {"problem": ids[0]} if len(ids) == 1 else {"problems": json.dumps(ids, ensure_ascii=False)}
        items.append(item)
    return items


def _draw_intervals(axes: Axes, places: np.ndarray, look: Look) -> None:
    """Draw the intervals of both solve rates as a cross."""
    from matplotlib.collections import LineCollection

    base, rl = places[:, 0], places[:, 1]
    across = [[(low, y), (high, y)] for (_, low, high), y in zip(base, rl[:, 0], strict=True)]
    along = [[(x, low), (x, high)] for (_, low, high), x in zip(rl, base[:, 0], strict=True)]
    axes.add_collection(LineCollection(across + along, colors=look.colour, linewidths=0.6, alpha=0.35))


def _spread_ends(rates: np.ndarray) -> np.ndarray:
    """Arcsin of the square root: the error of c/n is about the same everywhere on this scale."""
    return np.asarray(np.arcsin(np.sqrt(np.clip(rates, 0, 1))))


def compared_counts(rows: pd.DataFrame) -> tuple[int, int]:
    """On how many problems c/n of RL is higher than that of its base, and on how many lower.

    Posterior means would not do: problems that both models failed alike differ in them by their numbers of samples.
    """
    sampled = rows.loc[(rows["reference_n_samples"] > 0) & (rows["n_samples"] > 0)]
    c_base, n_base, c, n = (
        sampled[name].to_numpy(dtype=np.int64)
        for name in ("reference_n_correct", "reference_n_samples", "n_correct", "n_samples")
    )
    difference = c * n_base - c_base * n
    return int((difference > 0).sum()), int((difference < 0).sum())


def _rate_axes(axes: Axes, base: str, model: str, shorten: Shorten) -> None:
    """Lay out both solve rates, and say what is above and below the diagonal."""
    room = axes.get_position().width * axes.figure.get_size_inches()[0]  # type: ignore[union-attr]
    ticks = TICKS if room > 3 else FEW_TICKS
    places, names = _spread_ends(np.array(ticks)), ["0", *(f"{tick:g}".lstrip("0") for tick in ticks[1:-1]), "1"]
    axes.set_xticks(places, names)
    axes.set_yticks(places, names)
    axes.set(xlim=(-0.03, np.pi / 2 + 0.03), ylim=(-0.03, np.pi / 2 + 0.03))
    axes.set_xlabel(f"base: {_short(base, shorten)}")
    axes.set_ylabel(f"RL: {_short(model, shorten)}")
    style: dict[str, Any] = {"color": MUTED, "fontsize": 8, "xycoords": "axes fraction"}
    axes.annotate("RL higher", (0.04, 0.95), va="top", **style)
    axes.annotate("base higher", (0.96, 0.3), ha="right", **style)


def _short(model: str, shorten: Shorten) -> str:
    return clipped(printable(shorten(model)), 24)
