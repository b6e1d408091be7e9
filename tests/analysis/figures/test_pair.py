"""Figures show what the table says, leave the caller's matplotlib alone, and come out the same for the same table."""

import re
import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given, strategies as st

from boundary.analysis.figures import FIGURES, OVERVIEW_FIGURES, draw_figures, drawing, layout
from boundary.analysis.figures.figure import FigureData
from boundary.analysis.figures.palette import PAGE
from boundary.analysis.report.rows import figure_data

N = 128
PAIR = ("pass_at_k", "shrinkage", "flows")
BY_NAME = {figure.name: figure for figure in FIGURES}


def figure_of(name, estimates, benchmark):
    """One figure, whether it applies or not."""
    return BY_NAME[name].figure(FigureData(estimates, benchmark, N))


def words(figure):
    """Every text of a figure."""
    return [text.get_text() for text in figure.findobj(mpl.text.Text)]


def joined(figure):
    """The bold lines above the first panel as one text, and those below them as another."""
    lines = [text for text in figure.axes[0].texts if text.get_gid() == "header"]
    return [
        " ".join(line.get_text() for line in reversed(lines) if line.get_fontweight() == weight)
        for weight in ("bold", "normal")
    ]


def drawn_lines(axes):
    return [(line.get_xdata(), line.get_ydata()) for line in axes.lines]


@pytest.mark.parametrize("benchmark", ["AIME24", "AMC23", "all"])
def test_pair_has_three_figures(pair, benchmark):
    figures = draw_figures(FigureData(pair.estimates, benchmark, N))
    assert tuple(figures) == PAIR
    assert any("(RL)" in text for text in words(figures["pass_at_k"]))


def test_single_model_has_pass_at_k_alone(single):
    figures = draw_figures(FigureData(single.estimates, "AIME24", N))
    assert tuple(figures) == ("pass_at_k",)
    assert not any("(base)" in text for text in words(figures["pass_at_k"]))


def test_every_arm_is_drawn_and_named(arms):
    figures = draw_figures(FigureData(arms.estimates, "AIME24", N))
    for name in ("pass_at_k", "shrinkage"):
        assert any("another-RL-run" in text for text in words(figures[name]))
        assert not any("(RL)" in text for text in words(figures[name]))  # it may be a distilled one
    assert len(figures["flows"].axes) == 2 * 2


def test_curves_are_the_posterior_means_and_points_the_observed(pair):
    rows = pair.estimates.loc[(pair.estimates["benchmark"] == "all") & (pair.estimates["estimand"] == "pass_at_k")]
    lines = drawn_lines(figure_of("pass_at_k", pair.estimates, "all").axes[0])
    for model in pair.models:
        curve = rows.loc[rows["model"] == model].sort_values("k")
        posterior, observed = (curve.loc[(curve["kind"] == "observed") == flag] for flag in (False, True))
        within, extrapolated = (posterior.loc[posterior["k"] <= N], posterior.loc[posterior["k"] >= N])
        for part in (within, extrapolated, observed):
            # A curve has further points between its budgets.
            assert any(
                set(part["k"]) <= {*x} and np.allclose(np.interp(part["k"], x, y), part["mean"], rtol=1e-12)
                for x, y in lines
            )


@pytest.mark.parametrize("name", PAIR)
def test_extrapolation_is_named_where_there_is_any(pair, name):
    assert f"k > n = {N}: extrapolated" in words(figure_of(name, pair.estimates, "all"))
    within = pair.estimates.loc[~(pair.estimates["k"] > N)]
    assert not any("extrapolated" in text for text in words(figure_of(name, within, "all")))


def test_crossover_is_marked_only_where_there_is_one(pair):
    assert any("[16, beyond 1024]" in text for text in words(figure_of("shrinkage", pair.estimates, "AIME24")))
    never = pair.estimates.copy()
    never.loc[never["estimand"] == "crossover", ["median", "lower", "upper"]] = np.inf
    assert not any("crossover" in text for text in words(figure_of("shrinkage", never, "AIME24")))


