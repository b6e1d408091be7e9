"""Whether two numbers are equal, exactly: 1,000 is 1000.0, $5 is 5, 1/2 is .5, 50% is 50."""

import re
from fractions import Fraction

from boundary.sampling.task import Outcome

_PLAIN = re.compile(r"[-+]?(?:\d{1,60}(?:\.\d{0,60})?|\.\d{1,60})(?:e[-+]?\d{1,3})?")
_POWER = re.compile(r"(?:\\times|\\cdot|\u00d7)10\^\{?([-+]?\d{1,3})\}?$")
_FRACTION = re.compile(r"(-?)\\[dt]?frac(?:(\d)(\d)|\{(-?\d{1,60})\}\{?(\d{1,60})\}?|(\d)\{(\d{1,60})\})")
# A number, then words: no digit or sign of mathematics may follow, or 2 would be read from 2 sqrt(3).
_UNIT = re.compile(
    r"([-+\u2212]?[$\u20ac\u00a3]?[\d.,]+(?:/\d+)?)[ ~]*"
    r"[^\W\d_]+(?:[ ./-]{1,3}[^\W\d_]+)*(?:[ ]?\^?[23\u00b2\u00b3])?\.?"
)
_FREE = re.compile(
    r"\\left|\\right|\\[,;!: ()\[\]]|\\\$|\$|\\text\{[^{}]*\}|\\mathrm\{[^{}]*\}|\\%|%|\{,\}|\s|\^\{?\\circ\}?|\u00b0"
)


def number(text: str) -> Fraction | None:
    r"""A number in any of the ways in which answers write it, exactly; None where it is none.

    Thousands commas, spaces, currency, percent and degree signs and \text{...} around it are left away.
    """
    text = _FREE.sub("", text.replace("\u2212", "-")).rstrip(".").lower()
    text = text.partition("=")[2] if text.count("=") == 1 else text
    if re.fullmatch(r"[-+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?", text):
        text = text.replace(",", "")
    text = _POWER.sub(r"e\1", text)
    fraction = _FRACTION.fullmatch(text)
    if fraction:
        sign, *numbers = fraction.groups()
        above, under = (part for part in numbers if part is not None)
        text = f"{-int(above) if sign else above}/{under}"
    top, slash, bottom = text.partition("/")
    if not (_PLAIN.fullmatch(top) and (not slash or _PLAIN.fullmatch(bottom))):
        return None
    below = Fraction(bottom) if slash else Fraction(1)
    return Fraction(top) / below if below else None


def compare(gold: str, answer: str) -> tuple[Outcome, str]:
    """Verdict on a number; units behind it (12 km) do not count."""
    expected, given = number(gold), number(answer)
    if expected is None:
        return "verifier_error", f"the reference answer '{gold[:40]}' is no number"
    if given is None:
        with_unit = _UNIT.fullmatch(answer.strip())
        given = number(with_unit[1]) if with_unit else None
    if given is None:
        return "wrong", f"'{answer[:40]}' is no number"
    return ("correct", "") if given == expected else ("wrong", "")
