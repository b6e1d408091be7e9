"""Ctrl-C: a command ends at once, says what was written, and exits with 130."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import IO, Any, TypeVar

import click

from boundary.cli.terminal import echo, flush

Result = TypeVar("Result")
EXIT_CODE = 130


class Interrupted(click.ClickException):
    """The user stopped the command: one plain line, exit code 130."""

    exit_code = EXIT_CODE

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the line, without calling it an error."""
        echo(self.message, err=True)


def interruptibly(work: Callable[[], Result], output: Path) -> Result:
    """Do what computes and writes beside the main thread, which hears of Ctrl-C at any moment.

    In the main thread it would be heard only after compiled code returns: JAX compiles for many seconds.

    Parameters
    ----------
    work
        Writes its files through `boundary.analysis.output.folder`, or in a moment at its end.
    output
        Named in the message.

    Raises
    ------
    Interrupted
        After what was being written has been given up.
    """
    from boundary.analysis.output.folder import abandon

    done: list[Result] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            done.append(work())
        except BaseException as error:  # raised again where the command waits
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True)
    try:
        thread.start()
        while thread.is_alive():
            thread.join(0.1)
    except KeyboardInterrupt as error:
        ignore_more()
        state = f"All of '{output}' was written." if output in abandon() else _nothing_written(output)
        raise Interrupted(f"Interrupted. {state}") from error
    if failed:
        raise failed[0]
    return done[0]


def _nothing_written(output: Path) -> str:
    from boundary.analysis.output.folder import n_kept_fits

    n_fits = n_kept_fits(output)
    if not n_fits:
        return f"Nothing was written to '{output}'."
    fits = "1 finished fit is" if n_fits == 1 else f"{n_fits} finished fits are"
    return f"No report was written to '{output}', but {fits} kept there: the same command again continues."


def ignore_more() -> None:
    """Let no second Ctrl-C interrupt the end of a command; only where signals are this thread's to set."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def end_now() -> None:
    """End the process without waiting for threads: compiled code in them cannot be stopped."""
    flush()
    os._exit(EXIT_CODE)


@contextmanager
def stopped_by_sigterm() -> Iterator[None]:
    """Let a scheduler's SIGTERM stop a run as Ctrl-C does."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    try:
        before = signal.signal(signal.SIGTERM, stop)
    except ValueError:  # not the main thread: a test, a notebook
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
