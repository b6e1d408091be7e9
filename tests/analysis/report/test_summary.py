"""The summary is strict JSON with the headline estimates."""

import json

from boundary.analysis.report.summary import summary, summary_json


def strict(text):
    """Read JSON, refusing NaN and Infinity."""

    def refuse(constant):
        raise AssertionError(constant)

    return json.loads(text, parse_constant=refuse)


def test_summary_is_strict_json(pair, single, failed):
    for analysis in (pair, single, failed):
        assert strict(summary_json(analysis)) == summary(analysis)


def test_summary_says_none_for_a_crossover_beyond_all_budgets(pair):
    rows = [row for row in summary(pair)["estimates"] if row["estimand"] == "crossover"]
    assert [row["upper"] for row in rows] == ["none", "none", 32.0]
    assert all(row["k"] is None for row in rows)


def test_summary_has_the_headline_budgets(pair, failed):
    rows = summary(pair)["estimates"]
    assert {row["k"] for row in rows if row["estimand"] == "pass_at_k"} == {1, 128, 1024}
    assert any(row["kind"] == "observed" and row["estimand"] == "lost" and row["mean"] == 33 for row in rows)
    assert summary(failed)["ok"] is False
    assert summary(failed)["diagnostics"][0]["ok"] is False
