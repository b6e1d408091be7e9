"""Several models against one base, or ranked without one: real fits of small tables."""

from dataclasses import replace

import jax
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from boundary.analysis.analyze import analyze
from boundary.analysis.estimates.ranking import (
    add_ranking,
    ahead_by_more,
    multiplicity,
    panel_rows,
)
from boundary.analysis.estimates.table import EstimateTable, estimates_frame
from boundary.analysis.fitting import fit_names, make_panels
from boundary.analysis.options import RANKINGS, chosen_estimands, chosen_taus
from boundary.analysis.text.ranking import panel_sentences, ranking_verdict
from boundary.data.counts import Counts
from boundary.errors import InputError
from boundary.stats.estimands import ESTIMANDS
from boundary.stats.priors import Independent

N, PROBLEMS = 16, 30
QUICK = Independent(draws=100)


class SameProblems:
    """A family whose new problems are the problems at hand."""

    name = "beta_binomial"
    description = "the problems at hand"
    takes_errors = False
    has_population = True

    def with_more_draws(self, times):
        return self

    def posterior(self, n_correct, n_samples, key, errors=None):
        rates = QUICK.posterior(n_correct, n_samples, key)
        return replace(rates, new_p=rates.p, prior=self.name)


def table(rates, benchmark="B", n=N, seed=0, **extra):
    """Counts of models with these mean solve rates."""
    rng = np.random.default_rng(seed)
    rows = []
    for model, mean in rates.items():
        p = rng.beta(4 * mean, 4 * (1 - mean), PROBLEMS)
        rows += [
            {
                "model": model,
                "benchmark": benchmark,
                "problem_id": str(i),
                "n_samples": n,
                "n_correct": rng.binomial(n, p[i]),
                **{name: values[model] for name, values in extra.items()},
            }
            for i in range(PROBLEMS)
        ]
    return pd.DataFrame(rows)


RATES = {"base": 0.2, "run-final": 0.8, "run-100": 0.4, "run-20": 0.3}
STEPS = {"base": 0.0, "run-final": np.nan, "run-100": 100.0, "run-20": 20.0}


@pytest.fixture(scope="module")
def run():
    """A training run, its checkpoints out of order, fitted by the default prior's quick neighbour."""
    return analyze(table(RATES, checkpoint_step=STEPS), base="base", prior=QUICK)


def test_every_estimand_has_rows(run):
    assert set(run.estimates["estimand"]) == set(ESTIMANDS) - {"reach"}  # reach is a problem's: problems.csv


def test_checkpoints_stand_in_the_order_of_training(run):
    assert run.models == ("base", "run-20", "run-100", "run-final")
    assert run.settings["checkpoint_steps"] == {"base": "0", "run-20": "20", "run-100": "100", "run-final": "final"}
    assert run.verdicts[0].text.startswith("From the base to the last of 3 checkpoints, pass@1 rises from")


def test_ranking_agrees_with_the_curves(run):
    rows = run.estimates.loc[(run.estimates["kind"] != "observed") & (run.estimates["k"] == 1)]
    best = rows.loc[rows["estimand"] == "best"].set_index("model")["mean"]
    assert best.sum() == pytest.approx(1)
    assert best["run-final"] > 0.99
    ranks = rows.loc[rows["estimand"] == "rank"].set_index("model")
    assert ranks.loc["run-final", "upper"] == 1
    assert ranks.loc["base", "mean"] == pytest.approx(4, abs=0.2)
    pairs = rows.loc[rows["estimand"] == "better"]
    assert len(pairs) == 6
    last = pairs.loc[(pairs["model"] == "base") & (pairs["reference"] == "run-final")]
    assert ahead_by_more(last).item() < 0.01
    assert ahead_by_more(last, other=True).item() > 0.99
    assert last["prob_negative"].item() > 0.99
    assert any("of 6 pairs differ by more than 0.5 points at k = 1" in verdict.text for verdict in run.verdicts)


def test_one_row_of_the_base_and_one_table_of_problems_a_run(run):
    rows = run.estimates.loc[(run.estimates["estimand"] == "pass_at_k") & (run.estimates["model"] == "base")]
    assert not rows.duplicated(["k", "kind"]).any()
    assert len(run.problems) == 3 * PROBLEMS
    assert set(run.problems["reference"]) == {"base"}


