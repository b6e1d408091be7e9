"""Figures and tables of several models show what the table of estimates says."""

import matplotlib as mpl
import numpy as np
import pandas as pd

from boundary.analysis.figures import FIGURES, draw_figures
from boundary.analysis.figures.figure import FigureData
from boundary.analysis.figures.header import clipped
from boundary.analysis.figures.layout import image
from boundary.analysis.figures.messages import ranking_message
from boundary.analysis.figures.ranking import pair_chances, ranked_models

N = 8


def figure_of(name, estimates, checkpoint_steps=None):
    """One figure, whether it applies or not."""
    record = next(figure for figure in FIGURES if figure.name == name)
    return record.figure(FigureData(estimates, "B", N, checkpoint_steps or {}))


def words(figure):
    return [text.get_text() for text in figure.findobj(mpl.text.Text)]


def test_models_are_ranked_by_the_curve(run_estimates):
    assert ranked_models(run_estimates, 1) == ["run-final", "run-10", "base"]


def test_chances_of_pairs_are_filled_in_both_ways(run_estimates):
    order = ["run-final", "run-10", "base"]
    chances = pair_chances(run_estimates, order, 1)
    assert np.isnan(np.diag(chances)).all()
    np.testing.assert_allclose(chances[0], [np.nan, 0.97, 0.99])
    np.testing.assert_allclose(chances[2], [0.01, 0.1, np.nan])


def test_ranking_shows_the_smallest_budget_and_n(run_estimates):
    shown = words(figure_of("ranking", run_estimates))
    assert {"pass@1", "pass@8", "0.97"} <= set(shown)
    assert "pass@16" not in shown


def test_the_title_of_a_ranking_does_not_round_up_to_sure(run_estimates):
    for chance, text in ((0.949, "likeliest: run-final, 94 %"), (0.95, "run-final is best at k = 1")):
        estimates = run_estimates.copy()
        estimates.loc[(estimates["estimand"] == "best") & (estimates["model"] == "run-final"), "mean"] = chance
        assert ranking_message(FigureData(estimates, "B", N), 1).endswith(text)


def test_pairs_are_numbered_where_there_is_room(run_estimates):
    assert {"0.99", "0.03", "Which model solves more", "At k = 1", "At k = 8"} <= set(
        words(figure_of("pairs", run_estimates))
    )


def trajectory_rows(run_estimates, names):
    """Rows of trajectory.csv whose values are those of the estimates, and a step between the last two checkpoints."""
    rows = run_estimates.query("estimand == 'pass_at_k' and kind == 'posterior' and k in (1, @N)")
    steps = {"base": 0.0, "run-10": 10.0, "run-final": 20.0}
    labels = {"base": "0", "run-10": "10", "run-final": "final"}
    rows = rows.loc[rows["model"].isin(names)]
    rows = rows.assign(step=rows["model"].map(steps), step_label=rows["model"].map(labels), training_run="")
    last = rows.loc[rows["model"] == names[-1]]
    between = last.assign(model="", step=last["step"] - 4, step_label="", kind="between")
    return pd.concat([rows, between], ignore_index=True)


def test_trajectory_is_in_the_order_given(run_estimates):
    rows = trajectory_rows(run_estimates, ["base", "run-10", "run-final"])
    record = next(figure for figure in FIGURES if figure.name == "trajectory")
    axes = record.figure(FigureData(run_estimates, "B", N, trajectory=rows)).axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["base", "10", "final"]
    marks = [line for line in axes.lines if line.get_marker() != "None"]
    np.testing.assert_allclose(marks[0].get_xdata(), [0, 10, 20])
    np.testing.assert_allclose(marks[0].get_ydata(), [0.41, 0.56, 0.71])
    np.testing.assert_allclose(marks[-1].get_ydata(), run_estimates_at_n(run_estimates))


def run_estimates_at_n(run_estimates):
    rows = run_estimates.query("estimand == 'pass_at_k' and kind == 'posterior' and k == @N").set_index("model")
    return rows.loc[["base", "run-10", "run-final"], "mean"].to_numpy()


def test_every_figure_that_can_be_drawn_is(run_estimates):
    rows = trajectory_rows(run_estimates, ["base", "run-10", "run-final"])
    figures = draw_figures(FigureData(run_estimates, "B", N, trajectory=rows))
    assert {"pass_at_k", "shrinkage", "ranking", "pairs", "histogram", "trajectory"} == set(figures)
    assert all(image(figure, "png").startswith(b"\x89PNG") for figure in figures.values())
    assert "trajectory" not in draw_figures(FigureData(run_estimates, "B", N, {"base": "0", "run-10": "10"}))


def test_long_names_keep_both_ends():
    assert clipped("short") == "short"
    name = clipped("qwen2.5-1.5b-RLVR-PPO-without-end-step1000")
    assert len(name) == 30
    assert name.startswith("qwen2.5-1.5b")
    assert name.endswith("step1000")
