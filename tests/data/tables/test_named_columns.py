"""Counts tables whose columns have other names: named, or guessed and said."""

from shlex import quote

import pandas as pd
import pytest
from click.testing import CliRunner

import boundary as bd
from boundary.cli.main import main
from boundary.errors import InputError

TABLE = pd.DataFrame({"model": ["m", "m"], "problem_id": ["a", "b"], "n_samples": [8, 8], "n_correct": [3, 5]})
EXPECTED = [["m", "default", "a", 8, 3], ["m", "default", "b", 8, 5]]


def rows(counts):
    return counts.table[["model", "benchmark", "problem_id", "n_samples", "n_correct"]].to_numpy().tolist()


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet"])
@pytest.mark.parametrize("columns", ["problem_id=qid,n_correct=hits,n_samples=tries,model=arm", {"n": "tries"}])
def test_named_columns(tmp_path, suffix, columns):
    names = {"problem_id": "qid", "n_correct": "hits", "n_samples": "tries", "model": "arm"}
    if isinstance(columns, dict):
        columns = {name: own for name, own in names.items() if name != "n_samples"} | columns
    table = TABLE.rename(columns=names)
    path = tmp_path / f"c{suffix}"
    if suffix == ".parquet":
        table.to_parquet(path)
    else:
        table.to_csv(path, index=False, sep="\t" if suffix == ".tsv" else ",")
    counts = bd.load_counts(path, columns)
    assert rows(counts) == EXPECTED
    assert counts.remarks == ()


def test_usual_names_are_guessed_and_said():
    counts = bd.load_counts(TABLE.rename(columns={"problem_id": "qid", "n_samples": "n", "n_correct": "c"}))
    assert rows(counts) == EXPECTED
    assert "'qid' for problem_id, 'n' for n_samples, 'c' for n_correct" in counts.remarks[0].text
    assert counts.select(models=["m"], benchmarks=["default"]).remarks == counts.remarks


def test_a_column_that_has_the_name_already_is_another_one():
    table = TABLE.rename(columns={"n_correct": "first"}).assign(n_correct=[0, 0])
    assert rows(bd.load_counts(table, "n_correct=first")) == EXPECTED


def test_columns_may_change_their_names_with_each_other():
    swapped = TABLE.rename(columns={"n_correct": "n_samples", "n_samples": "n_correct"})
    assert rows(bd.load_counts(swapped, "n_samples=n_correct,n_correct=n_samples")) == EXPECTED
    chain = TABLE.rename(columns={"n_correct": "n_samples", "n_samples": "tries"})
    assert rows(bd.load_counts(chain, "n_correct=n_samples,n_samples=tries")) == EXPECTED


def test_a_column_that_stands_twice_is_refused(tmp_path):
    table = pd.concat([TABLE, TABLE[["n_correct"]]], axis=1)
    table.to_csv(tmp_path / "c.csv", index=False)
    for source in (table, tmp_path / "c.csv"):
        for columns in (None, "n_correct=n_correct", "problem_id=problem_id,models=n_correct,n_samples=n_samples"):
            with pytest.raises(InputError, match="the column 'n_correct' appears more than once"):
                bd.load_counts(source, columns)
    samples = pd.DataFrame([["m", "a", "correct", "wrong"]], columns=["model", "problem_id", "outcome", "outcome"])
    with pytest.raises(InputError, match="the column 'outcome' appears more than once"):
        bd.load_counts(samples)


def test_a_column_of_counts_for_each_model():
    table = pd.DataFrame({"qid": ["a", "b"], "n": [8, 8], "base": [3, 5], "rl": [4, None]})
    counts = bd.load_counts(table, "problem_id=qid,models=base,models=rl,n_samples=n")
    assert rows(counts) == [
        ["base", "default", "a", 8, 3],
        ["base", "default", "b", 8, 5],
        ["rl", "default", "a", 8, 4],
    ]


def test_samples_are_guessed_beside_columns_of_models():
    table = pd.DataFrame({"qid": ["a"], "n": [8], "base": [3], "rl": [4]})
    counts = bd.load_counts(table, "problem_id=qid,models=base,models=rl")
    assert rows(counts) == [["base", "default", "a", 8, 3], ["rl", "default", "a", 8, 4]]
    assert any("'n' for n_samples" in remark.text for remark in counts.remarks)


