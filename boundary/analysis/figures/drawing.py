"""What the figures are drawn with: style, panels, axes, curves with bands, and labels at their ends.

No pyplot, no backend, and the caller's settings are kept.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from boundary.analysis.estimates.table import BOUNDS, POSTERIOR, Kind, select
from boundary.analysis.formatting import benchmark_name, budget
from boundary.plain_text import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

# Okabe and Ito's palette, told apart with every common kind of colour blindness.
BASE_COLOUR = "#0072B2"
RL_COLOURS = ("#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
INK, MUTED, RULE = "#1B1F24", "#59636E", "#C9CFD6"
# In the order of the stack: what only one model solves lies between what both solve and what neither does.
FLOW_COLOURS = {"kept": "#A9B4C0", "gained": RL_COLOURS[0], "lost": BASE_COLOUR, "neither": "#E9ECEF"}
LABEL_COLOURS = FLOW_COLOURS | {"kept": MUTED, "neither": MUTED}
FLOW_WORDS = {"kept": "kept: both", "gained": "gained: RL only", "lost": "lost: base only", "neither": "neither"}
EXTRAPOLATED = "#F1F1EC"

STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "axes.edgecolor": RULE,
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titley": 1.0,  # where it is anyway: looking for what it might overlap takes time
    "axes.axisbelow": True,
    "lines.markeredgewidth": 0.8,
    "text.color": INK,
    "text.parse_math": False,  # a dollar in a name is a dollar
    "xtick.color": MUTED,
    "xtick.labelsize": 8.0,
    "ytick.labelsize": 8.0,
    "ytick.color": MUTED,
    "lines.linewidth": 1.8,
    "svg.hashsalt": "boundary",  # the same ids on every run, so that the same seed gives the same file
}


class Layout(NamedTuple):
    """Panels of a figure; sizes in inches.

    Parameters
    ----------
    rows, columns
        How many panels.
    width, height
        Of each panel.
    right
        Room to the right of each panel, for labels.
    names
        Room to the left of the first panel for names, in place of what numbers need.
    gap
        Room between columns as a share of a panel's width, in place of what labels and numbers need.
    """

    rows: int = 1
    columns: int = 1
    width: float = 4.9
    height: float = 3.1
    right: float = 1.85
    names: float | None = None
    gap: float | None = None


class Curve(NamedTuple):
    """An estimand over k: float arrays of one length, sorted by k."""

    k: np.ndarray
    middle: np.ndarray
    lower: np.ndarray
    upper: np.ndarray


@contextmanager
def report_style() -> Iterator[None]:
    """Draw under this module's settings, whatever the caller's are, and put the caller's back."""
    import matplotlib as mpl

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(STYLE)
        yield


def new_figure(layout: Layout, draw: Callable[..., None], *arguments: Any) -> Figure:
    """Draw on the panels of a new figure, under the style of the report.

    Parameters
    ----------
    layout
        Its panels.
    draw
        Called with one axes, or an array of them where there are several, and with the arguments.

    Returns
    -------
    Figure
        Not attached to any backend; save it with `image`.
    """
    with report_style():
        from boundary.analysis.figures.axis_marks import AxisMarks

        figure = panels_of(layout)
        draw(figure.subplots(layout.rows, layout.columns), *arguments)
        for axes in figure.axes:
            axes.patch.set_visible(False)
            AxisMarks(axes, "x")
            AxisMarks(axes, "y")
    return figure


def panels_of(layout: Layout) -> Figure:
    """Make a figure with room for the panels of a layout.

    The layout is fixed, since finding one takes matplotlib as long as drawing the figure.
    """
    from matplotlib.figure import Figure

    left, top, bottom = 0.75, 0.7, 0.55
    width = layout.columns * (left + layout.width + layout.right)
    height = layout.rows * (top + layout.height + bottom)
    figure = Figure(figsize=(width, height))
    figure.subplots_adjust(
        left=(left if layout.names is None else layout.names) / width,
        right=1 - layout.right / width,
        top=1 - top / height,
        bottom=bottom / height,
        wspace=(left + layout.right) / layout.width if layout.gap is None else layout.gap,
        hspace=(top + bottom) / layout.height,
    )
    return figure


