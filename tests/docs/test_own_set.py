"""The scripts that write the page on the own models: exact values, comparisons, and sentences that must hold."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "rl_vs_base"
BASE, MODEL = "SmolLM2-135M-Instruct", "GRPO-80"


@pytest.fixture
def script(monkeypatch):
    """Load a script of the example, which is in no package; afterwards its names are free again."""
    monkeypatch.syspath_prepend(EXAMPLE)
    before = set(sys.modules)
    yield importlib.import_module
    for name in {path.stem for path in EXAMPLE.glob("*.py")} - before:
        sys.modules.pop(name, None)


@pytest.fixture
def rates():
    """Exact rates of two models on three problems: within reach, out of reach, and seldom solved by both."""
    columns = ["model", "benchmark", "problem_id", "p"]
    rows = [(BASE, "sums", "a", 0.5), (BASE, "sums", "b", 1e-4), (BASE, "sums", "c", 0.01)]
    rows += [(MODEL, "sums", "a", 0.8), (MODEL, "sums", "b", 0.6), (MODEL, "sums", "c", 0.0)]
    return pd.DataFrame(rows, columns=columns)


def test_the_exact_gain_is_split_by_the_reach_of_the_base(script, rates):
    gain = script("witness").exact_gain(rates, MODEL)
    assert gain.amplified == pytest.approx((0.3 - 0.01) / 3)
    assert gain.discovered == pytest.approx((0.6 - 1e-4) / 3)
    assert gain.share_within == pytest.approx(0.8 / 1.4)


def test_the_base_catches_up_where_the_exact_curves_cross(script, rates):
    truth = script("page").Truth(rates)
    k = truth.caught_up(MODEL)
    assert truth.shrinkage(MODEL, k) >= 0 > truth.shrinkage(MODEL, k - 1)
    assert truth.pass_at_k(BASE, 1) == pytest.approx((0.5 + 1e-4 + 0.01) / 3)


def test_scores_are_compared_with_the_exact_rates_of_the_base(script, rates):
    reach = pd.DataFrame(
        {
            "benchmark": "sums",
            "problem_id": ["a", "b"],
            "model": MODEL,
            "certain_bound": [0.4, 1e-5],
            "bound_lower": [0.45, 2e-4],
            "estimate_mean": [0.25, np.nan],
            "estimate_lower": [0.2, np.nan],
            "estimate_upper": [1.0, np.nan],
            "counts_mean": [0.5, 1e-3],
            "counts_lower": [0.4, 2e-4],
            "counts_upper": [0.6, 3e-3],
            "disagreement": ["", "scores lower"],
        }
    )
    agreement = script("witness").agreement_with_truth(reach, rates, MODEL)
    assert (agreement.problems, agreement.certain, agreement.expected) == (2, 2, 1)
    assert (agreement.estimated, agreement.held, agreement.counts_held) == (1, 1, 1)
    assert agreement.error == pytest.approx(2)
    assert (agreement.lower, agreement.rightly) == (1, 1)


def test_ratios_of_probabilities_are_compared_with_the_exact_rates(script, rates):
    sample = {"model": MODEL, "benchmark": "sums", "problem_id": "a", "outcome": "correct"}
    scored = [
        {**sample, "sample_index": i, "scorer": scorer, "sum_logp": np.log(p) + 0.01 * (-1) ** i * (scorer == BASE)}
        for i in range(100)
        for scorer, p in ((BASE, 0.4), (MODEL, 0.8))
    ]
    table = script("witness").importance_table(pd.DataFrame(scored), rates)
    assert "| GRPO-80 | 1 of 1 | 1.00 |" in table


def test_a_sentence_that_no_longer_holds_stops_the_script(script):
    page = script("page")
    assert page.require(True, "pass@1 rises") == ""
    with pytest.raises(ValueError, match="says that pass@1 rises, which is no longer so"):
        page.require(False, "pass@1 rises")


def test_answers_are_read_as_the_verdict_reads_them(script):
    number = script("tables").number
    assert [number(text) for text in ("048 eggs", "48.5", "is 48", " 7\n")] == ["48", None, None, "7"]


def test_empty_cells_of_a_table_in_markdown_are_one_space_wide(script):
    assert script("witness").markdown(["", "a"], [["b", ""]]) == "| | a |\n| --- | --- |\n| b | |"