def test_a_number_of_samples_for_each_model_is_not_taken_from_one():
    table = pd.DataFrame({"qid": ["a"], "n_base": [8], "c_base": [3], "n_rl": [16], "c_rl": [4]})
    with pytest.raises(InputError, match="'n_rl' seems to be that of another model"):
        bd.load_counts(table, "problem_id=qid,models=c_base,models=c_rl,n_samples=n_base")


def test_names_in_other_letters_are_guessed_and_said():
    table = pd.DataFrame({"QID": ["a"], "Model": ["m"], "N": [8], "Correct": [3]})
    counts = bd.load_counts(table)
    assert rows(counts) == [["m", "default", "a", 8, 3]]
    assert any("'Model' for model" in remark.text for remark in counts.remarks)


def test_rows_that_stand_twice_say_in_which_column_they_differ():
    table = pd.concat([TABLE.assign(subset="x"), TABLE.assign(subset="y")])
    with pytest.raises(InputError, match=r"appears twice.*differ in subset.*--columns benchmark=subset"):
        bd.load_counts(table)
    assert bd.load_counts(table, "benchmark=subset").benchmarks == ("x", "y")


@pytest.mark.parametrize(
    ("change", "columns", "why"),
    [
        ({"n_samples": "n"}, None, "'n' or 'total' could be it. Say which, with --columns n_samples=n"),
        ({}, "n_correct=wins", "no column 'wins', named for n_correct. It has model"),
        ({}, "n_right=c", "The counts table has no column 'n_right'"),
        ({}, "n_correct", "names no column"),
        ({}, "n_correct=a,c=b", "Two columns are named for n_correct"),
        ({}, "problem_id=model,model=model", "'model' is named for both problem_id and model"),
        ({}, "n_samples=total,n_correct=total", "'total' is named for both n_samples and n_correct"),
        ({}, "models=n_correct,models=n_correct", "'n_correct' is named for models twice"),
        ({}, "models=a,n_correct=b", "leave out model and n_correct"),
        ({"n_correct": "hits"}, None, "no column 'n_correct'"),
    ],
)
def test_columns_that_cannot_be(change, columns, why):
    table = TABLE.rename(columns=change).assign(total=8)
    with pytest.raises(InputError, match=why):
        bd.load_counts(table, columns)


def test_from_the_command_line(tmp_path):
    path = tmp_path / "c.csv"
    table = pd.concat([TABLE, TABLE.assign(model="rl")]).rename(columns={"problem_id": "key", "n_correct": "hits"})
    table.to_csv(path, index=False)
    words = ["analyze", str(path), "--base", "m", "-o", str(tmp_path / "report"), "--columns"]
    answer = CliRunner().invoke(main, [*words, "problem_id=key,n_correct=wins"])
    assert answer.exit_code == 2
    assert "no column 'wins'" in answer.output
    words = [*words, "problem_id=key,n_correct=hits", "--prior", "independent", "--figures", "none"]
    answer = CliRunner().invoke(main, words)
    assert answer.exit_code in (0, 4), answer.output
    assert (tmp_path / "report" / "summary.json").exists()


def test_columns_that_decide_are_read_in_other_letters_and_asked_for_under_other_names():
    rows = pd.DataFrame({"Model": "m", "Benchmark": ["A", "B"], "Problem_ID": "p", "N_Samples": 4, "N_Correct": 1})
    counts = bd.load_counts(rows)
    assert sorted(counts.benchmarks) == ["A", "B"]
    assert "'Benchmark' for benchmark" in counts.remarks[0].text
    plain = {"model": "m", "problem_id": ["p", "q"], "n_samples": 4, "n_correct": 1}
    for name, column in (
        *(("benchmark", other) for other in ("bench", "dataset", "benchmarks")),
        *(("checkpoint_step", other) for other in ("step", "Global Step", "checkpoint_steps")),
        *(("method", other) for other in ("methods", "algorithm")),
        ("training_run", "training_runs"),
        ("selected", "selectd"),
    ):
        counts = bd.load_counts(pd.DataFrame(plain | {column: "x"}))
        assert [note.text for note in counts.remarks] == [
            f"DataFrame: there is no column {name}. If '{column}' is it, say --columns {quote(f'{name}={column}')}."
        ]
        assert name in bd.load_counts(pd.DataFrame(plain | {column: "x"}), columns={name: column}).table.columns
    for column in ("subject", "level", "Level", "released", "topic", "run", "source"):
        assert not bd.load_counts(pd.DataFrame(plain | {column: "x"})).remarks
