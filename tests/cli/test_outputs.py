"""Outputs of commands: tried before the fit, never an input, never through a link."""

import gzip
import re

import pandas as pd
import pytest
from click.testing import CliRunner

from boundary.cli.main import main
from boundary.data.catalog import set_path

COUNTS = "model,benchmark,problem_id,n_samples,n_correct\n" + "".join(
    f"{model},b,{name},4,{correct}\n"
    for model in ("the-base", "=the-rl")
    for name, correct in (("-2+3", 0), ("-1", 1), ("p3", 4))
)


def run(*arguments):
    return CliRunner().invoke(main, list(map(str, arguments)), catch_exceptions=False)


@pytest.fixture
def counts(tmp_path):
    path = tmp_path / "counts.csv"
    path.write_text(COUNTS)
    return path


@pytest.fixture
def no_fit(monkeypatch):
    """Fail where a command gets as far as fitting."""

    def fail(*arguments, **options):
        raise AssertionError("the output was not tried before the fit")

    monkeypatch.setattr("boundary.analysis.analyze.analyze", fail)
    monkeypatch.setattr("boundary.analysis.claims.plan.plan", fail)


def occupied(tmp_path):
    (tmp_path / "occupied").write_text("a file")
    return tmp_path / "occupied"


def folder_in_place(tmp_path):
    (tmp_path / "out" / "report.html").mkdir(parents=True)
    return tmp_path / "out"


def linked_figures(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "figures").symlink_to(tmp_path)
    return tmp_path / "out"


@pytest.mark.parametrize(
    "output",
    [
        lambda tmp_path: occupied(tmp_path) / "below",
        lambda tmp_path: tmp_path / ("x" * 300),
        lambda tmp_path: "/proc/no/report",
        folder_in_place,
        linked_figures,
    ],
    ids=["below a file", "too long", "not writable", "folder in place", "linked figures"],
)
def test_the_output_of_analyze_is_tried_before_the_fit(counts, tmp_path, no_fit, output):
    result = run("analyze", counts, "--base", "the-base", "-o", output(tmp_path))
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: ")
    assert "output" in result.stderr or "-o" in result.stderr


@pytest.mark.parametrize("output", [lambda tmp_path: occupied(tmp_path) / "plan.csv", lambda tmp_path: "/proc/no/plan"])
def test_the_output_of_plan_is_tried_before_the_fit(counts, tmp_path, no_fit, output):
    result = run("plan", counts, "--claim", "shrinkage(4) > 0", "--base", "the-base", "-o", output(tmp_path))
    assert (result.exit_code, "Cannot write" in result.stderr) == (2, True)


def test_wrong_input_leaves_no_empty_folder(tmp_path):
    assert run("analyze", tmp_path / "none.csv", "-o", tmp_path / "out").exit_code == 2
    assert list(tmp_path.iterdir()) == []


def test_no_output_of_a_command_is_an_input(counts, tmp_path, no_fit):
    claims, report = tmp_path / "claims.csv", tmp_path / "problems.csv"
    claims.write_text("[claims]\na = 'shrinkage(4) > 0'\n")
    report.write_text(COUNTS)
    matrix = tmp_path / "matrix.csv"
    matrix.write_text("0,1\n1,1\n")
    kept = {path: path.read_bytes() for path in (counts, claims, report, matrix)}
    for arguments in (
        ["analyze", report, "--base", "the-base", "-o", tmp_path],
        ["analyze", counts, "--base", "the-base", "--claims", claims, "-o", tmp_path],
        ["analyze", counts, "--base", "the-base", "--audit", report, "-o", tmp_path],
        ["plan", counts, "--claim", "shrinkage(4) > 0", "-o", counts],
        ["import", "matrix", matrix, "--model", "m", "-o", matrix],
        ["import", "matrix", matrix, "--model", "m", "-o", tmp_path / "new.csv", "--samples", matrix],
        ["import", "matrix", matrix, "--model", "m", "-o", tmp_path / "a.csv", "--samples", tmp_path / "a.csv"],
        ["data", "export", "deepscaler-1.5b", "-o", set_path("deepscaler-1.5b")],
    ):
        result = run(*arguments)
        assert (result.exit_code, "input" in result.stderr or "Two outputs" in result.stderr) == (2, True), arguments
    assert {path: path.read_bytes() for path in kept} == kept


