"""Checkpoints of one run: which they are, in which order, and what is said of them."""

import numpy as np
import pandas as pd
import pytest

from boundary.analysis.checkpoints import checkpoint_steps, in_training_order
from boundary.analysis.estimates.table import estimates_frame
from boundary.analysis.text.trajectory import trajectory_verdict
from boundary.data.counts import Counts


def counts_of(steps):
    """Two problems of each model, with its checkpoint step."""
    rows = [
        {"model": model, "benchmark": "B", "problem_id": i, "n_samples": 4, "n_correct": i, "checkpoint_step": step}
        for model, step in steps.items()
        for i in range(2)
    ]
    return Counts.from_frame(pd.DataFrame(rows))


def changed(base, first, last, *, call, later):
    """Rows of a base and two checkpoints at k = 1: P(narrowed) and P(widened), and P(last ahead), P(last behind)."""
    about = {
        "benchmark": "B",
        "kind": "posterior",
        "prior": "independent",
        "k": 1.0,
        "extrapolated": False,
        "n_problems": 30,
    }
    shares = {"base": base, "a": first, "b": last}
    rows = [about | {"estimand": "pass_at_k", "model": model, "mean": share} for model, share in shares.items()]
    narrowed, widened = call
    rows.append(about | {"estimand": "shrinkage", "model": "b", "prob_equivalent": 1 - narrowed - widened})
    rows += [
        about | {"estimand": name, "model": "b", "mean": p}
        for name, p in zip(("narrowed", "widened"), call, strict=True)
    ]
    ahead, behind = later
    same = 1 - ahead - behind
    pair = {"estimand": "better", "model": "a", "reference": "b", "mean": behind + same / 2, "prob_equivalent": same}
    return estimates_frame([*rows, about | pair])


@pytest.mark.parametrize(
    ("call", "later", "words"),
    [
        ((0, 0.99), (0.01, 0.97), ("pass@1 rises from 40.0 %", "it falls from 60.0 % to 55.0 %")),
        ((0.99, 0), (0.97, 0.01), ("pass@1 falls from", "it rises from")),
        ((0.02, 0.01), (0.01, 0.02), ("pass@1 changes by no more than 0.5 points, from", "it changes by no more than")),
        (
            (0.1, 0.6),
            (0.2, 0.7),
            ("cannot be told yet (a rise by more than 0.5 points has probability 0.60)", "(a fall by more"),
        ),
    ],
)
def test_a_trajectory_says_one_direction_a_sentence(call, later, words):
    rows = changed(0.4, 0.6, 0.55, call=call, later=later)
    text = trajectory_verdict(rows, "B", {"base": "0", "a": "10", "b": "20"}, 1).text
    first, second = text.split(" Between step 10 and the last checkpoint ")
    assert words[0] in first
    assert words[1] in second
    for sentence in (first, second):
        assert sum(word in sentence.split() for word in ("rises", "falls", "up", "down", "lower", "higher")) <= 1


def test_a_trajectory_without_a_decision_says_nothing():
    rows = changed(0.4, 0.6, 0.55, call=(0.0, 0.99), later=(0.2, 0.7))
    undecided = rows[~rows["estimand"].isin(["shrinkage", "narrowed", "widened"])]
    assert trajectory_verdict(undecided, "B", {"base": "0", "a": "10", "b": "20"}, 1) is None


@pytest.mark.parametrize(
    "steps",
    [
        {"base": 0, "a": np.nan, "b": np.nan},  # which of the two is the last?
        {"base": 0, "a": 10, "b": 10},
        {"base": np.nan, "a": np.nan},
        {"base": 0, "a": 5},
    ],
)
def test_what_is_no_trajectory(steps):
    counts = counts_of(steps)
    assert checkpoint_steps(counts, "base", list(steps)) == {}
    assert checkpoint_steps(counts, None, list(steps)) == {}


def test_models_that_are_no_checkpoints_stand_behind_the_trajectory():
    steps = {"base": 0, "sft": np.nan, "late": 20, "distilled": np.nan, "early": 10}
    counts = counts_of(steps)
    rl_models = [model for model in steps if model != "base"]
    assert checkpoint_steps(counts, "base", rl_models) == {"base": "0", "early": "10", "late": "20"}
    assert in_training_order(counts, "base", rl_models) == ("early", "late", "sft", "distilled")


def test_the_sentence_ends_with_the_verdict_on_the_last_checkpoint():
    rows = changed(0.4, 0.6, 0.55, call=(0.02, 0.97), later=(0.2, 0.7))
    at_n = changed(0.8, 0.7, 0.75, call=(0.96, 0.01), later=(0.2, 0.7)).assign(k=8.0)
    verdict = trajectory_verdict(pd.concat([rows, at_n]), "B", {"base": "0", "a": "10", "b": "20"}, 8)
    assert verdict.sentence == (
        "From the base to the last of 2 checkpoints, pass@1 rises from 40.0 % to 55.0 % (97 % sure) and pass@8 falls "
        "from 80.0 % to 75.0 %: narrowed (96 % sure)."
    )
    assert (verdict.subject, verdict.n) == ("checkpoints", 8)
    assert verdict.text.startswith(verdict.sentence)


def test_what_happens_along_the_checkpoints_is_told_from_the_trajectory():
    """The trajectory decides where the pair does not; the sentence stays that of the pair, as in the tables."""
    rows = changed(0.4, 0.6, 0.55, call=(0.1, 0.6), later=(0.2, 0.7))
    trajectory = changed(0.41, 0.58, 0.56, call=(0.0, 0.99), later=(0.2, 0.7)).assign(training_run="run")
    trajectory = trajectory.loc[trajectory["estimand"] != "better"]
    falls = trajectory.iloc[[1, 1]].assign(estimand=["falls_to_last", "rises_to_last"], mean=[0.97, 0.01])
    joined = pd.concat([trajectory, falls])
    text = trajectory_verdict(rows, "B", {"base": "0", "a": "10", "b": "20"}, 1, trajectory=joined).text
    assert "pass@1 goes from 40.0 % to 55.0 % (a rise is likeliest, 60 %)." in text
    assert "as one trajectory, which borrows strength across them" in text
    assert "pass@1 rises from 41.0 % in the base to 56.0 % at the last checkpoint (by more than 0.5 points" in text
    assert "step 10 and the last checkpoint it falls from 58.0 % to 56.0 %" in text
    of_others = joined.assign(benchmark="C")
    of_pairs = trajectory_verdict(rows, "B", {"base": "0", "a": "10", "b": "20"}, 1, trajectory=of_others).text
    assert "as one trajectory" not in of_pairs
    assert "from 40.0 % in the base" in of_pairs
