"""Benchmarks that are chosen: the others of the file leave no trace, neither in `all` nor anywhere else."""

import json

import pandas as pd
import pytest

import boundary as bd
from boundary.analysis.claims.plan import _panel
from boundary.analysis.fitting import make_panels
from boundary.analysis.report.summary import summary_json
from boundary.analysis.verifier_errors import VerifierErrors, misclassification_rates
from boundary.data.counts import Counts
from boundary.errors import InputError
from boundary.stats.priors import PRIORS

COLUMNS = ["model", "benchmark", "problem_id", "n_samples", "n_correct", "n_truncated"]
BENCHMARKS = ["easy", "hard"]


def file_of(benchmarks, models=("base", "rl"), left_out=()):
    """Six problems of each benchmark and model, with what is odd on the benchmark that nobody chooses."""
    rows = []
    for benchmark in benchmarks:
        for m, model in enumerate(models):
            for i in range(6):
                n = 2 + i if benchmark == "other" else 8
                rows.append(
                    (
                        model,
                        benchmark,
                        f"p{i}",
                        n,
                        min(n, i + (benchmark == "hard") + m) if benchmark != "other" else 1,
                        0,
                    )
                )
    table = pd.DataFrame(rows, columns=COLUMNS)
    table.loc[table["benchmark"] == "other", "n_truncated"] = 1
    return table.loc[[row not in left_out for row in zip(table["model"], table["benchmark"], strict=True)]]


def options(**more):
    return {"k": [1, 4, 16], "prior": "independent", "seed": 3} | more


@pytest.mark.parametrize(
    "more",
    [{"base": "base", "claims": ["shrinkage(4) > 0"]}, {"rank": True, "estimands": ["rank"]}],
    ids=["pair", "rank"],
)
def test_the_others_of_the_file_leave_no_trace(more):
    whole = bd.analyze(file_of(["easy", "other", "hard"]), benchmarks=BENCHMARKS, **options(**more))
    alone = bd.analyze(file_of(BENCHMARKS), **options(**more))
    assert whole.benchmarks == ("easy", "hard", "all")
    assert whole.estimates.loc[whole.estimates["benchmark"] == "all", "n_problems"].eq(12).all()
    pd.testing.assert_frame_equal(whole.estimates, alone.estimates)
    pd.testing.assert_frame_equal(whole.problems, alone.problems)
    pd.testing.assert_frame_equal(whole.claims, alone.claims)
    pd.testing.assert_frame_equal(whole.counts.table, alone.counts.table)
    assert json.loads(summary_json(whole)) == json.loads(summary_json(alone))
    assert whole.missing_outcomes.shares.empty
    assert whole.optional_stopping == alone.optional_stopping


@pytest.mark.parametrize(
    ("requested", "benchmarks"),
    [
        (["easy", "hard", "all"], {"easy": 6, "hard": 6, "all": 12}),
        ("all", {"all": 18}),
        ("easy", {"easy": 6}),
        (None, {"easy": 6, "other": 6, "hard": 6, "all": 18}),
    ],
)
def test_all_pools_what_is_named_beside_it_and_everything_by_itself(requested, benchmarks):
    result = bd.analyze(file_of(["easy", "other", "hard"]), base="base", benchmarks=requested, **options())
    assert result.estimates.groupby("benchmark")["n_problems"].max().to_dict() == benchmarks


def test_all_beside_one_benchmark_is_refused():
    with pytest.raises(InputError, match="only 'easy' is"):
        bd.analyze(file_of(BENCHMARKS), base="base", benchmarks=["easy", "all"])


def test_a_benchmark_that_cannot_be_compared_on_is_refused_by_name():
    with pytest.raises(InputError, match=r"the base base has no samples on 'hard'.*--benchmark"):
        bd.analyze(file_of(BENCHMARKS, left_out=[("base", "hard")]), base="base")
    with pytest.raises(InputError, match="no model beside the base has samples on 'hard'"):
        bd.analyze(file_of(BENCHMARKS, left_out=[("rl", "hard")]), base="base")


def test_models_without_samples_on_the_chosen_are_left_out_unless_they_are_named():
    table = file_of(BENCHMARKS, models=("base", "rl", "other-rl"), left_out=[("other-rl", "hard")])
    result = bd.analyze(table, base="base", benchmarks="hard", **options())
    assert result.models == ("base", "rl")
    with pytest.raises(InputError, match="'other-rl' has no samples on hard"):
        bd.analyze(table, base="base", rl=["rl", "other-rl"], benchmarks="hard", **options())


def test_error_rates_go_to_problems_of_one_label_in_two_benchmarks():
    rows = [(m, b, p, 8, 4, 0) for m in ("base", "rl") for b, p in (("a", "b/c"), ("a/b", "c"))]
    counts = Counts.from_frame(pd.DataFrame(rows, columns=COLUMNS))
    prior = PRIORS["nonparametric"]()
    rates = misclassification_rates(VerifierErrors({"a": 0.1, "a/b": 0.2}), counts, counts.benchmarks, prior, False)
    panel = make_panels(counts, "base", ["rl"], ["all"], common_only=False, error_rates=rates)[0]
    assert panel.counts.pairs == [("a", "b/c"), ("a/b", "c")]
    assert panel.errors.false_positive[:, 0, 0].tolist() == [0.1, 0.2]


def test_a_plan_does_not_take_the_last_benchmark_where_they_are_not_pooled():
    table = file_of(BENCHMARKS, models=("base", "rl", "other-rl"), left_out=[("other-rl", "hard")])
    table.loc[table["model"] == "other-rl", "model"] = "third"
    counts = Counts.from_frame(table)
    assert _panel(counts, "base", "rl", None, False).benchmark == "all"
    with pytest.raises(InputError, match="no model beside the base has samples on 'hard'"):
        _panel(counts, "base", "third", None, False)
