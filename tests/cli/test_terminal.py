"""What others wrote steers no terminal and shows no secret, whichever command prints it."""

import ast
import io
import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.table import Table
from rich.text import Text

import boundary
from boundary.cli.main import main
from boundary.cli.terminal import console, echo, write_out_unencodable
from boundary.errors import InputError
from boundary.plain_text import one_line, printable, redacted

ESCAPES = "\x1b[2J\x1b]0;owned\x07\x9b31m\u202egpj\r\x08\x7f\ud800\u2028"
HOSTILE = [character for character in ESCAPES if not character.isalnum() and character not in "[];"]


def run(*arguments):
    return CliRunner().invoke(main, list(map(str, arguments)))


def test_controls_are_written_out():
    assert printable("a\x1b[31mb\x9bc\u202ed\r\ud800\U000e0041") == r"a\x1b[31mb\x9bc\u202ed\r\ud800\U000e0041"
    assert printable("tab\tline\nna\u00efve \u4f60\U0001f600") == "tab\tline\nna\u00efve \u4f60\U0001f600"
    assert printable(printable(ESCAPES)) == printable(ESCAPES)
    assert one_line("  a\nError: b\u2028c") == r"  a\nError: b\u2028c"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://me:pass@host/v1", "http://***@host/v1"),
        ("x http://me:p@ss@host:80/v1: no", "x http://***@host:80/v1: no"),
        ("https://token@host", "https://***@host"),
        ("http://host/?api_key=abc&n=2", "http://host/?api_key=***&n=2"),
        ("http://host/?a=1&X-Access-Token=abc#f", "http://host/?a=1&X-Access-Token=***#f"),
        ("Authorization: Bearer sk-123.x", "Authorization: Bearer ***"),
        ('{"url": "http://h?key=abc\\"", "n": 1}', '{"url": "http://h?key=***\\"", "n": 1}'),
        ("mail me@host, http://host/a@b?n=1, key=value", "mail me@host, http://host/a@b?n=1, key=value"),
    ],
)
def test_passwords_are_left_out(text, expected):
    assert redacted(text) == expected
    assert redacted(expected) == expected
    assert str(InputError(text)) == expected


def test_consoles_and_echo_print_texts_as_they_stand(capsys):
    echo(f"a{ESCAPES} http://u:secret@h")
    table = Table(box=None)
    table.add_column("h")
    table.add_row(f"[red]x[/nothing] :smile:{ESCAPES}")
    screen = console()
    screen.print(table)
    screen.print(Text(f"b{ESCAPES} http://u:secret@h"))
    screen.print("[bold]c[/]")
    shown = capsys.readouterr().out
    assert not [character for character in HOSTILE if character in shown]
    assert "secret" not in shown
    assert "[red]x[/nothing] :smile:" in shown
    assert "[bold]c[/]" in shown


def test_every_command_prints_through_one_module():
    """No other module of the commands may print by itself, or make a console that takes markup."""
    forbidden = {"print", "click.echo", "click.secho", "click.print_exception", "Console", "TextColumn", "sys.stdout"}
    names = set()
    for path in Path(boundary.__file__).parent.joinpath("cli").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            name = ast.unparse(node) if isinstance(node, ast.Name | ast.Attribute) else ""
            if name in forbidden and path.name != "terminal.py":
                names.add(f"{path.name}: {name}")
    assert names == set()


@pytest.fixture
def hostile_run(tmp_path):
    """An arm whose manifest, problems and verifier's name hold escapes."""
    arm = tmp_path / "run"
    (arm / "verdicts" / "x\x1b[31m-1").mkdir(parents=True)
    manifest = {"model": f"m{ESCAPES}\nFORGED", "benchmark": f"b{ESCAPES}", "verifier": f"v{ESCAPES}", "n_samples": 1}
    (arm / "manifest.json").write_text(json.dumps(manifest))
    (arm / "problems.jsonl").write_text(json.dumps({"problem_id": ESCAPES, "prompt": "", "answer": ""}) + "\n")
    return arm


@pytest.mark.parametrize(
    "arguments", [["status"], ["status", "--json"], ["counts"], ["counts", "--verifier", f"x{ESCAPES}"], ["verify"]]
)
def test_a_hostile_run_folder_steers_no_terminal(hostile_run, arguments):
    result = run(*arguments, hostile_run)
    assert result.exit_code in (0, 2)
    assert result.output
    assert not [character for character in HOSTILE if character in result.output]
    assert not [line for line in result.output.splitlines() if line.startswith("FORGED")]


def test_hostile_names_of_files_and_tables_steer_no_terminal(tmp_path):
    path = tmp_path / "c\x1b[31m.csv"
    rows = [f"m\x1b[31m{model},b\x1b[2J,p{i}\u202e,4,{i}" for model in "xy" for i in range(3)]
    path.write_text("\n".join(["model,benchmark,problem_id,n_samples,n_correct", *rows]) + "\n")
    for arguments in (
        ["analyze", path, "--base", "no", "-o", tmp_path / "out"],
        ["import", "auto", path, "-o", tmp_path / "new.csv"],
        ["import", "matrix", path, "-o", tmp_path / "new.csv"],
        ["analyze", path, "--samples", tmp_path, "-o", tmp_path / "out"],
        ["data", "show", "a\x1b[31m"],
    ):
        result = run(*arguments)
        assert result.exit_code == 2
        assert "\x1b" not in result.output
        assert r"\x1b" in result.output or "folder" in result.output or "directory" in result.output


def test_what_an_encoding_lacks_is_written_out(monkeypatch):
    """Marks of ours get a letter in as many columns, letters of others are written out."""
    for encoding, expected in (("ascii", rb"v -\xe9"), ("latin-1", b"v -\xe9"), ("utf-8", None)):
        buffer = io.BytesIO()
        monkeypatch.setattr("sys.stdout", io.TextIOWrapper(buffer, encoding))
        write_out_unencodable()
        console().print("\N{BLACK DOWN-POINTING TRIANGLE} \N{MINUS SIGN}\xe9")
        sys.stdout.flush()
        assert buffer.getvalue().strip() == (expected or "\u25bc \u2212\xe9".encode())


def test_marks_of_direction_are_put_in_once_however_deep_a_text_stands(monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    table = Table(box=None)
    table.add_column("h")
    table.add_row(Text("\u05d0\u05d1 12"))
    outer = Table.grid()
    outer.add_row(table)
    console().print(outer)
    assert capsys.readouterr().out.count("\u200e\u05d0\u05d1\u200e 12") == 1
