"""Names of models beside a panel, where there are no curves whose ends they could stand at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from boundary.analysis.figures.drawing import END_SIZE, End, label_ends
from boundary.analysis.figures.header import Entry

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def label_side(axes: Axes, entries: Sequence[Entry]) -> None:
    """Write the names beside a panel, from the top, each with its marker; not in a narrow figure."""
    low, high = axes.get_ylim()
    panel = axes.get_position().height * axes.figure.get_size_inches()[1] * 72  # type: ignore[union-attr]
    step = min(0.3, 3 * END_SIZE / panel)
    heights = [1 - step * (i + 0.5) for i in range(len(entries))]
    label_ends(axes, [End(low + y * (high - low), entry) for y, entry in zip(heights, entries, strict=True)], False)
