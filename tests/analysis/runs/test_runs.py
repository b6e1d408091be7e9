"""Training runs in an analysis: from the columns of the counts to tables, page, figure and summary."""

import json

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

import boundary as bd
from boundary.analysis.report.page import report_html
from boundary.analysis.report.sections.runs import runs_section
from boundary.analysis.report.summary import summary, summary_json
from boundary.analysis.runs.design import run_design
from boundary.analysis.runs.record import MISSING, RUN_COLUMNS, largest_budget
from boundary.analysis.text.runs import runs_sentences

mpl.use("agg")
N_PROBLEMS, N_SAMPLES = 20, 16


def made_counts():
    """A base in two templates, two methods with runs, one with a single run, temperatures, and a best of eight."""
    rng = np.random.default_rng(0)
    logits, parts = rng.normal(-0.5, 1.5, N_PROBLEMS), []

    def add(model, gain, **columns):
        c = rng.binomial(N_SAMPLES, expit(logits + gain + 0.2 * rng.standard_normal(N_PROBLEMS)))
        labels = {"model": model, "benchmark": "made", "problem_id": range(N_PROBLEMS), "n_samples": N_SAMPLES}
        parts.append(pd.DataFrame(labels | {"n_correct": c} | columns))

    add("base", 0.0, role="base")
    add("base-chat", 0.1, role="base")
    for method, n_runs, gain in (("GRPO", 3, 1.0), ("PPO", 2, 0.5), ("RLOO", 1, 0.7)):
        for run in range(n_runs):
            add(f"{method}-{run}", gain + 0.2 * run, method=method, training_run=run)
    for temperature in (0.4, 0.8):
        add(f"DAPO@{temperature}", 0.8, selected=int(temperature == 0.8))
    add("Reinforce", 0.9, selected=8)
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="module")
def counts():
    return made_counts()


@pytest.fixture(scope="module")
def analysis(counts):
    return bd.analyze(counts, base="base", prior="independent", k=[1, 8, 16], estimands=["lost"])


def chosen_rows(analysis, **labels):
    rows = analysis.training_runs.estimates
    for name, value in labels.items():
        rows = rows.loc[rows[name] == value]
    return rows


def test_methods_have_rows_for_their_runs_average_mean_and_a_new_run(analysis):
    rows = analysis.training_runs.estimates
    assert tuple(rows) == RUN_COLUMNS
    assert set(rows.loc[rows["estimand"] == "run_spread", "method"]) == {"GRPO", "PPO"}
    at_8 = chosen_rows(analysis, estimand="shrinkage", k=8.0, method="GRPO").set_index("of")
    width = at_8["upper"] - at_8["lower"]
    assert width["average_of_runs"] < width["method"] < width["new_run"]
    assert len(width["run"]) == 3
    assert not analysis.training_runs.missing


def test_rows_of_a_run_are_those_of_the_estimates(analysis):
    run = chosen_rows(analysis, estimand="shrinkage", k=8.0, model="GRPO-1", of="run").iloc[0]
    rows = analysis.estimates.query("estimand == 'shrinkage' and k == 8 and model == 'GRPO-1' and kind == 'posterior'")
    assert run["mean"] == pytest.approx(rows["mean"].iloc[0], abs=0.004)
    assert run["lower"] == pytest.approx(rows["lower"].iloc[0], abs=0.02)


def test_methods_are_compared(analysis):
    best = chosen_rows(analysis, estimand="best_method", k=8.0).set_index("method")["mean"]
    assert best.sum() == pytest.approx(1)
    difference = chosen_rows(analysis, estimand="method_difference", k=8.0).iloc[0]
    assert (difference["method"], difference["reference"]) == ("GRPO", "PPO")
    assert difference["prob_positive"] == pytest.approx(best["GRPO"], abs=0.01)


