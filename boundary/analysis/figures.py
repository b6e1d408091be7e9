"""The three figures of a benchmark, drawn from the estimates table alone.

Each function returns a free-standing matplotlib Figure: no pyplot, no backend, and the caller's settings are kept.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Callable, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple, ParamSpec

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

P = ParamSpec("P")

# Okabe and Ito's palette, told apart with every common kind of colour blindness.
BASE_COLOUR = "#0072B2"
RL_COLOURS = ("#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
INK, MUTED, RULE = "#1B1F24", "#59636E", "#C9CFD6"
# In the order of the stack: what only one model solves lies between what both solve and what neither does.
FLOW_COLOURS = {"kept": "#A9B4C0", "gained": RL_COLOURS[0], "lost": BASE_COLOUR, "neither": "#E9ECEF"}
LABEL_COLOURS = FLOW_COLOURS | {"kept": MUTED, "neither": MUTED}
FLOW_WORDS = {"kept": "kept: both", "gained": "gained: RL only", "lost": "lost: base only", "neither": "neither"}
BEYOND_N = "#F1F1EC"

STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "axes.edgecolor": RULE,
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.axisbelow": True,
    "lines.markeredgewidth": 0.8,
    "text.color": INK,
    "xtick.color": MUTED,
    "xtick.labelsize": 8.0,
    "ytick.labelsize": 8.0,
    "ytick.color": MUTED,
    "lines.linewidth": 1.8,
    "svg.hashsalt": "boundary",  # the same ids on every run, so that the same seed gives the same file
}


class Curve(NamedTuple):
    """An estimand over k: float arrays of one length, sorted by k."""

    k: np.ndarray
    middle: np.ndarray
    lower: np.ndarray
    upper: np.ndarray


def styled(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Draw under this module's settings, whatever the caller's are, and put the caller's back."""

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> Figure:
        import matplotlib as mpl

        with mpl.rc_context():
            mpl.rcdefaults()
            mpl.rcParams.update(STYLE)
            return draw(*args, **kwargs)

    return drawn


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
    figure, axes = _canvas(rows, benchmark, "line, band: posterior, {level:.0%} interval; points: unbiased estimates")
    base = base_model(estimates)
    ends = []
    for model, colour in arm_colours(estimates).items():
        curve = _curve(rows, model)
        _draw_curve(axes, curve, _curve(rows, model, observed=True), n, colour)
        ends.append((float(curve.middle[-1]), _arm_label(model, base), colour))
    _percent_axis(axes, "pass@k, share of problems solved")
    _budget_axis(axes, rows, n)
    _label_ends(axes, ends)
    return figure


@styled
def shrinkage_curve(estimates: pd.DataFrame, benchmark: str, n: int) -> Figure:
    """Draw pass@k of the base less that of each RL model over k, with band, zero line and crossover.

    Parameters are those of `pass_curves`.
    """
    here = estimates.loc[estimates["benchmark"] == benchmark]
    rows = here.loc[here["estimand"] == "shrinkage"]
    base = base_model(estimates)
    arms = {model: colour for model, colour in arm_colours(estimates).items() if model != base}
    explanation = "pass@k of the base less that of RL: posterior, {level:.0%} interval; points: unbiased estimates"
    figure, axes = _canvas(rows, benchmark, explanation, labels=len(arms) > 1)
    axes.axhline(0, color=INK, linewidth=0.9)
    ends = []
    for model, colour in arms.items():
        curve = _curve(rows, model)
        _draw_curve(axes, curve, _curve(rows, model, observed=True), n, colour)
        ends.append((float(curve.middle[-1]), _arm_label(model, base), colour))
    _percent_axis(axes, "shrinkage, percentage points", signed=True)
    _budget_axis(axes, rows, n)
    _name_sides(axes)
    if len(ends) == 1:
        _mark_crossover(axes, here)
    else:
        _label_ends(axes, ends)
    return figure


