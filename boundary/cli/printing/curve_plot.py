"""Two curves of pass@k in a terminal, in Braille: the base dashed, the RL model solid, fainter beyond the samples.

A library of terminal plots would know neither of the mark at n nor of what is extrapolated.
"""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from boundary.cli.terminal import shortened

if TYPE_CHECKING:
    from rich.text import Text

# Rows of the curves, and columns at most; a character holds 2 x 4 dots.
ROWS, MOST_COLUMNS, LEAST_COLUMNS = 7, 56, 24
DOTS_ACROSS, DOTS_DOWN = 2, 4
# Bits of the dots of a Braille character, by column and row (Unicode, block U+2800).
BRAILLE, DOT_BITS = 0x2800, ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
AT_N = "┊"
# Dots that are drawn and left out along the base's curve.
DASH, GAP = 3, 3
LABEL_COLUMNS = 26


class Curve(NamedTuple):
    """Pass@k of one model.

    Parameters
    ----------
    model
        Its name, fit to be shown.
    style
        Of rich.
    budgets, shares
        k, ascending, and pass@k, in [0, 1].
    is_dashed
        Whether it is drawn with gaps.
    """

    model: str
    style: str
    budgets: Sequence[float]
    shares: Sequence[float]
    is_dashed: bool = False

    def at(self, log_k: float) -> float:
        """Pass@k at the logarithm of a budget, on straight lines between the budgets."""
        logs = [math.log2(k) for k in self.budgets]
        for left, right, low, high in zip(logs, logs[1:], self.shares, self.shares[1:], strict=False):
            if log_k <= right:
                return low + (high - low) * (log_k - left) / (right - left)
        return self.shares[-1]


def curve_plot(curves: Sequence[Curve], n: float, width: int) -> "list[Text]":
    """The lines of a plot.

    Parameters
    ----------
    curves
        Of the same budgets, at least two of them; where two meet, the last is seen.
    n
        Budgets above it are beyond the samples.
    width
        Columns of the terminal.

    Returns
    -------
    Lines, none where the terminal is too narrow.
    """
    from rich.text import Text

    columns = min(MOST_COLUMNS, width - LABEL_COLUMNS - 8)
    budgets = curves[0].budgets
    if columns < LEAST_COLUMNS or len(budgets) < 2:
        return []
    low, high = _range(curves)
    column_of_n = _column(n, budgets, columns) if budgets[0] < n < budgets[-1] else columns
    cells = _cells(curves, columns, low, high)
    labels = _end_labels(curves, low, high)
    lines = []
    for row in range(ROWS):
        share = {0: high, ROWS - 1: low}.get(row)
        line = Text("" if share is None else f"{100 * share:.0f} %".rjust(5)) if share is not None else Text(" " * 5)
        line.append(" │", style="dim")
        for column in range(columns):
            bits, style = cells.get((row, column), (0, ""))
            faint = " dim" if column > column_of_n else ""
            if bits:
                line.append(chr(BRAILLE + bits), style=style + faint)
            else:
                line.append(AT_N if column == column_of_n else " ", style="dim")
        line.append(" ")
        line.append_text(labels.get(row, Text()))
        lines.append(line)
    return [*lines, *_axis(budgets, n, columns)]


def _range(curves: Sequence[Curve]) -> tuple[float, float]:
    """Ends of the vertical axis: whole tenths around all shares."""
    shares = [share for curve in curves for share in curve.shares]
    low, high = math.floor(10 * min(shares)) / 10, math.ceil(10 * max(shares)) / 10
    return low, high if high > low else low + 0.1


def _column(k: float, budgets: Sequence[float], columns: int) -> int:
    first, last = math.log2(budgets[0]), math.log2(budgets[-1])
    return round((math.log2(k) - first) / (last - first) * (columns - 1))


def _dot_row(share: float, low: float, high: float) -> int:
    dots = ROWS * DOTS_DOWN
    return min(max(round((high - share) / (high - low) * (dots - 1)), 0), dots - 1)


def _cells(curves: Sequence[Curve], columns: int, low: float, high: float) -> Mapping[tuple[int, int], tuple[int, str]]:
    """Bits and style of each character that a curve goes through."""
    cells: dict[tuple[int, int], tuple[int, str]] = {}
    first, last = (math.log2(curves[0].budgets[end]) for end in (0, -1))
    dots = columns * DOTS_ACROSS
    for curve in curves:
        before = None
        for x in range(dots):
            y = _dot_row(curve.at(first + (last - first) * x / (dots - 1)), low, high)
            steps = range(min(y, before + 1), max(y, before - 1) + 1) if before is not None else [y]
            before = y
            if curve.is_dashed and x % (DASH + GAP) >= DASH:
                continue
            for step in steps:  # of a steep curve every dot between two columns
                place = (step // DOTS_DOWN, x // DOTS_ACROSS)
                bits, _ = cells.get(place, (0, ""))
                cells[place] = (bits | DOT_BITS[x % DOTS_ACROSS][step % DOTS_DOWN], curve.style)
    return cells


def _end_labels(curves: Sequence[Curve], low: float, high: float) -> "dict[int, Text]":
    """Name and last value of each curve, by the row in which it ends or a free one beside it."""
    from rich.text import Text

    labels: dict[int, Text] = {}
    for curve in sorted(curves, key=lambda curve: -curve.shares[-1]):
        row = _dot_row(curve.shares[-1], low, high) // DOTS_DOWN
        while row in labels and row < ROWS - 1:
            row += 1
        while row in labels:
            row -= 1
        line = "╌╌" if curve.is_dashed else "━━"
        value = f" {100 * curve.shares[-1]:.0f} %"
        name = shortened(curve.model, LABEL_COLUMNS - len(line) - len(value) - 1)
        labels[row] = Text(f"{line} {name}{value}", style=curve.style)
    return labels


def _axis(budgets: Sequence[float], n: float, columns: int) -> "list[Text]":
    """The horizontal axis with its ticks: the ends, n, and what has room between them."""
    from rich.text import Text

    ends = f"{budgets[0]:.0f}", f"{budgets[-1]:.0f}"
    marks = {0: ends[0], columns - len(ends[1]): ends[1]}
    at_n = f"n={n:.0f}"
    preferred = [(n, at_n)] if budgets[0] < n < budgets[-1] else []
    for k, word in [*preferred, *((k, f"{k:.0f}") for k in budgets[1:-1])]:
        start = _column(k, budgets, columns) - len(word) // 2
        if start > 0 and all(start + len(word) < at or start > at + len(mark) for at, mark in marks.items()):
            marks[start] = word
    line = ""
    for start, word in sorted(marks.items()):
        line = line.ljust(start) + word
    axis = "─" * columns
    return [Text(f"      └{axis}", style="dim"), Text(f"    k  {line}", style="dim")]
