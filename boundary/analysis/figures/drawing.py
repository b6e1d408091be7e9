"""What figures of curves are drawn with: curves with bands, the axis of budgets, and labels at the curves' ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from boundary.analysis.estimates.table import BOUNDS, OBSERVED, POSTERIOR, select
from boundary.analysis.figures.curve import Curve, curve_of, smooth
from boundary.analysis.figures.header import Entry, clipped, is_narrow, note_above, text_width, wrapped
from boundary.analysis.figures.palette import (
    BASE_LOOK,
    EXTRAPOLATED,
    EXTRAPOLATED_DASH,
    MUTED,
    PAGE,
    RL_LOOKS,
    RULE,
    Look,
)
from boundary.analysis.figures.tags import Tag, tag_curve, tag_model
from boundary.analysis.formatting import benchmark_name, budget, level_text
from boundary.plain_text import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

# Points: size of the names at the ends of curves, and their room.
END_SIZE, END_ROOM = 8.5, 118.0


class End(NamedTuple):
    """The end of a curve, in data units, and what is written beside it."""

    y: float
    entry: Entry


def base_model(estimates: pd.DataFrame) -> str | None:
    """Name the base: what the shrinkage rows refer to; None where no pair was compared."""
    references = select(estimates, estimand="shrinkage")["reference"]
    return None if references.empty else str(references.iloc[0])


def looks_of_models(estimates: pd.DataFrame) -> dict[str, Look]:
    """Give every model its look, the same in each figure: blue and whole lines for the base or a model alone."""
    models = list(dict.fromkeys(select(estimates, estimand="pass_at_k")["model"]))
    first = base_model(estimates) or models[0]
    rl_models = [model for model in models if model != first]
    return {first: BASE_LOOK} | {model: RL_LOOKS[i % len(RL_LOOKS)] for i, model in enumerate(rl_models)}


def headline(rows: pd.DataFrame, benchmark: str) -> str:
    """Name a benchmark and the number of its problems."""
    problems = int(rows["n_problems"].max())
    return f"{clipped(plain(benchmark_name(benchmark)), 48)}, {problems:,} problem{'s' * (problems != 1)}"


def interval_words(rows: pd.DataFrame) -> str:
    """The level of the intervals: `95 % interval`."""
    return f"{level_text(select(rows, kind=POSTERIOR)['level'].iloc[0])} interval"


def draw_curve(axes: Axes, computed: Curve, n: int, look: Look, model: str, name: str = "") -> None:
    """Draw line and band, joined smoothly; beyond n the line is thin and dotted."""
    curve = smooth(computed)
    band = axes.fill_between(curve.k, curve.lower, curve.upper, color=look.colour, alpha=0.16, linewidth=0)
    tag_model(band, model)
    within = curve.k <= n
    # The dotted part starts at the last point within n, so that no gap is left between the two.
    is_extrapolated = ~within | (curve.k == curve.k[within].max(initial=0))
    (line,) = axes.plot(curve.k[within], curve.middle[within], color=look.colour, linestyle=look.dash)
    tag_curve(line, model, computed, name)
    if is_extrapolated.sum() > 1:
        (dotted,) = axes.plot(
            curve.k[is_extrapolated],
            curve.middle[is_extrapolated],
            color=look.colour,
            linestyle=EXTRAPOLATED_DASH,
            linewidth=1.3,
        )
        tag_model(dotted, model)


def draw_points(axes: Axes, rows: pd.DataFrame, n: int, look: Look, model: str) -> None:
    """Draw the unbiased estimates as points, and hollow ones on the posterior beyond n."""
    observed, posterior = curve_of(rows, model, OBSERVED), curve_of(rows, model)
    is_extrapolated = posterior.k > n
    style: dict[str, Any] = {"linestyle": "none", "marker": look.marker, "markersize": 4.3}
    for k, y, face, edge in (
        (observed.k, observed.middle, look.colour, PAGE),
        (posterior.k[is_extrapolated], posterior.middle[is_extrapolated], PAGE, look.colour),
    ):
        if len(k):
            (points,) = axes.plot(k, y, color=look.colour, markerfacecolor=face, markeredgecolor=edge, **style)
            tag_model(points, model)


def draw_bounds(axes: Axes, rows: pd.DataFrame, n: int, look: Look, model: str) -> None:
    """Shade what the counts allow beyond n whatever the prior, from the posterior's interval at n on."""
    bounds, curve = curve_of(rows, model, BOUNDS), curve_of(rows, model)
    if not len(bounds.k):
        return
    last = np.flatnonzero(curve.k <= n)[-1:]
    k, _, lower, upper = (np.concatenate([at_n[last], at_k]) for at_n, at_k in zip(curve, bounds, strict=True))
    tag_model(axes.fill_between(k, lower, upper, color=look.colour, alpha=0.06, linewidth=0), model)
    for edge in (lower, upper):
        tag_model(axes.plot(k, edge, color=look.colour, linewidth=0.5, alpha=0.5)[0], model)


def draw_band_edges(axes: Axes, band: Curve, look: Look, model: str) -> None:
    """Draw the edges of a band over all k at once as thin lines."""
    for edge in (band.lower, band.upper):
        tag_model(axes.plot(band.k, edge, color=look.colour, linewidth=0.6, alpha=0.8)[0], model)


