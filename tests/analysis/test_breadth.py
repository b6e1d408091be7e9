"""Breadth and luck in an analysis: from samples to tables, page, figures and the observation model."""

import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import boundary as bd
from boundary.analysis.breadth.breadth import MISSING
from boundary.analysis.breadth.estimates import ModelAnswers, answers_of_model
from boundary.analysis.breadth.matched_temperatures import common_entropies, matched_rows, temperature_families
from boundary.analysis.breadth.record import BREADTH_COLUMNS, MATCHED_REACHED, MATCHED_SHRINKAGE
from boundary.analysis.guess_floors import NODES, measured_floors
from boundary.analysis.report.page import report_html
from boundary.analysis.report.summary import summary
from boundary.analysis.request import Request
from boundary.analysis.text.breadth import breadth_sentences, luck_sentences, matched_sentences
from boundary.analysis.verifier_errors import VerifierErrors, checked_misclassification_rates
from boundary.cli.main import main
from boundary.data.answers.given_answers import given_answers
from boundary.data.counts import Counts
from boundary.stats.breadth import AnswerCounts
from boundary.stats.priors import PRIORS

PROBLEMS, SAMPLES = 12, 16


def made_samples(models, seed=0, **columns):
    """Samples of models: each the solve rate's level, and of how many different wrong answers it chooses."""
    rng = np.random.default_rng(seed)
    rows = []
    for model, (level, n_wrong) in models.items():
        for problem in range(PROBLEMS):
            solve_rate = np.clip(level + 0.04 * (problem - 6), 0.02, 0.98)
            for sample in range(SAMPLES):
                right = rng.random() < solve_rate
                answer = str(problem % 5) if right else str(10 + int(rng.integers(n_wrong)))
                answer = str(int(rng.integers(5))) if not right and rng.random() < 0.2 else answer
                outcome = "correct" if answer == str(problem % 5) else "wrong"
                rows.append((model, "made", f"p{problem}", sample, outcome, answer, str(problem % 5)))
    names = ["model", "benchmark", "problem_id", "sample_index", "outcome", "answer", "reference"]
    return pd.DataFrame(rows, columns=names).assign(**columns)


@pytest.fixture(scope="module")
def samples():
    return made_samples({"base": (0.3, 40), "rl": (0.6, 3)})


@pytest.fixture(scope="module")
def analysis(samples):
    return bd.analyze(samples, base="base", prior="independent", k=[1, 16], estimands=["lost"])


def test_the_table_has_a_row_for_each_model_difference_and_target(analysis):
    rows = analysis.breadth.estimates
    assert tuple(rows) == BREADTH_COLUMNS
    assert not analysis.breadth.missing
    at_n = rows.loc[(rows["estimand"] == "distinct_wrong") & (rows["k"] == SAMPLES)]
    assert at_n.groupby("target").size().to_dict() == {"benchmark": 3, "superpopulation": 3}
    own = at_n.loc[at_n["target"] == "benchmark"].set_index(["model", "reference"])["mean"]
    assert own["base", ""] > own["rl", ""] + 3
    assert own["rl", "base"] == pytest.approx(own["base", ""] - own["rl", ""])
    assert set(rows["kind"]) == {"unbiased", "good_toulmin", "with_unseen"}
    assert (rows["extrapolated"] == (rows["k"] > SAMPLES)).all()
    assert (rows["lower"] <= rows["mean"]).all()
    assert (rows["mean"] <= rows["upper"]).all()


def test_counts_of_different_answers_are_those_of_the_samples(analysis, samples):
    rows = analysis.breadth.estimates.query("estimand == 'distinct_wrong' and k == @SAMPLES and target == 'benchmark'")
    wrong = samples.loc[samples["outcome"] == "wrong"].groupby(["model", "problem_id"])["answer"].nunique()
    for model in ("base", "rl"):
        expected = wrong.loc[model].sum() / PROBLEMS
        assert rows.loc[(rows["model"] == model) & (rows["reference"] == ""), "mean"].item() == pytest.approx(expected)


