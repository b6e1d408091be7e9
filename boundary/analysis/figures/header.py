"""What stands above a panel: the message, what the marks are, and in a narrow figure the names of the models."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from boundary.analysis.figures.palette import INK, MUTED, Look
from boundary.analysis.figures.tags import Tag
from boundary.analysis.figures.widths import NARROW
from boundary.plain_text import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Points: sizes of the three kinds of lines, and from line to line as a multiple; room below them.
MESSAGE_SIZE, WORDS_SIZE, NAME_SIZE, LEADING, GAP = 9.5, 8.0, 8.0, 1.28, 5.0
# Widths of a letter as a share of its size, in the widest of the fonts that browsers have.
WIDTH, BOLD_WIDTH, WIDE = 0.585, 0.66, 1.05
# Points: with so much room on the left there are names.
NAMES = 75.0
# Points: the mark in front of a name, and room behind the name.
SAMPLE, BEHIND = 24.0, 10.0


class Entry(NamedTuple):
    """A line of a legend: a model, its name as written, how it looks, and the colour of the name if it is another."""

    model: str
    name: str
    look: Look
    name_colour: str = ""

    @property
    def ink(self) -> str:
        """The colour of the name."""
        return self.name_colour or self.look.colour


def text_width(text: str, size: float, bold: bool = False) -> float:
    """About the width of a text, in points."""
    ems = sum(WIDE if unicodedata.east_asian_width(c) in "WF" else BOLD_WIDTH if bold else WIDTH for c in text)
    return ems * size


def wrapped(text: str, room: float, size: float, bold: bool = False) -> list[str]:
    """The lines of a text in so many points of room, broken within words only where a word is longer than that."""
    mean = text_width(text, size, bold) / max(len(text), 1)
    return textwrap.wrap(text, max(int(room / max(mean, 0.1)), 6), break_on_hyphens=True) or [""]


def clipped(name: str, width: int = 30) -> str:
    """Leave out the middle of a long name, since runs mostly differ at either end."""
    return name if len(name) <= width else f"{name[: width // 2 - 1]}\N{HORIZONTAL ELLIPSIS}{name[-width // 2 :]}"


def is_narrow(axes: Axes) -> bool:
    """Whether names stand above the panel, since there is no room beside it."""
    return bool(axes.figure.get_size_inches()[0] < NARROW)  # type: ignore[union-attr]


def header(axes: Axes, message: str, words: str, entries: Sequence[Entry] = ()) -> None:
    """Write a title that says the message, a line that explains the marks, and in a narrow figure a legend.

    Parameters
    ----------
    axes
        Its panel.
    message
        What is to be seen.
    words
        Benchmark, and what the marks are.
    entries
        Models of the panel; they are written in a narrow figure only, since others have them at the curves' ends.
    """
    room, extra = _room(axes), 18.0 * _has_note(axes)
    y = GAP + extra
    for row in reversed(_rows(entries, room) if is_narrow(axes) else []):
        _legend_row(axes, row, y)
        y += NAME_SIZE * LEADING + 1.5
    _title(axes, message, words, room, y + 2.0 * bool(entries))


def header_across(panels: Sequence[Axes], message: str, words: str, titles: Sequence[str]) -> None:
    """Write a title of each panel, and above these one of all, as wide as the panels that stand side by side.

    Parameters
    ----------
    panels
        One or more panels; one alone has no title of its own.
    message, words
        As for `header`.
    titles
        Of each panel.
    """
    if len(panels) == 1:
        header(panels[0], message, words)
        return
    for axes, title in zip(panels, titles, strict=True):
        header(axes, title, "")
    first, last = panels[0].get_position(), panels[-1].get_position()
    width = panels[0].figure.get_size_inches()[0] * 72  # type: ignore[union-attr]
    room = float((last.x1 - first.x0) * width - _start(panels[0])) if first.y0 == last.y0 else _room(panels[0])
    _title(panels[0], message, words, room, max(map(header_height, panels)) + 3.0)


def _title(axes: Axes, message: str, words: str, room: float, y: float) -> None:
    """Write a message and below it the line that explains the marks, the bottom of all of it at a height."""
    for line in reversed(wrapped(plain(words), room, WORDS_SIZE) if words else []):
        y = _line(axes, line, y, WORDS_SIZE, MUTED)
    y += 1.5
    for line in reversed(wrapped(plain(message), room, MESSAGE_SIZE, bold=True)):
        y = _line(axes, line, y, MESSAGE_SIZE, INK, bold=True)


def header_height(axes: Axes) -> float:
    """Height of what stands above a panel, in points."""
    lines: list[Any] = [text for text in axes.texts if text.get_gid() == "header"]
    tops = [line.xyann[1] + line.get_fontsize() * LEADING for line in lines]
    return max(tops, default=20.0 if axes.get_title(loc="left") + axes.get_title() else 16.0 * _has_note(axes))


def note_above(axes: Axes, text: str) -> None:
    """Write a note at the right, directly above the panel."""
    note = axes.annotate(text, (1, 1), (0, 4), "axes fraction", "offset points", color=MUTED, fontsize=7.5, ha="right")
    note.set_gid("note")


def _has_note(axes: Axes) -> bool:
    return any(text.get_gid() == "note" for text in axes.texts)


def _line(axes: Axes, text: str, y: float, size: float, colour: str, bold: bool = False) -> float:
    """Write a line, its bottom at a height above the panel; the bottom of the next one."""
    line = axes.annotate(
        text,
        (0, 1),
        (_start(axes), y),
        "axes fraction",
        "offset points",
        color=colour,
        fontsize=size,
        fontweight="bold" if bold else "normal",
    )
    line.set_gid("header")
    return y + size * LEADING


def _start(axes: Axes) -> float:
    """Where lines begin, in points from the panel: where it has names beside it or is narrow, at the figure's edge."""
    place = axes.get_subplotspec()
    if place is None or not place.is_first_col():
        return 0.0
    left = float(axes.get_position().x0 * axes.figure.get_size_inches()[0] * 72)  # type: ignore[union-attr]
    return 4.0 - left if is_narrow(axes) or left > NAMES else 0.0


