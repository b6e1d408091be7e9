"""Pipes, sockets and devices in place of files: what is read from them is gone, and files are read more than once."""

import stat
from pathlib import Path

from boundary.errors import InputError


def refuse_pipe(path: Path) -> None:
    """Refuse what can be read only once, such as `/dev/stdin` behind a pipe, `<(command)`, or a FIFO.

    Raises
    ------
    InputError
        With what to do.
    OSError
        Where nothing can be known of it.
    """
    kind = path.stat().st_mode
    if stat.S_ISFIFO(kind) or stat.S_ISSOCK(kind) or stat.S_ISCHR(kind):
        kind_name = "a terminal or a device" if stat.S_ISCHR(kind) else "a pipe"
        raise InputError(
            f"'{path}' is {kind_name}, and files are read more than once. Write what it gives to a file, and name this."
        )