def test_report_of_a_run(run, tmp_path):
    names = {path.name for path in run.write(tmp_path)}
    assert {"B-trajectory.svg", "B-ranking.svg", "B-pairs.svg", "B-flows.svg", "problems.csv"} <= names
    html = (tmp_path / "report.html").read_text()
    for words in (
        "Ranking of 4 models",
        '<section id="problems">',
        "Several comparisons",
        "<script>",
    ):
        assert words in html
    assert "sha256-" in html.split("</head>")[0]
    assert len(pd.read_csv(tmp_path / "problems.csv")) == 3 * PROBLEMS


def test_the_script_is_the_one_that_the_policy_allows(run):
    import base64
    import hashlib
    import html as htmllib
    import re

    from boundary.analysis.report.page import report_html

    page = report_html(run)
    policy = htmllib.unescape(re.search(r'Content-Security-Policy" content="([^"]*)"', page).group(1))
    codes = re.findall(r"<script>(.*?)</script>", page, flags=re.S)
    assert len(codes) == 3
    for code in codes:
        assert base64.b64encode(hashlib.sha256(code.encode()).digest()).decode() in policy
        assert not re.search(r"https?:(?!//www\.w3\.org)|fetch|XMLHttp|import\(", code)


def test_ranking_without_a_base(tmp_path):
    analysis = analyze(table(RATES), rank=True, prior=QUICK)
    assert analysis.base is None
    assert set(analysis.estimates["estimand"]).isdisjoint({"shrinkage", "lost", "crossover"})
    assert (analysis.estimates["estimand"] == "better").sum() == 6 * analysis.estimates["k"].nunique()
    assert len(analysis.verdicts) == 1
    assert analysis.verdicts[0].model == "run-final"
    assert {"B-ranking.svg", "B-pairs.svg"} <= {path.name for path in analysis.write(tmp_path)}


def test_ranking_of_more_models_than_curves_can_be_drawn(tmp_path):
    many = {f"m{i}": 0.1 + 0.08 * i for i in range(10)}
    names = {path.name for path in analyze(table(many), rank=True, prior=QUICK).write(tmp_path)}
    assert "B-ranking.svg" in names
    assert "B-pass_at_k.svg" not in names
    assert "10 models, ranked" in (tmp_path / "report.html").read_text()


def test_new_problems_are_not_ranked():
    two = table({"a": 0.2, "b": 0.7})
    analysis = analyze(two, rank=True, prior=SameProblems(), target="superpopulation", k=[1])
    assert set(analysis.estimates["estimand"]).isdisjoint({"rank", "best", "better"})


def test_models_absent_from_a_benchmark_are_left_out_there():
    counts = pd.concat([table(RATES), table({"base": 0.3, "run-final": 0.6}, benchmark="C")])
    analysis = analyze(counts, base="base", prior=QUICK, k=[1, N])
    assert analysis.benchmarks == ("B", "C")  # not pooled: the runs of B and C differ
    assert set(analysis.estimates.loc[analysis.estimates["benchmark"] == "C", "model"]) == {"base", "run-final"}
    assert list(analysis.rates) == ["B: run-final", "B: run-100", "B: run-20", "C: run-final"]


def test_several_panels_say_how_many_they_are(run):
    rows = panel_rows(run.estimates)
    assert len(rows) == 3
    assert (rows["k"] == N).all()
    sentences = list(panel_sentences(run.estimates))
    assert sentences[0].startswith("3 panels")
    assert "widened in 3, cannot tell yet in 0." in sentences[0]
    assert "share their base model's samples" in sentences[1]
    assert not list(panel_sentences(run.estimates.loc[run.estimates["model"] == "run-20"]))


def test_expected_errors_are_summed_over_the_sure_ones():
    pairs = [(0.99, 0.0), (0.5, 0.0), (0.02, 0.0), (0.94, 0.0), (0.5, 0.96), (0.96, 0.08)]
    rows = [{"estimand": "better", "k": 1, "mean": mean, "prob_equivalent": same} for mean, same in pairs]
    tally = multiplicity(pd.DataFrame(rows), 1)
    assert tally == (6, 2, 1, pytest.approx(0.07))


