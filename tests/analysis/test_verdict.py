"""The verdict's words and numbers."""

import pytest

from boundary.analysis.estimates import estimates_frame
from boundary.analysis.verdict import verdict

N = 16


def row(estimand, k, mean, lower, upper, prob_positive=0.6, **facts):
    return {
        "estimand": estimand,
        "prior": "nonparametric",
        "k": k,
        "mean": mean,
        "median": mean,
        "lower": lower,
        "upper": upper,
        "prob_positive": prob_positive,
        "extrapolated": False,
        "n_problems": 40,
        **facts,
    }


def said(rows, reference="base"):
    return verdict(estimates_frame(rows), "all", "org/rl", reference and f"org/{reference}", N).text


def pair(at_n, until=(5.0, 3.0, 9.0), never=0.0, first=0.01):
    lead = row("shrinkage", 1, -0.1, -0.2, -0.05, prob_positive=first)
    crossing = row("crossover", float("nan"), *until)
    return [lead, at_n, crossing, row("no_crossover", 64, never, 0, 1)]


@pytest.mark.parametrize(
    ("mean", "lower", "upper", "text"),
    [
        (0.021, 0.012, 0.031, "covers 2.1 points less [1.2, 3.1], P = 0.60"),
        (0.005, -0.012, 0.021, "covers 0.5 points less [\N{MINUS SIGN}1.2, 2.1], P = 0.60"),
        (-0.005, -0.021, 0.012, "covers 0.5 points more [\N{MINUS SIGN}1.2, 2.1], P = 0.40"),
        (-0.021, -0.031, -0.012, "covers 2.1 points more [1.2, 3.1], P = 0.40"),
        (0.005, -0.0001, 0.021, "covers 0.5 points less [0.0, 2.1], P = 0.60"),
    ],
)
def test_points_have_a_direction_an_ordered_interval_and_a_true_minus(mean, lower, upper, text):
    found = said(pair(row("shrinkage", N, mean, lower, upper)))
    assert f"at k = 16 it {text}" in found
    assert "-" not in found


def test_a_lead_until_a_crossing():
    assert said(pair(row("shrinkage", N, 0.1, 0.05, 0.2))).startswith("rl leads up to k of about 5 [3, 9]; ")


def test_a_lead_that_lasts_as_far_as_was_looked():
    found = said(pair(row("shrinkage", N, 0.1, 0.05, 0.2), until=(float("inf"), 20, float("inf")), never=0.9))
    assert found.startswith("rl leads at every k up to 64 (P = 0.90 that 64 is not enough to catch up); ")


def test_no_lead_at_all():
    at_one = row("shrinkage", 1, 0.1, 0.05, 0.2, prob_positive=0.99)
    assert said([at_one]) == ("base leads rl already at k = 1, where rl covers 10.0 points less [5.0, 20.0], P = 0.99.")


def test_a_crossing_beyond_the_samples_is_marked():
    assert "(extrapolated)" in said(pair(row("shrinkage", N, 0.1, 0.05, 0.2), until=(20.0, 3.0, 60.0)))


def test_one_model_alone():
    rows = [row("pass_at_k", 1, 0.5, 0.4, 0.6), row("pass_at_k", N, 0.9, 0.85, 0.95)]
    assert said(rows, None) == (
        "rl solves 50.0 % [40.0, 60.0] of the problems with k = 1 and 90.0 % [85.0, 95.0] of the problems with k = 16."
    )


def test_one_model_alone_beyond_its_samples():
    found = said([row("pass_at_k", 64, 0.9, 0.85, 0.95, extrapolated=True)], None)
    assert found.startswith("rl: every budget asked for lies beyond the samples; beyond n = 16 ")


def test_plug_ins_are_not_taken_for_estimates():
    observed = row("pass_at_k", 1, 0.1, float("nan"), float("nan"), prior="observed")
    found = said([observed, row("pass_at_k", 1, 0.5, 0.4, 0.6)], None)
    assert found == "rl solves 50.0 % [40.0, 60.0] of the problems with k = 1."
