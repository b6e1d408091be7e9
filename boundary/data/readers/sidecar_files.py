"""Files that a tool writes beside its samples, in which it says how they were taken."""

import json
from collections.abc import Mapping
from typing import Any

from boundary.data.readers.streams import Source

LARGEST = 1 << 26


def json_beside(source: Source, *places: str) -> Mapping[str, Any]:
    """The JSON object in a file beside another; empty where there is none, or it cannot be read.

    Parameters
    ----------
    source
        The file of samples, which remembers what was read beside it.
    places
        Paths from its folder; the first that exists is taken.
    """
    for place in places:
        beside = source.path.resolve().parent / place
        try:
            if beside.is_file() and beside.stat().st_size <= LARGEST:
                source.sidecars.add(beside.resolve())
                content = json.loads(beside.read_bytes(), parse_constant=str)
                return content if isinstance(content, dict) else {}
        except (OSError, ValueError, RecursionError):
            return {}
    return {}
