"""What `boundary analyze` prints at its end: a table and a plot on a terminal, plain lines elsewhere."""

import fcntl
import io
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from click.testing import CliRunner
from rich.cells import cell_len

from boundary.analysis.estimates.decisions import Decision
from boundary.analysis.formatting import short_name
from boundary.analysis.notes import Note
from boundary.analysis.runs.record import TrainingRuns
from boundary.analysis.text.verdict import Verdict
from boundary.cli.main import main
from boundary.cli.printing.curve_plot import Curve, curve_plot
from boundary.cli.printing.verdict import print_verdict
from boundary.cli.printing.verdict_table import model_matrix, model_table, pair_table
from boundary.cli.progress import on_terminal
from boundary.cli.terminal import console, kept_in_place, shortened
from boundary.stats.estimands.crossing import CrossingBudget, CurveOrder

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\].*?\x07|\x1b\]8;.*?\x1b\\")
NARROWED = Decision(128, False, 0.99, 0.0, 0.01, 0.018, 0.010, 0.027)
WIDENED = Decision(128, False, 0.0, 0.97, 0.03, -0.021, -0.04, -0.001)
OPEN = Decision(128, False, 0.6, 0.1, 0.3, 0.012, -0.047, 0.077)
AT_22 = CrossingBudget(22, 16, 33)
CROSSES = CurveOrder(1024, 0.99, 0.0, 0.0, 0.0)


def verdict(benchmark, model, decision=NARROWED, order=CROSSES, crossover=AT_22, **fields):
    names = {"benchmark": benchmark, "model": model, "reference": "org/base"}
    return Verdict(
        **names, text="Whole text.", decisions=(decision,), curve_order=order, crossover=crossover, n=128, **fields
    )


def printed(table, width):
    """Lines of a table in so many columns."""
    screen = console()
    screen.width = width
    with screen.capture() as captured:
        screen.print(table)
    return captured.get().rstrip("\n").splitlines()


def ascii_only(text):
    """A text with hyphens for the minus sign and the en dash."""
    return text.replace("\N{MINUS SIGN}", "-").replace("\N{EN DASH}", "-")


def test_a_row_has_verdict_crossover_shrinkage_and_probability():
    rows = [
        verdict("all", "org/rl"),
        verdict("AIME24", "org/rl", OPEN, CROSSES._replace(crosses=0.1)),
        verdict("AMC23", "org/rl", WIDENED, crossover=CrossingBudget(310, 200, float("inf"))),
        verdict("never", "org/rl", OPEN, CROSSES._replace(crosses=0.01)),
        verdict("none", "org/rl", OPEN._replace(extrapolated=True)),
    ]
    assert [ascii_only(" ".join(line.split())) for line in printed(pair_table(rows, 100), 100)] == [
        "benchmark verdict crossover shrinkage at n P",
        "All benchmarks ▼ narrowed 22 [16, 33] 1.8 [1.0, 2.7] 0.99",
        "AIME24 ? cannot tell yet unclear 1.2 [-4.7, 7.7] ▼ 0.60",
        "AMC23 ▲ widened 310 [200, >1024]* -2.1 [-4.0, -0.1] 0.97",
        "never ? cannot tell yet none to 1024 1.2 [-4.7, 7.7] ▼ 0.60",
        "none ? cannot tell yet 22 [16, 33] 1.2 [-4.7, 7.7]* ▼ 0.60",
    ]


def test_a_budget_that_is_not_n_is_written():
    rows = [
        verdict("b", "org/rl", OPEN._replace(k=16)),
        verdict("far", "org/rl", OPEN._replace(k=512, extrapolated=True)),
    ]
    lines = [" ".join(line.split()) for line in printed(pair_table(rows, 120), 120)]
    assert "7.7] at k = 16" in lines[1]
    assert "7.7]* at k = 512" in lines[2]


def models_at(budgets, benchmarks=("b",), chance=0.9996, **columns):
    """An analysis without a base: pass@k of two models at some budgets of each benchmark, one of them ranked."""
    shares = {"estimand": "pass_at_k", "lower": 0.1, "upper": 0.9, "kind": "posterior", "reference": ""}
    shares |= {"extrapolated": False} | columns
    rows = [
        shares | {"benchmark": name, "model": model, "k": float(k * 2**place), "mean": mean}
        for place, name in enumerate(benchmarks)
        for model, mean in (("rl", 0.6), ("sft", 0.5))
        for k in budgets
    ]
    best = {"estimand": "best", "model": "rl", "mean": chance}
    rows += [row | best for row in rows if row["model"] == "rl"]
    return SimpleNamespace(estimates=pd.DataFrame(rows), benchmarks=benchmarks, models=("rl", "sft"))


