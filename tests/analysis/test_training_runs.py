"""Training runs and strata of an analysis: tables, sentences, sections, files, and what is refused."""

import json

import numpy as np
import pandas as pd
import pytest

import boundary as bd
from boundary.analysis.checkpoints import left_out_of_runs, training_runs
from boundary.analysis.report.sections.strata import strata_section
from boundary.analysis.report.sections.trajectory import trajectory_section
from boundary.analysis.strata.groups import groups_of, strata_columns
from boundary.analysis.strata.record import NO_VALUE, STRATA_COLUMNS, named_differences
from boundary.analysis.text.training_runs import run_sentences
from boundary.analysis.trajectory.record import MISSING, TRAJECTORY_COLUMNS
from boundary.errors import InputError

N, N_PROBLEMS = 16, 24
STEPS = {"base": 0, "rl-100": 100, "rl-200": 200, "rl-400": 400}


def table(seed=0, lost=8, base_rates=None):
    """A base and three checkpoints; at the last two the first problems are lost."""
    rng = np.random.default_rng(seed)
    rates = np.linspace(0.15, 0.9, N_PROBLEMS) if base_rates is None else base_rates
    rows = []
    for model, step in STEPS.items():
        p = rates if step == 0 else np.minimum(rates + 0.1, 0.97)
        if step >= 200:
            p = np.where(np.arange(N_PROBLEMS) < lost, 0.0, p)
        for i, c in enumerate(rng.binomial(N, p)):
            rows.append((model, "b", f"p{i}", N, c, step, "hard" if i < 12 else "easy", i))
    columns = ["model", "benchmark", "problem_id", "n_samples", "n_correct", "checkpoint_step", "stratum", "released"]
    return pd.DataFrame(rows, columns=columns)


def analyse(counts, **options):
    return bd.analyze(counts, "base", k=[1, N], prior="independent", estimands=["lost"], **options)


@pytest.fixture(scope="module")
def analysis():
    return analyse(table())


def test_trajectory_of_a_run_that_loses_problems(analysis):
    rows = analysis.trajectory.estimates
    assert list(rows.columns) == list(TRAJECTORY_COLUMNS)
    onset = rows.loc[(rows["estimand"] == "fall_onset") & (rows["k"] == N)].set_index("model")["mean"]
    assert onset.sum() == pytest.approx(1)
    assert onset["rl-200"] > 0.9
    measured = rows.loc[(rows["estimand"] == "pass_at_k") & (rows["kind"] == "posterior") & (rows["k"] == N)]
    assert measured["step"].tolist() == [0, 100, 200, 400]
    of_pairs = analysis.estimates.query("estimand == 'pass_at_k' and kind == 'posterior' and k == @N")
    for model in STEPS:
        own = of_pairs.loc[of_pairs["model"] == model].iloc[0]
        assert abs(measured.loc[measured["model"] == model, "mean"].iloc[0] - own["mean"]) < 0.06
    assert rows.loc[rows["estimand"] == "shrinkage", "step"].min() > 0
    assert (rows["lower"].dropna() <= rows["upper"].dropna()).all()
    peaks = rows.loc[rows["estimand"] == "peak"].groupby("k")["mean"].sum()
    np.testing.assert_allclose(peaks, 1)
    designs = rows.loc[(rows["estimand"] == "expected_width") & (rows["k"] == N)].set_index("design")["mean"]
    assert designs["twice the problems"] < designs["today"]
    sentences = run_sentences(rows, 0.005)
    assert "the fall begins most likely between step 100 and step 200" in sentences[0]


def test_a_fall_that_was_made_good_is_said_beside_the_one_that_lasts():
    counts, rates = table(), np.linspace(0.15, 0.9, N_PROBLEMS)
    for step, lost in ((100, 12), (200, 0), (400, 12)):
        p = np.where(np.arange(N_PROBLEMS) < lost, 0.0, np.minimum(rates + 0.1, 0.97))
        counts.loc[counts["checkpoint_step"] == step, "n_correct"] = np.round(N * p).astype(int)
    of_run = analyse(counts).trajectory.estimates
    assert run_sentences(of_run, 0.005)[1] == "Earlier, at step 100, it lay below too."
    counts.loc[counts["checkpoint_step"] == 400, "n_correct"] = np.round(N * np.minimum(rates + 0.1, 0.97)).astype(int)
    sentences = run_sentences(analyse(counts).trajectory.estimates, 0.03)
    assert "has not fallen" in sentences[0]
    assert sentences[1] == "Earlier, at step 100, it lay below."


