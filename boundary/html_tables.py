"""Small HTML tables for notebooks: every text escaped, and nothing that needs a style sheet."""

from collections.abc import Sequence
from html import escape

from boundary.plain_text import plain

# Rows that a notebook shows.
MOST_ROWS = 40


def html_text(text: str) -> str:
    """A text of others as HTML: on one line, without control characters, escaped.

    Examples
    --------
    >>> html_text("<b>x</b>")
    '&lt;b&gt;x&lt;/b&gt;'
    """
    return escape(plain(text))


def html_table(caption: str, headings: Sequence[str], rows: Sequence[Sequence[str]], note: str = "") -> str:
    """A table with its first rows, and how many more there are.

    Parameters
    ----------
    caption, headings, rows, note
        Plain texts; they are escaped here. Rows are as long as the headings.
    """
    head = "".join(f"<th>{html_text(heading)}</th>" for heading in headings)
    body = "".join(f"<tr>{''.join(f'<td>{html_text(cell)}</td>' for cell in row)}</tr>" for row in rows[:MOST_ROWS])
    hidden = len(rows) - MOST_ROWS
    notes = [note] if note else []
    notes += [f"{hidden:,} more row{'s' * (hidden > 1)} are not shown."] if hidden > 0 else []
    return (
        f"<table><caption>{html_text(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        + "".join(f"<p><small>{html_text(text)}</small></p>" for text in notes)
    )
