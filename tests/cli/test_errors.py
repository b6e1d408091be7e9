"""`boundary analyze --false-positive-rate`, `--audit` and their like."""

import pandas as pd
import pytest
from click.testing import CliRunner

from boundary.cli.main import main

COLUMNS = ["model", "benchmark", "problem_id", "n_samples", "n_correct"]


@pytest.fixture
def analyze(tmp_path):
    """Run on twelve problems of two models, sampled 16 times each."""
    correct = {"b": [0, 1, 1, 1, 5, 8, 9, 11, 13, 14, 15, 16], "r": [0, 0, 0, 6, 9, 12, 14, 16, 16, 16, 16, 16]}
    rows = [(model, "A", f"p{i}", 16, c) for model, column in correct.items() for i, c in enumerate(column)]
    pd.DataFrame(rows, columns=COLUMNS).to_csv(tmp_path / "counts.csv", index=False)

    def run(*arguments):
        fixed = ("analyze", tmp_path / "counts.csv", "--base", "b", "--k", "1,16", "--estimand", "kept")
        words = [str(word) for word in (*fixed, "-o", tmp_path / "out", *arguments)]
        return CliRunner().invoke(main, words, catch_exceptions=False)

    return run


def test_rates_change_the_posterior_and_the_report_says_so(analyze, tmp_path):
    result = analyze("--false-positive-rate", "0.03", "--false-negative-rate", "A=0.02", "--quiet")
    assert result.exit_code == 0, result.output
    out = tmp_path / "out"
    page = (out / "report.html").read_text("utf-8")
    assert "Errors of the verifier" in page
    assert "false positive 0.03" in page
    curve = pd.read_csv(out / "errors.csv")
    assert set(curve["k"]) == {1, 16, 128}
    estimates = pd.read_csv(out / "estimates.csv")
    assert not set(estimates["kind"]) & {"bounds", "good_toulmin", "sup_t"}
    lost = estimates.loc[(estimates["estimand"] == "lost") & (estimates["k"] == 16)].set_index("kind")["mean"]
    assert lost["posterior"] < lost["observed"] - 0.5  # three lucky verdicts for the base are no losses


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--false-positive-rate", "-0.1"), "at least 0 and below 1"),
        (("--false-positive-rate", "1.5"), "at least 0 and below 1"),
        (("--false-positive-rate", "x"), "no rate"),
        (("--false-positive-rate", ".1", "--false-positive-rate", "A=.1"), "one rate for all"),
        (("--false-positive-rate", ".6", "--false-negative-rate", ".4"), "sum to 1 or more"),
        (("--guess-floor", "B=.1"), "which is not there"),
        (("--audit", "nowhere.csv"), "nowhere.csv"),
        (("--error-rates", "nowhere.csv"), "nowhere.csv"),
        (("--false-positive-rate", ".1", "--prior", "beta_binomial"), "'nonparametric' alone"),
    ],
)
def test_wrong_rates_are_refused_before_anything_is_fitted(analyze, tmp_path, arguments, why):
    result = analyze(*arguments)
    assert result.exit_code == 2
    assert why in result.stderr
    assert not (tmp_path / "out").exists()


def test_an_audit_with_more_errors_than_checked(analyze, tmp_path):
    path = tmp_path / "audit.csv"
    path.write_text("benchmark,kind,errors,checked\nA,false_positive,3,2\n")
    result = analyze("--audit", path)
    assert result.exit_code == 2
    assert "line 2: 3 errors of 2" in result.stderr
