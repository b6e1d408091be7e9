"""Numbers as answers write them, with their units: 1,000 is 1000.0, $5 is 5, 1/2 is .5, 5 km is 5, 2 1/2 is 2.5.

What is more or less than one number is none: two numbers, a comparison, a negation, a term with a variable.
"""

import re
from fractions import Fraction
from typing import NamedTuple

from boundary.data.answers.units import contradict, spelled_out, unit

LONGEST = 300
SIGNS = str.maketrans({"\u2212": "-", "\u2013": "-", "\u00bd": " 1/2", "\u00bc": " 1/4", "\u00be": " 3/4"})
_WRAPPED = re.compile(r"\\(?:text|textbf|textit|textrm|mathrm|mathbf|mbox|operatorname|boxed)\s*\{([^{}]*)\}")
# Digits are joined across these only where groups of three follow.
THOUSANDS = re.compile(r"(?<=\d)(?:\{,\}|,\\!|\\,|[\u2009\u202f])(?=\d{3}(?!\d))")
_BLANK = re.compile(r"\\[,;:! ]|\\displaystyle|\\[()\[\]]|\\?\$|[\u20ac\u00a3\u00a5\u20b9\u00a0\s]|(?<=\S)~")
_DEGREE = re.compile(r"\s*(?:\^\s*(?:\{\s*\\circ\s*\}|\\circ)|\\degree|\u00b0)")
_FRACTION = re.compile(r"\\[dtc]?frac\s*(?:\{([^{}]*)\}|(\d))\s*(?:\{([^{}]*)\}|(\d))")
# Digits under a bar repeat for ever; what stands before them apart from a number is another number.
REPEATING = re.compile(r"(?<!\d)(?<!\d\s)(\d{0,60})\.(\d{0,60})\\(?:overline|bar)\s?(?:\{(\d{1,60})\}|(\d))(?!\d)")
_DIGITS = r"(?:[1-9]\d{0,2}(?:,\d{3})+(?:\.\d*)?|\d+(?:\.\d*)?|\.\d+)"
_TEN = r"10\s*\^\s*(?:\{\s*([-+]?\s*\d{1,3})\s*\}|\(\s*([-+]?\d{1,3})\s*\)|([-+]?\d{1,3}))"
_MIXED = re.compile(r"(\d{1,60})\s+(\d{1,60})\s*/\s*(\d{1,60})")
_RATIO = re.compile(rf"({_DIGITS})(?:\s*/\s*(-?{_DIGITS}))?")
_SCIENTIFIC = re.compile(
    rf"(?:({_DIGITS})(?:[eE]([-+]?\d{{1,3}})|\s*(?:\\times|\\cdot|[*x\u00d7\u00b7])\s*{_TEN}))|{_TEN}"
)
_SIGN = re.compile(r"\s*(?:([-+])\s*)?")
# What may stand before an equals sign: a name (x, x_1, f(2), Area), or sums of plain numbers.
_NAME = re.compile(
    r"(?:[A-Za-z]|\\[A-Za-z]{2,12})(?:_\{?\w{1,20}\}?)?(?:\([\w, ]{1,20}\))?'?"
    r"|[A-Za-z]{2,20}(?: [A-Za-z]{1,20}){0,5}"
)
_SUMS = re.compile(r"(?:[\d\s+\-*/().,=\u00d7\u00f7^]|\\(?:times|cdot|div)\b)*")
_NO_NAMES = re.compile(r"\\(?:n?eq?|[lg]eq?|approx|sim|pm|not|in)\b|\b(?:not?|or|and|than|least|most)\b", re.IGNORECASE)


class Quantity(NamedTuple):
    """A number as an answer writes it.

    Parameters
    ----------
    value
        The number, words such as million counted in; of a percentage the number before the sign.
    name
        What is said to be equal to it, `x` in x = 5; empty where nothing is.
    percent
        Whether it is a percentage.
    measures
        Its measures, such as kilometer and hour.
    """

    value: Fraction
    name: str = ""
    percent: bool = False
    measures: tuple[str, ...] = ()