def words_of(analysis, width=120):
    table, _ = model_table(analysis, analysis.benchmarks, width)
    return [ascii_only(" ".join(line.split())) for line in printed(table, width)]


def test_the_headings_of_models_are_their_budgets():
    assert words_of(models_at([8, 16])) == [
        "model pass@8, % pass@16, % P(best at 8)",
        "rl 60.0 [10.0, 90.0] 60.0 [10.0, 90.0] >0.99",
        "sft 50.0 [10.0, 90.0] 50.0 [10.0, 90.0] -",
    ]
    lines = words_of(models_at([8, 16], benchmarks=("x", "y"), chance=0.0))
    assert lines[0] == "benchmark model smallest k, % largest k, % P(best)"
    assert lines[1] == "x rl 60.0 [10.0, 90.0] (k = 8) 60.0 [10.0, 90.0] (k = 16) <0.01"
    assert lines[3].startswith("y rl 60.0 [10.0, 90.0] (k = 16) 60.0 [10.0, 90.0] (k = 32)")
    assert words_of(models_at([128], extrapolated=True))[:2] == [
        "model pass@128, % P(best at 128)",
        "rl 60.0 [10.0, 90.0]* >0.99",
    ]


def test_models_that_are_not_pooled_are_shown_of_every_benchmark(monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    analysis = analysis_of([verdict(name, "rl", None) for name in ("x", "y")])
    analysis.verdicts = [replace(ranking, decisions=(), subject="ranking") for ranking in analysis.verdicts]
    models = models_at([1, 16], benchmarks=("x", "y"))
    analysis.estimates, analysis.models = models.estimates, models.models
    print_verdict(analysis, [Path("out/report.html")])
    lines = ESCAPES.sub("", capsys.readouterr().out).splitlines()
    assert [line.split()[:2] for line in lines if line.startswith(("x ", "y "))] == [
        ["x", "rl"],
        ["x", "sft"],
        ["y", "rl"],
        ["y", "sft"],
    ]


HOSTILE_NAMES = [
    "plain",
    "模型-对比-数学推理-基准测试-长名称",
    "مقارنة النماذج",
    "\x1b[31mred\x1b[0m\n\x07\u202egpj",
    "a" * 200,
    "Qwen2.5-7B-Instruct-GRPO-step-000100",
    "👩‍🔬 e\u0301",
    "[bold]markup[/bold]",
    "tab\tname",
]


@pytest.mark.parametrize("width", [80, 100, 200])
def test_no_name_moves_the_columns(width):
    rows = [verdict(name, model) for name in HOSTILE_NAMES for model in ("org/rl", name)]
    lines = printed(pair_table(rows, width), width)
    assert len(lines) == len(rows) + 1
    places = {cell_len(line[: line.index("▼")]) for line in lines[1:]}
    assert len(places) == 1
    assert max(map(cell_len, lines)) <= width
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e]", "".join(lines))
    assert "[bold]" in "".join(lines)


@pytest.mark.parametrize("width", [20, 40, 60, 80])
def test_no_number_is_cut_however_narrow_the_terminal(width):
    rows = [verdict(name, model, OPEN) for name in ("AIME24", "MATH500") for model in ("org/a", "org/b")]
    rows.append(verdict("far", "org/a", OPEN._replace(k=512, extrapolated=True)))
    lines = printed(pair_table(rows, width), width)
    assert max(map(cell_len, lines)) <= width
    words = " ".join(ascii_only(" ".join(lines)).split())
    assert "…" not in words
    assert words.count("1.2 [-4.7, 7.7]") == 5
    assert "1.2 [-4.7, 7.7]* at k = 512" in words
    matrix = printed(model_matrix(rows, width), width)
    assert " ".join(ascii_only(" ".join(matrix)).split()).count("? 1.2") == 5
    models = words_of(models_at([8, 16]), width)
    assert " ".join(models).count("60.0 [10.0, 90.0]") == 2