def test_chosen_models_drop(analysis):
    after = chosen_rows(analysis, of="after_selection", k=1.0).set_index("estimand")
    assert after.loc["pass_at_k", "model"] == "DAPO@0.8"
    bound = chosen_rows(analysis, of="selection_bound").set_index("estimand")
    assert bound.loc["selection_drop", "mean"] > 0
    own = analysis.estimates.query(
        "estimand == 'pass_at_k' and k == 1 and model == 'Reinforce' and kind == 'posterior'"
    )
    assert bound.loc["pass_at_k", "lower"] < own["lower"].iloc[0]


def test_the_strongest_base_is_at_least_as_strong_as_each(analysis):
    rows = chosen_rows(analysis, of="strongest_base", k=8.0)
    assert rows.loc[rows["estimand"] == "strongest", "mean"].sum() == pytest.approx(1)
    assert set(rows.loc[rows["estimand"] == "strongest", "model"]) == {"base", "base-chat"}
    against = rows.loc[(rows["estimand"] == "shrinkage") & (rows["model"] == "GRPO-0")].iloc[0]
    own = analysis.estimates.query("estimand == 'shrinkage' and k == 8 and model == 'GRPO-0' and kind == 'posterior'")
    assert against["upper"] >= own["upper"].iloc[0] - 0.01


def test_page_summary_and_figure(analysis):
    page = report_html(analysis, {})
    assert "GRPO, 3 runs: over all runs there might be" in page
    rows = chosen_rows(analysis, estimand="shrinkage", of="method", method="GRPO")
    median = rows.loc[rows["k"] == largest_budget(rows), "median"].item()
    words = f"and the expected shrinkage {100 * median:.1f} [".replace("-", "\N{MINUS SIGN}")
    assert words in page
    assert "(posterior medians with 95 % intervals)" in page
    assert "Reinforce is the best of 8 candidates" in page
    assert "Of 2 bases" in page
    content = json.loads(summary_json(analysis))
    assert content["training_runs"]["estimates"]
    assert "Per sample" in content["training_runs"]["sentences"][0]["text"] or "Neither" in str(content)
    assert bd.plots.training_runs(analysis).get_xlabel()
    assert bd.plots.training_runs(analysis, width="column").get_xlabel()


def test_runs_csv_is_written(analysis, tmp_path):
    analysis.write(tmp_path / "report", posterior=False, figures="none")
    assert tuple(pd.read_csv(tmp_path / "report" / "runs.csv")) == RUN_COLUMNS


def test_without_repeats_it_says_so_once_and_has_no_section(counts):
    plain = counts.loc[counts["model"].isin(["base", "GRPO-0", "PPO-0"])].drop(columns=["selected", "role"])
    analysis = bd.analyze(plain, base="base", prior="independent", k=[1], estimands=["lost"])
    assert analysis.training_runs.estimates.empty
    assert analysis.missing_parts.count(MISSING) == 1
    assert report_html(analysis, {}).count("Variation between training runs is not in the intervals") == 1
    assert summary(analysis)["training_runs"] == {}


def test_other_seeds_change_draws_and_the_same_do_not(counts, analysis):
    again = bd.analyze(counts, base="base", prior="independent", k=[1, 8, 16], estimands=["lost"])
    pd.testing.assert_frame_equal(again.training_runs.estimates, analysis.training_runs.estimates)


def table_of(**columns):
    return pd.DataFrame(columns)


def test_without_a_method_column_nothing_is_pooled():
    design = run_design(table_of(model=["b", "x", "y"], training_run=[None, 1, 2]), "b", ["x", "y"])
    assert design.methods == ()


def test_the_last_checkpoint_stands_for_its_run():
    table = table_of(
        model=["b", "x-1", "x-2", "y"],
        method=[None, "m", "m", "m"],
        training_run=[None, "r1", "r1", "r2"],
        checkpoint_step=[None, 100, 200, 100],
    )
    assert run_design(table, "b", ["x-1", "x-2", "y"]).methods[0].arms == ("x-2", "y")
    without_steps = run_design(table.drop(columns="checkpoint_step"), "b", ["x-1", "x-2", "y"])
    assert without_steps.methods[0].arms == ("y",)
    assert "left out of its method" in without_steps.notes[0]


