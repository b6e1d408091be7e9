"""`--help` in groups with examples, and the question which name was meant."""

import shlex

import click
import pytest
from click.testing import CliRunner

from boundary.cli.main import COMMANDS, HEADINGS, main
from boundary.errors import did_you_mean

COUNTS = "model,benchmark,problem_id,n_samples,n_correct\n" + "".join(
    f"{model},AIME24,p{i},4,{i}\n" for model in ("org/Base-7B", "org/Base-7B-GRPO") for i in range(3)
)


def help_of(*words):
    return CliRunner().invoke(main, [*words, "--help"], prog_name="boundary").output


def test_every_command_stands_under_one_heading():
    placed = [name for names in HEADINGS.values() for name in names if name in main.commands]
    assert sorted(placed) == sorted(command.name for command in COMMANDS)
    text = help_of()
    places = [text.index(f"\n{heading}:\n") for heading in HEADINGS]
    assert places == sorted(places)
    assert "\nCommands:\n" not in text


def test_options_stand_under_their_headings():
    text = help_of("analyze")
    headings = ["Models and benchmarks", "Estimates", "Claims", "How samples were drawn", "Errors of the verifier"]
    places = [text.index(f"\n{heading}:\n") for heading in [*headings, "Output", "Other options", "Examples"]]
    assert places == sorted(places)
    assert places[0] < text.index("--base MODEL") < places[1]
    assert places[5] < text.index("--open") < text.index("--jobs") < places[6]
    assert all(text.count(f"  {option} ") == 1 for option in ("--base MODEL", "--k K,K,...", "--prior"))


def leaves(command=main, path=()):
    for name, inner in command.commands.items():
        if isinstance(inner, click.Group):
            yield from leaves(inner, (*path, name))
        else:
            yield (*path, name), inner


@pytest.mark.parametrize(("path", "command"), [pytest.param(*pair, id=" ".join(pair[0])) for pair in leaves()])
def test_examples_are_commands_that_parse(path, command):
    """They name options that there are, with values of their kind."""
    for example in getattr(command, "examples", ()):
        words = shlex.split(example, comments=True)
        assert words[0] == "boundary"
        if ">" in words:
            words = words[: words.index(">")]
        name, inner, arguments = words[1], main, words[1:]
        while isinstance(inner, click.Group):
            name, *arguments = arguments
            inner = inner.commands[name]
        inner.make_context(name, list(arguments))


@pytest.mark.parametrize(
    ("name", "names", "expected"),
    [
        ("aime24", ["AIME24", "AMC23"], "AIME24"),
        ("AIME-24", ["AIME24", "AMC23"], "AIME24"),
        ("Base-7B-GRPO", ["org/Base-7B", "org/Base-7B-GRPO"], "org/Base-7B-GRPO"),
        ("GRPO", ["org/Base-7B", "org/Base-7B-GRPO"], "org/Base-7B-GRPO"),
        ("org", ["org/Base-7B", "org/Base-7B-GRPO"], ""),
        ("", ["a"], ""),
        ("zzz", ["a"], ""),
    ],
)
def test_the_name_that_was_meant(name, names, expected):
    assert did_you_mean(name, names) == (f" Did you mean '{expected}'?" if expected else "")


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["analyse"], "analyze"),
        (["analyze", "counts.csv", "--allow-different-prompt", "x"], "--allow-different-prompts"),
        (["analyze", "counts.csv", "--base", "base-7b", "-o", "out"], "org/Base-7B"),
        (["analyze", "counts.csv", "--base", "org/Base-7B", "--rl", "grpo", "-o", "out"], "org/Base-7B-GRPO"),
        (["analyze", "counts.csv", "--base", "org/Base-7B", "--benchmark", "aime", "-o", "out"], "AIME24"),
        (["analyze", "counts.csv", "--base", "org/Base-7B", "--prior", "nonparametrc", "-o", "out"], "nonparametric"),
        (["analyze", "counts.csv", "--base", "org/Base-7B", "--estimand", "shrinkages", "-o", "out"], "shrinkage"),
        (["analyze", "counts.csv", "--base", "org/Base-7B", "--stopping", "adaptiv", "-o", "out"], "adaptive"),
        (["analyze", "counts.csv", "--base", "org/Base-7B", "--figures", "pass-at-k", "-o", "out"], "pass_at_k"),
        (["analyze", "deepscaler", "-o", "out"], "deepscaler-1.5b"),
        (["data", "show", "smollm-transfer"], "smollm2-transfer"),
        (["import", "lm_eval", "counts.csv", "-o", "out.csv"], "lm-eval"),
        (["import", "matrix", "counts.csv", "--option", "row=samples", "-o", "out.csv"], "rows"),
    ],
)
def test_every_kind_of_name_is_asked_for(words, hint, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "counts.csv").write_text(COUNTS)
    outcome = CliRunner().invoke(main, words)
    assert outcome.exit_code == 2, outcome.output
    assert f"Did you mean '{hint}'?" in " ".join(outcome.stderr.split())
