"""How many processors this process may use."""

import os


def usable_processors() -> int:
    """Number of processors that this process may run on, which a batch job may have fewer of than the machine has.

    Examples
    --------
    >>> 1 <= usable_processors() <= (os.cpu_count() or 1)
    True
    """
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
