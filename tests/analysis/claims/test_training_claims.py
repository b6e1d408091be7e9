"""Claims on methods, strata, peaks, and perplexities: they say what the sections of the report say."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

import boundary as bd
from boundary.analysis.claims.comparisons import (
    ModelName,
    PeakComparison,
    RunsComparison,
    RunsName,
    Stratum,
    StratumComparison,
)
from boundary.analysis.claims.grammar import parse_claim
from boundary.errors import InputError

N_PROBLEMS, N = 24, 16


def training_counts():
    """Two methods of three and two runs, on problems of two levels; one is lost by GRPO."""
    rng = np.random.default_rng(3)
    logits, parts = rng.normal(-0.5, 1.5, N_PROBLEMS), []
    level = np.where(np.arange(N_PROBLEMS) < 12, "hard", "easy")

    def add(model, gain, **columns):
        p = expit(logits + gain + 0.2 * rng.standard_normal(N_PROBLEMS))
        p = np.where((level == "hard") & (model != "base"), p * 0.4, p)
        labels = {"model": model, "benchmark": "made", "problem_id": range(N_PROBLEMS), "n_samples": N, "level": level}
        parts.append(pd.DataFrame(labels | {"n_correct": rng.binomial(N, p)} | columns))

    add("base", 0.0, method="", training_run="")
    for method, n_runs, gain in (("GRPO", 3, 1.0), ("PPO", 2, 0.7)):
        for run in range(n_runs):
            add(f"{method}-{run}", gain + 0.2 * run, method=method, training_run=str(run))
    return pd.concat(parts, ignore_index=True)


def step_counts():
    """One run of three checkpoints, which peaks at the second."""
    rng = np.random.default_rng(4)
    rates, parts = np.linspace(0.1, 0.8, N_PROBLEMS), []
    for model, step, gain in (("base", "", 0.0), ("s1", "100", 0.3), ("s2", "200", 1.2), ("s3", "400", 0.6)):
        p = expit(np.log(rates / (1 - rates)) + gain)
        labels = {"model": model, "benchmark": "made", "problem_id": range(N_PROBLEMS), "n_samples": N}
        parts.append(pd.DataFrame(labels | {"n_correct": rng.binomial(N, p), "checkpoint_step": step}))
    return pd.concat(parts, ignore_index=True)


def analysed(counts, **options):
    return bd.analyze(counts, "base", k=[1, N], prior="independent", estimands=["lost"], **options)


@pytest.fixture(scope="module")
def of_methods():
    return analysed(training_counts(), strata="level")


@pytest.fixture(scope="module")
def of_steps():
    return analysed(step_counts())


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        (
            "shrinkage(8) method(GRPO) > 0.02",
            RunsComparison("shrinkage", 8, RunsName("method", "GRPO"), ">", 0.02),
        ),
        (
            'pass_at_k(1) new_run("my method") > method(PPO)',
            RunsComparison("pass_at_k", 1, RunsName("new_run", "my method"), ">", RunsName("method", "PPO")),
        ),
        (
            "pass_at_k(1) method(3) >= base",
            RunsComparison("pass_at_k", 1, RunsName("method", "3"), ">=", ModelName("base")),
        ),
        (
            "shrinkage(16) stratum(level, 5) > stratum(level, '1')",
            StratumComparison("shrinkage", 16, None, Stratum("level", "5"), ">", Stratum("level", "1")),
        ),
        (
            "pass_at_k(1) rl stratum(contaminated, yes) < 50 %",
            StratumComparison("pass_at_k", 1, ModelName("rl"), Stratum("contaminated", "yes"), "<", 0.5),
        ),
        ("peak(64) <= 160", PeakComparison(64, "", "<=", 160.0)),
        ("peak(64) 'GRPO 1' > 80", PeakComparison(64, "GRPO 1", ">", 80.0)),
        # A model of that name is one, without parentheses.
        ("pass_at_k(1) method > base", parse_claim('pass_at_k(1) "method" > base').comparisons[0]),
    ],
)
def test_the_language(text, meant):
    (comparison,) = parse_claim(text).comparisons
    if isinstance(meant, tuple) and hasattr(meant, "tau"):
        assert comparison._replace(model=None) == meant._replace(model=None)
    else:
        assert comparison == meant


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("lost(8) method(GRPO) > 1", "methods and strata have pass_at_k and shrinkage, not lost"),
        ("shrinkage(8) method() > 1", "expected a name"),
        ("shrinkage(8) method(GRPO) > base", "a number or a method"),
        ("pass_at_k(8) stratum(level, hard) > 0", "of one model"),
        ("shrinkage(8) stratum(level) > 0", "expected ','"),
        ("shrinkage(8) stratum(level, hard) > rl", "a number or another stratum"),
        ("peak(8) > base", "expected a training step"),
        ("peak > 3", r"expected '\('"),
        ("peak(8) > 100 and shrinkage(8) > 0", "stands alone"),
        ("shrinkage(8) > 0 and shrinkage(8) stratum(level, hard) > 0", "stands alone"),
    ],
)
def test_what_is_not_of_the_language(text, why):
    with pytest.raises(InputError, match=why):
        parse_claim(text)


def row(table, **labels):
    for name, value in labels.items():
        table = table.loc[table[name] == value]
    return table.iloc[0]


def test_claims_on_methods_have_the_probabilities_of_the_section(of_methods):
    table = bd.claims(
        of_methods,
        [
            "shrinkage(16) method(GRPO) > 0",
            "shrinkage(1) new_run(GRPO) < 0",
            "pass_at_k(1) method(GRPO) > method(PPO)",
            "pass_at_k(16) new_run(PPO) > 0",
        ],
    )
    rows = of_methods.training_runs.estimates
    assert table["probability"][0] == row(rows, estimand="shrinkage", of="method", method="GRPO", k=16)["prob_positive"]
    assert table["probability"][1] == row(rows, estimand="shrinkage", of="new_run", method="GRPO", k=1)["prob_negative"]
    best = row(rows, estimand="best_method", method="GRPO", k=1)["mean"]
    assert table["probability"][2] == pytest.approx(best, abs=1e-9)
    assert table["probability"][3] == 1.0
    assert (table["mc_error"] > 0).all()
    assert not table["extrapolated"].any()
    assert table["note"][0] == "rests on 3 runs of GRPO and on the prior of how much runs differ"
    assert table["note"][2].count("on the prior of how much runs differ") == 2
    (of_models,) = bd.claims(of_methods, 'lost(1) "GRPO-0" > 1')["note"]
    assert "runs of" not in of_models


def test_a_method_is_compared_with_the_base_and_with_other_claims(of_methods):
    table = bd.claims(
        of_methods,
        {
            "above": "pass_at_k(1) method(GRPO) > base",
            "negative": "shrinkage(1) method(GRPO) < 0",
            "both": "shrinkage(1) method(GRPO) < 0 and shrinkage(16) method(PPO) > 0",
            "mixed": 'shrinkage(1) method(GRPO) < 0 and pass_at_k(1) "GRPO-0" > base',
        },
    ).set_index("name")["probability"]
    assert table["above"] == table["negative"]
    assert table["both"] <= table["negative"]
    assert table["mixed"] <= table["negative"]


def test_claims_on_strata_have_the_probabilities_of_the_section(of_methods):
    table = bd.claims(
        of_methods,
        [
            'shrinkage(16) "GRPO-1" stratum(level, hard) > stratum(level, easy)',
            'shrinkage(16) "GRPO-1" stratum(level, hard) > 0',
            "pass_at_k(1) base stratum(level, hard) > 0",
        ],
    )
    rows = of_methods.strata.estimates
    of_run = {"model": "GRPO-1", "k": 16, "kind": "posterior"}
    difference = row(rows, estimand="shrinkage_difference", **of_run)
    chance = "prob_positive" if difference["stratum"] == "hard" else "prob_negative"
    assert table["probability"][0] == pytest.approx(difference[chance], abs=1e-9)
    hard = row(rows, estimand="shrinkage", stratum="hard", **of_run)
    assert table["probability"][1] == pytest.approx(hard["prob_positive"], abs=1e-9)
    assert table["probability"][2] > 0.99


def test_claims_on_a_peak_have_the_probabilities_of_the_section(of_steps):
    table = bd.claims(of_steps, ["peak(16) > 100", "peak(1) >= 400"])
    rows = of_steps.trajectory.estimates.query("estimand == 'peak'")
    at_16 = rows.loc[(rows["k"] == 16) & (rows["step"] > 100), "mean"].sum()
    assert table["probability"][0] == pytest.approx(at_16, abs=0.01)  # ties are broken at random
    assert table["probability"][1] == pytest.approx(
        rows.loc[(rows["k"] == 1) & (rows["step"] == 400), "mean"].iloc[0], abs=0.01
    )


def test_a_peak_at_a_checkpoint_whose_step_is_not_known_has_a_note():
    counts = step_counts().assign(checkpoint_step=lambda rows: rows["checkpoint_step"].replace("400", "final"))
    table = bd.claims(analysed(counts), ["peak(16) > 250", "peak(16) > 100"])
    assert table["note"].str.contains("the step of the last checkpoint is not known and was taken to be 300").all()


def test_draws_that_differ_by_rounding_alone_do_not_satisfy_a_claim():
    solved = step_counts().loc[lambda rows: rows["model"].isin(["base", "s1"])].assign(n_correct=N)
    table = bd.claims(
        analysed(solved.drop(columns="checkpoint_step")),
        ["pass_at_k(4096) s1 > base", "pass_at_k(4096) s1 < base", "pass_at_k(4096) s1 >= base"],
    )
    assert table["probability"].tolist() == [0.0, 0.0, 1.0]


@pytest.mark.parametrize(
    ("claim", "why"),
    [
        ("shrinkage(8) method(GRP) > 0", "Did you mean 'GRPO'"),
        ("pass_at_k(8) method(base) > 0", "There are: GRPO, PPO"),
        ('shrinkage(8) "GRPO-1" stratum(lvel, hard) > 0', "Did you mean 'level'"),
        ('shrinkage(8) "GRPO-1" stratum(level, soft) > 0', "There are: easy, hard"),
        ('shrinkage(8) "GRPO-1" stratum(level, hard) > stratum(method, GRPO)', "name one column"),
        ("shrinkage(8) stratum(level, hard) > 0", "does not say which RL model"),
        ("peak(8) > 100", "no training run"),
    ],
)
def test_unknown_names_are_refused_before_any_fit(claim, why, monkeypatch):
    monkeypatch.setattr("boundary.analysis.analyze._fitted_analysis", None)
    with pytest.raises(InputError, match=why):
        analysed(training_counts(), claims=[claim])


def test_strata_are_not_claimed_beyond_the_samples(of_methods):
    with pytest.raises(InputError, match="only 16 samples"):
        bd.claims(of_methods, 'shrinkage(64) "GRPO-1" stratum(level, hard) > 0')


def test_claims_on_methods_are_about_these_problems(of_methods):
    request = replace(of_methods.request, target="superpopulation")
    table = bd.claims(replace(of_methods, request=request), "shrinkage(16) method(GRPO) > 0")
    assert table["target"].tolist() == ["benchmark"]


def test_no_plan_is_made_for_them():
    with pytest.raises(InputError, match="--method NAME"):
        bd.plan(training_counts(), "shrinkage(8) method(GRPO) > 0", base="base", rl="GRPO-1")


def test_the_perplexity_of_one_problem_says_nothing_of_new_ones():
    samples, scores = [], []
    rng = np.random.default_rng(0)
    for model in ("base", "rl"):
        for i in range(20):
            labels = {"model": model, "benchmark": "sums", "problem_id": "q", "sample_index": i, "n_tokens": 30}
            labels["outcome"] = "correct" if rng.random() < 0.5 else "wrong"
            samples.append(labels)
            numbers = {"sum_logp": -30 - rng.random(), "n_bytes": 90, "truncated": False, "empty": False}
            scores.append(labels | numbers | {"scorer": "base", "same_vocabulary": True})
    options = {"prior": "beta_binomial", "k": [1, 20], "estimands": ["lost"], "error_curve": False}
    options |= {"scores": pd.DataFrame(scores), "claims": "perplexity(base, rl) < 5"}
    with pytest.raises(InputError, match="one problem alone has scores, which says nothing of new ones"):
        bd.analyze(pd.DataFrame(samples), "base", "rl", target="superpopulation", **options)
    assert len(bd.analyze(pd.DataFrame(samples), "base", "rl", **options).claims) == 1