def quantity(text: str) -> Quantity | None:
    r"""A number with its unit in any of the ways in which answers write it; None where it is none.

    Thousands separators, currency signs, dollar signs of LaTeX and \text{} around a unit do not count.
    """
    if len(text) > LONGEST:
        return None
    text = REPEATING.sub(repeating_fraction, THOUSANDS.sub(",", text.translate(SIGNS)))
    text = _BLANK.sub(" ", _WRAPPED.sub(lambda match: f" {spelled_out(match[1])} ", text))
    text = re.sub(r"\\?%", " percent ", _DEGREE.sub(" degree ", text))
    text = re.sub(r"\s+(?=\^)", "", _FRACTION.sub(_plain_fraction, text)).strip().removesuffix(".")
    *names, amount = (part.strip() for part in text.split("="))
    if any(_NO_NAMES.search(name) or not (_NAME.fullmatch(name) or _SUMS.fullmatch(name)) for name in names):
        return None
    return None if "" in names else _read(amount, names[0] if names else "")


def number(text: str) -> Fraction | None:
    """The number that a text is, or None; see `quantity`."""
    amount = quantity(text)
    return None if amount is None else amount.value


def same(expected: Quantity, actual: Quantity) -> bool:
    """Whether two quantities are the same number, in units that do not contradict each other.

    Where only one of them is a percentage, 20% is 0.2; it is 20 as well, but 0.2% is not 0.2, where a share is as
    likely meant.
    """
    if contradict(expected.measures, actual.measures):
        return False
    if expected.percent == actual.percent:
        return expected.value == actual.value
    percentage, share = (expected, actual) if expected.percent else (actual, expected)
    return percentage.value == 100 * share.value or (percentage.value == share.value and abs(share.value) >= 1)


def repeating_fraction(match: re.Match[str]) -> str:
    r"""A decimal whose last digits repeat, as a fraction: 0.1\overline{6} is \frac{15}{90}."""
    whole, fixed, repeated = match[1], match[2], match[3] or match[4]
    above = int(whole + fixed + repeated) - int(whole + fixed or "0")
    return f"\\frac{{{above}}}{{{'9' * len(repeated) + '0' * len(fixed)}}}"


def _read(text: str, name: str) -> Quantity | None:
    bracketed = re.fullmatch(r"\(([^(),]*)\)|\{([^{},]*)\}", text)  # (1,234) is a point
    text = text if bracketed is None else (bracketed[1] or bracketed[2] or "").strip()
    sign = _SIGN.match(text)
    start = sign.end() if sign else 0
    negative = bool(sign and sign[1] == "-")
    for pattern, value_of in ((_MIXED, _mixed), (_SCIENTIFIC, _scientific), (_RATIO, _ratio)):
        match = pattern.match(text, start)
        words = None if match is None else unit(text[match.end() :])
        value = None if match is None or words is None else value_of(match)
        if value is not None and words is not None:
            value = -value if negative else value
            return Quantity(value * words.scale, name, words.percent, words.measures)
    return None


def _mixed(match: re.Match[str]) -> Fraction | None:
    whole, above, below = (int(group) for group in match.groups())
    return whole + Fraction(above, below) if above < below else None


def _scientific(match: re.Match[str]) -> Fraction | None:
    mantissa, exponent, *powers = match.groups()
    power = exponent or next(group for group in powers if group is not None)
    return _decimal(mantissa or "1") * Fraction(10) ** int(power.replace(" ", ""))


def _ratio(match: re.Match[str]) -> Fraction | None:
    below = _decimal(match[2]) if match[2] else Fraction(1)
    return _decimal(match[1]) / below if below else None


def _decimal(digits: str) -> Fraction:
    return Fraction(digits.replace(",", ""))


def _plain_fraction(match: re.Match[str]) -> str:
    above, below = match[1] or match[2] or "", match[3] or match[4] or ""
    return f" {above.strip()}/{below.strip()} "  # apart from what stands before it: 2\\frac{1}{2} is no 21/2
