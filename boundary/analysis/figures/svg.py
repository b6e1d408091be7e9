"""A figure as SVG: small, with its text as text, and the same bytes for the same figure.

matplotlib's own writer takes three times as long and ten times the bytes: it repeats the style with every shape, writes
coordinates to six digits, and draws each letter as an outline or keeps it at a place that only its own font fits.
"""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import numpy as np
from matplotlib.backend_bases import RendererBase
from matplotlib.colors import to_hex
from matplotlib.path import Path
from matplotlib.transforms import Affine2D, Transform

from boundary.plain_text import printable

if TYPE_CHECKING:
    from matplotlib.backend_bases import GraphicsContextBase
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties
    from matplotlib.text import Text

# The fonts that most systems have; the first is the widest, and panels leave room for it.
FONTS = "DejaVu Sans,Verdana,Helvetica,Arial,sans-serif"
# Widths of a character, and parts of the size above and below the baseline: browsers place the text by its anchor, so
# nothing but legends depends on them.
WIDTH, BOLD_WIDTH, ASCENT, DESCENT = 0.6, 0.69, 0.76, 0.24
ANCHORS = {"center": "middle", "right": "end"}
CAPS = {"projecting": "square", "round": "round"}
LETTERS = {Path.MOVETO: "M", Path.LINETO: "L", Path.CURVE3: "Q", Path.CURVE4: "C"}
POINTS = {Path.MOVETO: 1, Path.LINETO: 1, Path.CURVE3: 2, Path.CURVE4: 3}


def svg_of(figure: Figure) -> bytes:
    """Write a figure as an SVG of one tenth of a point.

    Parameters
    ----------
    figure
        A matplotlib figure without path effects or hatches.

    Returns
    -------
    bytes
        The whole document, attributes in single quotes and no line breaks within elements, so that it can stand in a
        data: URL with little escaping.
    """
    dpi = figure.dpi
    figure.set_dpi(72)
    try:
        width, height = figure.get_size_inches() * 72
        renderer = SvgRenderer(width, height)
        figure.draw(renderer)
    finally:
        figure.set_dpi(dpi)
    return renderer.document().encode()


class SvgRenderer(RendererBase):
    """Collects the shapes and texts of a figure; neighbours of one style share it."""

    def __init__(self, width: float, height: float) -> None:
        super().__init__()
        self.width, self.height = width, height
        self._definitions: dict[tuple[str, str], str] = {}
        self._groups: list[tuple[str, str, list[str]]] = []

    def document(self) -> str:
        """The whole SVG."""
        size = f"viewBox='0 0 {_decimal(self.width)} {_decimal(self.height)}'"
        size += f" width='{_decimal(self.width)}pt' height='{_decimal(self.height)}pt'"
        definitions = "".join(
            f"<{element} id='{name}'{text[len(element) + 1 :]}" for (element, text), name in self._definitions.items()
        )
        lines = [
            f"<svg xmlns='http://www.w3.org/2000/svg' {size} font-family='{FONTS}' stroke-linejoin='round'>",
            *([f"<defs>{definitions}</defs>"] if definitions else []),
            *(_group(kind, style, contents) for kind, style, contents in self._groups),
            "</svg>\n",
        ]
        return "\n".join(lines)

    def get_canvas_width_height(self) -> tuple[float, float]:
        """Size in points."""
        return self.width, self.height

    def flipy(self) -> bool:
        """Heights count from the bottom, as everywhere in matplotlib but here in the file."""
        return False

    def option_image_nocomposite(self) -> bool:
        """Draw each image by itself."""
        return True

    def option_scale_image(self) -> bool:
        """Let the viewer scale images."""
        return True

    def get_text_width_height_descent(
        self, s: str, prop: FontProperties, ismath: bool | str
    ) -> tuple[float, float, float]:
        """About the size of a text."""
        size = prop.get_size_in_points()
        return len(s) * size * (BOLD_WIDTH if _is_bold(prop) else WIDTH), size * (ASCENT + DESCENT), size * DESCENT

    def draw_path(self, gc: GraphicsContextBase, path: Path, transform: Transform, rgbFace: Any = None) -> None:
        """Add a shape."""
        points, codes = _shape(path, transform)
        if len(points):
            self._add("path", _style(gc, rgbFace) + self._clip(gc, points), self._steps(points, codes))

    def draw_markers(
        self,
        gc: GraphicsContextBase,
        marker_path: Path,
        marker_trans: Transform,
        path: Path,
        trans: Transform,
        rgbFace: Any = None,
    ) -> None:
        """Add one shape at several places."""
        places, _ = _shape(path, trans)
        if len(places) == 1:  # a band, which matplotlib draws as a marker
            self.draw_path(gc, marker_path, marker_trans + Affine2D().translate(*places[0]), rgbFace)
            return
        points, codes = _shape(marker_path, marker_trans)
        name = self._defined("path", f"<path d='{self._steps(points + np.array([0.0, self.height]), codes)}'/>")
        for x, y in places.tolist():
            use = f"<use href='#{name}' x='{_decimal(x)}' y='{_decimal(self.height - y)}'/>"
            self._add("g", _style(gc, rgbFace), use)

    def draw_image(self, gc: GraphicsContextBase, x: float, y: float, im: Any, transform: Any = None) -> None:
        """Add an image, its cells as they are."""
        from PIL import Image

        content = io.BytesIO()
        Image.fromarray(np.ascontiguousarray(im)[::-1]).save(content, format="png")
        source = "data:image/png;base64," + base64.b64encode(content.getvalue()).decode("ascii")
        rows, columns = im.shape[:2]
        width, height = (columns, rows) if transform is None else transform.frozen().to_values()[:4:3]
        place = f"x='{_decimal(x)}' y='{_decimal(self.height - y - height)}'"
        size = f"width='{_decimal(width)}' height='{_decimal(height)}'"
        looks = "preserveAspectRatio='none' style='image-rendering:pixelated'"
        self._groups.append(("image", "", [f"<image {place} {size} {looks} href='{source}'/>"]))

    def draw_text(
        self,
        gc: GraphicsContextBase,
        x: float,
        y: float,
        s: str,
        prop: FontProperties,
        angle: float,
        ismath: bool | str = False,
        mtext: Text | None = None,
    ) -> None:
        """Add a line of text, placed by the anchor that its alignment names."""
        style = f" font-size='{_decimal(prop.get_size_in_points())}'" + " font-weight='bold'" * _is_bold(prop)
        style += f" fill='{to_hex(gc.get_rgb())}'"
        anchor = ANCHORS.get(mtext.get_horizontalalignment() if mtext is not None and angle in (0, 90) else "left")
        if anchor is not None and mtext is not None:
            at_x, at_y = mtext.get_transform().transform(mtext.get_unitless_position())
            x, y = (at_x, y) if angle == 0 else (x, at_y)
            style += f" text-anchor='{anchor}'"
        place = f"x='{_decimal(x)}' y='{_decimal(self.height - y)}'"
        if angle:
            place += f" transform='rotate({-angle:g} {_decimal(x)} {_decimal(self.height - y)})'"
        self._add("g", style, f"<text {place}>{escape(printable(s))}</text>")

    def _add(self, kind: str, style: str, content: str) -> None:
        """Add to the last group where it is of this style, else begin a new one."""
        if self._groups and self._groups[-1][:2] == (kind, style):
            self._groups[-1][2].append(content)
        else:
            self._groups.append((kind, style, [content]))

    def _defined(self, element: str, text: str) -> str:
        """The name of a definition, the same for the same text."""
        return self._definitions.setdefault((element, text), f"{element[0]}{len(self._definitions)}")

    def _clip(self, gc: GraphicsContextBase, points: np.ndarray) -> str:
        """The reference to the clipping rectangle, where a shape goes beyond it."""
        box = gc.get_clip_rectangle()
        if box is None:
            return ""
        low, high = points.min(axis=0), points.max(axis=0)
        if low[0] >= box.x0 - 1 and low[1] >= box.y0 - 1 and high[0] <= box.x1 + 1 and high[1] <= box.y1 + 1:
            return ""
        place = f"x='{_decimal(box.x0)}' y='{_decimal(self.height - box.y1)}'"
        size = f"width='{_decimal(box.width)}' height='{_decimal(box.height)}'"
        name = self._defined("clipPath", f"<clipPath><rect {place} {size}/></clipPath>")
        return f" clip-path='url(#{name})'"

    def _steps(self, points: np.ndarray, codes: np.ndarray) -> str:
        """The steps of a path."""
        flipped = np.column_stack([points[:, 0], self.height - points[:, 1]])
        numbers = [f"{_decimal(x)} {_decimal(y)}" for x, y in flipped.tolist()]
        steps, previous, i, kinds = [], None, 0, codes.tolist()
        while i < len(kinds):
            code = kinds[i]
            if code == Path.CLOSEPOLY:
                steps.append("Z")
                previous, i = None, i + 1
                continue
            n_points = POINTS[code]
            steps.append((" " if code == previous else LETTERS[code]) + " ".join(numbers[i : i + n_points]))
            # What follows a start without a letter is a line.
            previous, i = Path.LINETO if code == Path.MOVETO else code, i + n_points
        return "".join(steps)


