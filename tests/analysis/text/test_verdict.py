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


def curve_order(crosses=0.0, crosses_back=0.0, ahead=0.0, behind=0.0, catches_up=None, crosses_twice=0.0):
    return CurveOrder(64, crosses, crosses_back, ahead, behind, catches_up, crosses_twice)


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (
            at(N, 0.021, 0.012, 0.031, 0.997, 0),
            "At k = 16 rl solves 2.1 points fewer than its base [1.2, 3.1]: narrowed (over 99 % sure).",
        ),
        (
            at(N, -0.021, -0.031, -0.012, 0, 0.96),
            "At k = 16 rl solves 2.1 points more than its base [1.2, 3.1]: widened (96 % sure).",
        ),
        (
            at(N, 0.001, -0.002, 0.004, 0.01, 0.0),
            "At k = 16 rl solves 0.1 points fewer than its base [0.2 more to 0.4 fewer]: no material difference (99 % "
            "sure).",
        ),
        (
            at(N, 0.005, -0.012, 0.021, 0.5, 0.1),
            "At k = 16 rl solves 0.5 points fewer than its base [1.2 more to 2.1 fewer]: cannot tell yet (likeliest: "
            "narrowed, 50 %).",
        ),
        (
            at(N, -0.005, -0.021, 0.012, 0.1, 0.5),
            "At k = 16 rl solves 0.5 points more than its base [1.2 fewer to 2.1 more]: cannot tell yet (likeliest: "
            "widened, 50 %).",
        ),
        (
            at(N, -0.0001, -0.01, 0.02, 0.2, 0.1),
            "At k = 16 rl solves about as many as its base [2.0 fewer to 1.0 more]: cannot tell yet (likeliest: no "
            "material difference, 70 %).",
        ),
        (
            at(N, -0.0, -0.0, 0.0001, 0, 0),
            "At k = 16 rl solves as many as its base (difference below 0.05 points): no material difference (over 99 % "
            "sure).",
        ),
    ],
)
def test_the_word_the_points_and_how_sure_it_is(rows, sentence):
    assert text(rows).startswith(f"{sentence} ")


@pytest.mark.parametrize(
    ("chances", "detail"),
    [
        ((0.96, 0.0), "Narrowed: pass@16 is lower than that of its base by more than 1 point, with probability 0.96."),
        ((0.0, 0.96), "Widened: pass@16 is higher than that of its base by more than 1 point, with probability 0.96."),
        (
            (0.01, 0.01),
            "No material difference: pass@16 differs from that of its base by at most 1 point, with probability 0.98.",
        ),
        (
            (0.6, 0.1),
            "pass@16 is lower than that of its base by more than 1 point with probability 0.60, higher by more than 1 "
            "point with probability 0.10, and neither with probability 0.30.",
        ),
    ],
)
def test_each_probability_says_what_it_is_of_and_names_the_margin(chances, detail):
    assert text(at(N, 0.05, 0.03, 0.07, *chances), margin=0.01).endswith(detail)


