"""The README can be followed line by line: every command and every block of Python in it is run."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = BLOCK.findall(README)
# The first block fetches an environment: a gigabyte, so only the slow tests run it.
INSTALLATION, *COMMANDS = (text for language, text in BLOCKS if language == "bash")


def run(script, folder, **variables):
    """What a shell prints in a folder."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | variables
    done = subprocess.run(["bash", "-euc", script], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_block_has_a_language_and_is_run():
    assert README.count("```") == 2 * len(BLOCKS)
    assert {language for language, _ in BLOCKS} <= {"bash", "csv", "python", "text"}


def test_no_line_says_that_it_is_on_a_package_index():
    pages = [REPOSITORY / "README.md", *(REPOSITORY / "docs").rglob("*.md")]
    assert not [page for page in pages if "pip install boundary" in page.read_text(encoding="utf-8")]


def test_the_commands_on_the_counts_of_the_page(tmp_path):
    (table,) = (text for language, text in BLOCKS if language == "csv")
    (tmp_path / "counts.csv").write_text(table, encoding="utf-8")
    assert COMMANDS
    commands_of_this_environment = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    for commands in COMMANDS:
        run(commands, tmp_path, PATH=commands_of_this_environment, PYTHONPATH=str(REPOSITORY))
    assert (tmp_path / "report" / "report.html").exists()


def test_the_python(tmp_path, monkeypatch, capsys):
    (code,) = (text for language, text in BLOCKS if language == "python")
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "README.md", "exec"), {})
    documented = set(re.findall(r"^\| `([\w.]+)`", README, re.MULTILINE))
    assert documented
    assert all((tmp_path / "report" / name).exists() for name in documented)
    assert "k = 128" in capsys.readouterr().out


def test_make_demo_analyses_the_shipped_set():
    commands = run("make --dry-run demo", REPOSITORY)
    assert re.search(r"boundary analyze deepscaler-1\.5b .*-o demo-report", commands)


@pytest.mark.slow
def test_the_installation_in_an_empty_folder(tmp_path):
    clone = tmp_path / "boundary"
    run(f"git clone --quiet '{REPOSITORY}' boundary", tmp_path)
    run(INSTALLATION, clone)
    assert (clone / "demo-report" / "report.html").exists()
