"""Tags: what an artist of matplotlib is about, for the element that it becomes in the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.artist import Artist

    from boundary.analysis.figures.curve import Curve


class Tag(str):
    """The gid of an artist, which carries the attributes of its element.

    Parameters
    ----------
    name
        The gid, as matplotlib's own writer of SVG uses it.
    attributes
        Attributes of the element; of each element where the artist becomes several.
    items
        Attributes of each shape of a collection, in its order.
    """

    attributes: Mapping[str, str]
    items: Sequence[Mapping[str, str]]

    def __new__(
        cls, name: str, attributes: Mapping[str, str] | None = None, items: Sequence[Mapping[str, str]] = ()
    ) -> Tag:
        """Make the text that carries them."""
        tag = super().__new__(cls, name)
        tag.attributes, tag.items = attributes or {}, items
        return tag


def tag_model(artist: Artist, model: str) -> None:
    """Say which model an artist belongs to, so that the page can hide it with its model."""
    artist.set_gid(Tag("part", {"data-model": model} if model else {}))


def tag_curve(artist: Artist, model: str, curve: Curve, name: str = "") -> None:
    """Tag the line of a curve with the model and the numbers that it shows; `name` tells several of a model apart."""
    attributes = {"data-model": model, "data-k": numbers(curve.k), "data-value": numbers(curve.middle)}
    attributes |= {"data-lower": numbers(curve.lower), "data-upper": numbers(curve.upper)}
    artist.set_gid(Tag("curve", attributes | ({"data-name": name} if name else {})))


def tag_marks(artist: Artist, items: Sequence[Mapping[str, object]], **shared: str) -> None:
    """Tag each shape of a collection; names without `data-`, numbers to four digits."""
    texts = [{f"data-{name}": _text(value) for name, value in item.items() if _text(value)} for item in items]
    artist.set_gid(Tag("marks", {f"data-{name}": value for name, value in shared.items()}, texts))


def numbers(values: np.ndarray) -> str:
    """Numbers to four digits, budgets whole, with blanks between; what is not finite is written `-`.

    Examples
    --------
    >>> numbers(np.array([1.0, 0.25, 1024, np.nan]))
    '1 .25 1024 -'
    """
    return " ".join(_number(value) for value in np.asarray(values, dtype=float).tolist())


def _number(value: float) -> str:
    if not np.isfinite(value):
        return "-"
    text = f"{value:.4g}" if abs(value) < 1e3 else f"{value:.0f}"
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


def _text(value: object) -> str:
    return _number(value) if isinstance(value, float) else str(value)
