"""Where the command `boundary` begins: loading what it needs takes a moment, and Ctrl-C is heard in that, too."""

import os
import signal
import sys
from io import TextIOWrapper
from types import FrameType


def main() -> None:
    """Load the commands and run them."""
    # NumPy reads it when it is first imported. Fits run side by side and the matrices are small: threads within an
    # operation would wait for one another.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        before = signal.signal(signal.SIGINT, _end)
    except ValueError:  # not the main thread: of a program that calls
        before = None
    from boundary.cli.main import main as commands

    if before is not None:
        signal.signal(signal.SIGINT, before)
    for stream in (sys.stdout, sys.stderr):
        # Marks and names that the terminal's encoding lacks are written out; they end no command.
        if isinstance(stream, TextIOWrapper) and stream.encoding.lower() not in ("utf-8", "utf8"):
            stream.reconfigure(errors="backslashreplace")
    commands()


def _end(number: int, frame: FrameType | None) -> None:
    os.write(2, b"Interrupted. Nothing was written.\n")
    os._exit(130)
