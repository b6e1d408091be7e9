"""How many processors this process may use."""

import os


def usable_processors() -> int:
    """Number of processors that this process may run on: fewer than the machine has in a batch job that is bound to some.

    Examples
    --------
    >>> 1 <= usable_processors() <= (os.cpu_count() or 1)
    True
    """
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