@styled
def flows(estimates: pd.DataFrame, benchmark: str, n: int) -> Figure:
    """Draw where the problems stand at each budget: kept, lost, gained and neither; a row for each RL model.

    On the left all problems, on the right lost and gained alone, with bands. Parameters are those of `pass_curves`.
    """
    rows = estimates.loc[(estimates["benchmark"] == benchmark) & estimates["estimand"].isin(list(FLOW_COLOURS))]
    models = list(dict.fromkeys(rows["model"]))
    figure, panels = _panels(len(models), 2, width=3.1, height=2.8, right=1.4)
    for (whole, detail), model in zip(panels, models, strict=True):
        of_model = rows.loc[rows["model"] == model]
        _draw_stack(whole, of_model, f"{benchmark}, {model}" if len(models) > 1 else benchmark, n)
        _draw_lost_and_gained(detail, of_model, n)
    return figure


FIGURES: dict[str, Callable[[pd.DataFrame, str, int], Figure]] = {
    "pass_at_k": pass_curves,
    "shrinkage": shrinkage_curve,
    "flows": flows,
}


def figures_of(estimates: pd.DataFrame, benchmark: str, n: int) -> dict[str, Figure]:
    """Draw each figure that the table holds rows for: all three for a pair, pass@k alone for one model."""
    estimands = set(estimates.loc[estimates["benchmark"] == benchmark, "estimand"])
    needs = {"pass_at_k": "pass_at_k", "shrinkage": "shrinkage", "flows": "lost"}
    return {name: draw(estimates, benchmark, n) for name, draw in FIGURES.items() if needs[name] in estimands}


def image(figure: Figure, kind: str) -> bytes:
    """Return the figure as a file's content: `png` (200 dpi), `pdf` or `svg`, the same bytes for the same figure."""
    import matplotlib as mpl
    from matplotlib.patheffects import Normal
    from matplotlib.text import Text

    if kind == "pdf":
        # Text as outlines: no fonts to embed, which any publisher takes, and which takes half the time.
        for text in figure.findobj(Text):
            text.set_path_effects(text.get_path_effects() or [Normal()])
    metadata = {"png": {"Software": None}, "pdf": {"CreationDate": None}, "svg": {"Date": None}}[kind]
    content = io.BytesIO()
    with mpl.rc_context(STYLE):
        figure.savefig(content, format=kind, dpi=200, facecolor="white", metadata=metadata)
    return content.getvalue()


def base_model(estimates: pd.DataFrame) -> str | None:
    """Name the base: what the shrinkage rows refer to; None where no pair was compared."""
    references = estimates.loc[estimates["estimand"] == "shrinkage", "reference"]
    return None if references.empty else str(references.iloc[0])


def arm_colours(estimates: pd.DataFrame) -> dict[str, str]:
    """Give every model its colour, the same in each figure: blue for the base or a model alone."""
    models = list(dict.fromkeys(estimates.loc[estimates["estimand"] == "pass_at_k", "model"]))
    first = base_model(estimates) or models[0]
    others = [model for model in models if model != first]
    return {first: BASE_COLOUR} | {model: RL_COLOURS[i % len(RL_COLOURS)] for i, model in enumerate(others)}


def _curve(rows: pd.DataFrame, model: str, observed: bool = False) -> Curve:
    """Take one model's estimand over k: the posterior, or the plug-in from the counts alone."""
    mine = rows.loc[(rows["model"] == model) & ((rows["prior"] == "observed") == observed)].sort_values("k")
    columns = ("k", "mean", "lower", "upper")
    return Curve(*(mine[column].to_numpy(dtype=float) for column in columns))


def _panels(rows: int, columns: int, width: float, height: float, right: float) -> tuple[Figure, np.ndarray]:
    """Make a figure of panels of this size, with room to the right of each; all in inches.

    The layout is fixed, since finding one takes matplotlib as long as drawing the figure.
    """
    from matplotlib.figure import Figure

    left, top, bottom = 0.75, 0.7, 0.55
    whole_width, whole_height = columns * (left + width + right), rows * (top + height + bottom)
    figure = Figure(figsize=(whole_width, whole_height))
    figure.subplots_adjust(
        left=left / whole_width,
        right=1 - right / whole_width,
        top=1 - top / whole_height,
        bottom=bottom / whole_height,
        wspace=(left + right) / width,
        hspace=(top + bottom) / height,
    )
    return figure, figure.subplots(rows, columns, squeeze=False)