def test_right_answers_are_pass_at_k_where_there_is_one(analysis):
    right = analysis.breadth.estimates.query("estimand == 'distinct_right' and target == 'benchmark' and k == 16")
    observed = analysis.estimates.query("estimand == 'pass_at_k' and kind == 'observed' and k == 16")
    for model in ("base", "rl"):
        own = right.loc[(right["model"] == model) & (right["reference"] == ""), "mean"].item()
        assert own == pytest.approx(observed.loc[observed["model"] == model, "mean"].item())


def test_page_summary_files_and_figures(analysis, tmp_path):
    names = {path.name for path in analysis.write(tmp_path, posterior=False)}
    assert {"breadth.csv", "guess_floors.csv", "made-breadth.svg"} <= names
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert 'id="benchmark-1-breadth"' in page
    assert 'id="benchmark-1-luck"' in page
    content = json.loads((tmp_path / "summary.json").read_text())
    assert content["missing_parts"] == [] or MISSING not in content["missing_parts"]
    assert {row["estimand"] for row in content["breadth"]["estimates"]} >= {"distinct_wrong", "answer_entropy"}
    assert content["breadth"]["guess_floors"][0]["n_problems"] == PROBLEMS
    assert len(pd.read_csv(tmp_path / "breadth.csv")) == len(analysis.breadth.estimates)
    assert len(bd.plots.breadth(analysis)) == 2


def test_without_answers_one_line_says_how_to_get_them(samples, tmp_path):
    bare = bd.analyze(samples.drop(columns="answer"), base="base", prior="independent", k=[1, 16], estimands=["lost"])
    assert bare.breadth.estimates.empty
    assert MISSING in bare.missing_parts
    assert MISSING in summary(bare)["missing_parts"]
    page = report_html(bare)
    assert 'id="benchmark-1-breadth"' not in page
    assert "Breadth of answers and luck" in page
    with pytest.raises(bd.InputError, match="nothing to draw"):
        bd.plots.breadth(bare)


def test_names_of_others_are_escaped(samples):
    hostile = samples.replace({"base": "<b>base", "p1": "<script>"})
    analysis = bd.analyze(hostile, base="<b>base", prior="independent", k=[1, 16], estimands=["lost"])
    page = report_html(analysis)
    assert "<script>" not in page.partition("<main>")[2].partition("</main>")[0]
    assert "<b>base" not in page


def test_sentences_say_which_has_more(analysis):
    (sentence,) = breadth_sentences(analysis.breadth.estimates, "benchmark")
    assert sentence.startswith("In 16 samples rl gives ")
    assert "the answers of rl have lower entropy" in sentence
    assert "on new problems" in breadth_sentences(analysis.breadth.estimates, "superpopulation")[0]
    types = analysis.breadth.floors.types
    *per_model, advice = luck_sentences(types, in_use=False)
    assert len(per_model) == 2
    assert "--guess-floor measured" in advice
    assert "reckon with these guess floors" in list(luck_sentences(types, in_use=True))[-1]


def test_measured_floors_are_shares_of_other_problems(samples):
    floors = measured_floors(given_answers(samples), 0.95, 0)
    problems = floors.problems.set_index(["model", "problem_id"])
    other_samples = samples.loc[(samples["model"] == "base") & (samples["problem_id"] != "p0")]
    share = (other_samples["answer"] == "0").mean()
    row = problems.loc[("base", "p0")]
    assert row["lower"] < share < row["upper"]
    assert row["n_others"] == PROBLEMS - 1
    assert row["lucky"] > 0.2
    values = floors.of("base", [("made", "p0"), ("made", "unknown")])
    assert values.shape == (2, NODES)
    assert (values[1] == 0).all()


