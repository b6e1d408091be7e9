"""Progress on standard error: a bar on a terminal, a line now and then in a log; nothing within two seconds."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import rich.progress

from boundary.analysis.progress import FIRST_SECONDS, Pace, Progress, progress_lines, progress_text
from boundary.cli.terminal import console, text_column
from boundary.plain_text import one_line


@contextmanager
def progress_bar(show: bool) -> Iterator[Progress | None]:
    """Show how far something is.

    Parameters
    ----------
    show
        False for nothing at all.

    Yields
    ------
    Progress or None
        Called with what is being done, the steps done and the steps in all (0 where they are not known).
    """
    if not show:
        yield None
        return
    if not on_terminal():
        with progress_lines() as report:
            yield report
        return
    from rich.progress import BarColumn, Progress as Bar, SpinnerColumn, TimeElapsedColumn

    screen = console(stderr=True)
    spinner = SpinnerColumn("line" if screen.options.ascii_only else "dots")
    columns = (spinner, BarColumn(bar_width=20), TimeElapsedColumn(), text_column("{task.description}"))
    bar = Bar(*columns, console=screen, transient=True)
    task_id = bar.add_task("Starting", total=None)
    pace = Pace()

    def move(task: str, done: int, steps: int) -> None:
        nonlocal task_id
        text = one_line(progress_text(task, done, steps, pace.seconds_left(done, steps)))
        if steps:
            bar.update(task_id, description=text, completed=done, total=steps)
        else:  # a bar with an end cannot be turned into one without
            bar.remove_task(task_id)
            task_id = bar.add_task(text, total=None)

    with shown_later(bar):
        yield move


def on_terminal() -> bool:
    """Whether standard error is a terminal that a bar can be drawn on."""
    screen = console(stderr=True)
    return screen.is_terminal and not screen.is_dumb_terminal


@contextmanager
def shown_later(bar: "rich.progress.Progress") -> Iterator[None]:
    """Draw a bar once two seconds have gone by, and take it away at the end."""
    timer = Timer(FIRST_SECONDS, bar.start)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        if bar.live.is_started:
            bar.stop()
