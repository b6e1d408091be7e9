"""Rows without samples, counts that are no numbers, and names that differ only in what cannot be seen."""

import json

import numpy as np
import pandas as pd
import pytest

import boundary as bd
from boundary.analysis.checks.suspect_counts import suspect_count_notes
from boundary.data.catalog import load_counts
from boundary.data.counts import Counts
from boundary.data.importing.import_files import import_files
from boundary.errors import InputError


def table(*rows):
    return pd.DataFrame(rows, columns=["model", "benchmark", "problem_id", "n_samples", "n_correct"])


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("p1", "p1\u200b"),
        ("p1", "\ufeffp1"),
        ("p1", "p\u00ad1"),
        ("p1", "p1\ufe0f"),
        ("p1", "p1\0"),
        ("caf\u00e9", "cafe\u0301"),
        ("a b", "a \u2060b"),
        ("p1", "p1\u3164"),
    ],
)
@pytest.mark.parametrize("column", ["problem_id", "model", "benchmark"])
def test_names_that_look_alike_are_refused(first, second, column):
    frame = table(["m", "b", "p", 4, 1], ["n", "c", "q", 4, 2])
    frame[column] = [first, second]
    with pytest.raises(InputError, match="differ only in what cannot be seen") as refusal:
        Counts.from_frame(frame)
    assert str(refusal.value).isascii()
    parts = [Counts.from_frame(frame.iloc[[place]]) for place in (0, 1)]
    with pytest.raises(InputError, match="differ only in what cannot be seen"):
        load_counts(parts)


@pytest.mark.parametrize("other", ["p 1 ", " p 1", "p\u00a01", "p\t1", "p  1", "p\u20031"])
def test_white_space_is_put_in_order_and_told(other):
    counts = Counts.from_frame(table(["m", "b", "p 1", 4, 1], ["n", "b", other, 4, 2]))
    assert set(counts.table["problem_id"]) == {"p 1"}
    assert "differ only in white space" in counts.remarks[0].text
    with pytest.raises(InputError, match="appears twice"):
        Counts.from_frame(table(["m", "b", "p 1", 4, 1], ["m", "b", other, 4, 2]))


def test_names_that_look_alike_in_imported_files(tmp_path):
    rows = [{"problem_id": name, "is_correct": True} for name in ("x", "x\u200b")]
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(InputError, match="differ only in what cannot be seen"):
        import_files(path, model="m")


def test_visible_names_of_every_kind_stay():
    names = ["p1", "P1", "p-1", "p_1", "p.1", "é", "e", "日本", "p1\u2603"]
    counts = Counts.from_frame(table(*(["m", "b", name, 4, 1] for name in names)))
    assert counts.table["problem_id"].tolist() == names
    assert counts.remarks == ()


def test_rows_without_samples_are_left_out_and_told(tmp_path):
    path = tmp_path / "c.csv"
    table(["m", "b", "p", 4, 1], ["m", "b", "q", 0, 0], ["m", "c", "r", 2, 0]).to_csv(path, index=False)
    counts = load_counts(path)
    assert counts.table["problem_id"].tolist() == ["p", "r"]
    assert [remark.text for remark in counts.remarks] == ["m has no sample of 1 problem of b (q); it was left out."]
    assert [remark.benchmark for remark in suspect_count_notes(counts, ["b", "c"])] == ["b"]
    assert counts.select(benchmarks=["c"]).remarks == ()
    with pytest.raises(InputError, match="no row has a sample"):
        Counts.from_frame(table(["m", "b", "q", 0, 0]))


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("n_correct", [True, False]),
        ("n_samples", [True, True]),
        ("n_correct", np.array([True, 0], dtype=object)),
        ("n_correct", ["true", "false"]),
        ("n_correct", pd.array([True, False], dtype="boolean")),
        ("n_truncated", [True, False]),
    ],
)
def test_true_and_false_are_no_counts(tmp_path, column, values):
    frame = table(["m", "b", "p", 4, 1], ["m", "b", "q", 4, 2]).assign(n_truncated=0)
    frame[column] = values
    with pytest.raises(InputError, match=rf"row 0, column {column}: \w+ is no count"):
        Counts.from_frame(frame)
    for path in (tmp_path / "c.csv", tmp_path / "c.parquet"):
        if path.suffix == ".csv" or column == "n_samples":
            (frame.to_csv if path.suffix == ".csv" else frame.to_parquet)(path, index=False)
            with pytest.raises(InputError, match="is no count"):
                load_counts(path)


def test_whole_floats_are_counts():
    frame = table(["m", "b", 7.0, 4.0, 3.0], ["m", "b", 8.0, 4.0, 0.0])
    assert Counts.from_frame(frame).table["n_correct"].tolist() == [3, 0]


@pytest.mark.parametrize("n", [10**7 + 1, 10**8, 2**32, 2**52])
def test_more_samples_than_can_be_analysed(n):
    with pytest.raises(InputError, match=rf"{n} is too large for a count. At most 10,000,000"):
        bd.load_counts(table(["m", "b", "p", n, 5]))
    assert len(bd.load_counts(table(["m", "b", "p", 10**7, 5])).table) == 1


def test_counts_that_look_like_a_fault_are_told():
    rng = np.random.default_rng(0)
    solved = rng.integers(1, 8, 12)
    rows = [["base", "b", f"p{i}", 8, c] for i, c in enumerate(solved)]
    same = [["rl", *row[1:]] for row in rows]
    (remark,) = suspect_count_notes(Counts.from_frame(table(*rows, *same)), ["b"])
    assert remark.text == "base and rl have the same counts on every problem. Are they one model under two names?"
    uniform = [["none", "b", f"p{i}", 8, 0] for i in range(12)] + [["every", "b", f"p{i}", 8, 8] for i in range(12)]
    texts = [remark.text for remark in suspect_count_notes(Counts.from_frame(table(*rows, *uniform)), ["b"])]
    assert texts == [
        "Not one of the 96 samples of none is correct. Did the verifier run?",
        "All 96 samples of every are correct. Did the verifier run?",
    ]
    assert not list(suspect_count_notes(Counts.from_frame(table(*rows, *uniform)), ["c"]))
