"""Progress on standard error: a bar on a terminal, a line now and then in a log; nothing within two seconds."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from threading import Event, Lock, Thread, Timer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import rich.progress

from boundary.cli.terminal import console, echo, text_column

Progress = Callable[[str, int, int], None]
# Seconds before anything is shown, and between two lines of a log.
FIRST_SECONDS, LINE_SECONDS = 2.0, 30.0


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
        with log_lines(FIRST_SECONDS) as show_line:
            yield lambda task, done, steps: show_line(f"{task}: {done:,} of {steps:,}" if steps else task)
        return
    from rich.progress import BarColumn, Progress, SpinnerColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), text_column("{task.description}"), BarColumn(), TimeElapsedColumn())
    bar = Progress(*columns, console=console(stderr=True), transient=True)
    task_id = bar.add_task("Starting", total=None)

    def move(task: str, done: int, steps: int) -> None:
        nonlocal task_id
        if steps:
            bar.update(task_id, description=task, completed=done, total=steps)
        else:  # a bar with an end cannot be turned into one without
            bar.remove_task(task_id)
            task_id = bar.add_task(task, total=None)

    with shown_later(bar):
        yield move


def on_terminal() -> bool:
    """Whether standard error is a terminal that a bar can be drawn on."""
    return console(stderr=True).is_terminal


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


@contextmanager
def log_lines(first_seconds: float) -> Iterator[Callable[..., None]]:
    """Print the latest state now and then, with the time since the beginning, and the last one at the end.

    Parameters
    ----------
    first_seconds
        Before them, nothing is printed.

    Yields
    ------
    Callable
        `show(text)` sets what is printed next; `show(text, at_once=True)` prints it too.
    """
    lines = _Lines()
    thread = Thread(target=lines.print_now_and_then, args=(first_seconds,), daemon=True)
    thread.start()
    try:
        yield lines.show
    finally:
        lines.ended.set()
        thread.join()
        lines.print_latest(unless_printed=True)


class _Lines:
    """The latest line of a log, printed from a thread."""

    def __init__(self) -> None:
        self.stream, self.begun, self.ended = sys.stderr, time.monotonic(), Event()
        self.lock, self.latest, self.printed = Lock(), "", ""

    def show(self, text: str, at_once: bool = False) -> None:
        self.latest = text
        if at_once:
            self.print_latest()

    def print_now_and_then(self, first_seconds: float) -> None:
        seconds = first_seconds
        while not self.ended.wait(seconds):
            self.print_latest()
            seconds = LINE_SECONDS

    def print_latest(self, unless_printed: bool = False) -> None:
        """Print the latest line; at the end only where the log has begun and does not end with it."""
        with self.lock:
            if not self.latest or (unless_printed and self.printed in ("", self.latest)):
                return
            self.printed = self.latest
            elapsed = timedelta(seconds=round(time.monotonic() - self.begun))
            with suppress(OSError, ValueError):  # a log that is closed or full stops no run
                echo(f"[{elapsed}] {self.latest}", file=self.stream)
