"""The figures of a report, drawn for files and for the page."""

from __future__ import annotations

import re
from collections.abc import Callable
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

Pictures = dict[str, dict[str, Markup]]
"""Per benchmark, each figure's name and its elements for the page."""
OVERVIEW = ""
# The start of an element, and its attributes; `<` and `>` are escaped in values and texts.
ELEMENT = re.compile(r"<[^<>]*>")
ATTRIBUTE = re.compile(r"""(?<![\w:-])(?P<name>[\w:-]+)=(?:'[^']*'|"[^"]*")""")


def page_pictures(
    analysis: Analysis,
    progress: Progress = no_progress,
    keep: Callable[[str, str, Callable[[float], Figure]], None] | None = None,
) -> Pictures:
    """Every figure as elements of the page: a wide and a narrow one, of which the style sheet shows one.

    Parameters
    ----------
    analysis
        What `boundary.analyze` returns.
    progress
        Called with what is being made, the number of figures done and of all.
    keep
        Called with benchmark and name of each figure, and with what draws it so many inches wide, to write it as a
        file. No figure is held longer than that: a hundred of them take more room than all tables.
    """
    pictures: Pictures = {}
    figures = _figures(analysis)
    for done, (benchmark, record, data) in enumerate(figures):
        progress("Drawing figures", done, len(figures))
        draw = _drawing(record, data)
        elements = both_widths(draw, id_prefix(analysis, benchmark, record.name), record.caption)
        pictures.setdefault(benchmark, {})[record.name] = elements
        if keep is not None:  # after the page's: a file's text may be changed
            keep(benchmark, record.name, draw)
    return pictures


def _drawing(record: ReportFigure, data: FigureData) -> Callable[[float], Figure]:
    """What draws a figure so many inches wide; that of the page's width is drawn once."""
    wide = record.figure(data, PAGE_WIDTH)
    return lambda width: wide if width == PAGE_WIDTH else record.figure(data, width)


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


def both_widths(draw: Callable[[float], Figure], prefix: str, description: str = "") -> Markup:
    """A figure as elements of the page, wide and narrow.

    Parameters
    ----------
    draw
        Draws it so many inches wide.
    prefix
        In front of every id, the same for no two figures of the page.
    description
        What it shows, for those who do not see it; its numbers are added.
    """
    parts = []
    for name, width in (("wide", PAGE_WIDTH), ("narrow", COLUMN_WIDTH)):
        numbers_in = "" if name == "wide" else f"{prefix}w"
        element = inline_svg(draw(width), prefix + name[0], description=description, numbers_in=numbers_in)
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