def test_models_that_are_alike_tie():
    """Three models solve next to nothing: which of them a prior puts ahead by a hair is not told."""
    draws = np.random.default_rng(0).gamma(0.5, 1e-4, (2, 50, 1, 3)) * [1, 2, 3]
    coords = {"k": [1], "model": ["base", "a", "b"]}
    coverage = xr.DataArray(draws, dims=("chain", "draw", "k", "model"), coords=coords)
    rates = QUICK.posterior(np.zeros((4, 3), int), np.full((4, 3), 64), jax.random.key(0))
    at_half_a_point = EstimateTable("B", rates, "benchmark", 0.95)
    add_ranking(at_half_a_point, coverage, 64, RANKINGS)
    rows = estimates_frame(at_half_a_point.rows).set_index("estimand")
    assert (rows.loc["better", "mean"] == 0.5).all()
    assert (rows.loc["better", "prob_equivalent"] == 1).all()
    assert rows.loc["better", "prob_negative"].iloc[1] > 0.7  # what would be told without a margin
    np.testing.assert_allclose(rows.loc["best", "mean"], 1 / 3)
    assert (rows.loc["rank", "median"] == 2).all()
    curve = [{"estimand": "pass_at_k", "model": m, "k": 1.0, "mean": 0.0, "lower": 0.0, "upper": 0.0} for m in "ab"]
    about = {"benchmark": "B", "n_problems": 4, "extrapolated": False}
    shown = estimates_frame([*at_half_a_point.rows, *(about | row for row in curve)])
    none = ranking_verdict(shown, "B", 64, solved=dict.fromkeys(("base", "a", "b"), 0))
    assert none.text == "None of the 3 models solved any problem."


@pytest.mark.parametrize(
    ("models", "options", "message"),
    [
        (("base", "a"), {"base": "base", "estimands": ["rank"]}, "'rank' compares several models"),
        (("base", "a"), {"base": "base", "estimands": ["reach"]}, "problems.csv has the reach"),
        (("a",), {"estimands": ["best"]}, "too few here: a"),
        (("a", "b"), {"rank": True, "estimands": ["better"], "target": "superpopulation"}, "not on new ones"),
    ],
)
def test_estimands_that_would_have_no_rows_are_refused(models, options, message):
    with pytest.raises(InputError, match=message):
        analyze(table(dict.fromkeys(models, 0.5)), prior=SameProblems(), **options)


def test_fits_are_named_after_the_arm_where_a_benchmark_has_several():
    counts = Counts.from_frame(table(RATES))
    all_panels = make_panels(counts, "base", ["run-100", "run-20"], ["B"], common_only=False)
    assert fit_names(all_panels) == ["B: run-100", "B: run-20"]
    assert [panel.first for panel in all_panels] == [True, False]
    assert fit_names(all_panels[:1]) == ["B"]


def test_all_arms_use_the_same_problems():
    holes = table(RATES).query("not (model == 'run-20' and problem_id == '3')")
    with pytest.raises(InputError, match="run-20 lacks 1 of 30"):
        analyze(holes, base="base", prior=QUICK)
    analysis = analyze(holes, base="base", prior=QUICK, common_problems=True, k=[1])
    assert set(analysis.estimates["n_problems"]) == {29}


def test_only_the_estimands_asked_for():
    analysis = analyze(table(RATES), base="base", rl="run-100", prior=QUICK, k=[1, 4], estimands=["support_rates"])
    assert {"srr", "sds", "shrinkage"} <= set(analysis.estimates["estimand"])
    assert set(analysis.estimates["estimand"]).isdisjoint({"cover_at_tau", "accuracy_histogram"})


def test_thresholds_asked_for():
    analysis = analyze(table(RATES), base="base", rl="run-100", prior=QUICK, k=[1, 4], tau=[0.3])
    rows = analysis.estimates.loc[analysis.estimates["estimand"].isin(["cover_at_tau", "g_pass_at_k"])]
    assert set(rows["tau"]) == {0.3}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"estimands": ["pass_at"]}, "Unknown estimand 'pass_at'"),
        ({"tau": [1.2]}, "between 0 and 1, got 1.2"),
        ({"rank": True}, "have no base"),
        ({"k": [0]}, "at least 1"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(InputError, match=message):
        analyze(table(RATES), base="base", **options)


def test_ranking_one_model_is_refused():
    with pytest.raises(InputError, match="two models or more"):
        analyze(table({"a": 0.5}), rank=True)
    assert chosen_taus([0.5, 0.1, 0.5]) == (0.1, 0.5)
    assert "srr" in chosen_estimands(["support_rates"])
