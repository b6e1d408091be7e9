"""The one way to a terminal: whatever a command prints goes through here, since much of it others wrote."""

import os
import re
import shutil
import sys
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from io import TextIOWrapper
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from boundary.plain_text import one_line, printable, redacted

if TYPE_CHECKING:
    from rich.console import Console

# Letters that are written from right to left, with what stands between two of them: Hebrew, Arabic and their like.
_LETTER = "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
# Compiled where it is first used, which takes milliseconds.
_RIGHT_TO_LEFT = f"{_LETTER}+(?:[ _.-]*{_LETTER}+)*"
LEFT_TO_RIGHT_MARK = "\u200e"
# Marks of ours and letters for terminals whose encoding lacks them, in as many columns.
STAND_INS = {
    "\N{MINUS SIGN}": "-",
    "\N{EN DASH}": "-",
    "\N{PLUS-MINUS SIGN}": "~",
    "\N{HORIZONTAL ELLIPSIS}": "~",
    "\N{BLACK DOWN-POINTING TRIANGLE}": "v",
    "\N{BLACK UP-POINTING TRIANGLE}": "^",
}
# Columns that a text may take where there is no terminal: no line is broken for another program.
NO_LIMIT = 100_000


def echo(text: str, err: bool = False, file: IO[str] | None = None) -> None:
    """Print a text, to a file where one is given: control characters written out, passwords left out."""
    click.echo(printable(redacted(text)), file, err=err)


def flush() -> None:
    """Send what was printed on its way."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):  # the reader of a pipe is gone
            stream.flush()


def discard_if_failing() -> bool:
    """Whether standard output cannot be written, as on a full disk; what waits for it is given up then."""
    try:
        sys.stdout.write("\n")  # flushing alone says nothing where output is not buffered
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return True
    return False


def write_out_unencodable() -> None:
    r"""Let marks and names that the terminal's encoding lacks be printed as \u25bc, in place of ending the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper) and stream.encoding.lower() not in ("utf-8", "utf8"):
            stream.reconfigure(errors="backslashreplace")


def echo_table(text: str) -> None:
    """Print a table for other programs to read: as it stands, but for control characters."""
    click.echo(printable(text), nl=False)


def open_in_browser(path: Path) -> None:
    """Open a file in the user's browser; where there is none, say so and go on."""
    import webbrowser

    address = path.resolve().as_uri()
    try:
        is_open = webbrowser.open(address)
    except (webbrowser.Error, OSError):
        is_open = False
    if not is_open:
        echo(f"No browser could be started. Open: {address}", err=True)


def console(stderr: bool = False, unlimited: bool = False) -> "Console":
    """A console of rich that takes no markup from texts, and prints them as `echo` does.

    Parameters
    ----------
    stderr
        Whether it prints on standard error.
    unlimited
        Whether lines are as long as they are where there is no terminal, in place of 80 columns.
    """
    from rich.console import Console, ConsoleDimensions, ConsoleOptions, RenderableType
    from rich.segment import Segment

    class SafeConsole(Console):
        def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
            for segment in super().render(renderable, options):
                yield segment if segment.control else segment._replace(text=self.shown(segment.text))

        def shown(self, text: str) -> str:
            """A part of a line as it is printed; stand-ins have the columns of their marks, so that nothing moves."""
            return printable(redacted(text)).translate(stand_ins(self.encoding))

        def _render_buffer(self, buffer: Iterable[Segment]) -> str:
            """Put the marks in last: what renders within another goes through `render` more than once."""
            if self.is_terminal:
                buffer = [part if part.control else part._replace(text=kept_in_place(part.text)) for part in buffer]
            return super()._render_buffer(buffer)

    screen = SafeConsole(stderr=stderr, highlight=False, markup=False, emoji=False)
    if unlimited and not screen.is_terminal:
        screen.width = NO_LIMIT
    if screen.is_dumb_terminal:  # for which rich asks neither COLUMNS nor the terminal
        screen.size = ConsoleDimensions(*shutil.get_terminal_size())
    return screen


def kept_in_place(text: str) -> str:
    r"""A text in which words from right to left move nothing that stands beside them.

    A terminal that turns them would otherwise turn the numbers of the next columns with them.

    Examples
    --------
    >>> ascii(kept_in_place("\u05d0\u05d1 12"))
    "'\\u200e\\u05d0\\u05d1\\u200e 12'"
    """
    if text.isascii():
        return text
    return re.sub(_RIGHT_TO_LEFT, lambda words: f"{LEFT_TO_RIGHT_MARK}{words[0]}{LEFT_TO_RIGHT_MARK}", text)


def cell_text(text: str) -> str:
    """A name of others for a cell of a table, written out before its width is measured."""
    encoding = sys.stdout.encoding or "utf-8"
    shown = one_line(redacted(text)).replace("\t", " ").translate(stand_ins(encoding))
    return shown.encode(encoding, "backslashreplace").decode(encoding)


@cache
def stand_ins(encoding: str) -> dict[int, str]:
    r"""What stands for each mark of `STAND_INS` that an encoding lacks, as `str.translate` takes it.

    Examples
    --------
    >>> "\u2212 \xb1".translate(stand_ins("latin-1")) == "- \xb1"
    True
    """
    return {ord(mark): letter for mark, letter in STAND_INS.items() if not mark.encode(encoding, "ignore")}


def shortened(text: str, columns: int) -> str:
    """A text in so many columns, its middle left out where it is longer: names of models differ at their ends.

    Examples
    --------
    >>> shortened("DeepSeek-R1-Distill-Qwen-1.5B", 16), shortened("short", 16)
    ('DeepSee…wen-1.5B', 'short')
    """
    from rich.cells import cell_len, set_cell_size

    if cell_len(text) <= columns:
        return text
    tail, tail_columns = "", 0
    for character in reversed(text):
        tail_columns += cell_len(character)
        if tail_columns > columns // 2:
            break
        tail = character + tail
    head = set_cell_size(text, columns - 1 - cell_len(tail)).rstrip()
    return f"{head}…{tail}"


def text_column(field: str) -> Any:
    """A column of a progress bar that shows a field of its task as it stands."""
    from rich.progress import TextColumn

    return TextColumn(field, markup=False)