def _canvas(rows: pd.DataFrame, benchmark: str, explanation: str, labels: bool = True) -> tuple[Figure, Axes]:
    """Make a figure of one panel with its title, a line that explains the marks, and room for labels."""
    right = 1.85 if labels else 0.3
    figure, panels = _panels(1, 1, width=6.75 - right, height=3.1, right=right)
    axes: Axes = panels[0, 0]
    level = rows.loc[rows["prior"] != "observed", "level"].iloc[0]
    _title(axes, _headline(rows, benchmark), explanation.format(level=level))
    return figure, axes


def _headline(rows: pd.DataFrame, benchmark: str) -> str:
    problems = int(rows["n_problems"].iloc[0])
    name = "All benchmarks" if benchmark == "all" else benchmark
    return f"{name}, {problems:,} problem{'s' * (problems != 1)}"


def _title(axes: Axes, headline: str, explanation: str) -> None:
    axes.set_title(headline, fontweight="bold", pad=30)
    axes.annotate(explanation, (0, 1), (0, 18), "axes fraction", "offset points", color=MUTED, fontsize=8)


def _draw_curve(axes: Axes, curve: Curve, observed: Curve, n: int, colour: str) -> None:
    """Draw line, band and points; dashed where it is extrapolated."""
    axes.fill_between(curve.k, curve.lower, curve.upper, color=colour, alpha=0.18, linewidth=0)
    within = curve.k <= n
    # The dashed part starts at the last point within n, so that no gap is left between the two.
    beyond = ~within | (curve.k == curve.k[within].max(initial=0))
    axes.plot(curve.k[within], curve.middle[within], color=colour)
    axes.plot(curve.k[beyond], curve.middle[beyond], color=colour, linestyle=(0, (3, 2)))
    axes.plot(observed.k, observed.middle, "o", color=colour, markersize=4.5, markeredgecolor="white")


