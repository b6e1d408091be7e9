"""What is right, in training and in sampling alike: the text begins with a number, and that number is the answer."""

import re
from typing import Any

# Not the beginning of a longer number: 48 is not read from 480 or from 48.5.
NUMBER = re.compile(r"\s*(\d+)(?!\d|\.\d)", re.ASCII)


def right(problem: dict[str, Any], text: str) -> bool:
    """Whether a text answers a problem; the last number that fits into the token limit counts as ended."""
    found = NUMBER.match(text)
    return found is not None and int(found[1]) == int(problem["answer"])
