"""The shipped sets from the command line."""

import json

import pandas as pd
from click.testing import CliRunner

from boundary.cli.main import main


def run(*arguments):
    return CliRunner().invoke(main, ["data", *map(str, arguments)], catch_exceptions=False)


def test_list_names_the_shipped_set():
    assert "deepscaler-1.5b" in run("list").stdout
    assert "deepscaler-1.5b" in [entry["name"] for entry in json.loads(run("list", "--json").stdout)]


def test_show_prints_the_card():
    assert "DeepSeek-R1-Distill-Qwen-1.5B" in run("show", "deepscaler-1.5b").stdout


def test_export_writes_counts_that_read_back(tmp_path):
    assert run("export", "deepscaler-1.5b", "-o", tmp_path / "counts.csv").exit_code == 0
    assert len(pd.read_csv(tmp_path / "counts.csv")) == 2 * 1060


def test_unknown_set_exits_with_2(tmp_path):
    for arguments in (("show", "nothing"), ("export", "nothing", "-o", tmp_path / "counts.csv")):
        result = run(*arguments)
        assert result.exit_code == 2
        assert result.stderr.startswith("Error: ")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    result = run("export", "deepscaler-1.5b", "-o", tmp_path / "file" / "counts.csv")
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: Cannot write ")
