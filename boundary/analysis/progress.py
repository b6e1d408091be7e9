"""Progress of an analysis: what it is reported to, and plain lines of it on standard error.

What a bar on a terminal is drawn with is above the analysis, in `boundary.cli.progress`: nothing here needs a package.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from threading import Event, Lock, Thread
from typing import IO

from boundary.plain_text import one_line, redacted

# Called with the step, the number of steps done, and the number of all steps (0 where it is not known).
Progress = Callable[[str, int, int], None]
# Seconds before the first line, and between two lines of a log or two states of a line that is written over.
FIRST_SECONDS, LINE_SECONDS, REWRITE_SECONDS = 2.0, 30.0, 0.5


def no_progress(task: str, done: int, steps: int) -> None:
    """Report to nobody."""


@contextmanager
def reporting(progress: Progress | bool | None) -> Iterator[Progress]:
    """The callback that progress is reported to.

    Parameters
    ----------
    progress
        A callback, which is handed on; True for lines on standard error; None or False for nothing.

    Yields
    ------
    Progress
        The callback.
    """
    if progress is True:
        with progress_lines() as report:
            yield report
    else:
        yield progress or no_progress


@contextmanager
def progress_lines() -> Iterator[Progress]:
    """Progress as plain text on standard error, once two seconds have gone by.

    On a terminal and in a notebook it is one line that is written over; elsewhere a line at most every half minute.

    Yields
    ------
    Progress
        The callback.
    """
    pace = Pace()
    with log_lines(FIRST_SECONDS, rewrite=_can_rewrite()) as show:
        yield lambda task, done, steps: show(progress_text(task, done, steps, pace.seconds_left(done, steps)))


def progress_text(task: str, done: int, steps: int, seconds_left: float | None = None) -> str:
    """How far a step is, in words.

    Examples
    --------
    >>> progress_text("Fits", 23, 65, 192.0), progress_text("Report", 0, 0)
    ('Fits: 23 of 65, about 3 min left', 'Report')
    """
    if not steps:
        return task
    left = "" if seconds_left is None else f", about {_duration(seconds_left)} left"
    return f"{task}: {done:,} of {steps:,}{left}"


def _duration(seconds: float) -> str:
    """A duration for readers, no more exact than it can be known."""
    if seconds < 90:
        return f"{max(5 * round(seconds / 5), 1)} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


class Pace:
    """How fast the steps of one kind are done, and so how long the others will take."""

    def __init__(self) -> None:
        self.steps, self.first, self.latest = 0, 0, 0
        self.begun = time.monotonic()

    def seconds_left(self, done: int, steps: int) -> float | None:
        """Seconds that the steps left will take; None before one was done, and after the last.

        Parameters
        ----------
        done, steps
            Steps done and all steps; another number of all steps, or fewer done than before, begins a new kind.
        """
        if steps != self.steps or done < self.latest:
            self.steps, self.first, self.begun = steps, done, time.monotonic()
        self.latest = done
        if done == self.first or done >= steps:
            return None
        return (time.monotonic() - self.begun) / (done - self.first) * (steps - done)


@contextmanager
def log_lines(first_seconds: float, rewrite: bool = False) -> Iterator[Callable[..., None]]:
    """Print the latest state now and then, with the time since the beginning, and the last one at the end.

    Parameters
    ----------
    first_seconds
        Before them, nothing is printed.
    rewrite
        Whether each line is written over the one before.

    Yields
    ------
    Callable
        `show(text)` sets what is printed next; `show(text, at_once=True)` prints it too.
    """
    lines = _Lines(rewrite)
    thread = Thread(target=lines.print_now_and_then, args=(first_seconds,), daemon=True)
    thread.start()
    try:
        yield lines.show
    finally:
        lines.ended.set()
        thread.join()
        lines.end()


class _Lines:
    """The latest line of a log, printed from a thread."""

    def __init__(self, rewrite: bool) -> None:
        self.stream: IO[str] = sys.stderr
        self.begun, self.ended, self.rewrite = time.monotonic(), Event(), rewrite
        self.lock, self.latest, self.printed, self.columns = Lock(), "", "", 0

    def show(self, text: str, at_once: bool = False) -> None:
        self.latest = text
        if at_once:
            self.print_latest()

    def print_now_and_then(self, first_seconds: float) -> None:
        seconds = first_seconds
        while not self.ended.wait(seconds):
            self.print_latest()
            seconds = REWRITE_SECONDS if self.rewrite else LINE_SECONDS

    def print_latest(self) -> None:
        with self.lock:
            if not self.latest:
                return
            self.printed = self.latest
            elapsed = timedelta(seconds=round(time.monotonic() - self.begun))
            line = one_line(redacted(f"[{elapsed}] {self.latest}"))
            self._write(self._over_the_last(line) if self.rewrite else f"{line}\n")

    def end(self) -> None:
        """Print the last state where the log has begun and does not end with it; take away a line that is rewritten."""
        if self.rewrite and self.printed:
            self._write(f"{self._over_the_last('')}\r")
        elif not self.rewrite and self.printed not in ("", self.latest):
            self.print_latest()

    def _over_the_last(self, line: str) -> str:
        """A line that covers the one before, by spaces: not every notebook knows how to erase."""
        from shutil import get_terminal_size

        columns = get_terminal_size().columns - 1
        line = line[: columns if line.isascii() else columns // 2]  # a line that is broken cannot be written over
        covered, self.columns = max(self.columns - len(line), 0) * (1 if line.isascii() else 2), len(line)
        return f"\r{line}{' ' * min(covered, columns - len(line))}"

    def _write(self, text: str) -> None:
        with suppress(OSError, ValueError):  # a log that is closed or full stops no run
            self.stream.write(text)
            self.stream.flush()


def _can_rewrite() -> bool:
    """Whether standard error is a terminal or of a notebook, which both can write over a line."""
    if "ipykernel" in sys.modules and type(sys.stderr).__module__.startswith("ipykernel"):
        return True
    try:
        return sys.stderr.isatty()
    except (AttributeError, ValueError):  # none, or closed
        return False
