"""`boundary analyze --claims`: what it prints, writes and exits with."""

import json
import re

import pandas as pd
import pytest
from click.testing import CliRunner

from boundary.cli.main import main

ALWAYS, NEVER = "pass_at_k(1) rl > 0.2", "lost(16) > 11"


@pytest.fixture
def judge(tmp_path):
    """Run claims on twelve problems of two models, sampled 16 times each."""
    correct = {"b": [0, 1, 2, 3, 5, 8, 9, 11, 13, 14, 15, 16], "r": [0, 0, 1, 6, 9, 12, 14, 16, 16, 16, 16, 16]}
    rows = [(model, "A", f"p{i}", 16, c) for model, column in correct.items() for i, c in enumerate(column)]
    columns = ["model", "benchmark", "problem_id", "n_samples", "n_correct"]
    pd.DataFrame(rows, columns=columns).to_csv(tmp_path / "counts.csv", index=False)

    def run(*arguments):
        fixed = ("analyze", tmp_path / "counts.csv", "--base", "b", "--k", "1,16", "--prior", "independent")
        words = [str(word) for word in (*fixed, "-o", tmp_path / "out", *arguments)]
        return CliRunner().invoke(main, words, catch_exceptions=False)

    return run


def test_a_requirement_met_and_one_not(judge, tmp_path):
    file = tmp_path / "claims.toml"
    file.write_text(f'[claims]\nsolves = {{ claim = "{ALWAYS}", require = 0.95 }}\n')
    fine = judge("--claims", file)
    assert fine.exit_code == 0, fine.output
    assert "solves" in fine.stdout
    unmet = judge("--claims", file, "--claim", NEVER, "--require", "claim-1=0.5", "--json")
    assert unmet.exit_code == 3
    table = pd.read_csv(tmp_path / "out" / "claims.csv")
    assert table["name"].tolist() == ["solves", "claim-1"]
    assert table["met"].tolist() == [True, False]
    assert [row["met"] for row in json.loads(unmet.stdout)["claims"]] == [True, False]
    page = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert 'id="claims"' in page
    assert "Less probable than required:</strong> claim-1." in page
    assert "pass_at_k(1) rl &gt; 0.2" in page


def test_without_a_requirement_nothing_fails(judge):
    result = judge("--claim", NEVER)
    assert result.exit_code == 0
    assert "claim-1" in result.stdout


def test_no_probability_is_rounded_to_certainty(judge, tmp_path):
    """Of a finite number of draws, a claim that holds in all is as probable as these can tell, and no more."""
    result = judge("--claim", "pass_at_k(1) rl > 0.05", "--claim", "lost(16) > 11.9")
    rows = [line.split() for line in result.stdout.splitlines() if line.startswith("claim-")]
    assert [row[-2] for row in rows] == [">0.999", "<0.001"]
    page = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert "<td>&gt;0.999</td>" in page
    assert "2 claims and their probabilities: claim-1 &gt;0.999, claim-2 &lt;0.001." in page
    assert "required" not in page[page.index("2 claims and") : page.index("2 claims and") + 200]
    flows = re.search(r"<td>[^<]*<td>([^<]+)<td>([^<]+)<td>16/16<td>16/16", page)
    assert flows is not None
    assert flows.groups() == ("&lt;0.01", "&lt;0.01")


def test_claims_with_and_without_a_requirement_are_told_apart(judge, tmp_path):
    for arguments, words in (
        (("--require", "claim-1=0.95"), "2 claims, none of 1 with a required probability less probable than required."),
        (("--require", "claim-1=0.95", "--require", "claim-2=0"), "2 claims, none less probable than required."),
    ):
        judge("--claim", ALWAYS, "--claim", NEVER, *arguments)
        assert words in (tmp_path / "out" / "report.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--claim", "shrinkge(16) > 0"), "did you mean shrinkage?"),
        (("--claim", ALWAYS, "--require", "claim-2=.5"), "no claim"),
        (("--claim", ALWAYS, "--require", "1.5"), "no probability"),
        (("--claim", ALWAYS, "--require", "claim-1=x"), "no probability"),
        (("--claim", ALWAYS, "--require", ".5", "--require", "claim-1=.5"), "one probability for all"),
        (("--claims", "nowhere.toml"), "No such file"),
        (("--require", "x=.5"), "no claim"),
        (("--require", ".95"), "no claim is there to have it"),
    ],
)
def test_wrong_claims_are_refused_before_anything_is_fitted(judge, tmp_path, arguments, why):
    result = judge(*arguments)
    assert result.exit_code == 2
    assert why in result.stderr
    assert not (tmp_path / "out").exists()