def test_a_terminal_without_our_marks_gets_letters_in_as_many_columns(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), "ascii", errors="backslashreplace")
    monkeypatch.setattr(sys, "stdout", stream)
    screen = console()
    screen.width = 100
    rows = [verdict("AIME24", "org/rl", WIDENED), verdict("模型", "org/rl", OPEN)]
    screen.print(pair_table(rows, 100))
    stream.flush()
    lines = stream.buffer.getvalue().decode("ascii").splitlines()
    assert [" ".join(line.split()) for line in lines] == [
        "benchmark verdict crossover shrinkage at n P",
        "AIME24 ^ widened 22 [16, 33] -2.1 [-4.0, -0.1] 0.97",
        r"\u6a21\u578b ? cannot tell yet 22 [16, 33] 1.2 [-4.7, 7.7] v 0.60",
    ]
    assert len({line.index(word) for line, word in zip(lines, ("verdict", "^ widened", "? cannot"), strict=True)}) == 1


def test_a_dumb_terminal_is_as_wide_as_columns_says(monkeypatch):
    for name, value in (("FORCE_COLOR", "1"), ("TERM", "dumb"), ("COLUMNS", "60")):
        monkeypatch.setenv(name, value)
    assert console().is_dumb_terminal
    assert console().width == 60
    assert not on_terminal()


def test_names_from_right_to_left_turn_no_numbers():
    assert kept_in_place("\u05d0\u05d1 \u05d2 12 [3]") == "\u200e\u05d0\u05d1 \u05d2\u200e 12 [3]"
    assert kept_in_place("plain 模型") == "plain 模型"


@pytest.mark.parametrize("columns", [8, 9, 15])
def test_shortened_names_keep_both_ends(columns):
    for name in HOSTILE_NAMES:
        text = shortened(name, columns)
        assert cell_len(text) <= columns
        assert text == name or "…" in text
    assert shortened("Qwen2.5-7B-GRPO-step-100", 15).startswith("Qwen2.5")
    assert shortened("Qwen2.5-7B-GRPO-step-100", 15).endswith("100")


def test_the_plot_marks_n_and_names_both_curves():
    budgets = [1, 4, 16, 64, 256]
    base = Curve("the-base", "blue", budgets, [0.1, 0.3, 0.5, 0.7, 0.9], is_dashed=True)
    rl = Curve("模型" * 20, "magenta", budgets, [0.4, 0.5, 0.6, 0.65, 0.9])
    lines = [line.plain for line in curve_plot([base, rl], 64, 80)]
    assert max(map(cell_len, lines)) <= 80
    text = "\n".join(lines)
    assert "╌╌ the-base 90 %" in text
    assert "━━ 模型" in text
    assert "n=64" in lines[-1]
    assert "100 %" not in lines[0]
    assert lines[0].startswith(" 90 %")
    assert sum("┊" in line for line in lines) >= 3
    assert curve_plot([base, rl], 64, 40) == []
    flat = Curve("flat", "blue", budgets, [0.0] * 5)
    assert len(curve_plot([flat, flat._replace(is_dashed=True)], 1000, 80)) == len(lines)


def test_models_without_a_base_are_ranked():
    rows = [
        {"estimand": estimand, "model": model, "k": k, "mean": mean, "lower": mean, "upper": mean}
        for model, mean in (("low", 0.2), ("high", 0.6))
        for estimand, k in (("pass_at_k", 1.0), ("pass_at_k", 16.0), ("best", 1.0))
    ]
    table = pd.DataFrame(rows).assign(kind="posterior", benchmark="b", extrapolated=False, reference="")
    analysis = SimpleNamespace(estimates=table)
    shown, n_left_out = model_table(analysis, ["b"], 80, most=1)
    assert n_left_out == 1
    lines = printed(shown, 80)
    assert lines[-1].split() == ["high", "60.0", "[60.0,", "60.0]", "60.0", "[60.0,", "60.0]", "0.60"] or (
        lines[-1].split()[0] == "b"
    )


@pytest.fixture
def counts(tmp_path):
    """Two benchmarks, a base and two RL models of hostile names."""
    correct = {"基础模型": [0, 1, 3, 5, 8, 9], "ر ل": [0, 4, 8, 16, 16, 16], "rl\x1b[31m": [1, 1, 2, 3, 3, 16]}
    rows = [
        (model, benchmark, f"p{problem}", 16, c)
        for model, column in correct.items()
        for benchmark in ("easy", "hard")
        for problem, c in enumerate(column)
    ]
    path = tmp_path / "counts.csv"
    columns = ["model", "benchmark", "problem_id", "n_samples", "n_correct"]
    pd.DataFrame(rows, columns=columns).to_csv(path, index=False)
    return path


