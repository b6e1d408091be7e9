"""Cells that a spreadsheet would run: written behind a quote mark, and read back as they were.

A cell that begins with =, +, - or @ is a formula to Excel, LibreOffice and Google Sheets, and a formula can send the
table away or start a program. A quote mark before it makes it text. Numbers, such as -1, stay as they are.
"""

import re

QUOTE = "'"
# Full-width signs are formulas in some of the world's settings; blanks before a sign are passed over.
_FORMULA = re.compile(r"^[\s\ufeff\u200b]*[=+\-@\uff1d\uff0b\uff0d\uff20].|^[\t\r\n]", re.DOTALL)
_NUMBER = re.compile(r"^[+-](?:\d{1,400}(?:\.\d{0,400})?|\.\d{1,400})(?:[eE][+-]?\d{1,4})?$", re.ASCII)


def guarded(cell: str) -> str:
    """A cell as it is written: behind a quote mark where a spreadsheet would run it, or take the mark for ours.

    Examples
    --------
    >>> guarded("=1+1"), guarded("'=1+1"), guarded("-1"), guarded("o1-mini")
    ("'=1+1", "''=1+1", '-1', 'o1-mini')
    """
    return QUOTE + cell if _would_run(cell.lstrip(QUOTE)) else cell


def unguarded(cell: str) -> str:
    """A cell as it was before `guarded`."""
    return cell[1:] if cell.startswith(QUOTE) and _would_run(cell.lstrip(QUOTE)) else cell


def _would_run(cell: str) -> bool:
    return _FORMULA.match(cell) is not None and _NUMBER.match(cell) is None
