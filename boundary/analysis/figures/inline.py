"""A figure as an element of the page: SVG with real text, in the colours of the page, with its numbers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from boundary.analysis.figures.layout import report_style
from boundary.analysis.figures.palette import VARIABLES
from boundary.analysis.figures.tags import Tag
from boundary.plain_text import plain, printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

STYLE_SHEET = Path(__file__).with_name("page_figures.css")
SCRIPT = Path(__file__).with_name("page_figures.js")
# So many marks are named in the alternative text; more are only counted.
MOST_NAMED = 40


def inline_svg(figure: Figure, prefix: str, *, description: str = "", numbers_in: str = "") -> str:
    """Write a figure as an SVG element for the page.

    Parameters
    ----------
    figure
        A figure that `ReportFigure.figure` drew.
    prefix
        In front of every id of the element; no two figures of a page may have the same. Letters, digits, `-`, `_`.
    description
        What the figure shows; its title and numbers are added.
    numbers_in
        Prefix of the same figure in another size, in the same element of the page, which has title, description and
        numbers; then this one has none of its own.

    Returns
    -------
    str
        `<svg>` with text as text, `role="img"`, a title and a description with the numbers. Colours are variables of
        `page_figures.css`. Curves carry `data-model`, `data-k`, `data-value`, `data-lower`, `data-upper`, marks the
        same of one number; `page_figures.js` reads them. Names from files are escaped.
    """
    from boundary.analysis.figures.svg import rendered

    with report_style():
        for axes in figure.axes:
            axes.set_gid(Tag("panel", _panel_attributes(axes)))
        figure.patch.set_visible(False)  # the page shows through
        renderer = rendered(figure, VARIABLES, prefix, with_numbers=not numbers_in)
        figure.patch.set_visible(True)
    label, words = numbers_in or prefix, ""
    if not numbers_in:
        title, text = _title(figure), " ".join([description, *_numbers(figure)]).strip()
        words = f"<title id='{prefix}t'>{escape(printable(title))}</title>"
        words += f"<desc id='{prefix}d'>{escape(printable(text))}</desc>\n"
    return (
        f"<svg class='plot' {renderer.view_box} role='img' aria-labelledby='{label}t' aria-describedby='{label}d' "
        f"tabindex='0' stroke-linejoin='round'>{words}{renderer.content()}\n</svg>"
    )


def _panel_attributes(axes: Axes) -> dict[str, str]:
    """Where a panel is, and its scales: what the script needs to find the value under a pointer."""
    width, height = axes.figure.get_size_inches() * 72  # type: ignore[union-attr]
    box = axes.get_position()
    corners = (box.x0 * width, (1 - box.y1) * height, box.x1 * width, (1 - box.y0) * height)
    limits = (*axes.get_xlim(), *axes.get_ylim())
    attributes = {
        "data-box": " ".join(f"{value:.1f}" for value in corners),
        "data-limits": " ".join(f"{value:.6g}" for value in limits),
    }
    label = axes.get_ylabel()
    unit = "%" if "share" in label else "points" if "points" in label else "problems" if "problems" in label else ""
    return attributes | ({"data-unit": unit} if unit else {})


def _title(figure: Figure) -> str:
    """The message of the first panel."""
    lines = [text for text in figure.axes[0].texts if text.get_gid() == "header"]
    bold = [
        text.get_text() for text in lines if text.get_fontweight() == "bold" and not isinstance(text.get_gid(), Tag)
    ]
    return " ".join(reversed(bold))


def _numbers(figure: Figure) -> Iterator[str]:
    """The numbers of a figure in words, from the tags of its artists."""
    for axes in figure.axes:
        unit = _panel_attributes(axes).get("data-unit", "")
        header = [text.get_text() for text in axes.texts if text.get_gid() == "header" and not _is_legend(text)]
        yield " ".join(reversed(header)) + "."
        tags = [tag for artist in axes.get_children() if isinstance(tag := artist.get_gid(), Tag)]
        n = next((float(tag.attributes["data-n"]) for tag in tags if "data-n" in tag.attributes), 0.0)
        for tag in tags:
            if tag == "curve":
                yield _curve_words(tag, unit, n)
            elif tag == "marks":
                yield from _mark_words(tag)


def _is_legend(artist: Any) -> bool:
    return isinstance(artist.get_gid(), Tag)


def _curve_words(tag: Tag, unit: str, n: float) -> str:
    """A curve at its first budget, at powers of four, at n, and at its last."""
    parts = {name: tag.attributes[f"data-{name}"].split() for name in ("k", "value", "lower", "upper")}
    budgets = [float(k) for k in parts["k"]]
    axis = tag.attributes.get("data-axis", "")
    named_budgets = {budgets[0], budgets[-1], n, *(4.0**j for j in range(1, 12))}
    shown = [i for i, k in enumerate(budgets) if k in named_budgets]
    if axis:
        shown = [*range(0, len(budgets) - 1, 8), len(budgets) - 1]
    words = [
        f"{_amount(parts['value'][i], unit)} [{_amount(parts['lower'][i], unit)}, {_amount(parts['upper'][i], unit)}] "
        f"at {f'{budgets[i]:,.6g} {axis}' if axis else f'k = {budgets[i]:.0f}'}"
        for i in shown
    ]
    name = tag.attributes.get("data-name", "")
    return f"{plain(tag.attributes['data-model'])}{', ' + name if name else ''}: {'; '.join(words)}."


def _mark_words(tag: Tag) -> Iterator[str]:
    """The marks of a collection, each with its name and numbers."""
    unit, of = tag.attributes.get("data-unit", ""), tag.attributes.get("data-of", "")
    model = plain(tag.attributes.get("data-model", ""))
    if len(tag.items) > MOST_NAMED:
        yield f"{model}: {len(tag.items)} marks."
        return
    words = []
    for item in tag.items:
        name = plain(item.get("data-name") or item.get("data-model") or item.get("data-problem", ""))
        observed = f"{item['data-observed']} observed, expected " if "data-observed" in item else ""
        low, high = (_amount(item.get(f"data-{side}", "-"), unit) for side in ("lower", "upper"))
        words.append(f"{name} {observed}{_amount(item['data-value'], unit)} [{low}, {high}]".strip())
    yield f"{' '.join(part for part in (model, of) if part)}: {'; '.join(words)}."


def _amount(text: str, unit: str) -> str:
    """A number as it is shown: shares in per cent, differences in points."""
    if text == "-":
        return "none"
    value = float(text)
    shown = {"%": f"{100 * value:.1f} %", "points": f"{100 * value:.1f}", "rate": f"{value:.3g}"}
    return shown.get(unit, f"{value:.1f}").replace("-", "\N{MINUS SIGN}")
