"""Samples and scores are found wherever counts are loaded from."""

import pandas as pd
import pytest

from boundary.data.runs.folder import arms
from boundary.data.sample_tables import load_samples, load_scores
from boundary.errors import InputError
from boundary.sampling.problems import Completion, Problem, Verdict
from boundary.sampling.store.arm import open_store

PROBLEMS = (Problem("p0", "What is 1 + 1?", "2"), Problem("p1", "What is 1 + 2?", "3"))


@pytest.fixture
def run(tmp_path):
    manifest = {"model": "base", "benchmark": "sums", "template": "raw", "engine": "none", "settings": {"seed": 3}}
    with open_store(tmp_path / "run", manifest | {"n_samples": 4}, PROBLEMS) as store:
        for problem in PROBLEMS:
            store.append([Completion(problem.problem_id, i, f"{i}", "stop", 3 + i) for i in range(4)])
            outcomes = [("correct" if i == 2 else "wrong", str(i)) for i in range(4)]
            store.append_verdicts(
                "number-1", [Verdict(problem.problem_id, i, *outcome) for i, outcome in enumerate(outcomes)]
            )
    return tmp_path / "run"


def test_a_run_folder_holds_samples_with_tokens_and_answers(run):
    table = load_samples(str(run))
    assert table.equals(load_samples([run]))
    table = table.sort_values(["problem_id", "sample_index"])  # shards have names by chance
    assert table["n_tokens"].tolist() == [3.0, 4.0, 5.0, 6.0] * 2
    assert table["answer"].tolist() == ["0", "1", "2", "3"] * 2
    assert table["reference"].tolist() == ["2"] * 4 + ["3"] * 4
    assert set(table["model"]) == {"base"}
    assert set(table["run"]) == {"3"}
    assert load_scores(run) is None


def test_samples_without_a_verdict_are_refused(run):
    (arm,) = arms(run)
    for path in arm.glob("verdicts/*/*"):
        path.unlink()
    with pytest.raises(InputError, match="boundary verify"):
        load_samples(run)


def test_tables_and_counts(tmp_path):
    rows = pd.DataFrame(
        {"model": "m", "problem_id": ["a", "b"], "outcome": ["correct", "wrong"], "sample_index": 0, "n_tokens": 5}
    )
    assert load_samples(rows)["n_tokens"].tolist() == [5.0, 5.0]
    assert load_samples("deepscaler-1.5b") is None
    assert load_samples(pd.DataFrame({"model": ["m"], "problem_id": ["a"], "n_samples": [1], "n_correct": [1]})) is None
    rows.assign(n_tokens=[3, -1]).to_csv(tmp_path / "samples.csv", index=False)
    with pytest.raises(InputError, match="line 3, column n_tokens: '-1'"):
        load_samples(tmp_path / "samples.csv")


def test_scores_need_their_columns():
    table = pd.DataFrame({"model": ["m"], "sum_logp": [-1.0]})
    with pytest.raises(InputError, match="no column benchmark"):
        load_scores(table)
    complete = table.assign(benchmark="b", scorer="m", problem_id="a", sample_index=0, outcome="correct", n_tokens=2)
    assert load_scores(complete)["sum_logp"].tolist() == [-1.0]
    reference = complete.assign(outcome="reference")
    assert len(load_scores([complete, complete.assign(scorer="other"), complete.assign(run="1"), reference])) == 4
    with pytest.raises(InputError, match="sample 0 of problem a stands twice"):
        load_scores([complete, complete.assign(sample_index="0")])
    with pytest.raises(InputError, match="column sum_logp: 'inf'"):
        load_scores(complete.assign(sum_logp="inf"))


def test_outcomes_have_their_names_whatever_was_written(tmp_path):
    rows = pd.DataFrame({"model": "m", "problem_id": ["a", "b", "c"], "sample_index": 0})
    for words in ([1, 0, 1], [True, False, True], ["1", "0", "true"], ["correct", "wrong", "correct"]):
        table = rows.assign(outcome=words)
        assert load_samples(table)["outcome"].tolist() == ["correct", "wrong", "correct"]
        table.to_csv(tmp_path / "samples.csv", index=False)
        assert load_samples(tmp_path / "samples.csv")["outcome"].tolist() == ["correct", "wrong", "correct"]
    rows.assign(outcome=["1", "rihgt", "0"]).to_csv(tmp_path / "samples.csv", index=False)
    with pytest.raises(InputError, match=r"samples\.csv, line 3, column outcome: 'rihgt'"):
        load_samples(tmp_path / "samples.csv")


def test_a_sample_that_stands_twice_is_refused(tmp_path):
    rows = pd.DataFrame({"model": "m", "problem_id": ["1", "1"], "sample_index": [0, 0], "outcome": "correct"})
    rows.to_csv(tmp_path / "samples.csv", index=False)
    with pytest.raises(InputError, match=r"samples\.csv, line 3: sample 0 of problem 1 stands twice"):
        load_samples(tmp_path / "samples.csv")
    with pytest.raises(InputError, match="stands twice"):
        load_samples([rows.iloc[:1], rows.iloc[1:].assign(problem_id=1, sample_index="0")])
    assert len(load_samples(rows.assign(run=["1", "2"]))) == 2
    assert len(load_samples(rows.assign(benchmark=["x", "y"]))) == 2
    with pytest.raises(InputError, match="stands twice"):
        load_samples(rows.assign(run=None))
