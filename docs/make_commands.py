"""Write docs/commands.md, the reference of every command, from what `--help` prints: `make docs-reference`.

With `--check`, only say whether the page is what the commands say now (exit code 1 where it is not).
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from boundary.cli.main import main as boundary

PAGE = Path(__file__).with_name("commands.md")
WIDTH = 100
OPENING = """\
# Commands

What `--help` prints, of every command. This page is made from the code by `make docs-reference`; do not edit it.
"""


def commands(command: click.Command = boundary, name: str = "boundary") -> Iterator[tuple[str, click.Command]]:
    """Every command under its full name, groups before what is in them."""
    yield name, command
    if isinstance(command, click.Group):
        for word, inner in sorted(command.commands.items()):
            yield from commands(inner, f"{name} {word}")


def help_text(name: str, command: click.Command) -> str:
    """What `NAME --help` prints in a terminal of fixed width."""
    settings = command.context_settings | boundary.context_settings
    context = click.Context(command, info_name=name, terminal_width=WIDTH, max_content_width=WIDTH, **settings)
    return command.get_help(context).rstrip()


def reference() -> str:
    """The page: a section for each command, with its help."""
    sections = [f"## {name}\n\n```text\n{help_text(name, command)}\n```\n" for name, command in commands()]
    return "\n".join([OPENING, *sections])


def main() -> None:
    """Write the page, or compare it with the commands."""
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(reference(), encoding="utf-8")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != reference():
        sys.exit(f"{PAGE.name} is not what the commands say now. Run: make docs-reference")


if __name__ == "__main__":
    main()