@pytest.mark.parametrize(
    ("order", "lead", "detail"),
    [
        (
            curve_order(crosses=0.97),
            "rl is ahead of its base up to k = 5 [3, 9]; at k = 16 it solves 10.0 points fewer [5.0, 20.0]: ",
            " It is ahead by more than 0.5 points at some k and behind by more than 0.5 points at a larger one with "
            "probability 0.97.",
        ),
        (
            curve_order(crosses=0.49),
            "rl solves 10.0 points more than its base [5.0, 20.0] at k = 1; at k = 16 it solves 10.0 points fewer ",
            "",
        ),
        (
            curve_order(ahead=0.98),
            "rl is ahead of its base at every k up to 16; at k = 16 it solves ",
            " It is ahead by more than 0.5 points at every k up to 16 with probability 0.98.",
        ),
        (
            curve_order(behind=0.95),
            "rl is behind its base at every k up to 16; at k = 16 it solves ",
            " It is behind by more than 0.5 points at every k up to 16 with probability 0.95.",
        ),
        (
            curve_order(crosses_back=0.6, catches_up=CrossingBudget(20.0, 4.0, np.inf)),
            "rl is probably behind its base up to k = 20 [4, beyond 64] (extrapolated); at k = 16 it solves ",
            " It is behind by more than 0.5 points at some k and ahead by more than 0.5 points at a larger one with "
            "probability 0.60.",
        ),
        (
            curve_order(crosses_back=0.6, catches_up=CrossingBudget(np.nan, np.nan, np.nan)),
            "rl is probably behind its base first and ahead of it later; at k = 16 it solves ",
            " with probability 0.60.",
        ),
        (
            curve_order(crosses=0.97, crosses_back=0.98, crosses_twice=0.96),
            "rl is ahead of its base at some k and behind it at others: the curves cross more than once; at k = 16 "
            "it solves ",
            " Both hold together, so that the curves cross more than once, with probability 0.96.",
        ),
        (
            curve_order(crosses=0.6, crosses_back=0.7, crosses_twice=0.5),
            "rl is probably ahead of its base at some k and behind it at others: the curves probably cross more than "
            "once; at k = 16 it solves ",
            " Both hold together, so that the curves cross more than once, with probability 0.50.",
        ),
        (  # each of half of the draws: no draw crosses twice
            curve_order(crosses=0.5, crosses_back=0.5),
            "rl is probably ahead of its base up to k = 5 [3, 9]; at k = 16 it solves ",
            " with probability 0.50.",
        ),
        (
            curve_order(crosses=0.6, crosses_back=0.7, crosses_twice=0.3),
            "rl is probably behind its base first and ahead of it later; at k = 16 it solves ",
            " with probability 0.70.",
        ),
    ],
)
def test_how_the_curves_run(order, lead, detail):
    first = at(1, -0.1, -0.2, -0.05, 0, 1)
    rows = [*first, *at(N, 0.1, 0.05, 0.2, 1, 0), row("crossover", np.nan, 5.0, 3.0, 9.0)]
    assert text(rows, order=order).startswith(lead)
    assert text(rows, order=order).endswith(detail)


def test_beyond_the_samples_nothing_is_said_without_a_mark():
    rows = [*at(N, 0.1, 0.05, 0.2, 1, 0), *at(64, 0.02, -0.01, 0.05, 0.7, 0.1)]
    assert text(rows).endswith(
        " Beyond n = 16 the data alone cannot say. Extrapolated to k = 64, it solves 2.0 points fewer than its base "
        "[1.0 more to 5.0 fewer]: cannot tell yet (likeliest: narrowed, 70 %)."
    )


def totals(rl, base, n=N):
    return {"org/rl": Totals(rl, 40 * n, n, n), "org/base": Totals(base, 40 * n, n, n)}


def test_nothing_solved_and_everything_solved_is_all_that_is_said():
    rows = at(N, 0.0, -0.01, 0.01, 0.1, 0.2)
    assert text(rows, totals=totals(0, 0)) == "Neither model solved any problem in 16 samples each."
    every = "Both models solved every problem in every sample, 16 samples each."
    assert text(rows, totals=totals(640, 640)) == every
    assert text(rows, totals=totals(0, 5)).startswith("rl solved no problem in 16 samples each; at k = 16 rl ")
    assert text(rows, totals=totals(5, 640)).startswith(
        "base solved every problem in every sample, 16 samples each; at k = 16 rl solves about as many as its base ["
    )


@pytest.mark.parametrize(
    ("narrowed", "widened", "words"),
    [
        (0.997, 0, "pass@16 is lower than that of its base, with probability over 0.99"),
        (0, 0.96, "pass@16 is higher than that of its base, with probability 0.96"),
        (0, 0.01, "pass@16 is that of its base, with probability 0.99"),
        (0.6, 0.4, "is lower than that of its base with probability 0.60, higher with probability 0.40, and neither"),
    ],
)
def test_without_a_margin_nothing_is_so_by_more_than_zero(narrowed, widened, words):
    rows = at(N, 0.0, -0.01, 0.01, narrowed, widened)
    sentences = text(rows, margin=0.0, order=curve_order(crosses=0.99), totals=totals(60, 64))
    assert words in sentences
    assert "It is ahead at some k and behind at a larger one with probability 0.99." in sentences
    assert "0 points" not in sentences


