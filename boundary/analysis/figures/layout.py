"""Panels of a figure, its size, and its files.

No pyplot, no backend, and the caller's settings are kept.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from boundary.analysis.figures.header import header_height
from boundary.analysis.figures.palette import INK, MUTED, RULE
from boundary.analysis.figures.widths import PAGE_WIDTH
from boundary.plain_text import printable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# The first that a system has for a letter is used.
FONTS = (
    "DejaVu Sans",
    "Noto Sans CJK JP",
    "Noto Sans CJK SC",
    "Hiragino Sans",
    "PingFang SC",
    "Microsoft YaHei",
    "WenQuanYi Zen Hei",
    "Noto Sans Arabic",
    "Noto Sans Devanagari",
    "Arial Unicode MS",
)
STYLE: dict[Any, Any] = {
    "font.size": 8.5,
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
    "lines.linewidth": 1.6,
    "lines.scale_dashes": True,
    "pdf.fonttype": 42,  # text stays text
    "svg.fonttype": "none",
    "svg.hashsalt": "boundary",  # the same ids on every run, so that the same seed gives the same file
}


_in_style = ContextVar("in_style", default=False)


class Layout(NamedTuple):
    """Panels of a figure; sizes in inches.

    Parameters
    ----------
    rows, columns
        How many panels.
    height
        Of each panel.
    left, right
        Room on either side of each panel: for numbers, for labels.
    names
        Room to the left of the first column for names, in place of `left`.
    bottom
        Room below each panel.
    """

    rows: int = 1
    columns: int = 1
    height: float = 2.9
    left: float = 0.66
    right: float = 1.75
    names: float | None = None
    bottom: float = 0.5

    def panel_width(self, width: float) -> float:
        """Width of each panel of a figure of some width."""
        first = self.left if self.names is None else self.names
        return (width - first - (self.columns - 1) * self.left) / self.columns - self.right


@contextmanager
def report_style() -> Iterator[None]:
    """Draw under this module's settings, whatever the caller's are, and put the caller's back."""
    import matplotlib as mpl

    if _in_style.get():  # all figures of a page are drawn within one, which takes longer to enter than an axes to draw
        yield
        return
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(STYLE)
        mpl.rcParams["font.family"] = _fonts()
        token = _in_style.set(True)
        try:
            yield
        finally:
            _in_style.reset(token)


@lru_cache(maxsize=1)
def _fonts() -> list[str]:
    """Fonts of this system, in the order in which a letter is looked for in them."""
    from matplotlib.font_manager import fontManager

    installed = {font.name for font in fontManager.ttflist}
    return [name for name in FONTS if name in installed] or ["sans-serif"]


def new_figure(layout: Layout, draw: Callable[..., None], *arguments: Any, width: float = PAGE_WIDTH) -> Figure:
    """Draw on the panels of a new figure, under the style of the report.

    Parameters
    ----------
    layout
        Its panels.
    draw
        Called with one axes, or an array of them where there are several, and with the arguments.
    width
        Of the whole figure, inches.

    Returns
    -------
    Figure
        Not attached to any backend; save it with `image`.
    """
    with report_style():
        from matplotlib.figure import Figure

        from boundary.analysis.figures.axis_marks import AxisMarks

        figure = Figure()
        set_panels(figure, layout, width)
        draw(figure.subplots(layout.rows, layout.columns), *arguments)
        fit_header(figure, layout, width)
        for axes in figure.axes:
            axes.patch.set_visible(False)
            AxisMarks(axes, "x")
            AxisMarks(axes, "y")
    return figure


def set_panels(figure: Figure, layout: Layout, width: float, top: float = 0.7) -> None:
    """Give a figure its size, and room around its panels, `top` inches of it above each.

    The layout is fixed, since finding one takes matplotlib as long as drawing the figure.
    """
    height = layout.rows * (top + layout.height + layout.bottom)
    figure.set_size_inches(width, height)
    panel = layout.panel_width(width)
    figure.subplots_adjust(
        left=(layout.left if layout.names is None else layout.names) / width,
        right=1 - layout.right / width,
        top=1 - top / height,
        bottom=layout.bottom / height,
        wspace=(layout.left + layout.right) / panel,
        hspace=(top + layout.bottom) / layout.height,
    )


def fit_header(figure: Figure, layout: Layout, width: float) -> None:
    """Make just so much room above the panels as their titles and legends take."""
    set_panels(figure, layout, width, max(header_height(axes) for axes in figure.axes) / 72 + 0.08)


def image(figure: Figure, kind: str) -> bytes:
    """Return the figure as a file's content: `png` (200 dpi), `pdf` or `svg`, the same bytes for the same figure.

    Text is text in both PDF and SVG.
    """
    if kind == "svg":
        from boundary.analysis.figures.svg import svg_of

        with report_style():
            return svg_of(figure)
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        text.set_text(printable(text.get_text()))
    metadata = {"png": {"Software": None}, "pdf": {"CreationDate": None}}[kind]
    content = io.BytesIO()
    with report_style(), warnings.catch_warnings():
        # A letter that no font of this system has is drawn as a box.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.savefig(content, format=kind, dpi=200, facecolor="white", metadata=metadata)
    return content.getvalue()
