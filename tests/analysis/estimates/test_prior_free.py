"""Rows without a prior in table, figures and report: bounds, Good-Toulmin estimates, bands over all k at once."""

import numpy as np
import pandas as pd
import pytest

import boundary as bd
from boundary.analysis.estimates.table import BOUNDS, GOOD_TOULMIN, POSTERIOR, SIMULTANEOUS, SUP_T, select
from boundary.analysis.figures import draw_figures
from boundary.analysis.figures.figure import FigureData
from boundary.analysis.report.page import report_html
from boundary.analysis.report.sections.prior_free import prior_free_sentences
from boundary.analysis.report.summary import summary

N = 32


@pytest.fixture(scope="module")
def analysis():
    """30 problems: RL better at one sample, and hardly ever right on a third that base solves at times."""
    rng = np.random.default_rng(3)
    base = np.concatenate([rng.uniform(0.2, 0.6, 16), np.full(10, 0.06), np.zeros(4)])
    rl = np.where(base > 0.1, 1 - (1 - base) ** 2, 0.01)
    rows = [
        {"model": model, "benchmark": "b", "problem_id": str(i), "n_samples": N, "n_correct": int(c)}
        for model, rates in (("base", base), ("rl", rl))
        for i, c in enumerate(rng.binomial(N, rates))
    ]
    return bd.analyze(pd.DataFrame(rows), base="base", k=[1, 4, N, 2 * N, 8 * N], prior="independent", seed=0)


def of_kind(analysis, kind, estimand):
    rows = analysis.estimates
    return rows.loc[(rows["kind"] == kind) & (rows["estimand"] == estimand)]


def test_each_extrapolated_interval_has_its_range(analysis):
    posterior = select(analysis.estimates, kind=POSTERIOR).loc[lambda rows: rows["extrapolated"]]
    for estimand in ("pass_at_k", "shrinkage"):
        ranges = of_kind(analysis, BOUNDS, estimand)
        beside = posterior.loc[posterior["estimand"] == estimand]
        assert set(zip(ranges["model"], ranges["k"], strict=True)) == set(
            zip(beside["model"], beside["k"], strict=True)
        )
        assert ranges["extrapolated"].all()
        assert ranges["mean"].isna().all()
        assert (ranges["lower"] < ranges["upper"]).all()


def test_good_toulmin_stands_within_its_reliable_range_only(analysis):
    """2n = 64 is below n log n = 110, 8n is beyond."""
    assert set(of_kind(analysis, GOOD_TOULMIN, "pass_at_k")["k"]) == {2 * N}
    assert set(of_kind(analysis, GOOD_TOULMIN, "shrinkage")["k"]) == {2 * N}


def test_bands_hold_their_intervals(analysis):
    single = select(analysis.estimates, kind=POSTERIOR, estimand="shrinkage")
    band = of_kind(analysis, SIMULTANEOUS, "shrinkage")
    assert list(band["k"]) == list(single["k"])
    assert (band["upper"].to_numpy() - band["lower"].to_numpy() > (single["upper"] - single["lower"]).to_numpy()).all()
    bootstrap = of_kind(analysis, SUP_T, "shrinkage")
    assert list(bootstrap["k"]) == [1, 4, N]
    assert (bootstrap["target"] == "superpopulation").all()
    crossing = of_kind(analysis, SUP_T, "crossover").iloc[0]
    assert crossing["lower"] <= crossing["mean"] <= crossing["upper"]


def test_prior_free_rows_are_no_posterior(analysis):
    """Each posterior number is one row, and convergence is judged of these alone."""
    rows = select(analysis.estimates, kind=POSTERIOR)
    keys = ["benchmark", "estimand", "model", "reference", "k", "tau"]
    assert not rows.duplicated(keys).any()
    assert set(rows.loc[rows["r_hat"].isna(), "estimand"]) == {"narrowed", "widened"}  # shares of draws
    assert set(rows["prior"]) == {"independent"}


def test_the_report_shows_ranges_and_bands(analysis):
    page = report_html(analysis)
    ranges = of_kind(analysis, BOUNDS, "pass_at_k").query("model == 'base' and k == 64").iloc[0]
    assert f"[{100 * ranges['lower']:.1f}, {100 * ranges['upper']:.1f}], GT " in page
    assert "All budgets at once (95 % posterior band): rl is ahead by more than 0.5 points at k = 1" in page
    assert "the first budget at which rl is behind lies in [" in page


def test_the_summary_tells_them_apart(analysis):
    at_the_end = [row for row in summary(analysis)["estimates"] if row["k"] == 8 * N and row["estimand"] == "shrinkage"]
    assert {(row["kind"], row["prior"]) for row in at_the_end} == {
        ("posterior", "independent"),
        (BOUNDS, ""),
        (SIMULTANEOUS, "independent"),
    }


def test_figures_shade_the_ranges_from_n_on(analysis):
    figures = draw_figures(FigureData(analysis.estimates, "b", N))
    without = draw_figures(FigureData(analysis.estimates.loc[analysis.estimates["kind"] != BOUNDS], "b", N))
    for name in ("pass_at_k", "shrinkage"):
        models = 2 if name == "pass_at_k" else 1
        areas, fewer = (len(figure[name].axes[0].collections) for figure in (figures, without))
        assert areas - fewer == models
        edges = [line for line in figures[name].axes[0].lines if line.get_linewidth() == 0.5]
        assert len(edges) == 2 * models
        assert all(list(edge.get_xdata()) == [N, 2 * N, 8 * N] for edge in edges)


def test_an_alarm_where_the_posterior_leaves_what_counts_allow(analysis):
    rows = analysis.estimates.copy()
    outside = select(rows, kind=POSTERIOR, estimand="pass_at_k", k=2 * N, model="base").index
    rows.loc[outside, "mean"] = 0.2
    alarms = [sentence for sentence, alarming in prior_free_sentences(rows, N) if alarming]
    assert len(alarms) == 1
    assert "pass@64 of base" in alarms[0]
    assert "lies outside" in alarms[0]
    assert not any(alarming for _, alarming in prior_free_sentences(analysis.estimates, N))


def test_counts_that_no_population_gives_are_named(analysis):
    rows = analysis.estimates.copy()
    rows.loc[(rows["kind"] == BOUNDS) & (rows["model"] == "rl"), ["lower", "upper"]] = np.nan
    sentences = [sentence for sentence, _ in prior_free_sentences(rows, N)]
    assert any("No population of solve rates agrees with the counts of rl" in sentence for sentence in sentences)


@pytest.mark.parametrize(
    ("band", "sentence"),
    [
        (
            (-0.26, 1.0),
            "the band shows rl neither ahead nor behind by more than 0.5 points at any budget, but is too wide",
        ),
        ((-0.004, 0.004), "rl is neither ahead nor behind by more than 0.5 points at any budget."),
        ((0.01, 0.02), "rl is behind by more than 0.5 points at k = 1 to 4."),
    ],
)
def test_equivalence_is_said_only_of_a_band_within_the_margin(analysis, band, sentence):
    rows = select(analysis.estimates, kind=SIMULTANEOUS, k=(1.0, 4.0)).assign(lower=band[0], upper=band[1])
    ((text, _),) = prior_free_sentences(rows, N)
    assert text.startswith(f"All budgets at once (95 % posterior band): {sentence}")
