"""Texts fit to be shown: those of others without control of a terminal or secret of a URL, numbers with nouns."""

import re

REDACTED = "***"
# C0 and C1 but for tab and newline; marks that turn the direction of writing; separators, half characters and tags.
_CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)
_USER = re.compile(r"(?<=://)[^\s/?#'\"\\]+@")
_PARAMETER = re.compile(
    r"([?&;][\w.-]{0,40}(?:key|token|secret|passw|pwd|auth|sig|credential)[\w.-]{0,40}=)[^\s&;#'\"\\]+", re.IGNORECASE
)
_BEARER = re.compile(r"\b(Bearer\s{1,4})[\w.~+/=-]+", re.IGNORECASE)


def printable(text: str) -> str:
    r"""A text whose control characters are written out, as \x1b; tabs and newlines stay.

    Examples
    --------
    >>> printable("model\x1b[2J")
    'model\\x1b[2J'
    """
    return _CONTROLS.sub(lambda control: ascii(control[0])[1:-1], text)


def one_line(text: str) -> str:
    """A text as `printable`, on one line: what stands in it cannot look like a line of ours."""
    return printable(text).replace("\n", r"\n")


def plain(text: str) -> str:
    """A text of others on one line, without control characters and the like."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def redacted(text: str) -> str:
    """A text without passwords and keys: those of URLs, be they before the host or in the query, and bearer tokens.

    Examples
    --------
    >>> redacted("http://me:secret@host/v1?api_key=abc&n=2")
    'http://***@host/v1?api_key=***&n=2'
    """
    text = _USER.sub(f"{REDACTED}@", text)
    text = _PARAMETER.sub(rf"\g<1>{REDACTED}", text)
    return _BEARER.sub(rf"\g<1>{REDACTED}", text)


def count_text(count: int, noun: str) -> str:
    """A number with its noun, which is in the plural unless the number is 1.

    Examples
    --------
    >>> count_text(1, "sample"), count_text(0, "sample"), count_text(1200, "broken record")
    ('1 sample', '0 samples', '1,200 broken records')
    """
    return f"{count:,} {noun}{'s' * (count != 1)}"


def agreeing(count: int, singular: str, plural: str) -> str:
    """The form of a verb or pronoun that goes with a number.

    Examples
    --------
    >>> agreeing(1, "it was", "they were"), agreeing(2, "it was", "they were")
    ('it was', 'they were')
    """
    return singular if count == 1 else plural
