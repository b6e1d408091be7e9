"""The one way to a terminal: whatever a command prints goes through here, since much of it others wrote."""

import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any

import click

from boundary.plain_text import printable, redacted

if TYPE_CHECKING:
    from rich.console import Console


def echo(text: str, err: bool = False, file: IO[str] | None = None) -> None:
    """Print a text, to a file where one is given: control characters written out, passwords left out."""
    click.echo(printable(redacted(text)), file, err=err)


def flush() -> None:
    """Send what was printed on its way."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):  # the reader of a pipe is gone
            stream.flush()


def echo_table(text: str) -> None:
    """Print a table for other programs to read: as it stands, but for control characters."""
    click.echo(printable(text), nl=False)


def console(stderr: bool = False) -> "Console":
    """A console of rich that takes no markup from texts, and prints them as `echo` does."""
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment

    class SafeConsole(Console):
        def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
            for segment in super().render(renderable, options):
                yield segment if segment.control else segment._replace(text=printable(redacted(segment.text)))

    return SafeConsole(stderr=stderr, highlight=False, markup=False, emoji=False)


def text_column(field: str) -> Any:
    """A column of a progress bar that shows a field of its task as it stands."""
    from rich.progress import TextColumn

    return TextColumn(field, markup=False)
