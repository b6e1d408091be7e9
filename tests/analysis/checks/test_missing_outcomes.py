"""Missing outcomes: the main estimates with them as wrong and as missing, and the classes that may be missing."""

import json
import re

import numpy as np
import pandas as pd
import pytest

import boundary as bd
from boundary.analysis.checks.missing_outcomes import as_missing, outcome_shares
from boundary.analysis.options import chosen_classes
from boundary.analysis.report.page import report_html
from boundary.data.counts import Counts
from boundary.errors import InputError

N = 20


def table(**columns):
    """Counts of a base that is truncated often and an RL model that is not."""
    rng = np.random.default_rng(0)
    parts = []
    for model, share in (("the-base", 0.3), ("the-rl", 0.01)):
        n = np.full(12, N)
        truncated = rng.binomial(n, share)
        c = rng.binomial(n - truncated, rng.beta(1, 1.5, 12))
        part = {"model": model, "problem_id": range(12), "n_samples": n, "n_correct": c, "n_truncated": truncated}
        parts.append(pd.DataFrame(part))
    return pd.concat(parts, ignore_index=True).assign(**columns)


def analysed(frame, **options):
    return bd.analyze(frame, base="the-base", prior="independent", k=[1, 4, 16], **options)


@pytest.fixture(scope="module")
def both_ways():
    return analysed(table())


def test_both_treatments_stand_side_by_side(both_ways, tmp_path):
    rows = both_ways.missing_outcomes.rows
    pass_at_1 = rows.loc[(rows["model"] == "the-base") & (rows["estimand"] == "pass_at_k") & (rows["k"] == 1)]
    means = pass_at_1.loc[pass_at_1["kind"] == "observed"].set_index("treatment")["mean"]
    counts = both_ways.counts.table.loc[both_ways.counts.table["model"] == "the-base"]
    assert means["wrong"] == pytest.approx((counts["n_correct"] / N).mean())
    assert means["missing"] == pytest.approx((counts["n_correct"] / (N - counts["n_truncated"])).mean())
    both_ways.write(tmp_path)
    assert set(pd.read_csv(tmp_path / "outcomes.csv")["treatment"]) == {"wrong", "missing"}
    page = (tmp_path / "report.html").read_text()
    assert "Samples that came to no verdict" in page
    assert "weigh most on the-base, the base" in page
    notes = json.loads((tmp_path / "summary.json").read_text())["counting"]
    assert any("as wrong or as missing" in note["text"] for note in notes)


def test_missing_on_demand_gives_the_same_pair_of_treatments(both_ways):
    other = analysed(table(), outcomes_as_missing="truncated")
    assert other.settings["outcomes_as_missing"] == ["truncated"]
    keys = ["treatment", "benchmark", "estimand", "model", "k", "prior"]
    first, second = (
        result.missing_outcomes.rows.loc[lambda rows: rows["k"] == 4].set_index(keys) for result in (both_ways, other)
    )
    pd.testing.assert_series_equal(first["mean"].sort_index(), second["mean"].sort_index(), atol=0.02)


def test_few_missing_outcomes_give_no_remark():
    frame = table(n_truncated=0)
    frame.loc[0, ["n_correct", "n_truncated"]] = [1, 1]
    shares = outcome_shares(Counts.from_frame(frame), ["default"])
    assert shares["share"].max() < 0.01
    outcomes = analysed(frame).missing_outcomes
    assert len(outcomes.rows)
    assert not outcomes.remarks


def test_without_missing_outcomes_there_is_no_second_fit():
    assert analysed(table(n_truncated=0)).missing_outcomes.rows.empty


@pytest.mark.parametrize(
    ("names", "why"), [("truncatd", "Did you mean 'truncated'"), ("empty", "no column n_empty"), ("", "no outcome")]
)
def test_classes_that_there_are_not_are_refused(names, why):
    with pytest.raises(InputError, match=why):
        chosen_classes(names, Counts.from_frame(table()))


def test_a_missing_sample_is_no_sample():
    counts = Counts.from_frame(table())
    left = as_missing(counts, ["truncated"]).table
    assert (left["n_samples"] == N - counts.table["n_truncated"]).all()
    assert (left["n_correct"] == counts.table["n_correct"]).all()


def test_an_extrapolation_by_missing_samples_is_marked():
    """With truncated samples missing, more than a tenth of the problems have fewer than 20 samples left."""
    analysis = bd.analyze(table(), base="the-base", prior="independent", k=[1, N])
    (note,) = [note.text for note in analysis.missing_outcomes.remarks if "as wrong or as missing" in note.text]
    assert f"at k = {N} is " in note
    assert note.count("(extrapolated)") == 1 + ("the verdict there is" in note)
    assert "the verdict is the same." not in note
    page = report_html(analysis)
    assert re.search(r"<td>[^<(]*\]</td><td>[^<(]*\] \(extrapolated\)</td>", page)
