"""The command line answers at once, and tells a wrong input from a bug."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from boundary.cli.main import main
from boundary.cli.options import Points
from boundary.cli.parsing import budgets
from boundary.errors import InputError

HEAVY = ("pandas", "jax", "numpyro", "arviz", "matplotlib", "torch", "rich")


def test_help_loads_nothing_heavy():
    code = (
        "import sys\n"
        "from boundary.cli.main import main\n"
        "main(['--help'], standalone_mode=False)\n"
        f"print('LOADED', sorted(set({HEAVY!r}) & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "analyze" in done.stdout
    assert done.stdout.splitlines()[-1] == "LOADED []"


@pytest.mark.parametrize("arguments", [["--help"], ["analyze", "--help"], ["data", "--help"], ["-h"], ["--version"]])
def test_help_and_version_exit_with_0(arguments):
    assert CliRunner().invoke(main, arguments).exit_code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["analyse"],
        ["analyze"],
        ["analyze", "deepscaler-1.5b"],
        ["analyze", "-o", "out"],
        ["analyze", "deepscaler-1.5b", "-o", "out", "--k", "0"],
        ["analyze", "deepscaler-1.5b", "-o", "out", "--level", "1"],
        ["analyze", "deepscaler-1.5b", "-o", "out", "--prior", "flat"],
        ["analyze", "deepscaler-1.5b", "-o", "out", "--seed", "-1"],
        ["data", "show"],
    ],
)
def test_usage_errors_exit_with_2(arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(main, arguments).exit_code == 2
    assert list(tmp_path.iterdir()) == []


def test_wrong_input_is_one_message_and_exit_2(monkeypatch):
    def raises(self, ctx):
        raise InputError("The file has no column n_correct.")

    monkeypatch.setattr("click.Group.invoke", raises)
    result = CliRunner().invoke(main, ["data", "list"])
    assert result.exit_code == 2
    assert result.stderr == "Error: The file has no column n_correct.\n"


def test_a_bug_keeps_its_traceback(monkeypatch):
    def raises(self, ctx):
        raise ZeroDivisionError

    monkeypatch.setattr("click.Group.invoke", raises)
    assert isinstance(CliRunner().invoke(main, ["data", "list"]).exception, ZeroDivisionError)


def test_an_interruption_is_one_line_and_exit_130(monkeypatch):
    def raises(self, ctx):
        raise KeyboardInterrupt

    monkeypatch.setattr("click.Group.invoke", raises)
    monkeypatch.setattr("boundary.cli.main.ignore_more", lambda: None)
    monkeypatch.setattr(main, "interrupted", False)
    result = CliRunner().invoke(main, ["data", "list"])
    assert (result.exit_code, result.output) == (130, "Interrupted.\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("arguments", [["data", "list"], ["--help"]], ids=lambda words: words[0])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_behind_standard_output_is_one_sentence(arguments, unbuffered):
    words = [sys.executable, "-c", "from boundary.cli.entry import main; main()", *arguments]
    environment = os.environ | {"PYTHONUNBUFFERED": unbuffered}
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, text=True, env=environment)
    assert done.stderr == (
        "Error: Standard output cannot be written: No space left on device. Send it to another place.\n"
    )
    assert done.returncode == 2


@pytest.mark.parametrize("text", ["2", "2%", "2 %"])
def test_a_margin_is_in_points_with_or_without_percent(text):
    assert Points().convert(text, None, None) == 2.0


@pytest.mark.parametrize("text", ["half", "-1", "100", "0.5%%"])
def test_a_wrong_margin_says_what_is_meant(text):
    result = CliRunner().invoke(main, ["analyze", "deepscaler-1.5b", "-o", "out", f"--margin={text}"])
    assert (result.exit_code, "write 0.5 for half a point" in result.stderr) == (2, True)


@pytest.mark.parametrize("command", [[], ["analyze"], ["plan"]])
def test_help_has_the_exit_codes(command):
    text = " ".join(CliRunner().invoke(main, [*command, "--help"]).output.split())
    for code in (
        "0 done",
        "1 an unexpected error",
        "2 wrong input",
        "4 the fit's diagnostics failed",
        "130 interrupted",
    ):
        assert code in text


@pytest.mark.parametrize(
    ("text", "expected"), [("1", [1]), ("128,1, 16", [1, 16, 128]), ("1,1", [1]), ("100000000", [100_000_000])]
)
def test_budgets(text, expected):
    assert budgets(None, None, text) == expected


@pytest.mark.parametrize("text", ["", "0", "-1", "1.5", "1,,2", "1;2", "many", "1e3", "\N{SUPERSCRIPT TWO}"])
def test_wrong_budgets_say_what_is_wrong(text):
    arguments = ["analyze", "deepscaler-1.5b", "-o", "out", f"--k={text}"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert "not a whole number of at least 1" in result.stderr
