"""Where the command `boundary` begins: loading what it needs takes a moment, and Ctrl-C is heard in that, too."""

import os
import signal
from types import FrameType


def main() -> None:
    """Load the commands and run them."""
    try:
        before = signal.signal(signal.SIGINT, _end)
    except ValueError:  # not the main thread: of a program that calls
        before = None
    from boundary.cli.main import main as commands

    if before is not None:
        signal.signal(signal.SIGINT, before)
    commands()


def _end(number: int, frame: FrameType | None) -> None:
    os.write(2, b"Interrupted. Nothing was written.\n")
    os._exit(130)
