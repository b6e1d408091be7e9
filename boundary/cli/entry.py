"""Where the command `boundary` begins: loading what it needs takes a moment, and Ctrl-C is heard in that, too."""

import os
import signal
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
    from boundary.cli.terminal import write_out_unencodable

    if before is not None:
        signal.signal(signal.SIGINT, before)
    write_out_unencodable()
    commands()


def _end(number: int, frame: FrameType | None) -> None:
    os.write(2, b"Interrupted. Nothing was written.\n")
    os._exit(130)