def in_terminal(arguments, width, folder, **environment):
    """What a command prints in a terminal of so many columns, standard output and error together."""
    outer, inner = pty.openpty()
    fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    settings = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "NO_COLOR")}
    settings |= {"TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8"} | environment
    words = [sys.executable, "-c", "from boundary.cli.entry import main; main()", *arguments]
    with subprocess.Popen(words, stdin=inner, stdout=inner, stderr=inner, env=settings, cwd=folder) as process:
        os.close(inner)
        output = b""
        try:
            while chunk := os.read(outer, 65536):
                output += chunk
        except OSError:  # the terminal is closed
            pass
    os.close(outer)
    return process.returncode, output.decode().replace("\r\n", "\n")


def test_a_terminal_gets_a_table_a_plot_and_an_address(counts, tmp_path):
    command = ["analyze", str(counts), "--base", "基础模型", "--prior", "independent", "--k", "1,4,16,64"]
    code, text = in_terminal([*command, "-o", "out"], 80, tmp_path, BROWSER="true")
    assert code == 0, text
    plain = ESCAPES.sub("", text)
    assert "\x1b[" in text
    assert not re.search("[\x00-\x08\x0e-\x1f\u202e]", plain.replace("\r", ""))
    assert r"rl\x1b[31m" in plain
    assert "\u200eر ل\u200e" in plain
    final = plain[plain.index("2 models against") :].splitlines()
    assert max(cell_len(line) for line in final if "Open:" not in line) <= 80
    assert f"Open: {(tmp_path / 'out' / 'report.html').as_uri()}" in plain
    assert re.search("[\u2801-\u28ff]", plain)
    assert "╌╌ 基础模型" in plain


def test_no_color_is_respected_and_the_verdict_is_there_without(counts, tmp_path):
    arguments = ["analyze", str(counts), "--base", "基础模型", "--rl", "ر ل", "--benchmark", "hard"]
    options = ["--prior", "independent", "--k", "1,16", "-o", "out", "--figures", "none", "--open"]
    code, text = in_terminal([*arguments, *options], 200, tmp_path, NO_COLOR="1", BROWSER="true")
    assert code == 0, text
    assert not re.search(r"\x1b\[(?:\d+;)*(?:3[0-7]|9[0-7]|38)[;m]", text)
    assert re.search("[▼▲=?] (narrowed|widened|no material|cannot)", text)
    assert list((tmp_path / "out").glob("figures/*")) == []


def test_a_pipe_gets_plain_lines_and_every_row(counts, tmp_path):
    arguments = ["analyze", counts, "--base", "基础模型", "--prior", "independent", "--k", "1,16", "--jobs", 1]
    outcome = CliRunner().invoke(main, list(map(str, [*arguments, "-o", tmp_path / "out"])), catch_exceptions=False)
    assert outcome.exit_code == 0, outcome.output
    lines = outcome.stdout.splitlines()
    assert "\x1b" not in outcome.stdout
    assert re.split(r"\s{2,}", lines[0].strip()) == [
        "benchmark",
        "model",
        "verdict",
        "crossover",
        "shrinkage at n",
        "P",
    ]
    rows = [re.split(r"\s{2,}", line.strip()) for line in lines[1:7]]
    assert [row[0] for row in rows] == ["All benchmarks"] * 2 + ["easy"] * 2 + ["hard"] * 2
    assert all(len(row) == 6 for row in rows)
    assert str(tmp_path / "out" / "report.html") in lines
    assert str(tmp_path / "out" / "estimates.csv") in lines
    assert not any("Open:" in line for line in lines)
    sentences = [line for line in lines if line.startswith(("easy: ", "hard: ", "all: "))]
    assert len(sentences) >= 6


def test_models_whose_names_end_alike_stay_distinct_wherever_they_are_named(tmp_path):
    correct = {"runs/base/final": [0, 1, 3, 5, 8, 9], "runs/grpo/final": [0, 4, 8, 16, 16, 16], "org/ppo": [1] * 6}
    rows = [(model, "b", f"p{i}", 16, c) for model, column in correct.items() for i, c in enumerate(column)]
    columns = ["model", "benchmark", "problem_id", "n_samples", "n_correct"]
    pd.DataFrame(rows, columns=columns).to_csv(tmp_path / "counts.csv", index=False)
    command = ["analyze", "counts.csv", "--base", "runs/base/final", "--prior", "independent", "--k", "1,16,32"]
    code, text = in_terminal([*command, "-o", "out"], 100, tmp_path)
    assert code == 0, text
    plain = ESCAPES.sub("", text)
    assert "2 models against base/final, b:" in plain
    for words in (r"grpo/final +[▼▲=?]", r"ppo +[▼▲=?]", "╌╌ base/final", "━━ grpo/final"):
        assert re.search(words, plain), words
    page = (tmp_path / "out" / "report.html").read_text("utf-8")
    figures = "".join(path.read_text("utf-8") for path in (tmp_path / "out" / "figures").glob("*.svg"))
    summary = json.loads((tmp_path / "out" / "summary.json").read_text("utf-8"))
    assert {verdict["model"] for verdict in summary["verdicts"]} == {"runs/grpo/final", "org/ppo"}
    texts = " ".join(verdict["text"] for verdict in summary["verdicts"])
    for shown in (texts, figures, re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)):
        assert "grpo/final" in shown.replace("<wbr>", "")
        assert not re.search(r"(?<![\w/>])final\b", shown.replace("<wbr>", ""))