def _room(axes: Axes) -> float:
    """Points from where lines begin to the next panel or the edge of the figure."""
    width = axes.figure.get_size_inches()[0] * 72  # type: ignore[union-attr]
    own = axes.get_position()
    other_boxes = [other.get_position() for other in axes.figure.axes if other is not axes]
    lefts = [box.x0 for box in other_boxes if box.x0 > own.x0 + 0.01 and box.y0 < own.y1 and box.y1 > own.y0]
    edge = min(lefts) * width - 30.0 if lefts else width
    return float(edge - own.x0 * width - _start(axes) - 4.0)


def _rows(entries: Sequence[Entry], room: float) -> list[list[Entry]]:
    """Entries in rows that fit."""
    rows: list[list[Entry]] = []
    left = 0.0
    for entry in entries:
        width = SAMPLE + text_width(entry.name, NAME_SIZE, bold=True) + BEHIND
        if not rows or width > left:
            rows.append([])
            left = room + BEHIND
        rows[-1].append(entry)
        left -= width
    return rows


def _legend_row(axes: Axes, row: Sequence[Entry], y: float) -> None:
    """Draw a row of the legend: the mark of each model and its name."""
    x = _start(axes)
    room = _room(axes)
    for entry in row:
        model, name, look = entry[:3]
        tag = Tag("header", {"data-model": model} if model else {})
        middle = y + NAME_SIZE * 0.38
        _sample(axes, [x + 1, x + SAMPLE - 5], middle, {"linestyle": look.dash, "color": look.colour}, tag)
        marker: dict[str, Any] = {"linestyle": "none", "marker": look.marker, "markersize": 4.5}
        _sample(axes, [x + (SAMPLE - 4) / 2], middle, marker | {"color": look.colour}, tag)
        ems = text_width(name, NAME_SIZE, bold=True) / max(len(name), 1)
        shown = clipped(plain(name), max(int((room - SAMPLE) / ems), 6))
        text = axes.annotate(
            shown,
            (0, 1),
            (x + SAMPLE, y),
            "axes fraction",
            "offset points",
            color=entry.ink,
            fontsize=NAME_SIZE,
            fontweight="bold",
        )
        text.set_gid(tag)
        x += SAMPLE + text_width(shown, NAME_SIZE, bold=True) + BEHIND


def _sample(axes: Axes, xs: list[float], y: float, style: dict[str, Any], tag: Tag) -> None:
    """Draw a piece of a line, or a marker, at points from the upper left corner of the panel."""
    from matplotlib.lines import Line2D
    from matplotlib.transforms import Affine2D, ScaledTranslation

    scale: Any = axes.figure.dpi_scale_trans
    place: Any = axes.transAxes
    points = Affine2D().scale(1 / 72) + scale + ScaledTranslation(0, 1, place)
    line = Line2D(xs, [y] * len(xs), transform=points, clip_on=False, **style)
    line.set_gid(tag)
    axes.add_artist(line)
