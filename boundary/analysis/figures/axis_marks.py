"""Ticks, grid and labels of an axis, drawn from its locator and formatter alone.

matplotlib makes five artists for every tick, which takes three quarters of the time of a whole figure.
"""

from __future__ import annotations

from typing import Any, Literal

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.transforms import Bbox, IdentityTransform

# Points: the length of a tick, the space between its end and its label, and between these and the name of the axis.
LENGTH, PAD, NAME_PAD = 3.5, 3.5, 4.0


class AxisMarks(Artist):
    """Draws ticks, their labels, the grid and the name of an axis in place of the axis itself, which it hides.

    Parameters
    ----------
    axes
        Its panel.
    side
        `x` for the axis below the panel, `y` for that on its left.
    """

    def __init__(self, axes: Axes, side: Literal["x", "y"]) -> None:
        super().__init__()
        self.side, self.axis = side, axes.xaxis if side == "x" else axes.yaxis
        self.label = Text()
        axes.add_artist(self)
        self.label.set_figure(axes.figure)
        self.set_zorder(self.axis.get_zorder())
        self.params = {"length": LENGTH, **self.axis.get_tick_params(which="major")}
        settings: Any = mpl.rcParams
        self.style = {name: settings[f"{side}tick.{name}"] for name in ("color", "labelsize", "labelcolor")}
        self.axis.set_visible(False)

    def get_children(self) -> list[Artist]:
        """The text that writes every label."""
        return [self.label]

    def draw(self, renderer: Any) -> None:
        """Draw the grid, the ticks, their labels and the name."""
        axes, points = self.axes, renderer.points_to_pixels
        assert axes is not None
        places, labels = self._ticks()
        panel, length = axes.bbox, points(self.params["length"])
        at_data = axes.get_xaxis_transform() if self.side == "x" else axes.get_yaxis_transform()
        ends = np.column_stack([places, np.zeros(len(places))])
        at = at_data.transform(ends if self.side == "x" else ends[:, ::-1])[:, 0 if self.side == "x" else 1]
        if self.params.get("gridOn") and len(at):
            style = {"color": self.params.get("grid_color", self.style["color"])}
            style |= {name: self.params.get(f"grid_{name}", 1.0) for name in ("linewidth", "alpha")}
            far = panel.x1 if self.side == "y" else panel.y1
            self._lines(renderer, at, self._edge(panel), far, **style)
        if length and len(at):
            edge = self._edge(panel)
            self._lines(renderer, at, edge, edge - length, color=self.style["color"], linewidth=0.8, alpha=1.0)
        self._texts(renderer, at, labels, panel, length)

    def _ticks(self) -> tuple[np.ndarray, list[str]]:
        """Places within view, and what is written there."""
        places = np.asarray(self.axis.get_majorticklocs(), dtype=float)
        labels = self.axis.get_major_formatter().format_ticks(list(places))
        low, high = sorted(self.axis.get_view_interval())
        slack = 1e-9 * (high - low)
        within = (places >= low - slack) & (places <= high + slack)
        return places[within], [label for label, is_within in zip(labels, within, strict=True) if is_within]

    def _edge(self, panel: Bbox) -> float:
        """The side of the panel that ticks stand at."""
        return float(panel.y0 if self.side == "x" else panel.x0)

    def _lines(
        self, renderer: Any, at: np.ndarray, start: float, end: float, color: Any, linewidth: float, alpha: float
    ) -> None:
        """Draw a line across at each place, all in one path."""
        across = np.tile([start, end], len(at))
        along = np.repeat(at, 2)
        codes = np.tile(np.array([Path.MOVETO, Path.LINETO], dtype=Path.code_type), len(at))
        path = Path(np.column_stack([along, across] if self.side == "x" else [across, along]), codes)
        gc = renderer.new_gc()
        gc.set_linewidth(renderer.points_to_pixels(linewidth))
        gc.set_foreground(color)
        gc.set_alpha(alpha)
        renderer.draw_path(gc, path, IdentityTransform())
        gc.restore()

    def _texts(self, renderer: Any, at: np.ndarray, labels: list[str], panel: Bbox, length: float) -> None:
        """Write the labels, and beyond the widest of them the name of the axis."""
        points = renderer.points_to_pixels
        below = self._edge(panel) - length - points(PAD)
        text, is_x = self.label, self.side == "x"
        colour = self.params.get("labelcolor", self.style["labelcolor"])
        text.set(
            fontsize=self.params.get("labelsize", self.style["labelsize"]),
            color=self.style["color"] if colour == "inherit" else colour,
            ha="center" if is_x else "right",
            va="top" if is_x else "center_baseline",
        )
        extent = 0.0
        for place, label in zip(at, labels, strict=True):
            if label:
                text.set_text(label)
                text.set_position((place, below) if is_x else (below, place))
                text.draw(renderer)
                width, height, _ = renderer.get_text_width_height_descent(label, text.get_fontproperties(), False)
                extent = max(extent, height if is_x else width)
        name = self.axis.label
        if name.get_text():
            end, middle = below - extent - points(NAME_PAD), (panel.x0 + panel.x1) / 2
            name.set_transform(IdentityTransform())
            name.set_position((middle, end) if is_x else (end, (panel.y0 + panel.y1) / 2))
            name.draw(renderer)