def test_measured_floors_reach_the_observation_model(samples):
    counts, floors = bd.load_counts(samples), measured_floors(given_answers(samples), 0.95, 0)
    rates = checked_misclassification_rates(VerifierErrors(guess_floor="measured"), counts, floors)
    errors = rates.verdict_errors(counts.arrays(["base", "rl"], "made"))
    assert errors.false_positive.shape == (PROBLEMS, 2, NODES)
    np.testing.assert_allclose(errors.false_positive[0, 1], floors.nodes["made", "rl", "p0"])
    with_rate = checked_misclassification_rates(VerifierErrors(0.1, guess_floor="measured"), counts, floors)
    higher = with_rate.verdict_errors(counts.arrays(["base", "rl"], "made")).false_positive
    np.testing.assert_allclose(higher, 0.1 + 0.9 * errors.false_positive)


def test_an_audit_and_measured_floors_go_together(samples):
    counts, floors = bd.load_counts(samples), measured_floors(given_answers(samples), 0.95, 0)
    columns = ["benchmark", "problem_id", "kind", "errors", "checked"]
    audit = pd.DataFrame([("made", None, "false_positive", 5, 100)], columns=columns)
    rates = checked_misclassification_rates(VerifierErrors(audit=audit, guess_floor="measured"), counts, floors)
    errors = rates.verdict_errors(counts.arrays(["base", "rl"], "made"))
    assert errors.shared
    assert errors.false_positive.shape == errors.false_negative.shape == (PROBLEMS, 2, errors.n_nodes)


def test_floors_cannot_be_measured_without_answers(samples):
    with pytest.raises(bd.InputError, match="Guess floors are measured"):
        bd.analyze(samples.drop(columns="answer"), base="base", verifier=VerifierErrors(guess_floor="measured"))