def analysis_of(verdicts, benchmark="b\x1b[2J", **fields):
    """What is printed of an analysis that did not converge."""
    fit = {"benchmark": benchmark, "ok": False, "message": "R-hat 1.07.", "worst_interval": "", "worst_visible": ""}
    fit |= {"max_interval_mc_error": float("nan"), "max_visible_mc_error": float("nan")}
    checks = {"claims": pd.DataFrame(), "model_checks": SimpleNamespace(remarks=[]), "notes_on_counts": ()}
    return SimpleNamespace(
        diagnostics=pd.DataFrame([fit]),
        verdicts=verdicts,
        benchmarks=tuple(dict.fromkeys(verdict.benchmark for verdict in verdicts)),
        exchangeability=[],
        answer=SimpleNamespace(sentence="", details=()),
        arms=SimpleNamespace(of=lambda benchmark, notes: []),
        counts=SimpleNamespace(remarks=()),
        cost=SimpleNamespace(estimates=pd.DataFrame()),
        request=SimpleNamespace(level=0.95, margin=0.005, target="benchmark"),
        training_runs=TrainingRuns(),
        shorten=short_name,
        **(checks | fields),
    )


@pytest.mark.parametrize("width", [80, 200])
def test_twelve_benchmarks_of_six_models_take_forty_lines(width, monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", str(width))
    names = [*(f"benchmark-{place}" for place in range(12)), "all"]
    verdicts = [
        verdict(name, f"org/Qwen2.5-7B-GRPO-step-{step}", decision, crossover=CrossingBudget(310, 200, float("inf")))
        for name in names
        for step, decision in enumerate((NARROWED, WIDENED, OPEN, OPEN, NARROWED))
    ]
    curve = {"kind": "posterior", "estimand": "pass_at_k", "benchmark": "all"}
    rows = [
        curve | {"model": model, "k": k, "mean": k / 1024}
        for model in ("org/base", "org/Qwen2.5-7B-GRPO-step-0")
        for k in (1.0, 128.0, 1024.0)
    ]
    notes = [Note("benchmark-1", "rl", "A long remark. " * 20, "alarm")] * 30
    analysis = analysis_of(verdicts, notes_on_counts=notes, estimates=pd.DataFrame(rows))
    print_verdict(analysis, [Path("/out/report.html"), Path("/out/estimates.csv")])
    lines = ESCAPES.sub("", capsys.readouterr().out).splitlines()
    assert len(lines) <= 40
    assert max(map(cell_len, lines)) <= width
    assert lines[-1] == "Open: file:///out/report.html"
    for name in names[:-1]:
        assert sum(line.startswith(f"{name} ") for line in lines) == 1
    assert [line for line in lines if "30 remarks" in line]
    assert [line for line in lines if "━━" in line]


@pytest.mark.parametrize("level", [0.5, 0.95])
def test_brackets_of_an_unusual_level_say_theirs(level, capsys):
    models = models_at([1, 16], chance=0.9)
    alone = analysis_of([replace(verdict("b", "rl"), decisions=(), subject="ranking")])
    alone.estimates, alone.models = models.estimates, models.models
    for analysis in (analysis_of([verdict("b", "rl")]), alone):
        analysis.request.level = level
        print_verdict(analysis, [Path("out/report.html")])
        assert ("Brackets hold 50 % intervals." in capsys.readouterr().out) is (level == 0.5)


def test_what_did_not_converge_stands_first(capsys):
    print_verdict(analysis_of([replace(verdict("b", "rl"), is_converged=False)]), [Path("out/report.html")])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == r"NOT CONVERGED, do not rely on b\x1b[2J: R-hat 1.07."
    assert "? cannot tell yet" in lines[2]
    assert lines[2].split()[-1] == "\N{EN DASH}"
