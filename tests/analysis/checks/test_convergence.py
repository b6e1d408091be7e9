"""The diagnostics of a fit: its worst estimates, and how well the ends of its intervals are known."""

import numpy as np
import pandas as pd

from boundary.analysis.checks.convergence import check_convergence, interval_error_sentence


def row(estimand, k=np.nan, error=0.01, upper=0.5, **more):
    """One posterior row of the estimates table, converged unless said otherwise."""
    converged = {"r_hat": 1.001, "ess_bulk": 900.0, "ess_tail": 800.0}
    return {"estimand": estimand, "k": k, "lower": 0.0, "upper": upper, "interval_mc_error": error} | converged | more


def check(*rows):
    return check_convergence("AIME24", "rl", "nonparametric", [*rows, {"estimand": "pass_at_k", "kind": "observed"}])


def test_the_worst_estimates_are_named():
    fit = check(row("pass_at_k", 8, 0.03), row("gained", 16, 0.02, ess_tail=410.0), row("tail_exponent", error=np.nan))
    assert fit["ok"]
    assert fit["message"] == ""
    assert (fit["max_r_hat"], fit["min_ess"], fit["worst"]) == (1.001, 410.0, "gained at k = 16")
    assert (fit["max_interval_mc_error"], fit["worst_interval"]) == (0.03, "pass_at_k at k = 8")


def test_a_fit_that_has_not_converged_says_what_is_wrong():
    fit = check(row("pass_at_k", 8), row("tail_exponent", r_hat=1.07))
    assert not fit["ok"]
    assert fit["worst"] == "tail_exponent"
    assert "R-hat 1.070 (wanted: at most 1.01), effective draws 800" in fit["message"]


def test_budgets_and_intervals_that_are_too_narrow_to_be_seen_have_no_error_that_counts():
    rows = [
        row("crossover", error=0.5, upper=30.0),
        row("pass_at_k", 8, 0.4, upper=0.0009),
        row("gained", 8, 0.3, 0.09),
    ]
    fit = check(*rows)
    assert fit["ok"]
    assert np.isnan(fit["max_interval_mc_error"])
    assert fit["worst_interval"] == ""
    assert interval_error_sentence(pd.DataFrame([fit])) == ""
    assert check(*rows, row("lost", 8, 0.02, 0.11))["worst_interval"] == "lost at k = 8"


def test_errors_within_the_last_digit_are_stated_but_break_no_limit():
    """Of [0, .3] points an error of .06 is a fifth of the width; of 2 points it is a thirtieth, and larger."""
    narrow, wide = row("pass_hat_k", 512, 0.19, 0.003), row("pass_at_k", 8, 0.03, 0.05)
    fit = check(narrow, wide)
    assert (fit["max_interval_mc_error"], fit["worst_interval"]) == (0.19, "pass_hat_k at k = 512")
    assert (fit["max_visible_mc_error"], fit["worst_visible"]) == (0.03, "pass_at_k at k = 8")
    sentence = interval_error_sentence(pd.DataFrame([fit]))
    assert "known to within 3.0 % of the interval's width, or to one in the last digit shown" in sentence
    assert "more draws" not in sentence
    assert "that digit it is up to 19.0 % of the width (pass_hat_k at k = 512, AIME24)" in sentence
    alone = interval_error_sentence(pd.DataFrame([check(narrow)]))
    assert alone.startswith("The ends of intervals are known to one in the last digit shown (Monte Carlo error).")
    assert "up to 19.0 %" in alone


def test_errors_above_the_limit_are_marked_but_the_fit_passes():
    fits = [check(row("gained", 8, error, 20.0)) | {"benchmark": name} for name, error in (("a", 0.0612), ("b", 0.02))]
    assert all(fit["ok"] for fit in fits)
    sentence = interval_error_sentence(pd.DataFrame(fits))
    assert "known to within 6.1 % of the interval's width" in sentence
    assert "(Monte Carlo error; worst: gained at k = 8, a)" in sentence
    assert "That is more than 4 % in 1 of 2 fits" in sentence
    just_above = interval_error_sentence(pd.DataFrame([check(row("gained", 8, 0.0402, 20.0))]))
    assert "known to within 4.02 % of" in just_above
    assert "That is more than 4 %" in just_above
    assert "more than 4 %" not in interval_error_sentence(pd.DataFrame(fits[1:]))
    assert "That is more than 4 %: more draws" in interval_error_sentence(pd.DataFrame(fits[:1]))