@pytest.mark.parametrize("word", ["mesured", "made=measured"])
def test_the_option_takes_a_rate_or_the_word(word, samples, tmp_path):
    path = tmp_path / "samples.csv"
    samples.to_csv(path, index=False)
    result = CliRunner().invoke(main, ["analyze", str(path), "--guess-floor", word, "-o", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert "is no rate" in result.output


def test_a_wrong_word_from_python_is_refused(samples):
    with pytest.raises(bd.InputError, match="guess floor must be"):
        bd.analyze(samples, base="base", verifier=VerifierErrors(guess_floor="luck"))


def test_measured_floors_lower_what_is_solved(samples):
    verifier = VerifierErrors(guess_floor="measured")
    analysis = bd.analyze(samples, base="base", k=[1, 16], verifier=verifier, estimands=["lost"], error_curve=False)
    assert analysis.breadth.floors_in_use
    assert analysis.settings["verifier_errors"] == {"guess_floor": "measured"}
    rows = analysis.estimates.query("estimand == 'pass_at_k' and model == 'base' and k == 16").set_index("kind")["mean"]
    assert rows["posterior"] < rows["observed"]
    assert "beyond luck" in report_html(analysis)


@pytest.mark.slow
def test_measured_floors_from_the_command_line(samples, tmp_path):
    path = tmp_path / "samples.csv"
    samples.to_csv(path, index=False)
    options = ["--base", "base", "--k", "1,16", "--guess-floor", "measured", "--estimand", "lost", "--figures", "none"]
    result = CliRunner().invoke(main, ["analyze", str(path), *options, "-o", str(tmp_path / "out")])
    assert result.exit_code in (0, 4), result.output
    content = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert content["settings"]["verifier_errors"] == {"guess_floor": "measured"}


TEMPERATURES = {"rl@0.6": (0.6, 3), "rl@1.0": (0.5, 8), "rl@1.4": (0.2, 400)}


@pytest.fixture(scope="module")
def at_temperatures():
    table = made_samples({"base": (0.35, 12)} | TEMPERATURES)
    temperature = table["model"].str.rpartition("@")[2].where(table["model"] != "base", "0.6")
    return table.assign(temperature=temperature.astype(float))


def test_arms_at_several_temperatures_are_one_model(at_temperatures):
    counts = bd.load_counts(at_temperatures)
    (family,) = temperature_families(counts, ["rl@1.4", "rl@0.6", "rl@1.0"])
    assert family == ("rl", [0.6, 1.0, 1.4], ["rl@0.6", "rl@1.0", "rl@1.4"])
    assert temperature_families(counts, ["rl@1.4"]) == []
    without = Counts.from_frame(counts.table.drop(columns="temperature"))
    assert temperature_families(without, list(TEMPERATURES)) == []


def test_shrinkage_at_equal_entropy(at_temperatures):
    analysis = bd.analyze(at_temperatures, base="base", prior="independent", k=[1, 16], estimands=["lost"])
    rows = analysis.breadth.estimates.loc[analysis.breadth.estimates["model"] == "rl"].set_index("estimand")
    assert rows.loc[MATCHED_REACHED, "mean"] > 0.95
    temperature = rows.loc["matched_temperature"]
    assert 0.6 < temperature["lower"] < temperature["mean"] < temperature["upper"] < 1.4
    matched = rows.loc[[MATCHED_SHRINKAGE]].set_index("k")["mean"]
    posterior = analysis.estimates.query("estimand == 'shrinkage' and kind == 'posterior' and k == 1")["mean"]
    assert posterior.min() < matched[1] < posterior.max()
    sentence = next(matched_sentences(analysis.breadth.estimates))
    assert sentence.startswith("At temperature ")
    assert len(bd.plots.temperatures(analysis)) == 2
    assert "Shrinkage at the temperature of equal answer entropy" in report_html(analysis)


def test_an_entropy_that_is_not_reached_has_no_shrinkage(at_temperatures):
    table = at_temperatures.loc[at_temperatures["model"] != "rl@1.4"]
    wide = made_samples({"wide": (0.05, 2000)}, temperature=0.6)
    analysis = bd.analyze(
        pd.concat([wide, table.loc[table["model"] != "base"]]),
        base="wide",
        prior="independent",
        k=[1, 16],
        estimands=["lost"],
    )
    rows = analysis.breadth.estimates
    assert rows.loc[rows["estimand"] == MATCHED_REACHED, "mean"].item() < 0.05
    assert not rows["estimand"].isin([MATCHED_SHRINKAGE, "matched_temperature"]).any()
    assert next(matched_sentences(rows)).startswith("At none of the temperatures")


def test_entropies_at_temperatures_are_of_the_problems_that_all_have():
    """The base answers two problems that the other never does, in ever other ways: they are not compared."""
    rng = np.random.default_rng(0)

    def answers(problems):
        times, of = [], []
        for place, name in enumerate(problems):
            repeats = np.unique(rng.integers(0, 400 if name == "odd" else 6, 40), return_counts=True)[1]
            times += repeats.tolist()
            of += [place] * len(repeats)
        wrong = np.zeros(len(of), dtype=bool)
        counts = AnswerCounts(np.array(of), np.array(times), wrong, np.full(len(problems), 40))
        return ModelAnswers(counts, [("made", f"{name}{i}") for i, name in enumerate(problems)], True)

    shared = ["q"] * 10
    entropies = common_entropies([answers([*shared, "odd", "odd"]), answers(shared)], 0.95)
    assert entropies["n_problems"].tolist() == [10, 10]
    assert entropies["mean"].to_numpy() == pytest.approx(np.log(6), abs=0.15)
    assert common_entropies([answers(["q"]), answers(["odd"])], 0.95) is None


def test_temperatures_without_a_common_problem_are_not_compared(at_temperatures):
    counts = bd.load_counts(at_temperatures)
    request = Request(
        base="base",
        arms=tuple(TEMPERATURES),
        benchmarks=("made",),
        prior=PRIORS["independent"](),
        budgets=(1,),
        max_k=1,
    )
    all_answers = given_answers(at_temperatures)
    answers = {model: answers_of_model(all_answers, "made", model) for model in ("base", *TEMPERATURES)}
    answers["base"] = answers["base"]._replace(problems=[("made", f"other{i}") for i in range(PROBLEMS)])
    rows, (note,) = matched_rows(request, counts, {"made": answers}, {})
    assert rows == []
    assert "no problem in common" in note.text