@pytest.mark.parametrize(
    "command",
    [
        ["analyze", "COUNTS", "--base", "the-base"],
        ["plan", "COUNTS", "--base", "the-base", "--claim", "shrinkage(4) > 0"],
        ["sample"],
        ["score", "COUNTS", "--model", "m"],
        ["counts", "COUNTS"],
        ["import", "matrix", "COUNTS"],
        ["data", "export", "deepscaler-1.5b"],
    ],
    ids=lambda command: command[0],
)
def test_an_output_without_a_name_is_refused(counts, tmp_path, monkeypatch, no_fit, command):
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    result = run(*(counts if word == "COUNTS" else word for word in command), "-o", "")
    assert (result.exit_code, "the name is empty" in result.stderr) == (2, True)
    assert list((tmp_path / "empty").iterdir()) == []


@pytest.mark.parametrize("name", ["report.html", "cost.csv", "figures/b-flows.svg"])
def test_a_file_of_others_is_not_overwritten(counts, tmp_path, no_fit, name):
    path = tmp_path / "out" / name
    path.parent.mkdir(parents=True)
    path.write_text("mine")
    result = run("analyze", counts, "--base", "the-base", "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert result.stderr == (
        f"Error: '{path}' would be overwritten, and no earlier analysis wrote it. Name another folder with -o, or move "
        "the file.\n"
    )
    assert path.read_text() == "mine"


def test_import_of_a_folder_overwrites_none_of_its_files(tmp_path):
    (tmp_path / "in").mkdir()
    for name in ("a.csv", "b.csv"):
        (tmp_path / "in" / name).write_text("1,0\n1,1\n" if name == "a.csv" else "1,1\n0,1\n")
    result = run("import", "matrix", tmp_path / "in", "--model", "m", "-o", tmp_path / "in" / "b.csv")
    assert (result.exit_code, "is an input" in result.stderr) == (2, True)
    assert run("import", "matrix", tmp_path / "in", "--model", "m", "-o", tmp_path / "in" / "counts.csv").exit_code == 0


def test_a_report_follows_no_link_and_runs_in_no_spreadsheet(counts, tmp_path):
    precious, out = tmp_path / ".bashrc", tmp_path / "out"
    precious.write_text("precious")
    out.mkdir()
    for name in ("report.html", "problems.csv", "posterior.nc", "summary.json"):
        (out / name).symlink_to(precious)
    result = run("analyze", counts, "--base", "the-base", "--k", "1,4", "--prior", "independent", "-o", out)
    assert result.exit_code == 0, result.output
    assert precious.read_text() == "precious"
    assert not [path.name for path in out.iterdir() if path.is_symlink()]
    assert {path.name for path in out.glob(".*")} == {".boundary-files"}
    problems = pd.read_csv(out / "problems.csv", dtype=str)
    assert set(problems["problem_id"]) == {"'-2+3", "-1", "p3"}
    assert set(problems["model"]) == {"'=the-rl"}
    again = run("import", "auto", counts, "-o", tmp_path / "x.csv")
    assert again.exit_code == 2
    page = (out / "report.html").read_text(encoding="utf-8")
    scripts = re.findall("<script[^>]*>", page)
    assert set(scripts) <= {"<script>", '<script type="application/json" id="problem-rows">'}
    assert len(scripts) == page.count("</script>")


def test_exported_and_imported_tables_follow_no_link(tmp_path):
    precious, matrix = tmp_path / ".bashrc", tmp_path / "matrix.csv"
    precious.write_text("precious")
    matrix.write_text("problem_id,s1\n=1+1,1\n-1,0\n")
    for name in ("a.csv", "b.csv.gz", "c.parquet"):
        (tmp_path / name).symlink_to(precious)
    assert run("data", "export", "deepscaler-1.5b", "-o", tmp_path / "a.csv").exit_code == 0
    options = ["--model", "@m", "-o", tmp_path / "b.csv.gz", "--samples", tmp_path / "c.parquet"]
    assert run("import", "matrix", matrix, *options).exit_code == 0
    assert precious.read_text() == "precious"
    assert gzip.decompress((tmp_path / "b.csv.gz").read_bytes()).decode().splitlines()[1:] == [
        "'@m,default,'=1+1,1,1",
        "'@m,default,-1,1,0",
    ]
    assert pd.read_parquet(tmp_path / "c.parquet")["problem_id"].tolist() == ["=1+1", "-1"]
