"""Drawn intervals: one line of a forest plot in each row of a table, all on one axis."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite, log10

from markupsafe import Markup

from boundary.analysis.formatting import number
from boundary.analysis.report.tables import Record

WIDTH, HEIGHT, MARK = 200, 28, 4
# Intervals of few problems may be so much wider than the others that these would be dots: they end in an arrow.
WIDEST = 6.0
STEPS = (1.0, 2.0, 5.0, 10.0)


@dataclass(frozen=True)
class IntervalAxis:
    """The axis that the intervals of a table have in common.

    Parameters
    ----------
    lower, upper
        Its ends.
    scale
        What a value is times to be written: 100 for shares in percent.
    margin
        Half the width of the band around zero that is not material; 0 for none.
    has_zero
        Whether a line at zero is drawn.
    """

    lower: float
    upper: float
    scale: float = 100.0
    margin: float = 0.0
    has_zero: bool = True

    @classmethod
    def of(cls, rows: Iterable[Record], margin: float) -> "IntervalAxis":
        """An axis of differences that holds zero, the margin and the intervals of some rows."""
        ends = [(row["lower"], row["upper"]) for row in rows if row and isfinite(row["lower"] + row["upper"])]
        widths = sorted(upper - lower for lower, upper in ends)
        widest = WIDEST * max(widths[len(widths) // 2], margin) if widths else 0.01
        middles = [(lower + upper) / 2 for lower, upper in ends]
        lowest = min([-margin, *(max(low, middle - widest) for (low, _), middle in zip(ends, middles, strict=True))])
        highest = max([margin, *(min(high, middle + widest) for (_, high), middle in zip(ends, middles, strict=True))])
        room = 0.06 * (highest - lowest) or 0.01
        return cls(lowest - room, highest + room, margin=margin)

    @classmethod
    def of_shares(cls) -> "IntervalAxis":
        """The axis of shares, from nothing to all."""
        return cls(-0.02, 1.02, has_zero=False)

    def position(self, value: float) -> float:
        """Where a value lies, in units of the drawing; outside of the axis, at its end."""
        share = (value - self.lower) / (self.upper - self.lower)
        return round(min(max(share, 0.0), 1.0) * WIDTH, 1)

    def ticks(self) -> list[float]:
        """Round values along the axis, three to six."""
        span = self.upper - self.lower
        power = 10.0 ** floor(log10(span / 4))
        step = next(power * factor for factor in STEPS if span / (power * factor) <= 5)
        first, last = ceil(self.lower / step), floor(self.upper / step)
        return [step * i for i in range(first, last + 1)]

    def axis_svg(self) -> Markup:
        """The axis with its numbers, for the head of the column."""
        digits = 0 if all(abs(tick * self.scale - round(tick * self.scale)) < 1e-6 for tick in self.ticks()) else 1
        marks = []
        for tick in self.ticks():
            x = self.position(tick)
            anchor = "start" if x < 12 else "end" if x > WIDTH - 12 else "middle"
            label = number(tick, self.scale, digits)
            marks.append(f'<path d="M{x:g} 15v4"/><text x="{x:g}" y="11" text-anchor="{anchor}">{label}</text>')
        head = f'<svg class="axis" viewBox="0 0 {WIDTH} 20" width="{WIDTH}" height="20" aria-hidden="true">'
        return Markup(f'{head}<path d="M0 19.5H{WIDTH}"/>{"".join(marks)}</svg>')

    def interval_svg(self, row: Record, css_class: str = "") -> Markup:
        """An interval with its middle; its numbers stand beside it, so that it is hidden from what reads aloud."""
        marks = [*self._ground()]
        if row and isfinite(row["lower"] + row["upper"]):
            marks += _interval_marks(self, row)
        css = f"drawn {css_class}".strip()
        head = (
            f'<svg class="{css}" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" aria-hidden="true">'
        )
        return Markup(f"{head}{''.join(marks)}</svg>")

    def _ground(self) -> Iterator[str]:
        """The margin and the line at zero."""
        if self.margin:
            left, right = self.position(-self.margin), self.position(self.margin)
            yield f'<path class="margin" d="M{left:g} 0H{right:g}V{HEIGHT}H{left:g}z"/>'
        if self.has_zero:
            yield f'<path class="zero" d="M{self.position(0):g} 0V{HEIGHT}"/>'


def _interval_marks(axis: IntervalAxis, row: Record) -> Sequence[str]:
    """The whisker with arrows where it leaves the axis, and the dot."""
    middle = HEIGHT // 2
    left, right = axis.position(row["lower"]), axis.position(row["upper"])
    arrows = ""
    if row["lower"] < axis.lower:
        arrows += f"M{MARK} {middle - MARK}L0 {middle}L{MARK} {middle + MARK}"
    if row["upper"] > axis.upper:
        arrows += f"M{WIDTH - MARK} {middle - MARK}L{WIDTH} {middle}L{WIDTH - MARK} {middle + MARK}"
    return (
        f'<path class="whisker" d="M{left:g} {middle}H{right:g}{arrows}"/>',
        f'<circle cx="{axis.position(row["mean"]):g}" cy="{middle}" r="{MARK}"/>',
    )