def test_checkpoints_without_a_name_of_their_run_are_candidates():
    table = table_of(model=["b", "x", "y", "z"], checkpoint_step=[0, 50, 100, 200], selected=[0, 0, 1, 0])
    (choice,) = run_design(table, "b", ["x", "y", "z"]).choices
    assert (choice.arm, choice.candidates) == ("y", ("x", "y", "z"))
    repeated = table.assign(checkpoint_step=[0, 50, 100, 100])
    assert run_design(repeated, "b", ["x", "y", "z"]).choices[0].candidates == ("y",)


def test_a_column_that_varies_within_a_model_is_not_read():
    design = run_design(table_of(model=["b", "x", "x"], method=[None, "m", "n"]), "b", ["x"])
    assert not design.methods
    assert "several values for x" in design.notes[0]


@pytest.mark.parametrize("value", ["true", "1", 1, 1.0, True, "yes"])
def test_selected_is_read_in_the_usual_ways(value):
    design = run_design(table_of(model=["b", "x"], selected=[None, value]), "b", ["x"])
    assert [(choice.arm, choice.n_candidates) for choice in design.choices] == [("x", None)]


@pytest.mark.parametrize(("name", "is_chosen"), [("grpo-best", True), ("org/best_ckpt", True), ("bestiary", False)])
def test_a_name_says_that_a_model_was_chosen(name, is_chosen):
    choices = run_design(table_of(model=["b", name]), "b", [name]).choices
    assert bool(choices) == is_chosen
    assert all(choice.by_name for choice in choices)


def test_names_from_files_are_escaped(counts):
    renamed = counts.replace({"GRPO": "<b>x</b>"})
    renamed = renamed.loc[renamed["model"].isin(["base", "GRPO-0", "GRPO-1"])]
    page = report_html(bd.analyze(renamed, base="base", prior="independent", k=[1], estimands=["lost"]), {})
    assert "<b>x</b>" not in page


@pytest.mark.parametrize("value", ["²", "maybe", "9" * 20, "-1"])
def test_what_selected_cannot_mean_is_not_read_and_said(value):
    design = run_design(table_of(model=["b", "x"], selected=[None, value]), "b", ["x"])
    assert design.choices == ()
    assert value in design.notes[0]


def test_models_of_a_method_at_different_steps_are_one_run():
    table = table_of(model=["b", "x", "y"], method=[None, "m", "m"], checkpoint_step=[None, 100, 200])
    design = run_design(table, "b", ["x", "y"])
    assert design.methods[0].arms == ("y",)
    assert "checkpoints of one run" in design.notes[0]
    same_step = run_design(table.assign(checkpoint_step=[None, 100, 100]), "b", ["x", "y"])
    assert same_step.methods[0].arms == ("x", "y")


def test_a_step_that_is_no_number_is_not_that_of_the_last_checkpoint():
    table = table_of(
        model=["b", "x", "y"],
        method=[None, "m", "m"],
        training_run=[None, "r", "r"],
        checkpoint_step=["", "step 300", "100"],
    )
    assert run_design(table, "b", ["x", "y"]).methods[0].arms == ("y",)


def test_a_choice_is_told_at_the_least_budget_there_is(analysis):
    rows = analysis.training_runs.estimates
    sentences = " ".join(runs_sentences(rows.loc[rows["k"] > 1], {}))
    assert "Its estimate of pass@8 alone is expected to be" in sentences


def test_a_drop_has_no_sign_in_its_sentence(analysis):
    rows = analysis.training_runs.estimates
    is_drop = (rows["estimand"] == "selection_drop") & (rows["of"] == "after_selection")
    for drop, words in ((0.003, "0.3 points too high"), (-0.003, "0.3 points too low")):
        sentences = runs_sentences(rows.assign(mean=rows["mean"].mask(is_drop, drop)), {})
        assert words in " ".join(sentences)


