"""From a run folder that is scored by a small model to the likelihood of its analysis."""

from math import exp

import pytest

import boundary as bd
from boundary.data.runs.folder import read_samples
from boundary.data.sample_tables import load_scores
from boundary.sampling.problems import Verdict, text_hash
from boundary.sampling.scoring.run import Scoring, score_run
from boundary.sampling.store.arm import append_verdicts

pytest.importorskip("torch")


def test_a_scored_run_folder_has_perplexities(tiny_model, write_run, tmp_path):
    folder = tmp_path / "run"
    arm = write_run(folder, n=6, temperature=1.0, top_p=1.0)
    rows = list(read_samples(arm))
    outcomes = [("wrong", "correct")[place % 2] for place in range(len(rows))]
    verdicts = [
        Verdict(row["problem_id"], row["sample_index"], outcome, "1", text_hash=text_hash(row["text"]))
        for row, outcome in zip(rows, outcomes, strict=True)
    ]
    append_verdicts(arm, "number-1", verdicts)
    for reference in (False, True):
        score_run(Scoring(folder, f"tiny={tiny_model}", reference=reference))
    scores = load_scores(folder)
    assert set(scores["outcome"]) == {"correct", "wrong", "reference"}
    result = bd.analyze(folder, prior="independent", k=[1, 6])
    boxes = result.likelihood.rows.query("estimand == 'perplexity' and scorer == 'tiny'").set_index("outcome")
    assert set(boxes.index) == {"all", "right", "wrong", "reference"}
    samples = scores.loc[(scores["outcome"] != "reference") & ~scores["empty"].astype(bool)]
    mean = (samples["sum_logp"] / samples["n_tokens"]).groupby(samples["problem_id"]).mean().mean()
    assert boxes.loc["all", "lower"] < exp(-mean) < boxes.loc["all", "upper"]
    assert boxes.loc["all", "n_responses"] == len(samples)