def budget_axis(axes: Axes, rows: pd.DataFrame, n: int) -> None:
    """Lay out k in powers of two and shade what lies beyond n."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    least, largest = float(rows["k"].min()), float(rows["k"].max())
    axes.set_xscale("log", base=2)
    axes.set_xlim(least / 1.08, largest * 1.08)
    powers = 2.0 ** np.arange(np.ceil(np.log2(least)), np.floor(np.log2(largest)) + 1)
    room = axes.get_position().width * axes.figure.get_size_inches()[0] * 72  # type: ignore[union-attr]
    step = max(int(np.ceil(len(powers) * 26 / room)), 1)
    axes.xaxis.set_major_locator(FixedLocator(list(powers[::step])))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda k, _: budget(k)))
    axes.set_xlabel("k, samples per problem")
    axes.grid(axis="y", color=RULE, linewidth=0.5, alpha=0.7)
    if largest > n:
        shade = axes.axvspan(max(n, least / 1.08), largest * 1.08, color=EXTRAPOLATED, zorder=0, linewidth=0)
        shade.set_gid(Tag("part", {"data-n": str(n)}))
        axes.axvline(n, color=MUTED, linewidth=0.8, linestyle=":")
        note_above(axes, f"k > n = {n:,}: extrapolated")


def name_ticks(axis: Axis, names: Sequence[object]) -> None:
    """Write names at 0, 1, 2, ... along an axis; `set_xticks` would make five artists for each."""
    from matplotlib.ticker import FixedFormatter, FixedLocator

    axis.set_major_locator(FixedLocator(range(len(names))))
    axis.set_major_formatter(FixedFormatter([plain(str(name)) for name in names]))


def percent_axis(axes: Axes, label: str, signed: bool = False) -> None:
    """Write shares as per cent, or differences of shares as signed percentage points."""
    from matplotlib.ticker import FuncFormatter

    sign, unit = ("+", "") if signed else ("", " %")
    axes.yaxis.set_major_formatter(
        FuncFormatter(lambda y, _: f"{100 * y:{sign if round(y, 9) else ''}.3g}{unit}".replace("-", "\N{MINUS SIGN}"))
    )
    axes.set_ylabel(label)


def label_ends(axes: Axes, ends: Sequence[End], with_leaders: bool = True) -> None:
    """Write each curve's name beside its end, moved apart where two would overlap; not in a narrow figure."""
    from matplotlib.collections import LineCollection

    if is_narrow(axes) or not ends:
        return
    low, high = axes.get_ylim()
    ends = sorted(ends, key=lambda end: (end.y - low) / (high - low))
    panel = axes.get_position().height * axes.figure.get_size_inches()[1] * 72  # type: ignore[union-attr]
    line = 1.2 * END_SIZE / panel
    for most_lines in (3, 2, 1):
        labels = [_fitting(end.entry.name, most_lines) for end in ends]
        rooms = [line * (label.count("\n") + 1) + 0.35 * line for label in labels]
        if sum(rooms) <= 1:
            break
    heights = spread([(end.y - low) / (high - low) for end in ends], rooms)
    leaders = []
    for height, label, (y, entry) in zip(heights, labels, ends, strict=True):
        place: dict[str, Any] = {
            "transform": axes.transAxes,
            "va": "center",
            "fontsize": END_SIZE,
            "fontweight": "bold",
        }
        tag_model(axes.text(1.03, height, label, color=entry.ink, **place), entry.model)
        leaders.append([(1, (y - low) / (high - low)), (1.025, height)])
    if not with_leaders:
        return
    lines = LineCollection(
        leaders,
        colors=[end.entry.ink for end in ends],
        linewidths=0.7,
        transform=axes.transAxes,
        clip_on=False,
    )
    lines.set_gid(Tag("part", {}, [{"data-model": end.entry.model} for end in ends]))
    axes.add_collection(lines, autolim=False)


def _fitting(name: str, most_lines: int) -> str:
    """A name in at most so many lines of the room beside a panel, without its middle where it is longer."""
    name = plain(name)
    for length in (len(name), 60, 50, 44, 36, 30, 26, 22, 18, 15, 12, 9):
        lines = wrapped(clipped(name, length), END_ROOM, END_SIZE, bold=True)
        widest = max(text_width(line, END_SIZE, bold=True) for line in lines)
        if len(lines) <= most_lines and widest <= END_ROOM * 1.08:
            break
    return "\n".join(lines[:most_lines])


def spread(heights: Sequence[float], rooms: Sequence[float]) -> list[float]:
    """Push sorted heights apart, neighbour from neighbour, until each has its room."""
    placed = list(heights)
    for _ in range(100):
        placed[0] = max(placed[0], rooms[0] / 2)  # clear of the words below and above the panel
        placed[-1] = min(placed[-1], 1 - rooms[-1] / 2)
        for i in range(1, len(placed)):
            overlap = (rooms[i - 1] + rooms[i]) / 2 - (placed[i] - placed[i - 1])
            if overlap > 0:
                placed[i - 1] -= overlap / 2
                placed[i] += overlap / 2
    return placed


def arm_label(model: str, base: str | None, alone: bool) -> str:
    """Name a model with its role; of several beside the base each may be something else."""
    role = "" if base is None else "base" if model == base else "RL" if alone else ""
    return plain(model) + (f" ({role})" if role and role.lower() != model.lower() else "")
