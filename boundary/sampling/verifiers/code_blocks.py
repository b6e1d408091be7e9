"""The program in what a model wrote: fenced blocks, read line by line, and the one that is the answer."""

import re

_CODE = re.compile(r"```[ \t]*(?:python3?|py)?[ \t]*\r?\n(.*?)(?:\r?\n[ \t]*```|\Z)", re.DOTALL | re.IGNORECASE)


def last_code(text: str) -> str | None:
    """The last Python code block of a text; None where there is none."""
    blocks = _CODE.findall(text)
    return next((block for block in reversed(blocks) if block.strip()), None)
