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
from matplotlib.transforms import BboxBase, IdentityTransform

# Points: the length of a tick, the space between its end and its label, and between these and the name of the axis.
LENGTH, PAD, NAME_PAD = 3.5, 3.5, 4.0


class AxisMarks(Artist):
    """Draws ticks, their labels, the grid and the name of an axis in place of the axis itself, which it hides.

    Parameters
    ----------
    axes
        Its panel.
    side
        `x` for the axis below the panel, `y` for that on its left; where ticks or name are set to the top or the right,
        they are drawn there.
    """

    def __init__(self, axes: Axes, side: Literal["x", "y"]) -> None:
        super().__init__()
        self.is_x, self.axis = side == "x", axes.xaxis if side == "x" else axes.yaxis
        self.label = Text()
        axes.add_artist(self)
        self.label.set_figure(axes.figure)
        self.set_zorder(self.axis.get_zorder())
        settings: Any = mpl.rcParams
        self.style = {name: settings[f"{side}tick.{name}"] for name in ("color", "labelsize", "labelcolor")}
        self.style |= {"length": LENGTH, "gridOn": False, **self.axis.get_tick_params(which="major")}
        near, far = ("bottom", "top") if self.is_x else ("left", "right")
        self.ticks_are_far = bool(self.style.get(far)) and not self.style.get(near)
        self.name_is_far = self.axis.get_label_position() == far
        self.axis.set_visible(False)

    def get_children(self) -> list[Artist]:
        """The text that writes every label."""
        return [self.label]

    def draw(self, renderer: Any) -> None:
        """Draw the grid, the ticks, their labels and the name."""
        axes, points = self.axes, renderer.points_to_pixels
        assert axes is not None
        values, labels = self._ticks()
        ends = np.column_stack([values, np.zeros(len(values))])
        places = (
            axes.get_xaxis_transform().transform(ends)[:, 0]
            if self.is_x
            else axes.get_yaxis_transform().transform(ends[:, ::-1])[:, 1]
        )
        near, far = (axes.bbox.y0, axes.bbox.y1) if self.is_x else (axes.bbox.x0, axes.bbox.x1)
        if self.style["gridOn"]:
            grid = {name: self.style.get(f"grid_{name}", 1.0) for name in ("linewidth", "alpha")}
            self._lines(renderer, places, near, far, color=self.style.get("grid_color", "black"), **grid)
        edge, outwards = (far, 1) if self.ticks_are_far else (near, -1)
        end = edge + outwards * points(self.style["length"])
        if end != edge:
            self._lines(renderer, places, edge, end, color=self.style["color"], linewidth=0.8, alpha=1.0)
        extent = self._labels(renderer, places, labels, end + outwards * points(PAD))
        if self.name_is_far != self.ticks_are_far:
            edge, outwards, extent = far if self.name_is_far else near, -outwards, 0.0
        else:
            edge = end + outwards * points(PAD)
        self._name(renderer, edge + outwards * (extent + points(NAME_PAD)), axes.bbox)

    def _ticks(self) -> tuple[np.ndarray, list[str]]:
        """Values within view, and what is written there."""
        values = np.asarray(self.axis.get_majorticklocs(), dtype=float)
        labels = self.axis.get_major_formatter().format_ticks(list(values))
        low, high = sorted(self.axis.get_view_interval())
        slack = 1e-9 * (high - low)
        within = (values >= low - slack) & (values <= high + slack)
        return values[within], [label for label, is_within in zip(labels, within, strict=True) if is_within]

    def _lines(
        self, renderer: Any, places: np.ndarray, start: float, end: float, color: Any, linewidth: float, alpha: float
    ) -> None:
        """Draw a line across at each place, all in one path."""
        if not len(places):
            return
        along, across = np.repeat(places, 2), np.tile([start, end], len(places))
        codes = np.tile(np.array([Path.MOVETO, Path.LINETO], dtype=Path.code_type), len(places))
        path = Path(np.column_stack([along, across] if self.is_x else [across, along]), codes)
        gc = renderer.new_gc()
        gc.set_linewidth(linewidth)
        gc.set_foreground(color)
        gc.set_alpha(alpha)
        renderer.draw_path(gc, path, IdentityTransform())
        gc.restore()

    def _labels(self, renderer: Any, places: np.ndarray, labels: list[str], edge: float) -> float:
        """Write the labels from an edge outwards; how far the largest reaches."""
        text, colour = self.label, self.style["labelcolor"]
        text.set_fontsize(self.style["labelsize"])
        text.set_color(self.style["color"] if colour == "inherit" else colour)
        if self.is_x:
            text.set(ha="center", va="bottom" if self.ticks_are_far else "top")
        else:
            text.set(ha="left" if self.ticks_are_far else "right", va="center_baseline")
        extent = 0.0
        for place, label in zip(places, labels, strict=True):
            if label:
                text.set_text(label)
                text.set_position((place, edge) if self.is_x else (edge, place))
                text.draw(renderer)
                width, height, _ = renderer.get_text_width_height_descent(label, text.get_fontproperties(), False)
                extent = max(extent, height if self.is_x else width)
        return extent

    def _name(self, renderer: Any, place: float, panel: BboxBase) -> None:
        """Write the name of the axis in the middle of its side."""
        name = self.axis.label
        if name.get_text():
            name.set_transform(IdentityTransform())
            x, y = (panel.x0 + panel.x1) / 2, (panel.y0 + panel.y1) / 2
            name.set_position((x, place) if self.is_x else (place, y))
            name.draw(renderer)
