"""Names are what tables of counts hold; what is read only once is refused in one sentence."""

import json
import os
import subprocess
import sys
import threading

import pandas as pd
import pytest

import boundary as bd
from boundary.data.importing.import_files import import_files
from boundary.errors import InputError

SAMPLE = '{"problem_id": "p", "is_correct": true, "response": "a"}\n'


def write(path, names, **more):
    rows = [{"problem_id": name, "response": f"{i}", "is_correct": i % 2 == 0} | more for i, name in enumerate(names)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.mark.parametrize("name", ["a\tb", "a\nb", "a\r\nb", " a b ", "a\u00a0b", "a\x0bb", "a\x1fb"])
def test_white_space_of_names_is_one_space_in_samples_as_in_counts(tmp_path, name):
    imported = import_files(write(tmp_path / "a.jsonl", [name, name]), "rows", model=f"m {name}", benchmark=name)
    row = imported.counts.table.iloc[0]
    assert row[["model", "benchmark", "problem_id"]].tolist() == ["m a b", "a b", "a b"]
    assert imported.samples[["model", "benchmark", "problem_id"]].drop_duplicates().to_numpy().tolist() == [
        ["m a b", "a b", "a b"]
    ]


@pytest.mark.parametrize("name", ["a\x1b[31mb", "a\x07b", "a\x7fb", "a\u200bb", "\u202eab"])
def test_other_control_characters_are_kept_as_counts_files_keep_them(tmp_path, name):
    imported = import_files(write(tmp_path / "a.jsonl", [name, name]), "rows", model="m")
    imported.counts.to_csv(tmp_path / "counts.csv")
    again = bd.load_counts(tmp_path / "counts.csv")
    assert again.problems() == imported.counts.problems() == [("default", name)]


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (["a\0b"], "holds a NUL character"),
        ([" \n", "a"], "no name of a problem"),
        (["a b", "a  b"], "the problems 'a b' and 'a  b' differ only in white space"),
    ],
)
def test_names_that_no_table_holds_are_refused(tmp_path, names, why):
    with pytest.raises(InputError, match=why):
        import_files(write(tmp_path / "a.jsonl", names), "rows", model="m")


def test_models_that_differ_in_white_space_are_one_and_noted(tmp_path):
    files = [write(tmp_path / f"{i}.jsonl", [f"p{i}"], model=f"m{' ' * i}x") for i in (1, 2)]
    imported = import_files(files, "rows")
    assert imported.counts.models == ("m x",)
    assert any("The model 'm  x' was taken for 'm x'" in note for note in imported.notes)


def test_a_named_pipe_is_refused_and_nothing_hangs(tmp_path):
    for name, load in (("a.jsonl", lambda path: import_files(path, model="m")), ("a.csv", bd.load_counts)):
        pipe = tmp_path / name
        os.mkfifo(pipe)
        with pytest.raises(InputError, match="is a pipe, and files are read more than once"):
            load(pipe)


@pytest.mark.parametrize("words", [["import", "rows", "/dev/stdin"], ["import", "auto", "/dev/stdin"]])
def test_standard_input_behind_a_pipe_is_refused(tmp_path, words):
    command = [sys.executable, "-c", "from boundary.cli.entry import main; main()", *words]
    command += ["--model", "m", "-o", str(tmp_path / "counts.csv")]
    done = subprocess.run(command, input=SAMPLE, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    assert "'/dev/stdin' is a pipe" in done.stderr
    assert "Traceback" not in done.stderr
    with (tmp_path / "a.jsonl").open("w+") as file:
        file.write(SAMPLE)
        file.seek(0)
        done = subprocess.run(command, stdin=file, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert pd.read_csv(tmp_path / "counts.csv")["n_correct"].tolist() == [1]


def test_a_pipe_beside_a_file_is_not_waited_for(tmp_path):
    trial = {"trial_name": "t", "task_id": "t", "is_resolved": True, "failure_mode": "none"}
    path = tmp_path / "results.json"
    path.write_text(json.dumps({"results": [trial]}))
    os.mkfifo(tmp_path / "run_metadata.json")
    results = []
    reader = threading.Thread(target=lambda: results.append(import_files(path, model="m")), daemon=True)
    reader.start()
    reader.join(30)
    assert len(results) == 1
