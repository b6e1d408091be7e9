"""Tokens of samples: read from files of others, counted into means by outcome, and validated."""

import json

import numpy as np
import pandas as pd
import pytest

import boundary as bd
from boundary.data.records import token_count
from boundary.data.token_means import token_means


def lines(path, records):
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def test_rows_have_tokens_under_usual_names(tmp_path):
    records = [
        {"id": "p", "correct": True, "completion_tokens": 10},
        {"id": "p", "correct": False, "completion_tokens": 30},
        {"id": "p", "correct": False, "completion_tokens": None},
        {"id": "q", "correct": False, "completion_tokens": "many"},
    ]
    imported = bd.import_files(lines(tmp_path / "a.jsonl", records), "rows", model="m")
    assert imported.samples["n_tokens"].fillna(-1).tolist() == [10, 30, -1, -1]
    table = imported.counts.table.set_index("problem_id")
    assert table.loc["p", ["mean_tokens", "mean_tokens_correct", "mean_tokens_wrong"]].tolist() == [20, 10, 30]
    assert table.loc["q", ["mean_tokens", "mean_tokens_correct", "mean_tokens_wrong"]].isna().all()


def test_lists_of_tokens_belong_to_lists_of_verdicts(tmp_path):
    records = [{"id": "p", "correct": [True, None, False], "n_tokens": [5, 6, 7]}]
    imported = bd.import_files(lines(tmp_path / "a.jsonl", records), "rows", model="m")
    assert imported.samples["n_tokens"].tolist() == [5, 7]


def test_files_without_tokens_have_no_such_columns(tmp_path):
    imported = bd.import_files(lines(tmp_path / "a.jsonl", [{"id": "p", "correct": True}]), "rows", model="m")
    assert "n_tokens" not in imported.samples
    assert "mean_tokens" not in imported.counts.table


def test_verifiers_and_matharena_have_tokens(tmp_path):
    rollouts = [
        {
            "example_id": 1,
            "prompt": "q",
            "completion": f"a{i}",
            "reward": i % 2,
            "token_usage": {"output_tokens": 10.0 + i},
        }
        for i in range(4)
    ]
    imported = bd.import_files(lines(tmp_path / "results.jsonl", rollouts), "verifiers", model="m")
    assert imported.samples["n_tokens"].tolist() == [10, 11, 12, 13]
    runs = {"idx": 1, "N": 2, "pass_at_1": 0.5, "answers": ["7", "8"], "correct": [True, False], "problem": "p"}
    runs |= {"detailed_costs": [{"output_tokens": 50}, {"cost": 1.0}]}
    path = tmp_path / "1.json"
    path.write_text(json.dumps(runs))
    imported = bd.import_files(path, "matharena", model="m")
    assert imported.samples["n_tokens"].fillna(-1).tolist() == [50, -1]


def test_a_table_of_samples_is_counted_with_means():
    table = pd.DataFrame({"model": "m", "problem_id": ["a", "a", "b"], "outcome": ["correct", "truncated", "wrong"]})
    counts = bd.load_counts(table.assign(n_tokens=[10, 50, 0])).table
    assert counts["mean_tokens"].fillna(-1).tolist() == [30, -1]  # an empty sample is no free attempt
    assert counts["mean_tokens_wrong"].fillna(-1).tolist() == [50, -1]


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("0", "0 is not above 0"),
        ("-3", "-3 is not above 0"),
        ("x", "'x' is not a number"),
        ("inf", "infinite"),
        ("1e12", "too large"),
        ("true", "no number of tokens"),
    ],
)
def test_means_are_positive_numbers_or_empty(tmp_path, cell, words):
    path = tmp_path / "counts.csv"
    path.write_text(f"model,problem_id,n_samples,n_correct,mean_tokens\nm,a,4,2,\nm,b,4,2,{cell}\n")
    with pytest.raises(bd.InputError, match=f"line 3, column mean_tokens: .*{words}"):
        bd.load_counts(path)
    path.write_text("model,problem_id,n_samples,n_correct,mean_tokens\nm,a,4,2,\nm,b,4,2,12.5\n")
    assert bd.load_counts(path).table["mean_tokens"].fillna(-1).tolist() == [-1, 12.5]


def test_pooled_runs_average_by_samples():
    means = token_means(np.array([0, 0, 0]), np.array([True, False, False]), np.array([10.0, 20.0, 60.0]), 1)
    assert means.ravel().tolist() == [30, 10, 40]


@pytest.mark.parametrize("value", [True, -1, 1.5, "7", None, 10**12, float("nan")])
def test_what_is_no_number_of_tokens_is_unknown(value):
    assert token_count(value) is None


@pytest.mark.parametrize(
    ("mean", "is_possible"), [(100.0, False), (900.0, False), (500.0, True), (496, True), (600, True)]
)
def test_the_mean_of_all_lies_between_those_of_correct_and_other_samples(mean, is_possible):
    table = pd.DataFrame({"model": ["a"], "problem_id": ["p"], "n_samples": [8], "n_correct": [4]})
    table = table.assign(mean_tokens=mean, mean_tokens_correct=500.0, mean_tokens_wrong=700.0)
    if is_possible:
        assert bd.load_counts(table).table["mean_tokens"].item() == mean
        return
    with pytest.raises(
        bd.InputError, match=rf"column mean_tokens: all samples have {mean:g} tokens .* correct ones 500"
    ):
        bd.load_counts(table)