def image(figure: Figure, kind: str) -> bytes:
    """Return the figure as a file's content: `png` (200 dpi), `pdf` or `svg`, the same bytes for the same figure."""
    import matplotlib as mpl

    if kind == "svg":
        from boundary.analysis.figures.svg import svg_of

        with mpl.rc_context(STYLE):
            return svg_of(figure)
    from matplotlib.patheffects import Normal
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        text.set_text(printable(text.get_text()))  # a control character makes an SVG that no browser shows
        if kind == "pdf":
            # Text as outlines: no fonts to embed, which any publisher takes, and which takes half the time.
            text.set_path_effects(text.get_path_effects() or [Normal()])
    metadata = {"png": {"Software": None}, "pdf": {"CreationDate": None}, "svg": {"Date": None}}[kind]
    content = io.BytesIO()
    with mpl.rc_context(STYLE):
        figure.savefig(content, format=kind, dpi=200, facecolor="white", metadata=metadata)
    return content.getvalue()


def base_model(estimates: pd.DataFrame) -> str | None:
    """Name the base: what the shrinkage rows refer to; None where no pair was compared."""
    references = select(estimates, estimand="shrinkage")["reference"]
    return None if references.empty else str(references.iloc[0])


def arm_colours(estimates: pd.DataFrame) -> dict[str, str]:
    """Give every model its colour, the same in each figure: blue for the base or a model alone."""
    models = list(dict.fromkeys(select(estimates, estimand="pass_at_k")["model"]))
    first = base_model(estimates) or models[0]
    rl_models = [model for model in models if model != first]
    return {first: BASE_COLOUR} | {model: RL_COLOURS[i % len(RL_COLOURS)] for i, model in enumerate(rl_models)}


def curve_of(rows: pd.DataFrame, model: str, kind: Kind = POSTERIOR) -> Curve:
    """Take one model's estimand over k: the posterior, estimates from the counts alone, bounds or a band."""
    curve = select(rows, kind=kind, model=model).sort_values("k")
    return Curve(*(curve[column].to_numpy(dtype=float) for column in ("k", "mean", "lower", "upper")))


def explain(axes: Axes, rows: pd.DataFrame, benchmark: str, explanation: str) -> None:
    """Write the headline of a benchmark and a line that explains the marks, with the level of the intervals."""
    level = select(rows, kind=POSTERIOR)["level"].iloc[0]
    title(axes, headline(rows, benchmark), explanation.format(level=level))


def headline(rows: pd.DataFrame, benchmark: str) -> str:
    """Name a benchmark and the number of its problems."""
    problems = int(rows["n_problems"].max())
    return f"{benchmark_name(benchmark)}, {problems:,} problem{'s' * (problems != 1)}"


def title(axes: Axes, headline: str, explanation: str) -> None:
    """Write a title and, below it, a line that explains the marks."""
    axes.set_title(headline, fontweight="bold", pad=30)
    axes.annotate(explanation, (0, 1), (0, 18), "axes fraction", "offset points", color=MUTED, fontsize=8)


def draw_curve(axes: Axes, curve: Curve, observed: Curve, n: int, colour: str) -> None:
    """Draw line, band and points; dashed where it is extrapolated."""
    axes.fill_between(curve.k, curve.lower, curve.upper, color=colour, alpha=0.18, linewidth=0)
    within = curve.k <= n
    # The dashed part starts at the last point within n, so that no gap is left between the two.
    extrapolated = ~within | (curve.k == curve.k[within].max(initial=0))
    axes.plot(curve.k[within], curve.middle[within], color=colour)
    axes.plot(curve.k[extrapolated], curve.middle[extrapolated], color=colour, linestyle=(0, (3, 2)))
    axes.plot(observed.k, observed.middle, "o", color=colour, markersize=4.5, markeredgecolor="white")


def draw_bounds(axes: Axes, rows: pd.DataFrame, model: str, n: int, colour: str) -> None:
    """Shade what the counts allow beyond n whatever the prior, from the posterior's interval at n on."""
    bounds, curve = curve_of(rows, model, BOUNDS), curve_of(rows, model)
    if not len(bounds.k):
        return
    last = np.flatnonzero(curve.k <= n)[-1:]
    k, _, lower, upper = (np.concatenate([at_n[last], at_k]) for at_n, at_k in zip(curve, bounds, strict=True))
    axes.fill_between(k, lower, upper, color=colour, alpha=0.07, linewidth=0)
    for edge in (lower, upper):
        axes.plot(k, edge, color=colour, linewidth=0.5, alpha=0.5)


