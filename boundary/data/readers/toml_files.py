"""TOML files that a user wrote, and that may come from others: of bounded length and depth."""

import tomllib
from pathlib import Path
from typing import Any

from boundary.data.readers import limits


def read_toml(path: Path) -> dict[str, Any]:
    """What a TOML file holds.

    Raises
    ------
    OSError
        If it cannot be read.
    ValueError
        If it is no TOML or no UTF-8 text; longer or nested more deeply than anyone writes by hand.
    """
    with path.open("rb") as file:
        data = file.read(limits.LARGEST_TOML + 1)
    if len(data) > limits.LARGEST_TOML:
        raise ValueError(f"it is longer than {limits.LARGEST_TOML // limits.KIB} KiB")
    # The standard library's parser takes quadratic time for the parts of a dotted key.
    if any(line.count(b".") > limits.MOST_DOTS for line in data.splitlines()):
        raise ValueError(f"a line of it has more than {limits.MOST_DOTS} dots")
    try:
        return tomllib.loads(data.decode())
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
