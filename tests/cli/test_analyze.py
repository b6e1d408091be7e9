"""`boundary analyze` from end to end on a small table: what it writes, prints and exits with."""

import json
from types import SimpleNamespace

import pandas as pd
import pytest
from click.testing import CliRunner

from boundary.analysis.output.folder import may_remove
from boundary.analysis.runs.record import TrainingRuns
from boundary.cli.main import main

FILES = {
    ".boundary-files",
    "checks.csv",
    "curves.csv",
    "families.csv",
    "estimates.csv",
    "figures",
    "posterior.nc",
    "problems.csv",
    "report.html",
    "summary.json",
}


@pytest.fixture
def counts(tmp_path):
    """Write twelve problems of two benchmarks, 16 samples of each of two models."""
    correct = {
        "the-base": [0, 1, 2, 3, 5, 8, 9, 11, 13, 14, 15, 16],
        "the-rl": [0, 0, 1, 6, 9, 12, 14, 16, 16, 16, 16, 16],
    }
    rows = [
        (model, "easy" if problem > 5 else "hard", f"p{problem}", 16, c)
        for model, column in correct.items()
        for problem, c in enumerate(column)
    ]
    path = tmp_path / "counts.csv"
    columns = ["model", "benchmark", "problem_id", "n_samples", "n_correct"]
    pd.DataFrame(rows, columns=columns).to_csv(path, index=False)
    return path


def analyze(*arguments):
    return CliRunner().invoke(main, ["analyze", *map(str, arguments), "--prior", "independent"], catch_exceptions=False)


