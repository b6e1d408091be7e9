"""The progress bar: on a terminal only, on standard error, so that standard output stays clean."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from boundary.cli.terminal import console, text_column

Progress = Callable[[str, int, int], None]


@contextmanager
def progress_bar(wanted: bool) -> Iterator[Progress | None]:
    """Show a bar that the yielded callback moves.

    Parameters
    ----------
    wanted
        False for no bar, even on a terminal.

    Yields
    ------
    Progress or None
        Called with what is being done, the steps done and the steps in all; None where there is no terminal to draw on.
    """
    from rich.progress import BarColumn, Progress, SpinnerColumn, TimeElapsedColumn

    screen = console(stderr=True)
    if not (wanted and screen.is_terminal):
        yield None
        return
    columns = (SpinnerColumn(), text_column("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=screen, transient=True) as bar:
        task = bar.add_task("Starting", total=None)
        yield lambda what, done, steps: bar.update(task, description=what, completed=done, total=steps)
