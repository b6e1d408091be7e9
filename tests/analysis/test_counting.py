"""What was counted: outcomes that are no verdict, sampling that stopped at a success, valid reasoning."""

import json

import numpy as np
import pandas as pd
import pytest

import boundary as bd
from boundary.analysis.checks.missing_outcomes import as_missing, outcome_shares
from boundary.analysis.checks.optional_stopping import adaptive_arms
from boundary.analysis.checks.valid_reasoning import valid_counts
from boundary.analysis.request import chosen_classes
from boundary.data.counts import Counts
from boundary.errors import InputError
from boundary.stats.priors import NonParametric

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


def sequential():
    """An RL model sampled up to its first success, a base with a fixed number of samples."""
    rng = np.random.default_rng(3)
    first = np.minimum(rng.geometric(rng.beta(0.5, 4, 30)), 65)
    rl = {"model": "the-rl", "n_samples": np.minimum(first, 64), "n_correct": (first <= 64).astype(int)}
    base = {"model": "the-base", "n_samples": 64, "n_correct": rng.binomial(64, 0.1, 30)}
    return pd.concat([pd.DataFrame({"problem_id": range(30)} | one) for one in (base, rl)])


def analysed(frame, **options):
    return bd.analyze(frame, base="the-base", prior="independent", k=[1, 4, 16], **options)


@pytest.fixture(scope="module")
def both_ways():
    return analysed(table())


def test_both_treatments_stand_side_by_side(both_ways, tmp_path):
    rows = both_ways.outcomes.rows
    chosen = rows.loc[(rows["model"] == "the-base") & (rows["estimand"] == "pass_at_k") & (rows["k"] == 1)]
    means = chosen.loc[chosen["kind"] == "observed"].set_index("treatment")["mean"]
    counts = both_ways.counts.table.loc[both_ways.counts.table["model"] == "the-base"]
    assert means["wrong"] == pytest.approx((counts["n_correct"] / N).mean())
    assert means["missing"] == pytest.approx((counts["n_correct"] / (N - counts["n_truncated"])).mean())
    both_ways.write(tmp_path)
    assert set(pd.read_csv(tmp_path / "outcomes.csv")["treatment"]) == {"wrong", "missing"}
    page = (tmp_path / "report.html").read_text()
    assert "Samples that came to no verdict" in page
    assert "weigh most on the-base, the base" in page
    said = json.loads((tmp_path / "summary.json").read_text())["counting"]
    assert any("as wrong or as missing" in one["text"] for one in said)


def test_missing_on_demand_gives_the_same_pair_of_treatments(both_ways):
    other = analysed(table(), outcomes_as_missing="truncated")
    assert other.settings["outcomes_as_missing"] == ["truncated"]
    keys = ["treatment", "benchmark", "estimand", "model", "k", "prior"]
    mine, theirs = (one.outcomes.rows.loc[lambda r: r["k"] == 4].set_index(keys) for one in (both_ways, other))
    pd.testing.assert_series_equal(mine["mean"].sort_index(), theirs["mean"].sort_index(), atol=0.02)


def test_few_such_samples_are_not_spoken_of():
    frame = table(n_truncated=0)
    frame.loc[0, ["n_correct", "n_truncated"]] = [1, 1]
    shares = outcome_shares(Counts.from_frame(frame), ["default"])
    assert shares["share"].max() < 0.01
    found = analysed(frame).outcomes
    assert len(found.rows)
    assert not found.remarks


def test_no_such_samples_no_second_fit():
    assert analysed(table(n_truncated=0)).outcomes.rows.empty


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


def test_sampling_up_to_a_success_is_recognised_and_unbiased_estimates_are_withheld(tmp_path):
    found = analysed(sequential())
    assert [one.model for one in found.stopped] == ["the-rl"]
    rows = found.estimates
    assert "the-rl" not in set(rows.loc[rows["kind"].isin(["observed", "bounds", "sup_t"]), "model"])
    assert "the-base" in set(rows.loc[rows["kind"] == "observed", "model"])
    assert {"pass_at_k", "shrinkage"} <= set(rows.loc[rows["prior"] == "independent", "estimand"])
    found.write(tmp_path)
    assert "The number of samples depends on the outcome" in (tmp_path / "report.html").read_text()


def test_a_declared_rule_goes_before_what_is_recognised():
    assert not adaptive_arms(Counts.from_frame(sequential()), "fixed")
    declared = Counts.from_frame(table(stopping="first success"))
    assert {one.model for one in adaptive_arms(declared)} == {"the-base", "the-rl"}
    assert not adaptive_arms(Counts.from_frame(sequential().assign(stopping="fixed")))


@pytest.mark.parametrize("where", ["option", "column"])
def test_an_unknown_rule_is_refused(where):
    frame = table() if where == "option" else table(stopping="whenever")
    with pytest.raises(InputError, match="'whenever' is no stopping rule"):
        adaptive_arms(Counts.from_frame(frame), "whenever" if where == "option" else None)


def test_valid_reasoning_has_estimates_of_its_own(tmp_path):
    frame = table()
    frame["n_correct_cot"] = frame["n_correct"] // 2
    found = analysed(frame)
    rows = found.estimates.set_index(["estimand", "model", "kind", "k"])["mean"]
    half = (frame.loc[frame["model"] == "the-rl", "n_correct_cot"] / N).mean()
    assert rows["cot_pass_at_k", "the-rl", "observed", 1] == pytest.approx(half)
    gap = rows["cot_pass_at_k", "the-base", "posterior", 4] - rows["cot_pass_at_k", "the-rl", "posterior", 4]
    assert rows["cot_shrinkage", "the-rl", "posterior", 4] == pytest.approx(gap)
    found.write(tmp_path)
    assert "Right answers with valid reasoning" in (tmp_path / "report.html").read_text()


def test_a_judge_that_errs_is_reckoned_with():
    frame = table()
    frame["n_correct_cot"] = frame["n_correct"] // 2
    small = NonParametric(chains=4, draws=60, new_problems=8)
    judges = [None, bd.VerifierErrors(false_negative=0.3)]
    found = [bd.analyze(frame, base="the-base", prior=small, k=[1, 4], judge=judge).estimates for judge in judges]
    rows = [one.set_index(["estimand", "model", "kind", "k"])["mean"] for one in found]
    key = ("the-rl", "posterior", 1)
    # 30 % of what is right and valid was called wrong, so that there is 1 / .7 as much of it.
    assert rows[1]["cot_pass_at_k", *key] / rows[0]["cot_pass_at_k", *key] == pytest.approx(1 / 0.7, rel=0.08)
    assert rows[1]["pass_at_k", *key] == rows[0]["pass_at_k", *key]


def test_a_judge_of_nothing_is_refused():
    with pytest.raises(InputError, match="no model has a whole column n_correct_cot"):
        bd.analyze(table(), base="the-base", prior="independent", judge=bd.VerifierErrors(false_positive=0.1))


def test_models_without_judged_reasoning_are_left_out():
    frame = table()
    assert valid_counts(Counts.from_frame(frame)) is None
    frame["n_correct_cot"] = frame["n_correct"].astype(float)
    frame.loc[frame["model"] == "the-base", "n_correct_cot"] = np.nan
    assert valid_counts(Counts.from_frame(frame)).models == ("the-rl",)


def test_more_valid_than_correct_is_refused():
    frame = table()
    frame["n_correct_cot"] = frame["n_correct"] + 1
    with pytest.raises(InputError, match="at most n_correct"):
        Counts.from_frame(frame)
