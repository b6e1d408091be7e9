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


@pytest.mark.parametrize("name", ["model", "problem_id"])
@pytest.mark.parametrize("empty", [None, float("nan"), "", "  "])
def test_samples_without_a_name_are_refused_and_never_dropped(tmp_path, samples, name, empty):
    """A cross table leaves rows of missing keys out without a word."""
    table = samples.copy()
    table[name] = table[name].astype(object)
    table.loc[[1, 3], name] = empty
    with pytest.raises(InputError, match=f"rows 1, 3, column {name}: empty. Every sample needs a {name}"):
        bd.load_counts(table)
    table.to_csv(tmp_path / "s.csv", index=False)
    with pytest.raises(InputError, match=rf"s\.csv, lines 3, 5, column {name}: empty"):
        bd.load_counts(tmp_path / "s.csv")
    many = pd.concat([table.assign(sample_index=range(place, place + 5)) for place in range(0, 50, 5)])
    with pytest.raises(InputError, match=r"rows 1, 3, 6, 8, 11 and 15 more"):
        bd.load_counts(many)


def test_samples_without_a_benchmark_are_of_the_default_one(tmp_path, samples):
    for empty in (None, float("nan"), ""):
        table = samples.assign(benchmark=[empty, empty, "b", "b", empty])
        rows = bd.load_counts(table).table[["benchmark", "problem_id", "n_samples", "n_correct"]].to_numpy().tolist()
        assert rows == [["default", "q1", 3, 2], ["b", "q2", 2, 1]]
        table.to_parquet(tmp_path / "s.parquet")
        assert set(samples_in(str(tmp_path / "s.parquet"))["benchmark"]) == {"default", "b"}


def test_problems_may_be_named_by_numbers_and_words(samples):
    table = samples.assign(problem_id=[7, 7, "x", "x", "7"])
    assert bd.load_counts(table).table[["problem_id", "n_samples"]].to_numpy().tolist() == [["7", 3], ["x", 2]]
    assert set(bd.load_counts(samples.assign(problem_id=[1.0, 1.0, 2.0, 2.0, 1.0])).table["problem_id"]) == {"1", "2"}


@pytest.mark.parametrize("words", [("TRUE", "FALSE"), ("Correct", "WRONG"), ("true", "False")])
def test_outcomes_are_read_in_any_letters(tmp_path, words):
    path = tmp_path / "s.csv"
    path.write_text(f"model,problem_id,outcome\nm,p,{words[0]}\nm,p,{words[1]}\n")
    assert bd.load_counts(path).table[["n_samples", "n_correct"]].to_numpy().tolist() == [[2, 1]]


def test_a_header_within_a_table_is_left_out_and_remarked(tmp_path):
    samples, counts = tmp_path / "s.csv", tmp_path / "c.csv"
    samples.write_text("model,problem_id,outcome\nm,p,1\nmodel,problem_id,outcome\nm,p,0\n")
    counts.write_text("model,problem_id,n_samples,n_correct\nm,p,2,1\nmodel,problem_id,n_samples,n_correct\nr,p,2,1\n")
    for path, models in ((samples, ["m"]), (counts, ["m", "r"])):
        loaded = bd.load_counts(path)
        assert loaded.table["model"].tolist() == models
        assert "the header stands again in line 3" in loaded.remarks[0].text


def test_a_line_that_names_the_separator_is_read(tmp_path):
    path = tmp_path / "c.csv"
    path.write_text("sep=;\nmodel;problem_id;n_samples;n_correct\nm;p;2;1\n")
    assert bd.load_counts(path).table["n_correct"].tolist() == [1]