def test_where_all_was_solved_there_is_no_word_and_no_probability_beside_the_sentence():
    rows = [*at(N, 0.0, 0.0, 0.0, 0, 0), *at(64, 0.0, 0.0, 0.0, 0, 0)]
    stated = verdict(
        estimates_frame(rows), "all", "org/rl", "org/base", N, order=curve_order(), totals=totals(640, 640)
    )
    assert (stated.word, stated.probability, stated.no_crossover_word) == ("cannot tell yet", None, "\N{EN DASH}")
    record = stated.as_dict()
    assert [record[name] for name in ("direction", "at_n", "beyond", "calls")] == [None, None, None, []]


@pytest.mark.parametrize(
    ("order", "k", "word"),
    [
        (curve_order(crosses=0.04), N, "none up to k = 64"),
        (curve_order(crosses=0.3), N, "unclear"),
        (curve_order(crosses=0.6), N, None),
        (curve_order()._replace(max_k=2), 1, "\N{EN DASH}"),
        (curve_order()._replace(max_k=2), 2, "none up to k = 2"),
    ],
)
def test_no_crossover_is_said_of_the_budgets_looked_at_alone(order, k, word):
    rows = estimates_frame(at(k, -0.02, -0.03, -0.01, 0, 0.99))
    assert verdict(rows, "all", "org/rl", "org/base", N, order=order).no_crossover_word == word


def test_with_an_erring_verifier_nothing_is_called_solved():
    rows = at(N, 0.0, -0.01, 0.01, 0.1, 0.2)
    sentences = text(rows, totals=totals(0, 640), with_errors=True)
    assert sentences.startswith(
        "rl has no sample judged correct and base has every sample judged correct; at k = 16 rl"
    )
    assert sentences.endswith("All of this allows for errors of the verifier.")
    assert "solved any" not in text(rows, totals=totals(0, 0), with_errors=True)


def test_a_fit_that_did_not_converge_says_so_first_and_is_not_sure():
    rows = [*at(N, 0.021, 0.012, 0.031, 0.997, 0), *at(64, 0.1, 0.05, 0.2, 1, 0)]
    failed = verdict(estimates_frame(rows), "all", "org/rl", "org/base", N, is_converged=False)
    assert failed.sentence == failed.text
    assert failed.sentence == (
        "A fit did not converge, so that no number here is to be relied on: at k = 16 rl solves 2.1 points fewer than "
        "its base [1.2, 3.1], cannot tell yet."
    )
    assert (failed.word, failed.probability) == ("cannot tell yet", None)
    assert failed.next_step == "Run again with another seed, or with more draws from Python."
    alone = verdict(estimates_frame([row("pass_at_k", 1, 0.5, 0.4, 0.6)]), "b", "org/rl", None, N, is_converged=False)
    assert alone.sentence.startswith(
        "A fit did not converge, so that no number here is to be relied on: rl solves 50.0"
    )


def test_few_problems_and_few_samples_are_a_caution():
    assert cautions(20, 16, {}) == ()
    few, rest_on_the_prior = cautions(5, 8, totals(3, 4, n=8))
    assert few == "Caution: there are 5 problems only, so that each moves pass@k by up to about 20 points."
    assert rest_on_the_prior == "Caution: with 8 samples of each problem the estimates rest much on the prior."
    rows = [row("pass_at_k", 1, 0.5, 0.4, 0.6, n_problems=1)]
    assert text(rows, None).endswith(" Caution: there is one problem only, so that pass@k is that of this one problem.")
    assert cautions(7, 16, {}) == (
        "Caution: there are 7 problems only, so that each moves pass@k by up to about 14 points.",
    )


def test_of_new_problems_few_tell_little():
    assert cautions(1, 16, {}, on_new_problems=True) == (
        "Caution: there is one problem only, which tells almost nothing of new ones.",
    )
    assert cautions(5, 16, {}, on_new_problems=True) == (
        "Caution: there are 5 problems only, which tell little of new ones.",
    )
    rows = [fact | {"target": "superpopulation", "n_problems": 1} for fact in at(N, 0.0, -0.3, 0.3, 0.4, 0.4)]
    assert text(rows).endswith("there is one problem only, which tells almost nothing of new ones.")