def test_writes_everything_and_prints_a_verdict(counts, tmp_path):
    result = analyze(counts, "--base", "the-base", "--k", "1,16,64", "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert {path.name for path in (tmp_path / "out").iterdir()} == FILES
    files = [path.relative_to(tmp_path / "out") for path in (tmp_path / "out").rglob("*") if path.suffix]
    assert [path for path in files if not may_remove(path.as_posix())] == []
    assert "the-rl" in result.stdout
    assert "report.html" in result.stdout
    assert all(line.startswith("[0:") for line in result.stderr.splitlines())  # how far it is, if it takes its time
    estimates = pd.read_csv(tmp_path / "out" / "estimates.csv")
    assert set(estimates["benchmark"]) == {"easy", "hard", "all"}
    assert estimates.loc[estimates["k"] == 64, "extrapolated"].all()


def test_figures_in_further_formats_and_no_posterior(counts, tmp_path):
    options = ("--k", "1,16", "--benchmark", "hard", "--quiet", "-o", tmp_path / "out")
    first = analyze(counts, "--base", "the-base", *options, "--figure-format", "pdf", "--figure-format", "png")
    assert first.exit_code == 0, first.output
    figures = {path.name for path in (tmp_path / "out" / "figures").iterdir()}
    assert {"hard-flows.svg", "hard-flows.pdf", "hard-flows.png"} <= figures
    again = analyze(counts, "--base", "the-base", *options, "--no-posterior")
    assert again.exit_code == 0, again.output
    assert {path.name for path in (tmp_path / "out").iterdir()} == FILES - {"posterior.nc"}
    assert {path.suffix for path in (tmp_path / "out" / "figures").iterdir()} == {".svg"}


def test_json_is_the_summary(counts, tmp_path):
    result = analyze(counts, "--base", "the-base", "--k", "1,16", "--json", "-o", tmp_path / "out")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == json.loads((tmp_path / "out" / "summary.json").read_text("utf-8"))


def test_quiet_prints_nothing_and_one_benchmark_is_enough(counts, tmp_path):
    arguments = ("--base", "the-base", "--benchmark", "hard", "--k", "1,16", "--quiet")
    result = analyze(counts, *arguments, "-o", tmp_path / "out")
    assert (result.exit_code, result.output) == (0, "")
    assert set(pd.read_csv(tmp_path / "out" / "estimates.csv")["benchmark"]) == {"hard"}


def test_same_seed_same_files(counts, tmp_path):
    for name in ("a", "b"):
        arguments = ("--base", "the-base", "--benchmark", "hard", "--k", "1,16", "--seed", 3, "--quiet")
        assert analyze(counts, *arguments, "-o", tmp_path / name).exit_code == 0
    for name in ("estimates.csv", "report.html", "summary.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_one_model_alone(counts, tmp_path):
    table = pd.read_csv(counts)
    table.loc[table["model"] == "the-rl"].to_csv(counts, index=False)
    assert analyze(counts, "--k", "1,16", "-o", tmp_path / "out").exit_code == 0
    assert set(pd.read_csv(tmp_path / "out" / "estimates.csv")["model"]) == {"the-rl"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--base", "the-bass"), "the-base"),
        (("--base", "the-base", "--rl", "nobody"), "the-rl"),
        (("--base", "the-base", "--benchmark", "medium"), "hard"),
    ],
)
def test_unknown_names_say_which_exist(counts, tmp_path, arguments, message):
    result = analyze(counts, *arguments, "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: ")
    assert message in result.stderr
    assert not (tmp_path / "out").exists()


def test_different_problems_need_common_problems(counts, tmp_path):
    table = pd.read_csv(counts)
    table.iloc[1:].to_csv(counts, index=False)
    arguments = (counts, "--base", "the-base", "--benchmark", "hard", "--k", "1,16", "-o", tmp_path / "out")
    result = analyze(*arguments)
    assert result.exit_code == 2
    assert "--common-problems" in result.stderr
    assert analyze(*arguments, "--common-problems").exit_code == 0


def test_failed_diagnostics_are_said_and_exit_with_4_whatever_the_claims(counts, tmp_path, monkeypatch):
    unmet = {"name": "c", "claim": "lost(1) > 1", "benchmark": "all", "probability": 0.1, "mc_error": 0.01}
    claims = pd.DataFrame([unmet | {"require": 0.9, "met": False, "extrapolated": False, "note": ""}]).astype(object)
    fit = {"benchmark": "all", "ok": False, "message": "R-hat 1.07 is above 1.01."}
    diagnostics = pd.DataFrame(
        [
            fit
            | {f"max_{kind}_mc_error": 0.07 for kind in ("interval", "visible")}
            | {f"worst_{kind}": "gained at k = 16" for kind in ("interval", "visible")}
        ]
    )
    result = SimpleNamespace(
        ok=False,
        diagnostics=diagnostics,
        verdicts=[],
        benchmarks=(),
        exchangeability=[],
        model_checks=SimpleNamespace(remarks=[]),
        claims=claims,
        counts=SimpleNamespace(remarks=()),
        notes_on_counts=(),
        training_runs=TrainingRuns(),
        write=lambda folder, **options: [folder / "report.html"],
    )
    monkeypatch.setattr("boundary.analysis.analyze.analyze", lambda *args, **kwargs: result)
    monkeypatch.setattr("boundary.analysis.report.provenance.with_provenance", lambda analysis, provenance: analysis)
    outcome = analyze(counts, "-o", tmp_path / "out")
    assert outcome.exit_code == 4
    assert "all: R-hat 1.07 is above 1.01." in outcome.stdout
    assert "NOT MET" in outcome.stdout
    assert "known to within 7.0 % of the interval's width" in " ".join(outcome.stdout.split())
    assert "report.html" in outcome.stdout


def test_a_plan_from_a_failed_fit_is_written_and_exits_with_4(counts, tmp_path, monkeypatch):
    plan = SimpleNamespace(converged=False, text="Plan.", extrapolated=False, n_more=0, write=lambda path: path)
    monkeypatch.setattr("boundary.analysis.claims.plan.plan", lambda *args, **kwargs: plan)
    words = ["plan", str(counts), "--claim", "lost(1) > 1", "-o", str(tmp_path / "plan.csv")]
    outcome = CliRunner().invoke(main, words, catch_exceptions=False)
    assert outcome.exit_code == 4
    assert "do not rely on this plan" in outcome.stdout


def test_missing_file(tmp_path):
    result = analyze(tmp_path / "nothing.csv", "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert "nothing.csv" in result.stderr


def test_samples_that_drift_are_an_alarm(counts, tmp_path):
    rows = [
        ("the-rl", "hard", f"p{problem}", index, int(index < 8 + problem % 2))
        for problem in range(40)
        for index in range(16)
    ]
    columns = ["model", "benchmark", "problem_id", "sample_index", "outcome"]
    pd.DataFrame(rows, columns=columns).to_csv(tmp_path / "samples.csv", index=False)
    arguments = (counts, "--base", "the-base", "--k", "1,16", "--samples", tmp_path / "samples.csv")
    result = analyze(*arguments, "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert "SAMPLES of the-rl, hard: Samples drift" in result.stdout.replace("\n", " ")
    assert "Order and dependence of samples" in (tmp_path / "out" / "report.html").read_text()
    missing = analyze(*arguments[:-1], tmp_path / "nothing.csv", "-o", tmp_path / "none")
    assert missing.exit_code == 2


def test_ranks_models_without_a_base(counts, tmp_path):
    options = ("--rank", "--prior", "independent", "--k", "1,4", "--estimand", "rank", "--json", "-o", tmp_path / "out")
    result = analyze(counts, *options)
    assert result.exit_code == 0, result.output
    assert json.loads(result.output)["base"] is None


def test_a_margin_in_points_reaches_verdicts_columns_and_settings(counts, tmp_path):
    arguments = ("--base", "the-base", "--benchmark", "hard", "--k", "1,16", "--margin", "99", "--json")
    result = analyze(counts, *arguments, "-o", tmp_path / "out")
    summary = json.loads(result.stdout)
    assert summary["settings"]["margin"] == 0.99
    assert summary["verdicts"][0]["word"] == "no material difference"
    assert summary["verdicts"][0]["cautions"] == [
        "Caution: there are 6 problems only, so that each moves pass@k by up to about 17 points."
    ]
    estimates = pd.read_csv(tmp_path / "out" / "estimates.csv")
    columns = list(estimates.columns)
    at = columns.index("prob_positive")
    assert columns[at : at + 4] == ["prob_positive", "prob_negative", "prob_equivalent", "extrapolated"]
    of = estimates.loc[estimates["kind"] == "posterior"].set_index("estimand")
    for name in ("shrinkage", "delta_se", "lost", "gained", "amplified", "discovered"):
        assert of.loc[[name], "prob_equivalent"].gt(0.9).all(), name
    assert of.loc[["pass_at_k", "crossover"], ["prob_negative", "prob_equivalent"]].isna().all(axis=None)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--base", "the-base", "--estimand", "rank"), "'rank' compares several models, and there are too few here"),
        (("--base", "the-base", "--margin", "100"), "--margin"),
        (("--base", "the-base", "--tau", "1.5"), "between 0 and 1, got 1.5"),
        (("--base", "the-base", "--tau", "half"), "no list of solve rates"),
        (("--base", "the-base", "--estimand", "shrinkages"), "Unknown estimand 'shrinkages'"),
        (("--base", "the-base", "--rank"), "have no base"),
    ],
)
def test_wrong_thresholds_and_estimands(counts, tmp_path, options, message):
    result = analyze(counts, *options, "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert message in result.output
