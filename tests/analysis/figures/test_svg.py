"""The SVG of a figure: well formed, its text as text, and nothing in it that loads or runs."""

import re
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest

from boundary.analysis.figures import FIGURES
from boundary.analysis.figures.figure import FigureData
from boundary.analysis.figures.layout import Layout, image, new_figure, report_style
from boundary.analysis.figures.svg import svg_of

SVG = "{http://www.w3.org/2000/svg}"
STEPS = {"base": "0", "run-10": "10", "run-final": "final"}


def svg_root(draw, layout=Layout()):  # noqa: B008
    """The root element of the SVG of a new figure."""
    return ElementTree.fromstring(image(new_figure(layout, draw), "svg"))


def texts(root):
    return [element.text for element in root.iter(f"{SVG}text")]


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.name)
def test_all_text_is_text_and_nothing_is_loaded(run_estimates, figure):
    data = FigureData(run_estimates, "B", 8, STEPS)
    if not figure.applies(data):
        pytest.skip("these models have no such figure")
    content = image(figure.figure(data), "svg")
    root = ElementTree.fromstring(content)
    assert any("B, " in text for text in texts(root))
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags <= {"svg", "defs", "clipPath", "rect", "path", "g", "text", "use", "image"}
    for element in root.iter():
        assert element.get("href", "#").startswith(("#", "data:image/png;base64,"))
    assert b'"' not in content


def test_names_are_escaped_and_controls_written_out():
    name = "<script>alert('1')</script>&\x1b \N{GREEK SMALL LETTER ALPHA} $x$ 100 %"
    root = svg_root(lambda axes: axes.set_title(name))
    assert name.replace("\x1b", r"\x1b") in texts(root)


def test_coordinates_are_those_of_matplotlib():
    with report_style():
        figure = mpl.figure.Figure(figsize=(4, 3))
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        axes.set(xlim=(0, 4), ylim=(0, 3))
        axes.plot([1, 2, 3.5], [1, 2, 0.5], color="red", linewidth=2)
        axes.text(1, 2, "here", ha="right")
    root = ElementTree.fromstring(svg_of(figure))
    assert root.get("viewBox") == "0 0 288 216"
    line = next(path for path in root.iter(f"{SVG}path") if path.get("stroke") == "#ff0000")
    assert (line.get("d"), line.get("stroke-width")) == ("M72 144l72-72 108 108", "2")
    group = next(group for group in root.iter(f"{SVG}g") if group.get("text-anchor") == "end")
    assert (group[0].get("x"), group[0].get("y"), group[0].text) == ("72", "72", "here")


def test_what_is_not_finite_is_left_out_and_what_goes_beyond_the_panel_is_clipped():
    def draw(axes):
        axes.plot([0, 1, 2, 3], [0, np.nan, 2, np.inf], color="#123456")
        axes.plot([0, 1], [-5, 5], color="#654321")
        axes.set_ylim(0, 3)

    root = svg_root(draw)
    assert not re.search("nan|inf", "".join(path.get("d") for path in root.iter(f"{SVG}path")))
    clipped = {path.get("stroke"): path.get("clip-path") for path in root.iter(f"{SVG}path")}
    assert clipped["#654321"] == "url(#c0)"
    assert root.find(f"{SVG}defs/{SVG}clipPath").get("id") == "c0"


def test_ticks_and_their_labels_are_those_of_the_axis():
    def draw(axes):
        axes.plot([0, 10], [0, 1])
        axes.set_xticks([0, 5, 20], ["none", "half", "beyond"])
        axes.set_yticks([])
        axes.set(xlim=(0, 10), xlabel="effort")

    root = svg_root(draw)
    assert texts(root) == ["none", "half", "effort"]


def test_ticks_and_names_may_stand_at_the_top_and_on_the_right():
    def draw(axes):
        axes.set(xlim=(0, 10), ylim=(0, 1), xlabel="effort")
        axes.xaxis.set_label_position("top")
        axes.set_xticks([5], ["half"])
        axes.set_yticks([0.5], ["middle"])
        axes.yaxis.tick_right()

    places = {text.text: (float(text.get("x")), float(text.get("y"))) for text in svg_root(draw).iter(f"{SVG}text")}
    assert places["effort"][1] < places["middle"][1] < places["half"][1]
    assert places["middle"][0] > 2 * 72 + places["half"][0]
