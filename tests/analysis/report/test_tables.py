"""Tables of the report say what the table of estimates does."""

from boundary.analysis.report.sections.ranking import ranking_table
from boundary.analysis.report.sections.reliability import reliability_table
from boundary.analysis.report.sections.support_rates import support_table

N = 8


def test_table_of_the_ranking(run_estimates):
    table = ranking_table(run_estimates, N)
    assert table["budgets"] == ["1", "8"]
    assert [line["model"] for line in table["rows"]] == ["run-final", "run-10", "base"]
    assert table["rows"][0]["cells"][0] | {"best": "0.97", "share": "71.0"} == table["rows"][0]["cells"][0]
    # P of at least .95 either way: .99 and .97; .01 + .03 expected to be wrong.
    assert table["sentences"][0].startswith("2 of 3 pairs differ by more than 0.5 points at k = 1 (")
    assert "under 0.1 of these" in table["sentences"][0]
    assert ranking_table(run_estimates.loc[run_estimates["estimand"] != "best"], N) is None


def test_tables_of_reliability_and_support(run_estimates):
    models = ("base", "run-10", "run-final")
    first, second = reliability_table(run_estimates, models).rows
    assert (first.heading.text, second.heading.text) == ("pass^4, %", "cover@.5, %")
    assert first.cells[0] == ("12.5", "", "")
    assert second.cells[0].posterior == "25.0"
    table = support_table(run_estimates, "run-10", "base")
    assert [column.text for column in table.columns[:2]] == ["retention (SRR), %", "discovery (NDR), %"]
    assert [line.heading.text for line in table.rows] == ["1", "4", "8", "16"]
    assert table.rows[0].cells[0].observed == "80.0"
    assert table.rows[3].extrapolated