@pytest.mark.parametrize("ratios", [{}, {"twice the samples": 0.8}])
def test_designs_that_gain_nothing_are_not_named(analysis, ratios):
    rows = analysis.trajectory.estimates
    is_width = rows["estimand"] == "expected_width"
    widths = 0.2 * rows["design"].map(ratios).fillna(1.0)
    (sentence,) = [
        text for text in run_sentences(rows.assign(mean=rows["mean"].mask(is_width, widths)), 0.005) if "tokens" in text
    ]
    assert "problems" not in sentence
    assert ("20.0 points wide, would be narrowed by twice the samples (16.0 points)." in sentence) == bool(ratios)
    assert ("would hardly narrow" in sentence) == (not ratios)


def test_no_fall_is_said_as_such():
    rows = analyse(table(lost=0)).trajectory.estimates
    assert "fall begins" not in run_sentences(rows, 0.05)[0]


def test_sections_summary_and_files(analysis, tmp_path):
    section = trajectory_section(analysis, "b")
    assert [line["step"] for line in section["runs"][0]["lines"]] == ["0", "100", "200", "400"]
    strata = strata_section(analysis, "b")
    assert [line["name"] for line in strata["columns"][0]["lines"]] == ["easy", "hard"]
    paths = analysis.write(tmp_path / "report", posterior=False)
    names = {path.name for path in paths}
    assert {"trajectory.csv", "strata.csv", "b-trajectory.svg", "b-strata.svg"} <= names | {
        path.name for path in (tmp_path / "report" / "figures").iterdir()
    }
    summary = json.loads((tmp_path / "report" / "summary.json").read_text())
    assert summary["trajectory"]["sentences"][0]["text"]
    assert summary["strata"]["estimates"]
    page = (tmp_path / "report" / "report.html").read_text()
    assert "Checkpoints as one trajectory" in page
    assert "Strata of problems" in page


def test_plots_draw_runs_and_strata(analysis):
    assert bd.plots.trajectory(analysis).get_xlabel() == "step of training"
    assert bd.plots.strata(analysis).get_xlabel() == "shrinkage, points"


def test_strata_of_the_lost_problems(analysis):
    rows = analysis.strata.estimates
    assert list(rows.columns) == list(STRATA_COLUMNS)
    last = rows.loc[(rows["model"] == "rl-400") & (rows["k"] == N) & (rows["kind"] == "posterior")]
    shrinkage = last.loc[last["estimand"] == "shrinkage"].set_index("stratum")["mean"]
    assert shrinkage["hard"] > 0.3 > 0.1 > shrinkage["easy"]
    difference = last.loc[last["estimand"] == "shrinkage_difference"].iloc[0]
    assert (difference["stratum"], difference["other_stratum"]) == ("easy", "hard")
    assert difference["prob_negative"] > 0.99


def test_zeros_of_the_base_are_recognised():
    rates = np.where(np.arange(N_PROBLEMS) < 12, 0.0, 0.6)
    counts = table(base_rates=rates)
    counts.loc[(counts["model"] == "base") & (counts["stratum"] == "hard"), "n_correct"] = 0
    notes = analyse(counts).strata.notes
    assert any("stratum = hard" in note.text and "regression to the mean" in note.text for note in notes)
    counts.loc[counts["model"] == "base", "n_correct"] = 0
    texts = [note.text for note in analyse(counts).strata.notes if "regression" in note.text]
    assert len(texts) == 1
    assert "none of the 24 problems here" in texts[0]


def test_without_steps_or_strata_it_is_said_what_is_missing():
    plain = analyse(table().drop(columns=["checkpoint_step", "stratum"]))
    assert plain.trajectory.missing == MISSING
    assert plain.trajectory.estimates.empty
    assert plain.trajectory.missing in plain.missing_parts
    assert plain.strata.missing in plain.missing_parts
    assert trajectory_section(plain, "b") is None
    assert strata_section(plain, "b") is None


def test_several_runs_are_each_their_own_trajectory():
    counts = table()
    other_run = counts.loc[counts["model"] != "base"].assign(model=lambda rows: "other " + rows["model"])
    counts = pd.concat([counts.assign(training_run="one"), other_run.assign(training_run="two")])
    runs = training_runs(bd.load_counts(counts), "base", list(counts["model"].unique()))
    assert [(run.name, run.steps) for run in runs] == [("one", (0, 100, 200, 400)), ("two", (0, 100, 200, 400))]
    result = analyse(counts)
    assert list(result.trajectory.estimates["training_run"].unique()) == ["one", "two"]
    section = trajectory_section(result, "b")
    assert section["heading"] == "Checkpoints of each training run"