def test_methods_and_bases_that_tie_share_the_probability_to_be_best():
    models = {"base": "", "chat": "", "A-1": "A", "A-2": "A", "B-1": "B", "B-2": "B"}
    rows = [(model, method, problem, 16, 16) for model, method in models.items() for problem in range(20)]
    solved = pd.DataFrame(rows, columns=["model", "method", "problem_id", "n_samples", "n_correct"])
    solved["role"] = np.where(solved["method"] == "", "base", "")
    estimates = bd.analyze(solved, base="base", k=[16], estimands=["lost"]).training_runs.estimates
    for estimand, n in (("best_method", 2), ("strongest", 2)):
        chances = estimates.loc[estimates["estimand"] == estimand, "mean"]
        assert len(chances) == n
        np.testing.assert_allclose(chances, 1 / n, atol=0.1)


@pytest.mark.parametrize("steps", [[None, 100, "final"], [None, 100, None]])
def test_one_step_and_one_final_checkpoint_are_not_two_runs(steps):
    table = table_of(model=["b", "x", "y"], method=[None, "m", "m"], checkpoint_step=steps)
    design = run_design(table, "b", ["x", "y"])
    assert [method.arms for method in design.methods] == [("y",)]
    assert "checkpoints of one run" in design.notes[0]


def test_steps_that_cannot_be_read_leave_a_method_without_runs():
    table = table_of(model=["b", "x", "y"], method=[None, "m", "m"], checkpoint_step=[None, "step 100", "step 200"])
    design = run_design(table, "b", ["x", "y"])
    assert not design.methods
    assert "m is left out" in design.notes[0]
    with_runs = table.assign(training_run=[None, "r1", "r2"])
    assert run_design(with_runs, "b", ["x", "y"]).methods[0].arms == ("x", "y")


@pytest.mark.parametrize(("n", "n_models"), [(3, 2), (8, 2), (2, 3)])
def test_a_number_of_candidates_that_is_not_theirs_gives_the_bound(counts, n, n_models):
    models = ["base", *(f"GRPO-{i}" for i in range(n_models))]
    few = counts.loc[counts["model"].isin(models)].drop(columns=["role"])
    few = few.assign(selected=np.where(few["model"] == "GRPO-1", str(n), ""))
    result = bd.analyze(few, base="base", prior="independent", k=[1, 8], estimands=["lost"])
    rows = result.training_runs.estimates
    assert (rows.loc[rows["of"] == "selection_bound", "n_runs"] == n).all()
    assert "after_selection" not in set(rows["of"])
    (sentence,) = [text for text in runs_sentences(rows, {}) if "candidates" in text]
    assert f"is the best of {n} candidates, and the counts do not have, or do not name, all of them" in sentence


def test_samples_of_sentences_are_those_of_the_fitted_problems(counts):
    few = counts.loc[counts["model"].isin(["base", "GRPO-0", "GRPO-1"])].drop(columns=["selected", "role"])
    few = few.loc[(few["model"] != "GRPO-1") | (few["problem_id"] < 5)]
    result = bd.analyze(few, "base", prior="independent", k=[1, 8], estimands=["lost"], common_problems=True)
    (sentence,) = [text for text in report_sentences(result) if "twice the runs" in text]
    assert f"with {2 * 5 * N_SAMPLES} samples" in sentence


def report_sentences(result):
    return runs_section(result, "made")["sentences"]


def test_a_benchmark_without_repeats_says_so_beside_one_that_has_them(counts):
    few = counts.loc[counts["model"].isin(["base", "GRPO-0", "GRPO-1"])].drop(columns=["selected", "role"])
    other = few.loc[few["model"] != "GRPO-1"].assign(benchmark="other")
    result = bd.analyze(pd.concat([few, other]), "base", prior="independent", k=[1, 8], estimands=["lost"])
    notes = [note for note in result.training_runs.notes if "two runs" in note.text]
    assert [note.benchmark for note in notes] == ["other"]
    assert not result.training_runs.missing


def test_methods_and_choices_stand_behind_the_answer_and_are_printed(analysis):
    assert "methods with several runs" in analysis.answer.text
    assert "candidates that are all here" in analysis.answer.text
    assert "Runs of a method vary around its mean" in report_html(analysis, pictures={"made": {}})
