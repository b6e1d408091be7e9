"""CoT-pass@k: estimates of samples that are right with valid reasoning, and errors of the judge of reasoning."""

import numpy as np
import pandas as pd
import pytest

import boundary as bd
from boundary.analysis.checks.valid_reasoning import valid_counts
from boundary.data.counts import Counts
from boundary.errors import InputError
from boundary.stats.priors import NonParametric

N = 20


def table():
    """Counts of a base that is truncated often, and so seldom right, and of an RL model that is not."""
    rng = np.random.default_rng(0)
    parts = []
    for model, share in (("the-base", 0.3), ("the-rl", 0.01)):
        truncated = rng.binomial(np.full(12, N), share)
        n_correct = rng.binomial(N - truncated, rng.beta(1, 1.5, 12))
        parts.append(pd.DataFrame({"model": model, "problem_id": range(12), "n_samples": N, "n_correct": n_correct}))
    return pd.concat(parts, ignore_index=True)


def test_valid_reasoning_has_estimates_of_its_own(tmp_path):
    frame = table()
    frame["n_correct_cot"] = frame["n_correct"] // 2
    result = bd.analyze(frame, base="the-base", prior="independent", k=[1, 4, 16])
    rows = result.estimates.set_index(["estimand", "model", "kind", "k"])["mean"]
    half = (frame.loc[frame["model"] == "the-rl", "n_correct_cot"] / N).mean()
    assert rows["cot_pass_at_k", "the-rl", "observed", 1] == pytest.approx(half)
    gap = rows["cot_pass_at_k", "the-base", "posterior", 4] - rows["cot_pass_at_k", "the-rl", "posterior", 4]
    assert rows["cot_shrinkage", "the-rl", "posterior", 4] == pytest.approx(gap)
    result.write(tmp_path)
    assert "Correct answers with valid reasoning" in (tmp_path / "report.html").read_text()


def test_a_judge_that_errs_is_reckoned_with():
    frame = table()
    frame["n_correct_cot"] = frame["n_correct"] // 2
    small = NonParametric(new_problems=8)
    judges = [None, bd.VerifierErrors(false_negative=0.3)]
    options = {"prior": small, "k": [1], "estimands": ["lost"], "error_curve": False}
    tables = [bd.analyze(frame, base="the-base", judge=judge, **options).estimates for judge in judges]
    rows = [estimates.set_index(["estimand", "model", "kind", "k"])["mean"] for estimates in tables]
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
