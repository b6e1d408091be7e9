"""The verdict's words and numbers."""

import numpy as np
import pytest

from boundary.analysis.estimates.table import estimates_frame
from boundary.analysis.text.verdict import Totals, cautions, verdict
from boundary.stats.estimands.crossing import CrossingBudget, CurveOrder

N = 16
MINUS = "\N{MINUS SIGN}"


def row(estimand, k, mean, lower=np.nan, upper=np.nan, equivalent=np.nan, **facts):
    return {
        "estimand": estimand,
        "model": "org/rl",
        "kind": "posterior",
        "prior": "nonparametric",
        "k": k,
        "mean": mean,
        "median": mean,
        "lower": lower,
        "upper": upper,
        "prob_equivalent": equivalent,
        "extrapolated": k > N,
        "n_problems": 40,
        **facts,
    }


def at(k, mean, lower, upper, narrowed, widened):
    """The rows of a shrinkage at one budget."""
    return [
        row("shrinkage", k, mean, lower, upper, 1 - narrowed - widened),
        row("narrowed", k, narrowed),
        row("widened", k, widened),
    ]


def text(rows, reference="base", **more):
    return verdict(estimates_frame(rows), "all", "org/rl", reference and f"org/{reference}", N, **more).text


def curve_order(crosses=0.0, crosses_back=0.0, ahead=0.0, behind=0.0, catches_up=None):
    return CurveOrder(64, crosses, crosses_back, ahead, behind, catches_up)


@pytest.mark.parametrize(
    ("rows", "start"),
    [
        (
            at(N, 0.021, 0.012, 0.031, 0.997, 0),
            "Narrowed at k = 16: rl solves 2.1 points less than its base [1.2, 3.1] (by more than 0.5 points with "
            "probability over 0.99).",
        ),
        (
            at(N, -0.021, -0.031, -0.012, 0, 0.96),
            "Widened at k = 16: rl solves 2.1 points more than its base [1.2, 3.1] (by more than 0.5 points with "
            "probability 0.96).",
        ),
        (
            at(N, 0.001, -0.002, 0.004, 0.01, 0.0),
            f"No material difference at k = 16: rl solves 0.1 points less than its base [{MINUS}0.2, 0.4] (within 0.5 "
            "points with probability 0.99).",
        ),
        (
            at(N, 0.005, -0.012, 0.021, 0.5, 0.1),
            f"Cannot tell yet at k = 16: rl solves 0.5 points less than its base [{MINUS}1.2, 2.1]. A narrowing by "
            "more than 0.5 points is likeliest, with probability 0.50.",
        ),
        (
            at(N, -0.005, -0.021, 0.012, 0.1, 0.5),
            f"Cannot tell yet at k = 16: rl solves 0.5 points more than its base [{MINUS}1.2, 2.1]. A widening by more "
            "than 0.5 points is likeliest, with probability 0.50.",
        ),
        (
            at(N, -0.0001, -0.01, 0.02, 0.2, 0.1),
            "Cannot tell yet at k = 16: rl solves about as much as its base [2.0 points less to 1.0 points more]. No "
            "material difference is likeliest, with probability 0.70.",
        ),
        (
            at(N, -0.0, -0.0, 0.0001, 0, 0),
            "No material difference at k = 16: rl solves as much as its base to within 0.1 points (within 0.5 points "
            "with probability over 0.99).",
        ),
    ],
)
def test_the_word_the_points_and_what_the_probability_is_of(rows, start):
    assert text(rows) == start


def test_the_margin_is_named():
    assert "by more than 1 point with" in text(at(N, 0.05, 0.03, 0.07, 1, 0), margin=0.01)


