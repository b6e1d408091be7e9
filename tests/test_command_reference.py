"""The pages and the commands know the same options."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]

# Options on the pages that are not of `boundary`, by the program whose they are.
OTHER_PROGRAMS = {
    "pip": {"--no-deps"},
    "sbatch": {"--array", "--gres", "--requeue", "--signal", "--time"},
    "ray": {"--address", "--head"},
}
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]*")


def load_generator():
    """The script that makes the page, which is in no package."""
    spec = importlib.util.spec_from_file_location("make_commands", REPOSITORY / "docs" / "make_commands.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GENERATOR = load_generator()
OPTIONS = {
    name: {
        option
        for parameter in command.get_params(click.Context(command, help_option_names=["-h", "--help"]))
        if isinstance(parameter, click.Option)
        for option in [*parameter.opts, *parameter.secondary_opts]
    }
    for name, command in GENERATOR.commands()
}


def logical_lines(text):
    """Lines of a page, those that end in a backslash joined with the next."""
    return re.sub(r"\\\n\s*", " ", text).splitlines()


def test_the_reference_is_what_the_commands_say():
    done = subprocess.run([sys.executable, GENERATOR.__file__, "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", OPTIONS)
def test_every_option_of_a_command_is_in_its_section(name):
    page = GENERATOR.PAGE.read_text(encoding="utf-8")
    section = page.split(f"\n## {name}\n", 1)[1].split("\n## ", 1)[0]
    words = set(re.findall(r"(?<![\w-])--?[a-zA-Z][\w-]*", section))
    assert OPTIONS[name] - words == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_option_that_a_page_names_exists(page):
    documented = set().union(*OPTIONS.values(), *OTHER_PROGRAMS.values())
    unknown = {
        option
        for line in logical_lines(page.read_text(encoding="utf-8"))
        if not re.search(r"python (-m )?benchmarks", line)
        for option in OPTION.findall(line)
    } - documented
    assert unknown == set(), f"{page.name} names options that no command has"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_examples_use_options_of_their_command(page):
    names = sorted(OPTIONS, key=len, reverse=True)
    wrong = []
    for line in logical_lines(page.read_text(encoding="utf-8")):
        for example in re.findall(r"(?:^|&& |\$ |srun )(boundary [^#|`]*)", line.strip()):
            command = next(name for name in names if f"{example} ".startswith(f"{name} "))
            wrong += [(command, option) for option in OPTION.findall(example) if option not in OPTIONS[command]]
    assert wrong == []


def test_programs_of_others_are_still_on_a_page():
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert {option for options in OTHER_PROGRAMS.values() for option in options} <= set(OPTION.findall(text))
