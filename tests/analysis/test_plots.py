"""Figures for papers: on axes of one's own or new ones, documented, and with their text as text."""

import dataclasses
import inspect
import re

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

import boundary as bd
from boundary.analysis.figures import FIGURES, OVERVIEW_FIGURES
from boundary.errors import InputError

FUNCTIONS = {
    name: function
    for name, function in inspect.getmembers(bd.plots, inspect.isfunction)
    if function.__module__ == "boundary.plots" and not name.startswith("_")
}


@pytest.fixture(autouse=True)
def no_windows():
    """Draw without a display, and leave no figure open."""
    import matplotlib.pyplot as plt

    mpl.use("Agg")
    yield
    plt.close("all")


def test_there_is_a_function_for_every_figure():
    assert set(FUNCTIONS) - {"save", "tipping_point"} == {figure.name for figure in (*FIGURES, *OVERVIEW_FIGURES)}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_documents_its_parameters(name):
    text = inspect.getdoc(FUNCTIONS[name])
    names = re.findall(r"^\S.*$", text.partition("\nParameters\n----------\n")[2].partition("\n\n")[0], re.MULTILINE)
    assert {*names} == {*inspect.signature(FUNCTIONS[name]).parameters}
    assert "Raises\n------" in text


@pytest.mark.parametrize("name", ["pass_at_k", "shrinkage", "flows", "forest"])
@pytest.mark.parametrize("width", ["column", "page", 5.0])
def test_a_new_figure_has_the_width_asked_for_and_no_text_beyond_its_edges(pair, name, width):
    figure = np.ravel(FUNCTIONS[name](pair, width=width))[0].figure
    inches = {"column": 3.35, "page": 6.75}.get(width, width)
    assert figure.get_size_inches()[0] == pytest.approx(inches)
    figure.canvas.draw()
    edges = figure.bbox
    for axes in figure.axes:
        for text in (*axes.texts, axes.xaxis.label, axes.yaxis.label):
            box = text.get_window_extent()
            outside = box.x0 < edges.x0 - 3 or box.x1 > edges.x1 + 3 or box.y0 < -3 or box.y1 > edges.y1 + 3
            assert not outside, (text.get_text(), box)


def test_figures_are_drawn_on_axes_of_the_caller(pair):
    left, right = mpl.figure.Figure().subplots(1, 2)
    assert bd.plots.pass_at_k(pair, left, benchmark="AIME24") is left
    bd.plots.shrinkage(pair, ax=right)
    assert right.get_ylabel().startswith("shrinkage")
    with pytest.raises(InputError, match=r"2 axes \(1 rows, 2 columns\)"):
        bd.plots.flows(pair, ax=left)
    axes = mpl.figure.Figure().subplots(1, 2)
    assert bd.plots.flows(pair, ax=axes) is axes


@pytest.mark.parametrize("width", ["column", "page"])
def test_the_tipping_point_is_drawn_where_there_are_curves(pair, width):
    rates = [0.0, 0.001, 0.01, 0.1]
    rows = [
        {
            "benchmark": "AIME24",
            "model": "rl",
            "k": k,
            "level": 0.9,
            "extrapolated": k > 128,
            "false_positive_rate": rate,
        }
        | {"mean": 0.02 + rate, "lower": rate, "upper": 0.05 + rate}
        for k in (128.0, 1024.0)
        for rate in rates
    ]
    result = dataclasses.replace(pair, tipping_points=pd.DataFrame(rows))
    axes = bd.plots.tipping_point(result, width=width)
    assert sum(len(line.get_xdata()) == len(rates) for line in axes.lines) >= 2
    with pytest.raises(InputError, match="error_curve=True"):
        bd.plots.tipping_point(result, model="another")
    with pytest.raises(InputError, match="error_curve=True"):
        bd.plots.tipping_point(pair)


def test_what_cannot_be_drawn_is_said(single, pair):
    with pytest.raises(InputError, match="there are pass_at_k"):
        bd.plots.shrinkage(single)
    with pytest.raises(InputError, match="No benchmark 'XY'"):
        bd.plots.pass_at_k(pair, benchmark="XY")
    with pytest.raises(InputError, match="'column', 'page' or inches"):
        bd.plots.pass_at_k(pair, width="wide")


@pytest.mark.parametrize(("suffix", "start"), [("pdf", b"%PDF"), ("svg", b"<svg"), ("png", b"\x89PNG")])
def test_saved_files_are_the_same_each_time_and_keep_text(pair, tmp_path, suffix, start):
    for name in ("a", "b"):
        bd.plots.save(bd.plots.pass_at_k(pair, width="column"), tmp_path / f"{name}.{suffix}")
    content = (tmp_path / f"a.{suffix}").read_bytes()
    assert content.startswith(start)
    assert content == (tmp_path / f"b.{suffix}").read_bytes()
    if suffix == "pdf":
        assert b"/FontFile2" in content  # TrueType: text can be selected and edited
    if suffix == "svg":
        assert b">k, samples per problem<" in content
    with pytest.raises(InputError, match="Let it end in"):
        bd.plots.save(bd.plots.pass_at_k(pair), tmp_path / "a.jpeg")


def test_names_without_a_font_and_with_dollars_can_be_drawn(arms, tmp_path):
    names = {"another-RL-run": "$x_1$ \N{CJK UNIFIED IDEOGRAPH-6A21}\N{ARABIC LETTER SEEN}" + "-long" * 30}
    estimates = arms.estimates.replace({"model": names})
    axes = bd.plots.pass_at_k(dataclasses.replace(arms, estimates=estimates))
    for suffix in ("pdf", "png", "svg"):
        bd.plots.save(axes, tmp_path / f"a.{suffix}")
