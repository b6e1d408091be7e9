"""Names of files, compared as those of runs."""

import re
from pathlib import Path

DIGITS = re.compile(r"\d+")


def names_differ(first: Path, second: Path) -> bool:
    """Whether the names of two files, with their folders, differ in more than numbers, as those of seeds do.

    Examples
    --------
    >>> names_differ(Path("out/seed0.jsonl"), Path("out/seed1.jsonl")), names_differ(Path("base.csv"), Path("rl.csv"))
    (False, True)
    """
    return DIGITS.sub("", str(first)) != DIGITS.sub("", str(second))