def test_a_checkpoint_without_samples_on_a_benchmark_is_left_out():
    counts = table()
    other = counts.loc[counts["model"].isin(["base", "rl-100", "rl-400"])].assign(benchmark="c")
    rows = analyse(pd.concat([counts, other])).trajectory.estimates
    steps = rows.loc[(rows["kind"] == "posterior") & (rows["estimand"] == "pass_at_k") & (rows["k"] == 1)]
    assert steps.groupby("benchmark")["step"].apply(list).to_dict() == {"b": [0, 100, 200, 400], "c": [0, 100, 400]}
    one_checkpoint = counts.loc[counts["model"].isin(["base", "rl-100"])].assign(benchmark="c")
    notes = analyse(pd.concat([counts, one_checkpoint])).trajectory.notes
    assert [note.benchmark for note in notes] == ["c"]


def test_numbers_are_cut_and_names_grouped():
    frame = bd.load_counts(table())
    groups = groups_of(frame, "released")
    assert groups.order == ("0 to 5", "6 to 11", "12 to 17", "18 to 23")
    assert "cut into 4 groups" in groups.remark
    dates = table().assign(released=lambda rows: pd.date_range("2024-01-01", periods=24).astype(str)[rows["released"]])
    assert groups_of(bd.load_counts(dates), "released").order[0] == "2024-01-01 to 2024-01-06"
    names = table().assign(topic=lambda rows: "t" + (rows["released"] // 2).astype(str))
    assert groups_of(bd.load_counts(names), "topic").order[-1] == "other"
    some = table().assign(topic=lambda rows: rows["stratum"].where(rows["released"] > 2))
    assert groups_of(bd.load_counts(some), "topic").order[-1] == NO_VALUE


def test_what_makes_no_strata_is_refused():
    counts = bd.load_counts(table())
    with pytest.raises(InputError, match="several values for problem"):
        groups_of(counts, "checkpoint_step")
    with pytest.raises(InputError, match="no column 'strat'"):
        strata_columns(counts, ("strat",))
    with pytest.raises(InputError, match="cannot make strata"):
        strata_columns(counts, ("n_correct",))
    with pytest.raises(InputError, match="no column 'levl'"):
        analyse(table(), strata="levl")


def test_adaptive_counts_come_from_the_common_fit_alone():
    result = analyse(table(), stopping="adaptive")
    assert "observed" not in set(result.strata.estimates["kind"])
    assert any("common fit alone" in note.text for note in result.strata.notes)


def test_runs_of_two_methods_with_one_name_are_two_trajectories():
    counts = table()
    other_run = counts.loc[counts["model"] != "base"].assign(model=lambda rows: "other " + rows["model"])
    counts = pd.concat([counts.assign(method="GRPO"), other_run.assign(method="PPO")]).assign(training_run=1)
    runs = training_runs(bd.load_counts(counts), "base", list(counts["model"].unique()))
    assert [run.name for run in runs] == ["GRPO 1", "PPO 1"]
    without_methods = bd.load_counts(counts.drop(columns="method"))
    assert training_runs(without_methods, "base", list(counts["model"].unique())) == []
    left_out = next(left_out_of_runs(without_methods, "base", list(counts["model"].unique())))
    assert "several models have the step 100" in left_out
    trajectory = analyse(counts.drop(columns="method")).trajectory
    assert trajectory.estimates.empty
    assert trajectory.missing == f"{MISSING} {left_out}"


def test_a_step_that_is_no_number_is_left_out_and_said():
    counts = table()
    counts["checkpoint_step"] = counts["checkpoint_step"].astype(str).replace({"400": "step 400"})
    result = analyse(counts)
    assert result.trajectory.runs[0].models == ("base", "rl-100", "rl-200")
    assert "rl-400" in result.trajectory.notes[0].text


def test_bases_and_step_0_are_no_checkpoints():
    counts = table().assign(role="rl")
    template = counts.loc[counts["model"] == "base"].assign(model="template", checkpoint_step=np.nan)
    counts = pd.concat([counts, template]).assign(role=lambda rows: np.where(rows["model"] == "template", "base", "rl"))
    models = list(counts["model"].unique())
    assert training_runs(bd.load_counts(counts), "base", models)[0].models == tuple(STEPS)
    zero = table().replace({"checkpoint_step": {400: 0}})
    assert training_runs(bd.load_counts(zero), "base", list(STEPS))[0].models == ("base", "rl-100", "rl-200")


def test_trajectories_of_nothing_solved_reach_as_far_as_the_pairs():
    result = analyse(table().assign(n_correct=0))
    of_run = result.trajectory.estimates.query("estimand == 'pass_at_k' and kind == 'posterior' and k == @N")
    of_pairs = result.estimates.query("estimand == 'pass_at_k' and kind == 'posterior' and k == @N").set_index("model")
    upper = of_run.set_index("model")["upper"] / of_pairs["upper"]
    assert upper.min() > 0.6


def test_empty_cells_have_no_value_and_values_of_one_problem_make_no_strata():
    empty = table().assign(topic=lambda rows: rows["stratum"].where(rows["released"] > 2, " "))
    assert groups_of(bd.load_counts(empty), "topic").order[-1] == NO_VALUE
    own = table().assign(topic=lambda rows: "t" + rows["released"].astype(str))
    groups = groups_of(bd.load_counts(own), "topic")
    assert groups.order == ("other",)
    assert "a value of its own" in groups.remark
    other = table().assign(
        topic=lambda rows: np.where(rows["released"] % 2, "other", "z" + (rows["released"] // 3).astype(str))
    )
    assert groups_of(bd.load_counts(other), "topic").order.count("other") == 1


def test_strata_do_not_depend_on_the_order_of_rows_nor_on_empty_cells():
    topics = table().assign(topic=lambda rows: "t" + (rows["released"] // 2).astype(str))
    shuffled = topics.sample(frac=1, random_state=3)
    assert groups_of(bd.load_counts(topics), "topic").order == groups_of(bd.load_counts(shuffled), "topic").order
    few = topics.loc[topics["released"] < 6]
    own_values = few.assign(topic="t" + few["released"].astype(str))
    assert groups_of(bd.load_counts(own_values), "topic").order == ("other",)
    of_base = table().assign(topic=lambda rows: rows["stratum"].where(rows["model"] == "base"))
    assert groups_of(bd.load_counts(of_base), "topic").order == ("easy", "hard")


def test_the_problems_without_a_value_are_not_in_the_surest_pair(analysis):
    rows = analysis.strata.estimates.query("model == 'rl-400'")
    unnamed = rows.assign(stratum=rows["stratum"].replace("hard", NO_VALUE), other_stratum=rows["other_stratum"])
    unnamed["other_stratum"] = unnamed["other_stratum"].replace("hard", NO_VALUE)
    with_values = rows.assign(prob_positive=0.6, prob_negative=0.4)
    differences = named_differences(pd.concat([unnamed, with_values]))
    assert NO_VALUE not in {*differences["stratum"], *differences["other_stratum"]}
    assert len(named_differences(unnamed)) > 0


def test_strata_are_about_these_problems():
    result = bd.analyze(table(), "base", k=[1, N], prior="logit_normal", estimands=["lost"], target="superpopulation")
    assert any("about these problems" in note.text for note in result.strata.notes)


def test_large_steps_keep_their_digits_and_impossible_ones_are_not_read():
    steps = {"base": "", "rl-100": "20000000001", "rl-200": "20000000002", "rl-400": "20000000003"}
    counts = table().assign(checkpoint_step=lambda rows: rows["model"].map(steps))
    (run,) = training_runs(bd.load_counts(counts), "base", list(STEPS))
    assert run.labels == ("0", "20000000001", "20000000002", "20000000003")
    assert np.diff(run.steps[1:]).tolist() == [1, 1]
    extreme = counts.assign(checkpoint_step=lambda rows: rows["checkpoint_step"].replace("20000000003", "1e308"))
    assert training_runs(bd.load_counts(extreme), "base", list(STEPS))[0].models == ("base", "rl-100", "rl-200")
    assert any("rl-400" in text for text in left_out_of_runs(bd.load_counts(extreme), "base", list(STEPS)))


def test_steps_that_tie_for_the_peak_are_named_together(analysis):
    rows = analysis.trajectory.estimates
    is_peak = rows["estimand"] == "peak"
    sentences = run_sentences(rows.assign(mean=rows["mean"].mask(is_peak, 0.25)), 0.005)
    (sentence,) = [text for text in sentences if f"Where pass@{N} peaks" in text]
    assert "the base, step 100, step 200 and step 400 are likeliest (25 % each)" in sentence
