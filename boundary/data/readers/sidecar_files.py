"""Files that a tool writes beside its samples, in which it says how they were taken."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

LARGEST = 1 << 26


def json_beside(path: Path, *places: str) -> Mapping[str, Any]:
    """The JSON object in a file beside another; empty where there is none, or it cannot be read.

    Parameters
    ----------
    path
        The file of samples.
    places
        Paths from its folder; the first that exists is taken.
    """
    for place in places:
        beside = path.resolve().parent / place
        try:
            if beside.is_file() and beside.stat().st_size <= LARGEST:
                content = json.loads(beside.read_bytes(), parse_constant=str)
                return content if isinstance(content, dict) else {}
        except (OSError, ValueError, RecursionError):
            return {}
    return {}
