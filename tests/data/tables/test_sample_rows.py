"""Tables with a row a sample are counts, too; their order is checked without being asked."""

import pandas as pd
import pytest

import boundary as bd
from boundary.data.tables.sample_rows import samples_in
from boundary.errors import InputError

ROWS = [
    ("m", "b", "q1", 0, "correct"),
    ("m", "b", "q1", 1, "truncated"),
    ("m", "b", "q2", 0, "wrong"),
    ("m", "b", "q2", 1, "correct"),
    ("m", "b", "q1", 2, "correct"),
]
COLUMNS = ["model", "benchmark", "problem_id", "sample_index", "outcome"]


@pytest.fixture
def samples():
    return pd.DataFrame(ROWS, columns=COLUMNS)


@pytest.mark.parametrize("name", ["s.parquet", "s.csv", "s.csv.gz"])
def test_samples_are_counted(tmp_path, samples, name):
    path = tmp_path / name
    samples.to_parquet(path) if name.endswith("parquet") else samples.to_csv(path, index=False)
    table = bd.load_counts(path).table
    rows = table[["problem_id", "n_samples", "n_correct", "n_truncated"]].to_numpy().tolist()
    assert rows == [["q1", 3, 2, 1], ["q2", 2, 1, 0]]
    assert len(samples_in(str(path))) == 5
    assert len(samples_in([path, bd.load_counts(path)])) == 5


def test_1_and_0_are_outcomes(samples):
    plain = samples.assign(outcome=[1, 0, 0, 1, 1]).drop(columns=["benchmark", "sample_index"])
    assert bd.load_counts(plain).table["n_correct"].tolist() == [2, 1]


def test_counts_are_left_as_they_are():
    counts = bd.load_counts("deepscaler-1.5b")
    assert samples_in("deepscaler-1.5b") is None
    assert samples_in(counts) is None
    assert samples_in(counts.table) is None


def test_what_is_no_outcome_is_named(tmp_path, samples):
    path = tmp_path / "s.csv"
    samples.assign(outcome=["correct", "maybe", "wrong", "wrong", "wrong"]).to_csv(path, index=False)
    with pytest.raises(InputError, match=r"s\.csv, line 3, column outcome: 'maybe' is none of correct, wrong"):
        bd.load_counts(path)


def test_a_sample_that_stands_twice_is_named(samples):
    with pytest.raises(InputError, match="sample 0 of problem q1 stands twice"):
        bd.load_counts(pd.concat([samples, samples.head(1)]))
    runs = pd.concat([samples.assign(run="a"), samples.assign(run="b")])
    assert bd.load_counts(runs).table["n_samples"].tolist() == [6, 4]
