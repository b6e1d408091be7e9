"""Numbers of samples one by one against the counts."""

import pandas as pd

import boundary as bd
from boundary.analysis.checks.sample_numbers import sample_number_notes

SAMPLES = pd.DataFrame(
    {"model": "m", "benchmark": "b", "problem_id": ["1", "1", "2", "2"], "sample_index": [0, 1] * 2, "outcome": "wrong"}
)


def notes(samples):
    return list(sample_number_notes(bd.load_counts(SAMPLES), samples, ["m"], ["b"]))


def test_equal_numbers_and_no_samples_need_no_note():
    assert notes(SAMPLES) == notes(None) == notes(SAMPLES.assign(model="other")) == []
    assert notes(SAMPLES.assign(problem_id=[1, 1, 2, 2])) == []


def test_fewer_samples_are_said_and_more_are_alarming():
    (fewer,) = notes(SAMPLES.iloc[1:])
    assert fewer.severity == "remark"
    assert fewer.text.startswith("m, b: the samples one by one are 3, the counts are of 4. Those of 1 problems")
    (more,) = notes(pd.concat([SAMPLES, SAMPLES.iloc[3:].assign(sample_index=2)]))
    assert more.alarming
    assert "At 1 problems, the first 2, there are more samples" in more.text


def test_an_analysis_holds_the_note():
    counts = bd.load_counts(pd.concat([SAMPLES, SAMPLES.assign(model="rl")])).table
    samples = pd.concat([SAMPLES, SAMPLES.iloc[:3].assign(sample_index=[2, 3, 4])])
    analysis = bd.analyze(counts, "m", "rl", k=[1, 2], prior="independent", estimands=["lost"], samples=samples)
    assert any("more samples than are counted" in note.text for note in analysis.missing_outcomes.remarks)