def draw_band_edges(axes: Axes, band: Curve, colour: str) -> None:
    """Draw the edges of a band over all k at once as dotted lines."""
    for edge in (band.lower, band.upper):
        axes.plot(band.k, edge, color=colour, linewidth=0.9, linestyle=(0, (1, 2)))


def budget_axis(axes: Axes, rows: pd.DataFrame, n: int) -> None:
    """Lay out k in powers of two and shade what lies beyond n."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    largest = float(rows["k"].max())
    axes.set_xscale("log", base=2)
    axes.set_xlim(float(rows["k"].min()) / 1.08, largest * 1.08)
    powers = 2.0 ** np.arange(np.floor(np.log2(largest)) + 1)
    step = 2 if len(powers) > 12 else 1
    axes.xaxis.set_major_locator(FixedLocator(list(powers[::step])))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda k, _: budget(k)))
    axes.set_xlabel("k, samples per problem")
    axes.grid(axis="y", color=RULE, linewidth=0.5, alpha=0.7)
    if largest > n:
        axes.axvspan(n, largest * 1.08, color=EXTRAPOLATED, zorder=0, linewidth=0)
        axes.axvline(n, color=MUTED, linewidth=0.8, linestyle=":")
        words = f"k > n = {n:,}: extrapolated"
        axes.annotate(words, (1, 1), (0, 4), "axes fraction", "offset points", color=MUTED, fontsize=8, ha="right")


def name_ticks(axis: Axis, names: Sequence[object]) -> None:
    """Write names at 0, 1, 2, ... along an axis; `set_xticks` would make five artists for each."""
    from matplotlib.ticker import FixedFormatter, FixedLocator

    axis.set_major_locator(FixedLocator(range(len(names))))
    axis.set_major_formatter(FixedFormatter([str(name) for name in names]))


def percent_axis(axes: Axes, label: str, signed: bool = False) -> None:
    """Write shares as per cent, or differences of shares as signed percentage points."""
    from matplotlib.ticker import FuncFormatter

    sign, unit = ("+", "") if signed else ("", " %")
    axes.yaxis.set_major_formatter(
        FuncFormatter(lambda y, _: f"{100 * y:{sign if y else ''}.3g}{unit}".replace("-", "\N{MINUS SIGN}"))
    )
    axes.set_ylabel(label)


def label_ends(axes: Axes, ends: Sequence[tuple[float, str, str]]) -> None:
    """Write each curve's name beside its end, moved apart where two would overlap."""
    from matplotlib.collections import LineCollection

    low, high = axes.get_ylim()
    labels = sorted(((y - low) / (high - low), label, colour) for y, label, colour in ends)
    heights = spread(
        [height for height, *_ in labels], [0.04 + 0.05 * (1 + label.count("\n")) for _, label, _ in labels]
    )
    place, colours = axes.transAxes, [colour for *_, colour in labels]
    for height, (_, label, colour) in zip(heights, labels, strict=True):
        axes.text(1.03, height, label, color=colour, va="center", fontweight="bold", fontsize=8.5, transform=place)
    leaders = [[(1, end), (1.025, height)] for height, (end, *_) in zip(heights, labels, strict=True)]
    lines = LineCollection(leaders, colors=colours, linewidths=0.7, transform=place, clip_on=False)
    axes.add_collection(lines, autolim=False)


def spread(heights: Sequence[float], rooms: Sequence[float]) -> list[float]:
    """Push sorted heights apart, neighbour from neighbour, until each has its room."""
    placed = list(heights)
    for _ in range(100):
        placed[0] = max(placed[0], 0.04)  # clear of the words below and above the panel
        placed[-1] = min(placed[-1], 0.96)
        for i in range(1, len(placed)):
            overlap = (rooms[i - 1] + rooms[i]) / 2 - (placed[i] - placed[i - 1])
            if overlap > 0:
                placed[i - 1] -= overlap / 2
                placed[i] += overlap / 2
    return placed


def arm_label(model: str, base: str | None, alone: bool) -> str:
    """Name a model in a narrow column, with its role; of several beside the base each may be something else."""
    role = "" if base is None else " (base)" if model == base else " (RL)" if alone else ""
    return textwrap.fill(model + role, width=22, break_on_hyphens=True)


def clipped(name: str, width: int = 30) -> str:
    """Leave out the middle of a long name, since runs mostly differ at either end."""
    return name if len(name) <= width else f"{name[: width // 2 - 1]}\N{HORIZONTAL ELLIPSIS}{name[-width // 2 :]}"
