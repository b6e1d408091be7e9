"""Optional stopping: adaptive arms are recognised or declared, and have no unbiased estimates."""

import numpy as np
import pandas as pd
import pytest

import boundary as bd
from boundary.analysis.checks.optional_stopping import adaptive_arms
from boundary.data.counts import Counts
from boundary.errors import InputError

N = 20


def table(**columns):
    """Counts of a base and an RL model on 12 problems, N samples each."""
    models = np.repeat(["the-base", "the-rl"], 12)
    n_correct = np.random.default_rng(0).binomial(N, 0.4, 24)
    frame = {"model": models, "problem_id": [*range(12)] * 2, "n_samples": N, "n_correct": n_correct}
    return pd.DataFrame(frame).assign(**columns)


def sequential():
    """An RL model sampled up to its first success, a base with a fixed number of samples."""
    rng = np.random.default_rng(3)
    first = np.minimum(rng.geometric(rng.beta(0.5, 4, 30)), 65)
    rl = {"model": "the-rl", "n_samples": np.minimum(first, 64), "n_correct": (first <= 64).astype(int)}
    base = {"model": "the-base", "n_samples": 64, "n_correct": rng.binomial(64, 0.1, 30)}
    return pd.concat([pd.DataFrame({"problem_id": range(30)} | arm) for arm in (base, rl)])


def test_sampling_up_to_a_success_is_recognised_and_unbiased_estimates_are_withheld(tmp_path):
    result = bd.analyze(sequential(), base="the-base", prior="independent", k=[1, 4, 16])
    assert [note.model for note in result.optional_stopping] == ["the-rl"]
    rows = result.estimates
    assert "the-rl" not in set(rows.loc[rows["kind"].isin(["observed", "bounds", "sup_t"]), "model"])
    assert "the-base" in set(rows.loc[rows["kind"] == "observed", "model"])
    assert {"pass_at_k", "shrinkage"} <= set(rows.loc[rows["prior"] == "independent", "estimand"])
    result.write(tmp_path)
    assert "The number of samples depends on the outcome" in (tmp_path / "report.html").read_text()


def test_a_declared_rule_goes_before_what_is_recognised():
    assert not adaptive_arms(Counts.from_frame(sequential()), "fixed")
    declared = Counts.from_frame(table(stopping="first success"))
    assert {note.model for note in adaptive_arms(declared)} == {"the-base", "the-rl"}
    assert not adaptive_arms(Counts.from_frame(sequential().assign(stopping="fixed")))


@pytest.mark.parametrize("source", ["option", "column"])
def test_an_unknown_rule_is_refused(source):
    frame = table() if source == "option" else table(stopping="whenever")
    with pytest.raises(InputError, match="'whenever' is no stopping rule"):
        adaptive_arms(Counts.from_frame(frame), "whenever" if source == "option" else None)
