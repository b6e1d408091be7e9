"""Outputs: there whole or not at all, never through a link, never over an input, and tried before work is spent."""

import csv
import os
import stat
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from boundary.data.tables.writing import (
    check_writable,
    csv_text,
    refuse_inputs,
    refuse_run_folder,
    refuse_within_arms,
    replacing,
    write_csv,
    write_text,
)
from boundary.errors import InputError


@pytest.fixture
def run(tmp_path):
    """A run folder with one arm, as far as its files' names go."""
    arm = tmp_path / "run" / "model" / "benchmark"
    (arm / "samples").mkdir(parents=True)
    for name in ("manifest.json", "problems.jsonl", "samples/a.jsonl.zst"):
        (arm / name).write_text("x")
    return tmp_path / "run"


def test_a_link_is_replaced_and_what_it_points_to_stays(tmp_path):
    target, link = tmp_path / ".bashrc", tmp_path / "report.html"
    target.write_text("precious")
    link.symlink_to(target)
    write_text(link, "report")
    assert target.read_text() == "precious"
    assert link.read_text() == "report"
    assert not link.is_symlink()


def test_a_hard_link_keeps_what_the_other_name_holds(tmp_path):
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    first.write_text("precious")
    os.link(first, second)
    write_csv(pd.DataFrame({"a": [1]}), second)
    assert first.read_text() == "precious"
    assert second.read_text() == "a\n1\n"


def test_a_failure_leaves_what_was_there_and_nothing_else(tmp_path):
    path = tmp_path / "sub" / "a.csv"
    write_text(path, "old")

    def fail():
        with replacing(path) as new:
            new.write_text("half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert [file.name for file in path.parent.iterdir()] == ["a.csv"]
    assert path.read_text() == "old"


def test_permissions_are_those_of_any_new_file_or_of_the_old_one(tmp_path):
    path = tmp_path / "a"
    write_text(path, "new")
    (tmp_path / "b").touch()
    assert path.stat().st_mode == (tmp_path / "b").stat().st_mode
    path.chmod(0o640)
    write_text(path, "newer")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_devices_and_pipes_are_written_to_as_they_are(tmp_path):
    write_text(tmp_path / "a", "x")
    (tmp_path / "null").symlink_to("/dev/null")
    for path in (tmp_path / "null", Path("/dev/null")):
        write_text(path, "gone")
        check_writable(path)
        refuse_inputs([path, path], [])
    assert (tmp_path / "null").is_symlink()
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


@pytest.mark.parametrize("name", ["a/b.csv", "folder", "x" * 300])
def test_what_cannot_be_written_is_said_before_and_after(tmp_path, name):
    (tmp_path / "a").write_text("a file")
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="-o"):
        check_writable(tmp_path / name)
    with pytest.raises(InputError, match="Cannot write"):
        write_text(tmp_path / name, "x")


def test_trying_makes_nothing(tmp_path):
    check_writable(tmp_path / "new" / "report", is_folder=True)
    check_writable(tmp_path / "new" / "a.csv")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    with pytest.raises(InputError, match="points to nothing"):
        check_writable(tmp_path / "dangling", is_folder=True)
    with pytest.raises(InputError, match="Cannot write"):
        check_writable(Path("/proc/no/report"), is_folder=True)


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_an_input_is_no_output_whatever_it_is_called(tmp_path, link):
    counts, other = tmp_path / "counts.csv", tmp_path / "other.csv"
    counts.write_text("x")
    link(counts, other)
    for output, source in ((counts, counts), (other, counts), (counts, other), (tmp_path / "." / "counts.csv", counts)):
        with pytest.raises(InputError, match="is an input"):
            refuse_inputs([output], [source])
    with pytest.raises(InputError, match="is an input"):
        refuse_inputs([counts], [tmp_path])  # read for its counts.csv
    refuse_inputs([tmp_path / "new.csv"], [counts, "a-shipped-set", "x" * 300])
    with pytest.raises(InputError, match="Two outputs"):
        refuse_inputs([tmp_path / "new.csv", tmp_path / "new.csv"], [])


def test_a_run_folder_is_no_place_for_results(run):
    arm = run / "model" / "benchmark"
    for name in ("manifest.json", "problems.jsonl", "samples/a.jsonl.zst"):
        with pytest.raises(InputError, match="is an input"):
            refuse_inputs([arm / name], [run])
    for folder in (run, arm):
        with pytest.raises(InputError, match="holds the samples"):
            refuse_run_folder(folder, [run])
    refuse_run_folder(run / "report", [run])
    refuse_inputs([run / "counts.csv", run / "report" / "report.html"], [run])
    with pytest.raises(InputError, match="lies where samples are to be written"):
        refuse_within_arms(run, [arm / "problems.jsonl"])
    (run / "problems.jsonl").write_text("x")
    refuse_within_arms(run, [run / "problems.jsonl", "aime24"])


def test_tables_are_written_as_pandas_writes_them(tmp_path):
    numbers = [0.0, -0.0, 1 / 3, 1e-300, 123456789.25, np.inf, -np.inf, np.nan]
    table = pd.DataFrame(
        {
            "number": numbers,
            "single": np.array(numbers[:4] * 2, np.float32),
            "name": ["a", "b,c", 'd"e', "", "é", "a", None, "x\ny"],
            "mixed": [1, "b", None, 2.5, True, "c", "d", (1, 2)],
            "count": range(8),
            "true": [True, False] * 4,
        }
    )
    for part in (table, table.rename(columns={"single": "number"}), table.iloc[:0]):
        for float_format in (None, "%.8g"):
            expected = part.to_csv(index=False, float_format=float_format, lineterminator="\n")
            assert csv_text(part, float_format) == expected
            write_csv(part, tmp_path / "table.csv", float_format)
            assert (tmp_path / "table.csv").read_text() == expected
    returns = table.assign(name="a\rb")
    quoted = returns.to_csv(index=False, float_format="%.3g", lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    assert csv_text(returns, "%.3g") == quoted