@pytest.mark.parametrize(
    ("order", "sentence"),
    [
        (
            curve_order(crosses=0.97),
            "It is ahead up to k of about 5 [3, 9], behind from there on (probability of such a crossover: 0.97).",
        ),
        (curve_order(crosses=0.49), "At k = 1 it solves 10.0 points more than its base [5.0, 20.0]."),
        (curve_order(ahead=0.98), "It is ahead by more than 0.5 points at every k up to 16 with probability 0.98."),
        (curve_order(behind=0.95), "It is behind by more than 0.5 points at every k up to 16 with probability 0.95."),
        (
            curve_order(crosses_back=0.6, catches_up=CrossingBudget(20.0, 4.0, np.inf)),
            "It is probably behind up to k of about 20 [4, beyond 64], ahead from there on (extrapolated; probability "
            "of such a crossover: 0.60).",
        ),
        (
            curve_order(crosses_back=0.6, catches_up=CrossingBudget(np.nan, np.nan, np.nan)),
            "It is probably behind first and ahead later (probability of such a crossover: 0.60).",
        ),
        (curve_order(crosses=0.6, crosses_back=0.7), "The two curves cross more than once."),
    ],
)
def test_how_the_curves_run(order, sentence):
    first = at(1, -0.1, -0.2, -0.05, 0, 1)
    rows = [*first, *at(N, 0.1, 0.05, 0.2, 1, 0), row("crossover", np.nan, 5.0, 3.0, 9.0)]
    assert text(rows, order=order).endswith(f" {sentence}")


def test_beyond_the_samples_nothing_is_said_without_a_mark():
    rows = [*at(N, 0.1, 0.05, 0.2, 1, 0), *at(64, 0.02, -0.01, 0.05, 0.7, 0.1)]
    assert text(rows).endswith(
        f"Beyond n = 16 the data alone cannot say. Extrapolated to k = 64: cannot tell yet, 2.0 points less than its "
        f"base [{MINUS}1.0, 5.0] (a narrowing by more than 0.5 points is likeliest, with probability 0.70)."
    )


def totals(rl, base, n=N):
    return {"org/rl": Totals(rl, 40 * n, n, n), "org/base": Totals(base, 40 * n, n, n)}


def test_nothing_solved_and_everything_solved_is_all_that_is_said():
    rows = at(N, 0.0, -0.01, 0.01, 0.1, 0.2)
    assert text(rows, totals=totals(0, 0)) == "Neither model solved any problem in 16 samples each."
    every = "Both models solved every problem in every sample, 16 samples each."
    assert text(rows, totals=totals(640, 640)) == every
    assert text(rows, totals=totals(0, 5)).startswith("rl solved no problem in 16 samples each. Cannot tell yet")
    assert text(rows, totals=totals(5, 640)).startswith("base solved every problem in every sample, 16 samples each. ")


def test_few_problems_and_few_samples_are_a_caution():
    assert cautions(20, 16) == ()
    few, rest_on_the_prior = cautions(5, 8)
    assert few == "Caution: there are 5 problems only, so that each moves pass@k by up to 20 points."
    assert rest_on_the_prior == "Caution: with 8 samples of each problem the estimates rest much on the prior."
    rows = [row("pass_at_k", 1, 0.5, 0.4, 0.6, n_problems=1)]
    assert text(rows, None).endswith(
        " Caution: there is one problem only, so that each moves pass@k by up to 100 points."
    )


def test_a_script_gets_the_word_and_its_probabilities():
    rows = [*at(N, 0.021, 0.012, 0.031, 0.99, 0), *at(64, 0.02, -0.01, 0.05, 0.7, 0.1)]
    record = verdict(estimates_frame(rows), "all", "org/rl", "org/base", N, order=curve_order(crosses=0.7)).as_dict()
    assert record["word"] == "narrowed"
    assert [(call["k"], call["word"], call["extrapolated"]) for call in record["calls"]] == [
        (N, "narrowed", False),
        (64, "cannot tell yet", True),
    ]
    assert record["calls"][1]["likeliest"] == "narrowed"
    assert record["crossover"] == {"probability": 0.7, "spoken_of": True}


def test_one_model_alone():
    rows = [row("pass_at_k", 1, 0.5, 0.4, 0.6), row("pass_at_k", N, 0.9, 0.85, 0.95)]
    assert text(rows, None) == (
        "rl solves 50.0 % [40.0, 60.0] of the problems with k = 1 and 90.0 % [85.0, 95.0] of the problems with k = 16."
    )


def test_one_model_alone_beyond_its_samples():
    sentence = text([row("pass_at_k", 64, 0.9, 0.85, 0.95)], None)
    assert sentence.startswith("rl: every budget asked for lies beyond the samples; beyond n = 16 ")


def test_plug_ins_are_not_taken_for_estimates():
    observed = row("pass_at_k", 1, 0.1, float("nan"), float("nan"), kind="observed", prior="")
    assert text([observed, row("pass_at_k", 1, 0.5, 0.4, 0.6)], None) == (
        "rl solves 50.0 % [40.0, 60.0] of the problems with k = 1."
    )