def test_of_few_problems_it_is_said_what_the_prior_expects():
    (caution,) = cautions(5, 16, {}, expected_lead=1.0)
    assert caution.endswith(
        " The prior expects RL's logits of solve rates to be 1.0 above its base's where both solve little: with so few "
        "problems the sign of a difference may come from it."
    )
    assert cautions(20, 16, {}, expected_lead=1.0) == ()


@pytest.mark.parametrize(
    ("n", "base", "rl", "samples"),
    [
        (8, (64, 64), (8, 8), "8 samples of each problem by rl"),
        (8, (8, 8), (8, 8), "8 samples of each problem"),
        (1, (1, 64), (1, 64), "one sample of more than a tenth of the problems"),
        (4, (64, 64), (1, 64), "4 samples or fewer of more than a tenth of the problems by rl"),
        (1, (0, 8), (8, 8), "one sample or none of more than a tenth of the problems by base"),
        (0, (0, 8), (8, 8), "no sample of more than a tenth of the problems by base"),
    ],
)
def test_few_samples_are_said_of_the_model_and_the_problems_that_have_them(n, base, rl, samples):
    ends = {"org/base": Totals(5, 100, *base), "org/rl": Totals(5, 100, *rl)}
    assert cautions(20, n, ends) == (f"Caution: with {samples} the estimates rest much on the prior.",)


def test_a_script_gets_the_word_and_its_probabilities():
    rows = [*at(N, 0.021, 0.012, 0.031, 0.99, 0), *at(64, 0.02, -0.01, 0.05, 0.7, 0.1)]
    record = verdict(estimates_frame(rows), "all", "org/rl", "org/base", N, order=curve_order(crosses=0.7)).as_dict()
    assert record["word"] == "narrowed"
    assert [(call["k"], call["word"], call["extrapolated"]) for call in record["calls"]] == [
        (N, "narrowed", False),
        (64, "cannot tell yet", True),
    ]
    assert record["calls"][1]["likeliest"] == "narrowed"
    assert (record["crossover"]["probability"], record["crossover"]["spoken_of"]) == (0.7, True)


def test_a_settled_verdict_on_one_sample_has_no_next_step():
    rows = [fact | {"extrapolated": False} for fact in at(1, 0.2, 0.1, 0.3, 0.99, 0)]
    narrowed = verdict(estimates_frame(rows), "b", "org/rl", "org/base", 1)
    assert (narrowed.word, narrowed.next_step) == ("narrowed", "")
    rows = [fact | {"extrapolated": False} for fact in at(1, 0.2, -0.1, 0.3, 0.6, 0.1)]
    open_verdict = verdict(estimates_frame(rows), "b", "org/rl", "org/base", 1)
    assert open_verdict.next_step.startswith("One sample of each problem tells little")


def test_one_model_alone():
    rows = [row("pass_at_k", 1, 0.5, 0.4, 0.6), row("pass_at_k", N, 0.9, 0.85, 0.95)]
    assert text(rows, None) == (
        "rl solves 50.0 % [40.0, 60.0] of the problems with one sample and 90.0 % [85.0, 95.0] with 16."
    )


def test_one_model_alone_beyond_its_samples():
    sentence = text([row("pass_at_k", 64, 0.9, 0.85, 0.95)], None)
    assert sentence == (
        "rl solves 90.0 % [85.0, 95.0] of the problems with 64 samples (extrapolated: every budget lies beyond n = 16)."
        " Beyond n = 16 the data alone cannot say."
    )


def test_plug_ins_are_not_taken_for_estimates():
    observed = row("pass_at_k", 1, 0.1, float("nan"), float("nan"), kind="observed", prior="")
    assert text([observed, row("pass_at_k", 1, 0.5, 0.4, 0.6)], None) == (
        "rl solves 50.0 % [40.0, 60.0] of the problems with one sample."
    )