def test_one_budget_alone_can_be_drawn(pair):
    first = pair.estimates.loc[pair.estimates["k"].isna() | (pair.estimates["k"] == 1)]
    for figure in draw_figures(FigureData(first, "AIME24", N)).values():
        assert layout.image(figure, "png").startswith(b"\x89PNG")


@pytest.mark.parametrize(("kind", "start"), [("png", b"\x89PNG"), ("pdf", b"%PDF"), ("svg", b"<svg xmlns=")])
def test_same_table_same_file(pair, kind, start):
    once, again = (layout.image(figure_of("flows", pair.estimates, "all"), kind) for _ in range(2))
    assert once.startswith(start)
    assert once == again


def test_settings_of_the_caller_neither_matter_nor_change(pair):
    plain = layout.image(figure_of("pass_at_k", pair.estimates, "all"), "svg")
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "red", "lines.linewidth": 9}):
        before = dict(mpl.rcParams)
        assert layout.image(figure_of("pass_at_k", pair.estimates, "all"), "svg") == plain
        assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("name", PAIR)
def test_nothing_is_decided_from_a_fit_that_did_not_converge(pair, name):
    rl = pair.models[1]
    unconverged = frozenset({("AIME24", rl)})
    shown, trusted = (
        words(BY_NAME[name].figure(FigureData(pair.estimates, "AIME24", N, unconverged=failed)))
        for failed in (unconverged, frozenset())
    )
    assert "Fit did not converge" in shown
    assert "Fit did not converge" not in trusted
    assert not any(text.startswith(("RL solves fewer", "crossover at")) for text in shown)


def test_a_fit_that_did_not_converge_is_open_in_the_overview(pair):
    rl = pair.models[1]
    (forest,) = OVERVIEW_FIGURES
    figure = forest.figure(FigureData(pair.estimates, "AIME24", N, unconverged=frozenset({("AIME24", rl)})))
    assert any("2 narrowed, 1 cannot tell yet (1 fit did not converge)" in text for text in joined(figure))
    hollow = [
        line for line in figure.axes[0].lines if line.get_markerfacecolor() == PAGE and line.get_marker() != "None"
    ]
    assert [len(line.get_xdata()) for line in hollow] == [1]


def test_fits_that_did_not_converge_are_counted_as_open(arms):
    unconverged = frozenset({("AIME24", "another-RL-run")})
    figure = BY_NAME["pass_at_k"].figure(FigureData(arms.estimates, "AIME24", N, unconverged=unconverged))
    assert "At k = 128: 1 narrowed, 1 cannot tell yet (1 fit did not converge)" in joined(figure)


def test_figures_of_an_analysis_know_which_fits_did_not_converge(failed):
    assert figure_data(failed)["AMC23"].unconverged == {("AMC23", failed.models[-1])}


def test_no_pyplot():
    code = "import sys, boundary.analysis.figures; assert not any(m.startswith('matplotlib') for m in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=5))
def test_labels_are_spread_in_order(heights):
    rooms = [0.1] * len(heights)
    placed = drawing.spread(sorted(heights), rooms)
    assert all(np.diff(placed) > 0.09)


def test_figures_are_drawn_on_the_axes_of_the_caller(pair):
    own = mpl.figure.Figure()
    left, right = own.subplots(1, 2)
    data = FigureData(pair.estimates, "all", N)
    BY_NAME["pass_at_k"].draw(left, data)
    BY_NAME["shrinkage"].draw(right, data)
    assert len(left.lines) > len(pair.models)
    assert right.get_ylabel().startswith("shrinkage")


def test_names_are_fit_for_files_and_no_two_are_alike():
    assert len(BY_NAME) == len(FIGURES)
    assert all(re.fullmatch(r"[a-z0-9_]+", name) for name in BY_NAME)