def _group(kind: str, style: str, contents: list[str]) -> str:
    """Shapes of one style as one path, texts as one group."""
    if kind == "path":
        return f"<path{style} d='{''.join(contents)}'/>"
    return f"<g{style}>{''.join(contents)}</g>" if style else "".join(contents)


def _shape(path: Path, transform: Transform) -> tuple[np.ndarray, np.ndarray]:
    """Points and codes of a path, without those that are not finite."""
    cleaned = path.cleaned(transform=transform, remove_nans=True, curves=True)
    return np.asarray(cleaned.vertices, dtype=float)[:-1], np.asarray(cleaned.codes)[:-1]


def _style(gc: GraphicsContextBase, face: Any) -> str:
    """Fill and stroke as attributes."""
    forced = gc.get_alpha() if gc.get_forced_alpha() else None
    style = " fill='none'"
    if face is not None:
        alpha = forced if forced is not None else face[3] if len(face) > 3 else 1.0
        style = f" fill='{to_hex(face[:3])}'" + (f" fill-opacity='{alpha:.3g}'" if alpha < 1 else "")
    width, colour = gc.get_linewidth(), gc.get_rgb()
    alpha = forced if forced is not None else colour[3]
    if not width or not alpha:
        return style
    style += f" stroke='{to_hex(colour[:3])}'" + (f" stroke-opacity='{alpha:.3g}'" if alpha < 1 else "")
    style += f" stroke-width='{width:.3g}'" if width != 1 else ""
    cap = CAPS.get(gc.get_capstyle())
    style += f" stroke-linecap='{cap}'" if cap else ""
    offset, dashes = gc.get_dashes()
    if dashes is not None:
        style += (
            f" stroke-dasharray='{' '.join(f'{length:.3g}' for length in np.asarray(dashes, dtype=float).tolist())}'"
        )
        style += f" stroke-dashoffset='{offset:.3g}'" if offset else ""
    return style


def _is_bold(prop: FontProperties) -> bool:
    return prop.get_weight() == "bold"


def _decimal(value: float) -> str:
    """A coordinate to one tenth of a point."""
    return f"{round(value, 1) + 0.0:g}"