def _budget_axis(axes: Axes, rows: pd.DataFrame, n: int) -> None:
    """Lay out k in powers of two and shade what lies beyond n."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    largest = float(rows["k"].max())
    axes.set_xscale("log", base=2)
    axes.set_xlim(float(rows["k"].min()) / 1.08, largest * 1.08)
    powers = 2.0 ** np.arange(np.floor(np.log2(largest)) + 1)
    step = 2 if len(powers) > 12 else 1
    axes.xaxis.set_major_locator(FixedLocator(list(powers[::step])))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda k, _: f"{k:.0f}" if k < 10_000 else f"{k:,.0f}"))
    axes.set_xlabel("k, samples per problem")
    axes.grid(axis="y", color=RULE, linewidth=0.5, alpha=0.7)
    if largest > n:
        axes.axvspan(n, largest * 1.08, color=BEYOND_N, zorder=0, linewidth=0)
        axes.axvline(n, color=MUTED, linewidth=0.8, linestyle=":")
        words = f"k > n = {n:,}: extrapolated"
        axes.annotate(words, (1, 1), (0, 4), "axes fraction", "offset points", color=MUTED, fontsize=8, ha="right")


def _percent_axis(axes: Axes, label: str, signed: bool = False) -> None:
    from matplotlib.ticker import FuncFormatter

    sign, unit = ("+", "") if signed else ("", " %")
    axes.yaxis.set_major_formatter(
        FuncFormatter(lambda y, _: f"{100 * y:{sign if y else ''}.3g}{unit}".replace("-", "\N{MINUS SIGN}"))
    )
    axes.set_ylabel(label)


def _name_sides(axes: Axes) -> None:
    """Say in words what each side of the zero line means."""
    low, high = axes.get_ylim()
    spare = 0.12 * (high - low)
    axes.set_ylim(min(low, -spare), max(high, spare))
    words = {"base covers more": (6, 4, "bottom"), "RL covers more": (6, -4, "top")}
    place = axes.get_yaxis_transform()
    for text, (x, y, side) in words.items():
        axes.annotate(text, (0, 0), (x, y), place, "offset points", color=MUTED, va=side)


def _mark_crossover(axes: Axes, here: pd.DataFrame) -> None:
    """Mark the crossover and its interval on the zero line, with an arrow where the interval has no end."""
    from matplotlib.patheffects import withStroke

    found = here.loc[(here["estimand"] == "crossover") & (here["prior"] != "observed")]
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
    total = int(rows["n_problems"].iloc[0])
    curves = [_curve(rows.loc[rows["estimand"] == flow], str(rows["model"].iloc[0])) for flow in FLOW_COLOURS]
    axes.stackplot(curves[0].k, *(curve.middle for curve in curves), colors=list(FLOW_COLOURS.values()), linewidth=0)
    axes.set_ylim(0, total)
    _problem_axis(axes)
    _title(axes, _headline(rows, name), "all problems: who solves them within k samples")
    _budget_axis(axes, rows, n)
    tops = np.cumsum([curve.middle[-1] for curve in curves])
    middles = tops - [curve.middle[-1] / 2 for curve in curves]
    _label_ends(axes, list(zip(middles.tolist(), FLOW_WORDS.values(), LABEL_COLOURS.values(), strict=True)))


def _draw_lost_and_gained(axes: Axes, rows: pd.DataFrame, n: int) -> None:
    """Draw the two flows that tell the models apart, each with its band and the plug-in from the counts."""
    ends, level = [], rows.loc[rows["prior"] != "observed", "level"].iloc[0]
    for flow in ("gained", "lost"):
        mine, model = rows.loc[rows["estimand"] == flow], str(rows["model"].iloc[0])
        curve = _curve(mine, model)
        _draw_curve(axes, curve, _curve(mine, model, observed=True), n, FLOW_COLOURS[flow])
        ends.append((float(curve.middle[-1]), FLOW_WORDS[flow], LABEL_COLOURS[flow]))
    axes.set_ylim(bottom=0)
    _problem_axis(axes)
    _title(axes, "Lost and gained", f"line, band: posterior, {level:.0%} interval; points: unbiased estimates")
    _budget_axis(axes, rows, n)
    _label_ends(axes, ends)


def _problem_axis(axes: Axes) -> None:
    from matplotlib.ticker import MaxNLocator, StrMethodFormatter

    axes.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.set_ylabel("expected number of problems")


def _label_ends(axes: Axes, ends: Sequence[tuple[float, str, str]]) -> None:
    """Write each curve's name beside its end, moved apart where two would overlap."""
    low, high = axes.get_ylim()
    wanted = sorted(((y - low) / (high - low), y, label, colour) for y, label, colour in ends)
    heights = _spread(
        [height for height, *_ in wanted], [0.04 + 0.05 * (1 + label.count("\n")) for _, _, label, _ in wanted]
    )
    for height, (_, y, label, colour) in zip(heights, wanted, strict=True):
        axes.annotate(
            label,
            (axes.get_xlim()[1], y),
            (1.03, height),
            textcoords="axes fraction",
            color=colour,
            va="center",
            fontweight="bold",
            fontsize=8.5,
            arrowprops={
                "arrowstyle": "-",
                "color": colour,
                "linewidth": 0.7,
                "shrinkA": 1,
                "shrinkB": 0,
                "relpos": (0, 0.5),
            },
        )


def _spread(heights: Sequence[float], rooms: Sequence[float]) -> list[float]:
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


def _arm_label(model: str, base: str | None) -> str:
    """Name a model in a narrow column, with its role where two are compared."""
    role = "" if base is None else " (base)" if model == base else " (RL)"
    return textwrap.fill(model + role, width=22, break_on_hyphens=True)
