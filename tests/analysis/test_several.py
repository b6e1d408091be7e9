"""Several models against one base, or ranked without one: real fits of small tables."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from boundary.analysis.compare import analyze
from boundary.analysis.fits import fit_names, panels
from boundary.analysis.options import chosen_estimands, chosen_taus
from boundary.analysis.ranking import directions, panel_rows, panel_sentences
from boundary.analysis.trajectory import better_than, checkpoint_steps, in_training_order
from boundary.data.counts import Counts
from boundary.errors import InputError
from boundary.stats.estimands import ESTIMANDS
from boundary.stats.priors import Independent

N, PROBLEMS = 16, 30
QUICK = Independent(draws=100)


class Known:
    """A family whose new problems are the problems at hand."""

    name = "beta_binomial"

    def posterior(self, n_correct, n_samples, key):
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
    assert run.verdicts[0].text.startswith("Along 3 checkpoints of run-final: pass@1 goes up from")


def test_ranking_agrees_with_the_curves(run):
    rows = run.estimates.loc[(run.estimates["prior"] != "observed") & (run.estimates["k"] == 1)]
    best = rows.loc[rows["estimand"] == "best"].set_index("model")["mean"]
    assert best.sum() == pytest.approx(1)
    assert best["run-final"] > 0.99
    ranks = rows.loc[rows["estimand"] == "rank"].set_index("model")
    assert ranks.loc["run-final", "upper"] == 1
    assert ranks.loc["base", "mean"] == pytest.approx(4, abs=0.2)
    assert better_than(rows, "run-final", "base", 1) > 0.99
    assert better_than(rows, "base", "run-final", 1) < 0.01
    assert better_than(rows, "base", "nobody", 1) is None
    assert (rows["estimand"] == "better").sum() == 6
    assert any("6 pairs are told apart" in said.text for said in run.verdicts)


def test_one_row_of_the_base_and_one_table_of_problems_a_run(run):
    rows = run.estimates.loc[(run.estimates["estimand"] == "pass_at_k") & (run.estimates["model"] == "base")]
    assert not rows.duplicated(["k", "prior"]).any()
    assert len(run.problems) == 3 * PROBLEMS
    assert set(run.problems["reference"]) == {"base"}


def test_report_of_a_run(run, tmp_path):
    names = {path.name for path in run.write(tmp_path)}
    assert {"B-trajectory.png", "B-ranking.pdf", "B-pairs.png", "B-flows.png", "problems.csv"} <= names
    html = (tmp_path / "report.html").read_text()
    for words in (
        "Ranking of 4 models",
        "Every problem: run-final against its base",
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

    from boundary.analysis.report.render import report_html

    page = report_html(run)
    policy = htmllib.unescape(re.search(r'Content-Security-Policy" content="([^"]*)"', page).group(1))
    (code,) = re.findall(r"<script>(.*?)</script>", page, flags=re.S)
    assert base64.b64encode(hashlib.sha256(code.encode()).digest()).decode() in policy
    assert not re.search(r"https?:|fetch|XMLHttp|import\(", code)


def test_ranking_without_a_base(tmp_path):
    found = analyze(table(RATES), rank=True, prior=QUICK)
    assert found.base is None
    assert set(found.estimates["estimand"]).isdisjoint({"shrinkage", "lost", "crossover"})
    assert (found.estimates["estimand"] == "better").sum() == 6 * found.estimates["k"].nunique()
    assert len(found.verdicts) == 1
    assert found.verdicts[0].model == "run-final"
    assert {"B-ranking.png", "B-pairs.png"} <= {path.name for path in found.write(tmp_path)}


def test_ranking_of_more_models_than_curves_can_be_drawn(tmp_path):
    many = {f"m{i}": 0.1 + 0.08 * i for i in range(10)}
    names = {path.name for path in analyze(table(many), rank=True, prior=QUICK).write(tmp_path)}
    assert "B-ranking.png" in names
    assert "B-pass_at_k.png" not in names
    assert "10 models, ranked" in (tmp_path / "report.html").read_text()


def test_new_problems_are_not_ranked():
    two = table({"a": 0.2, "b": 0.7})
    found = analyze(two, rank=True, prior=Known(), target="superpopulation", k=[1])
    assert set(found.estimates["estimand"]).isdisjoint({"rank", "best", "better"})


def test_models_absent_from_a_benchmark_are_left_out_there():
    both = pd.concat([table(RATES), table({"base": 0.3, "run-final": 0.6}, benchmark="C")])
    found = analyze(both, base="base", prior=QUICK, k=[1, N])
    assert found.benchmarks == ("B", "C")  # not pooled: the runs of B and C differ
    assert set(found.estimates.loc[found.estimates["benchmark"] == "C", "model"]) == {"base", "run-final"}
    assert list(found.rates) == ["B: run-final", "B: run-100", "B: run-20", "C: run-final"]


def test_several_panels_say_how_many_they_are(run):
    rows = panel_rows(run.estimates)
    assert len(rows) == 3
    assert (rows["k"] == N).all()
    said = list(panel_sentences(run.estimates))
    assert said[0].startswith("3 panels")
    assert "share their base model's samples" in said[1]
    assert not list(panel_sentences(run.estimates.loc[run.estimates["model"] == "run-20"]))


def test_expected_errors_are_summed_over_the_sure_ones():
    counted = directions(pd.Series([0.99, 0.5, 0.02, 0.94]))
    assert counted == {"pairs": 4, "told_apart": 2, "expected_wrong": pytest.approx(0.03)}


@pytest.mark.parametrize(
    "steps",
    [
        {"base": 0, "a": np.nan, "b": np.nan},  # which of the two is the last?
        {"base": 0, "a": 10, "b": 10},
        {"base": np.nan, "a": np.nan},
        {"base": 0, "a": 5},
    ],
)
def test_what_is_no_trajectory(steps):
    counts = Counts.from_frame(table(dict.fromkeys(steps, 0.5), checkpoint_step=steps))
    assert checkpoint_steps(counts, "base", list(steps)) == {}
    assert checkpoint_steps(counts, None, list(steps)) == {}


def test_models_that_are_no_checkpoints_stand_behind_the_trajectory():
    steps = {"base": 0, "sft": np.nan, "late": 20, "distilled": np.nan, "early": 10}
    counts = Counts.from_frame(table(dict.fromkeys(steps, 0.5), checkpoint_step=steps))
    others = [model for model in steps if model != "base"]
    assert checkpoint_steps(counts, "base", others) == {"base": "0", "early": "10", "late": "20"}
    assert in_training_order(counts, "base", others) == ("early", "late", "sft", "distilled")


def test_fits_are_named_after_the_arm_where_a_benchmark_has_several():
    counts = Counts.from_frame(table(RATES))
    asked = panels(counts, "base", ["run-100", "run-20"], ["B"], common_only=False)
    assert fit_names(asked) == ["B: run-100", "B: run-20"]
    assert [panel.first for panel in asked] == [True, False]
    assert fit_names(asked[:1]) == ["B"]


def test_all_arms_use_the_same_problems():
    holes = table(RATES).query("not (model == 'run-20' and problem_id == '3')")
    with pytest.raises(InputError, match="run-20 lacks 1 of 30"):
        analyze(holes, base="base", prior=QUICK)
    found = analyze(holes, base="base", prior=QUICK, common_problems=True, k=[1])
    assert set(found.estimates["n_problems"]) == {29}


def test_only_the_estimands_asked_for():
    found = analyze(table(RATES), base="base", rl="run-100", prior=QUICK, k=[1, 4], estimands=["support_rates"])
    assert {"srr", "sds", "shrinkage"} <= set(found.estimates["estimand"])
    assert set(found.estimates["estimand"]).isdisjoint({"cover_at_tau", "accuracy_histogram"})


def test_thresholds_asked_for():
    found = analyze(table(RATES), base="base", rl="run-100", prior=QUICK, k=[1, 4], tau=[0.3])
    rows = found.estimates.loc[found.estimates["estimand"].isin(["cover_at_tau", "g_pass_at_k"])]
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
