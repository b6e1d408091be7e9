"""The figures of a report, drawn for files and for the page."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from markupsafe import Markup

from boundary.analysis.figures import (
    COLUMN_WIDTH,
    FIGURES,
    OVERVIEW_FIGURES,
    PAGE_WIDTH,
    FigureData,
    ReportFigure,
    inline_svg,
)
from boundary.analysis.progress import Progress, no_progress
from boundary.analysis.report.rows import figure_data
from boundary.analysis.result import Analysis

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Drawings = dict[str, "dict[str, Figure]"]
"""Per benchmark, each figure's name and its drawing; `OVERVIEW` has those of the whole analysis."""
Pictures = dict[str, dict[str, Markup]]
"""Per benchmark, each figure's name and its elements for the page."""
OVERVIEW = ""
# The start of an element, and its attributes; `<` and `>` are escaped in values and texts.
ELEMENT = re.compile(r"<[^<>]*>")
ATTRIBUTE = re.compile(r"""(?<![\w:-])(?P<name>[\w:-]+)=(?:'[^']*'|"[^"]*")""")


def draw_all(analysis: Analysis, width: float = PAGE_WIDTH, progress: Progress = no_progress) -> Drawings:
    """Draw every figure that there is something to draw for, so many inches wide."""
    drawings: Drawings = {}
    figures = _figures(analysis)
    for done, (benchmark, record, data) in enumerate(figures):
        progress("Drawing figures", done, len(figures))
        drawings.setdefault(benchmark, {})[record.name] = record.figure(data, width)
    return drawings


def page_pictures(analysis: Analysis, drawings: Drawings | None = None, progress: Progress = no_progress) -> Pictures:
    """Every figure as elements of the page: a wide and a narrow one, of which the style sheet shows one.

    Parameters
    ----------
    analysis
        What `boundary.analyze` returns.
    drawings
        The wide ones, where they are at hand; drawn otherwise.
    progress
        Called with what is being made, the number of figures done and of all.
    """
    pictures: Pictures = {}
    figures = _figures(analysis)
    for done, (benchmark, record, data) in enumerate(figures):
        progress("Figures of the page", done, len(figures))
        prefix = id_prefix(analysis, benchmark, record.name)
        wide = None if drawings is None else drawings[benchmark][record.name]
        elements = both_widths(partial(record.figure, data), prefix, record.caption, wide)
        pictures.setdefault(benchmark, {})[record.name] = elements
    return pictures


def id_prefix(analysis: Analysis, benchmark: str, name: str) -> str:
    """What stands in front of every id of a figure of the page."""
    place = analysis.benchmarks.index(benchmark) + 1 if benchmark in analysis.benchmarks else 0
    return f"f{place}{name[:2]}{name[-1]}-"


def with_prefix(picture: str, prefix: str, other: str) -> Markup:
    """The elements of a figure with another prefix of its ids, since no two elements of a page may have one id.

    Only attributes are changed that hold ids: texts, and attributes for the script, hold names from files.
    """

    def in_element(element: re.Match[str]) -> str:
        return ATTRIBUTE.sub(in_attribute, element[0])

    def in_attribute(attribute: re.Match[str]) -> str:
        return attribute[0] if attribute["name"].startswith("data-") else attribute[0].replace(prefix, other)

    return Markup(ELEMENT.sub(in_element, picture))


def both_widths(
    draw: Callable[[float], Figure], prefix: str, description: str = "", wide: Figure | None = None
) -> Markup:
    """A figure as elements of the page, wide and narrow.

    Parameters
    ----------
    draw
        Draws it so many inches wide.
    prefix
        In front of every id, the same for no two figures of the page.
    description
        What it shows, for those who do not see it; its numbers are added.
    wide
        The wide one, where it is at hand.
    """
    variants = {"wide": draw(PAGE_WIDTH) if wide is None else wide, "narrow": draw(COLUMN_WIDTH)}
    parts = []
    for name, figure in variants.items():
        numbers_in = "" if name == "wide" else f"{prefix}w"
        element = inline_svg(figure, prefix + name[0], description=description, numbers_in=numbers_in)
        parts.append(f'<div class="plot-{name}">{element}</div>')
    return Markup("\n".join(parts))


def _figures(analysis: Analysis) -> list[tuple[str, ReportFigure, FigureData]]:
    """Benchmark, record and data of each figure, in the order of the report."""
    data = figure_data(analysis)
    overview = next(iter(data.values()))
    figures = [(OVERVIEW, record, overview) for record in OVERVIEW_FIGURES if record.applies(overview)]
    return figures + [
        (benchmark, record, part) for benchmark, part in data.items() for record in FIGURES if record.applies(part)
    ]
