"""A figure as SVG: small, with its text as text, and the same bytes for the same figure.

matplotlib's own writer takes three times as long and ten times the bytes: it repeats the style with every shape, writes
coordinates to six digits, and draws each letter as an outline or keeps it at a place that only its own font fits.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import numpy as np
from matplotlib.backend_bases import RendererBase
from matplotlib.colors import to_hex
from matplotlib.path import Path
from matplotlib.transforms import Affine2D, Transform

from boundary.analysis.figures.tags import Tag
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
# Points: so near to a line a point may be left out, of paths with more points than these.
STRAIGHT, FEW_POINTS = 0.2, 12
QUOTES = {"'": "&#39;"}
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
    return rendered(figure).document().encode()


def rendered(
    figure: Figure, variables: Mapping[str, str] | None = None, prefix: str = "", with_numbers: bool = True
) -> SvgRenderer:
    """Draw a figure; the renderer has its shapes and texts.

    Parameters
    ----------
    figure
        A matplotlib figure without path effects or hatches.
    variables
        Variables of a style sheet, by the colour that each stands for; given for a figure in a page, whose elements
        then carry the attributes of their tags.
    prefix
        In front of every id.
    with_numbers
        Whether the numbers of tags are written too; otherwise their elements are marked as those that have some.
    """
    dpi = figure.dpi
    figure.set_dpi(72)
    try:
        width, height = figure.get_size_inches() * 72
        renderer = SvgRenderer(width, height, variables, prefix, with_numbers)
        figure.draw(renderer)
    finally:
        figure.set_dpi(dpi)
    return renderer


def attribute_text(attributes: Mapping[str, str]) -> str:
    """Attributes as they stand in an element, escaped."""
    return "".join(f" {name}='{escape(printable(value), QUOTES)}'" for name, value in attributes.items())


class SvgRenderer(RendererBase):
    """Collects the shapes and texts of a figure; neighbours of one style share it."""

    def __init__(
        self,
        width: float,
        height: float,
        variables: Mapping[str, str] | None = None,
        prefix: str = "",
        with_numbers: bool = True,
    ) -> None:
        super().__init__()
        self.with_numbers = with_numbers
        self.width, self.height, self.prefix = width, height, prefix
        self.variables, self.is_tagged = variables or {}, variables is not None
        self._definitions: dict[tuple[str, str], str] = {}
        self._groups: list[tuple[str, str, list[str]]] = []
        self._tags: list[Tag | None] = []
        self._items: list[Iterator[Mapping[str, str]]] = []

    def document(self) -> str:
        """The whole SVG."""
        size = f"width='{_decimal(self.width)}pt' height='{_decimal(self.height)}pt'"
        look = f"font-family='{FONTS}' stroke-linejoin='round'"
        return f"<svg xmlns='http://www.w3.org/2000/svg' {self.view_box} {size} {look}>\n{self.content()}\n</svg>\n"

    @property
    def view_box(self) -> str:
        """The attribute that says how large the drawing is."""
        return f"viewBox='0 0 {_decimal(self.width)} {_decimal(self.height)}'"

    def content(self) -> str:
        """What stands within the SVG."""
        definitions = "".join(
            f"<{element} id='{name}'{text[len(element) + 1 :]}" for (element, text), name in self._definitions.items()
        )
        lines = [f"<defs>{definitions}</defs>"] if definitions else []
        return "\n".join(lines + [_group(kind, style, contents) for kind, style, contents in self._groups])

    def open_group(self, s: str, gid: str | None = None) -> None:
        """Begin an artist; what it draws carries the attributes of its tag."""
        tag = gid if self.is_tagged and isinstance(gid, Tag) else None
        self._tags.append(tag)
        self._items.append(iter(tag.items if tag is not None else ()))
        if tag is not None and tag == "panel":
            self._groups.append(("raw", "", [f"<g class='panel'{attribute_text(tag.attributes)}>"]))

    def close_group(self, s: str) -> None:
        """End an artist."""
        tag = self._tags.pop()
        self._items.pop()
        if tag is not None and tag == "panel":
            self._groups.append(("raw", "", ["</g>"]))

    def _has_items(self) -> bool:
        tag = self._tags[-1] if self._tags else None
        return tag is not None and bool(tag.items)

    def _attributes(self) -> str:
        """The attributes of the next element, of the innermost tag."""
        for tag, items in zip(reversed(self._tags), reversed(self._items), strict=True):
            if tag is not None and tag != "panel":
                attributes = {**tag.attributes, **next(items, {})}
                if not self.with_numbers and "data-value" in attributes:
                    model = attributes.get("data-model")
                    attributes = {"data-numbered": ""} | ({} if model is None else {"data-model": model})
                return attribute_text(attributes)
        return ""

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
        if len(points) > FEW_POINTS:
            points, codes = _without_straight_points(points, codes)
        if len(points):
            style = self._style(gc, rgbFace) + self._clip(gc, points)
            if self._has_items():  # each shape is an element of its own
                self._add("g", style, f"<path{self._attributes()} d='{self._steps(points, codes)}'/>")
            else:
                self._add("path", style + self._attributes(), self._steps(points, codes))

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
        has_items = self._has_items()
        style = self._style(gc, rgbFace) + ("" if has_items else self._attributes())
        for x, y in places.tolist():
            own = self._attributes() if has_items else ""
            use = f"<use href='#{name}' x='{_decimal(x)}' y='{_decimal(self.height - y)}'{own}/>"
            self._add("g", style, use)

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
        looks = "preserveAspectRatio='none' image-rendering='pixelated'"
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
        style += f" fill='{self._colour(gc.get_rgb())}'"
        anchor = ANCHORS.get(mtext.get_horizontalalignment() if mtext is not None and angle in (0, 90) else "left")
        if anchor is not None and mtext is not None:
            at_x, at_y = mtext.get_transform().transform(mtext.get_unitless_position())
            x, y = (at_x, y) if angle == 0 else (x, at_y)
            style += f" text-anchor='{anchor}'"
        place = f"x='{_decimal(x)}' y='{_decimal(self.height - y)}'"
        if angle:
            place += f" transform='rotate({-angle:g} {_decimal(x)} {_decimal(self.height - y)})'"
        self._add("g", style + self._attributes(), f"<text {place}>{escape(printable(s))}</text>")

    def _add(self, kind: str, style: str, content: str) -> None:
        """Add to the last group where it is of this style, else begin a new one."""
        if self._groups and self._groups[-1][:2] == (kind, style) and kind != "raw":
            self._groups[-1][2].append(content)
        else:
            self._groups.append((kind, style, [content]))

    def _defined(self, element: str, text: str) -> str:
        """The name of a definition, the same for the same text."""
        name = f"{self.prefix}{element[0]}{len(self._definitions)}"
        return self._definitions.setdefault((element, text), name)

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
        """The steps of a path: where it starts, then each point from the one before it, in tenths of a point."""
        flipped = np.column_stack([points[:, 0], self.height - points[:, 1]])
        tenths = np.round(flipped * 10).astype(np.int64).tolist()
        steps, previous, i, kinds = [], None, 0, codes.tolist()
        x, y = 0, 0
        while i < len(kinds):
            code = kinds[i]
            if code == Path.CLOSEPOLY:
                steps.append("Z")
                previous, i = None, i + 1
                continue
            n_points = POINTS[code]
            # After a Z the pen is at the start of its piece, which is not kept here: starts are absolute.
            is_start = code == Path.MOVETO
            pairs = [(a - (0 if is_start else x), b - (0 if is_start else y)) for a, b in tenths[i : i + n_points]]
            letter = LETTERS[code] if is_start else LETTERS[code].lower()
            steps.append(_joined("" if code == previous and not is_start else letter, pairs))
            x, y = tenths[i + n_points - 1]
            previous, i = code, i + n_points
        return "".join(steps)

    def _style(self, gc: GraphicsContextBase, face: Any) -> str:
        """Fill and stroke as attributes."""
        forced = gc.get_alpha() if gc.get_forced_alpha() else None
        style = " fill='none'"
        if face is not None:
            alpha = forced if forced is not None else face[3] if len(face) > 3 else 1.0
            style = f" fill='{self._colour(face[:3])}'" + (f" fill-opacity='{alpha:.3g}'" if alpha < 1 else "")
        width, colour = gc.get_linewidth(), gc.get_rgb()
        alpha = forced if forced is not None else colour[3]
        if not width or not alpha:
            return style
        style += f" stroke='{self._colour(colour[:3])}'" + (f" stroke-opacity='{alpha:.3g}'" if alpha < 1 else "")
        style += f" stroke-width='{width:.3g}'" if width != 1 else ""
        cap = CAPS.get(gc.get_capstyle())
        style += f" stroke-linecap='{cap}'" if cap else ""
        offset, dashes = gc.get_dashes()
        if dashes is not None:
            lengths = " ".join(f"{length:.3g}" for length in np.asarray(dashes, dtype=float).tolist())
            style += f" stroke-dasharray='{lengths}'" + (f" stroke-dashoffset='{offset:.3g}'" if offset else "")
        return style

    def _colour(self, rgb: Any) -> str:
        """A colour, or the variable of the style sheet that stands for it."""
        colour = to_hex(rgb[:3])
        return f"var({self.variables[colour]})" if colour in self.variables else colour


def _joined(letter: str, pairs: list[tuple[int, int]]) -> str:
    """A letter and numbers, in tenths, with blanks only where a minus sign does not part them."""
    text = "".join([_tenths(number) for pair in pairs for number in pair])
    return letter + (text.removeprefix(" ") if letter else text)


@lru_cache(maxsize=1 << 14)
def _tenths(number: int) -> str:
    """A whole number of tenths as a decimal number, as short as it can be: a blank, or a minus sign, and digits."""
    whole, tenth = divmod(abs(number), 10)
    text = f"{whole}.{tenth}" if tenth and whole else f".{tenth}" if tenth else f"{whole}"
    return f"-{text}" if number < 0 else f" {text}"


def _group(kind: str, style: str, contents: list[str]) -> str:
    """Shapes of one style as one path, texts as one group."""
    if kind == "raw":
        return "".join(contents)
    if kind == "path":
        return f"<path{style} d='{''.join(contents)}'/>"
    return f"<g{style}>{''.join(contents)}</g>" if style else "".join(contents)


def _shape(path: Path, transform: Transform) -> tuple[np.ndarray, np.ndarray]:
    """Points and codes of a path, without those that are not finite."""
    cleaned = path.cleaned(transform=transform, remove_nans=True, curves=True)
    return np.asarray(cleaned.vertices, dtype=float)[:-1], np.asarray(cleaned.codes)[:-1]


def _without_straight_points(points: np.ndarray, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A path of lines without points that are nearly on the line through their neighbours (Douglas and Peucker)."""
    if not (codes[1:-1] == Path.LINETO).all():
        return points, codes
    last = len(points) - 1 if codes[-1] == Path.LINETO else len(points) - 2
    is_kept = np.zeros(len(points), dtype=bool)
    is_kept[[0, last, len(points) - 1]] = True
    pieces = [(0, last)]
    while pieces:
        first, end = pieces.pop()
        if end - first < 2:
            continue
        start, chord = points[first], points[end] - points[first]
        between = points[first + 1 : end] - start
        length = float(np.hypot(*chord))
        away = np.abs(chord[0] * between[:, 1] - chord[1] * between[:, 0]) / length if length else np.hypot(*between.T)
        furthest = int(away.argmax())
        if away[furthest] > STRAIGHT:
            middle = first + 1 + furthest
            is_kept[middle] = True
            pieces += [(first, middle), (middle, end)]
    return points[is_kept], codes[is_kept]


def _is_bold(prop: FontProperties) -> bool:
    return prop.get_weight() == "bold"


def _decimal(value: float) -> str:
    """A coordinate to one tenth of a point."""
    return f"{round(value, 1) + 0.0:g}"
