"""Figures and tables of several models show what the table of estimates says."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from boundary.analysis.figures import pair as figures, several_models as figures_several
from boundary.analysis.figures.drawing import clipped, image
from boundary.analysis.report.sections.ranking import ranking
from boundary.analysis.report.sections.reliability import further

N = 8
MODELS = ("base", "run-10", "run-final")
SHARES = {"base": 0.4, "run-10": 0.55, "run-final": 0.7}
CHANCES = {("run-final", "base"): 0.99, ("run-10", "base"): 0.9, ("run-10", "run-final"): 0.03}


def row(estimand, model, k=np.nan, mean=0.5, kind="posterior", reference="", tau=np.nan, **more):
    known = {"benchmark": "B", "estimand": estimand, "model": model, "reference": reference, "k": k, "tau": tau}
    known |= {"kind": kind, "mean": mean, "median": mean, "lower": mean - 0.05, "upper": mean + 0.05, "level": 0.95}
    return known | {"extrapolated": bool(k > N), "n_problems": 30} | more


def rows():
    for k in (1, 4, 8, 16):
        for place, (model, share) in enumerate(SHARES.items()):
            yield row("pass_at_k", model, k, share + 0.01 * k)
            yield row("best", model, k, 0.97 if model == "run-final" else 0.015)
            yield row("rank", model, k, 3 - place)
        for (model, reference), chance in CHANCES.items():
            yield row("better", model, k, chance, reference=reference, prob_equivalent=0.0)
        for model in MODELS[1:]:
            yield row("shrinkage", model, k, SHARES["base"] - SHARES[model], reference="base", prob_positive=0.01)
            yield row("srr", model, k, 0.9, reference="base")
            yield row("srr", model, k, 0.8, kind="observed", reference="base")
    for model in MODELS:
        yield row("cover_at_tau", model, tau=0.5, mean=0.25)
        yield row("pass_hat_k", model, 4, 0.125, kind="observed")
        for tau in (0, *np.arange(0.05, 1, 0.1), 1):
            yield row("accuracy_histogram", model, tau=tau, mean=1 / 12)


@pytest.fixture(scope="module")
def estimates():
    return pd.DataFrame(list(rows()))


def words(figure):
    return [text.get_text() for text in figure.findobj(mpl.text.Text)]


def test_models_are_ranked_by_the_curve(estimates):
    assert figures_several.ranked_models(estimates, 1) == ["run-final", "run-10", "base"]


def test_chances_of_pairs_are_filled_in_both_ways(estimates):
    order = ["run-final", "run-10", "base"]
    chances = figures_several.pair_chances(estimates, order, 1)
    assert np.isnan(np.diag(chances)).all()
    np.testing.assert_allclose(chances[0], [np.nan, 0.97, 0.99])
    np.testing.assert_allclose(chances[2], [0.01, 0.1, np.nan])


def test_ranking_shows_the_smallest_budget_and_n(estimates):
    shown = words(figures_several.ranking(estimates, "B", N))
    assert {"pass@1", "pass@8", "0.97"} <= set(shown)
    assert "pass@16" not in shown


def test_pairs_are_numbered_where_there_is_room(estimates):
    assert {"0.99", "0.03", "k = 1", "k = 8"} <= set(words(figures_several.pairs(estimates, "B", N)))


def test_trajectory_is_in_the_order_given(estimates):
    steps = {"base": "0", "run-10": "10", "run-final": "final"}
    axes = figures_several.trajectory(estimates, "B", N, steps).axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["base", "10", "final"]
    np.testing.assert_allclose(axes.lines[0].get_ydata(), [0.41, 0.56, 0.71])
    np.testing.assert_allclose(axes.lines[-1].get_ydata(), [0.48, 0.63, 0.78])


def test_every_figure_that_can_be_drawn_is(estimates):
    steps = {"base": "0", "run-10": "10", "run-final": "final"}
    drawn = figures.figures_of(estimates, "B", N, steps)
    assert {"pass_at_k", "shrinkage", "ranking", "pairs", "histogram", "trajectory"} == set(drawn)
    assert all(image(figure, "png").startswith(b"\x89PNG") for figure in drawn.values())
    assert "trajectory" not in figures.figures_of(estimates, "B", N, {"base": "0", "run-10": "10"})


def test_long_names_keep_both_ends():
    assert clipped("short") == "short"
    name = clipped("qwen2.5-1.5b-RLVR-PPO-without-end-step1000")
    assert len(name) == 30
    assert name.startswith("qwen2.5-1.5b")
    assert name.endswith("step1000")


def test_table_of_the_ranking(estimates):
    found = ranking(estimates, N)
    assert found["budgets"] == ["1", "8"]
    assert [line["model"] for line in found["rows"]] == ["run-final", "run-10", "base"]
    assert found["rows"][0]["cells"][0] | {"best": "0.97", "share": "71.0"} == found["rows"][0]["cells"][0]
    # P of at least .95 either way: .99 and .97; .01 + .03 expected to be wrong.
    assert found["sentences"][0].startswith("2 of 3 pairs differ by more than 0.5 points at k = 1 (")
    assert "0.0 of these" in found["sentences"][0]
    assert ranking(estimates.loc[estimates["estimand"] != "best"], N) is None


def test_tables_of_reliability_and_support(estimates):
    found = further(estimates, MODELS, "base")
    names = [line["name"] for line in found["reliability"]]
    assert names == ["pass^4, %", "cover@.5, %"]
    assert found["reliability"][0]["cells"][0] == {"observed": "12.5", "posterior": "", "interval": ""}
    assert found["reliability"][1]["cells"][0]["posterior"] == "25.0"
    assert [line["k"] for line in found["support"][0]["rows"]] == ["1", "4", "8", "16"]
    assert found["support"][0]["rows"][0]["cells"][0]["observed"] == "80.0"
    assert found["support"][0]["rows"][3]["extrapolated"]
    assert further(estimates, MODELS, None)["support"] == []
