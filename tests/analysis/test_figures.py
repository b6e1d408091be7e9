"""Figures show what the table says, leave the caller's matplotlib alone, and come out the same for the same table."""

import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given, strategies as st

from boundary.analysis.figures import drawing, pair as figures

N = 128
PAIR = ("pass_at_k", "shrinkage", "flows")


def words(figure):
    """Every text of a figure."""
    return [text.get_text() for text in figure.findobj(mpl.text.Text)]


def drawn_lines(axes):
    return [(line.get_xdata(), line.get_ydata()) for line in axes.lines]


@pytest.mark.parametrize("benchmark", ["AIME24", "AMC23", "all"])
def test_pair_has_three_figures(pair, benchmark):
    drawn = figures.figures_of(pair.estimates, benchmark, N)
    assert tuple(drawn) == PAIR
    assert any("(RL)" in text for text in words(drawn["pass_at_k"]))


def test_single_model_has_pass_at_k_alone(single):
    drawn = figures.figures_of(single.estimates, "AIME24", N)
    assert tuple(drawn) == ("pass_at_k",)
    assert not any("(base)" in text for text in words(drawn["pass_at_k"]))


def test_every_arm_is_drawn_and_named(arms):
    drawn = figures.figures_of(arms.estimates, "AIME24", N)
    for name in ("pass_at_k", "shrinkage"):
        assert any("another-RL-run" in text for text in words(drawn[name]))
        assert not any("(RL)" in text for text in words(drawn[name]))  # it may be a distilled one
    assert len(drawn["flows"].axes) == 2 * 2


def test_curves_are_the_posterior_means_and_points_the_observed(pair):
    rows = pair.estimates.loc[(pair.estimates["benchmark"] == "all") & (pair.estimates["estimand"] == "pass_at_k")]
    lines = drawn_lines(figures.pass_curves(pair.estimates, "all", N).axes[0])
    for model in pair.models:
        mine = rows.loc[rows["model"] == model].sort_values("k")
        posterior, observed = (mine.loc[(mine["kind"] == "observed") == flag] for flag in (False, True))
        within, beyond = (posterior.loc[posterior["k"] <= N], posterior.loc[posterior["k"] >= N])
        for part in (within, beyond, observed):
            assert any(np.array_equal(x, part["k"]) and np.array_equal(y, part["mean"]) for x, y in lines)


@pytest.mark.parametrize("name", PAIR)
def test_extrapolation_is_named_where_there_is_any(pair, name):
    draw = figures.FIGURES[name]
    assert f"k > n = {N}: extrapolated" in words(draw(pair.estimates, "all", N))
    within = pair.estimates.loc[~(pair.estimates["k"] > N)]
    assert not any("extrapolated" in text for text in words(draw(within, "all", N)))


def test_crossover_is_marked_only_where_there_is_one(pair):
    assert any("[16, none]" in text for text in words(figures.shrinkage_curve(pair.estimates, "AIME24", N)))
    never = pair.estimates.copy()
    never.loc[never["estimand"] == "crossover", ["median", "lower", "upper"]] = np.inf
    assert not any("crossover" in text for text in words(figures.shrinkage_curve(never, "AIME24", N)))


def test_one_budget_alone_can_be_drawn(pair):
    one = pair.estimates.loc[pair.estimates["k"].isna() | (pair.estimates["k"] == 1)]
    for figure in figures.figures_of(one, "AIME24", N).values():
        assert drawing.image(figure, "png").startswith(b"\x89PNG")


@pytest.mark.parametrize(("kind", "start"), [("png", b"\x89PNG"), ("pdf", b"%PDF"), ("svg", b"<?xml")])
def test_same_table_same_file(pair, kind, start):
    once, again = (drawing.image(figures.flows(pair.estimates, "all", N), kind) for _ in range(2))
    assert once.startswith(start)
    assert once == again


def test_settings_of_the_caller_neither_matter_nor_change(pair):
    plain = drawing.image(figures.pass_curves(pair.estimates, "all", N), "svg")
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "red", "lines.linewidth": 9}):
        before = dict(mpl.rcParams)
        assert drawing.image(figures.pass_curves(pair.estimates, "all", N), "svg") == plain
        assert dict(mpl.rcParams) == before


def test_no_pyplot():
    code = "import sys, boundary.analysis.figures.pair; assert not any(m.startswith('matplotlib') for m in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=5))
def test_labels_are_spread_in_order(heights):
    rooms = [0.1] * len(heights)
    placed = drawing.spread(sorted(heights), rooms)
    assert all(np.diff(placed) > 0.09)
