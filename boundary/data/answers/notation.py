r"""Answers written alike: without what does not matter to their meaning, and so that math-verify can read them."""

import re

from boundary.data.answers.quantities import SIGNS, THOUSANDS, quantity
from boundary.data.answers.units import SCALES, unit

_TEXT = re.compile(r"\\(?:text|mathrm|textbf|mathbf|textit|textrm|mbox|operatorname)\s*\{([^{}]*)\}")
# math-verify does not read a decimal in \\text{} as one.
_READ_IN_TEXT = re.compile(r"\A(?:[^{}\d]*[A-Za-z][^{}]*|\d+)")
_SPACE = re.compile(r"\\[,;!:]|\\ (?=\S)|\\(?:left|right)(?![A-Za-z])|(?<=\S)~|\$|\s+")
# Space does not matter but between letters and numbers: 1 2 is not 12, 1, 234 not 1,234.
_NEEDLESS = re.compile(r"(?<![0-9A-Za-z.,]) | (?![0-9A-Za-z.,])")
_LAST_TEXT = re.compile(r"\\(?:text|mathrm|mbox|textrm)\s*\{([^{}]*)\}\s*(?:\^\s*\{?[23]\}?)?$")
_LAST_WORDS = re.compile(r"(?<=[\d)}i])(?:\s|\\[,; ])*((?<![A-Za-z])[A-Za-z][A-Za-z\s./^{}23]*)$")
_CONSTANT = re.compile(r"\d|\\pi|\\infty|\\sqrt")
# Words of a text behind a number that change what it says.
_CHANGES_MEANING = re.compile(
    r"\d|\b(?:maybe|perhaps|possibly|not?|or|and|than|if|unless|except|wrong|incorrect|least|most"
    rf"|(?:{'|'.join(SCALES)})s?)\b",
    re.IGNORECASE,
)
_EXPONENT = re.compile(r"(?<![\w.])(\d+(?:\.\d*)?|\.\d+)[eE]([-+]?\d{1,4})(?![\w.])")
_ROOT = re.compile(r"\u221a\s*(?:\{([^{}]*)\}|\(([^()]*)\)|(\d+|[a-z]))")
_PI = re.compile(r"(?<![A-Za-z\\])pi(?![A-Za-z])")
_SIGNS = {
    "\u03c0": "\\pi ",
    "\u221e": "\\infty ",
    "\u00b0": "^\\circ ",
    "\u2205": "\\emptyset ",
    "\\varnothing": "\\emptyset ",
}


def canonical(text: str) -> str:
    r"""An answer without what does not matter to its meaning: spaces, \left and \right, \text{}, dollar signs."""
    whole = _TEXT.fullmatch(text.strip())
    text = re.sub(r"\\[dt]frac", r"\\frac", whole[1] if whole and _READ_IN_TEXT.fullmatch(whole[1]) else text)
    text = _SPACE.sub(" ", text.replace("\u2212", "-"))
    return _NEEDLESS.sub("", re.sub(" +", " ", text))


def words_alike(gold: str, answer: str) -> bool:
    r"""Whether two answers are the same signs, whatever is put into \text{}: 5:30 PM; a list may lack its spaces."""
    signs, other = (canonical(_TEXT.sub(r" \1 ", text)) for text in (gold, answer))
    return signs == other or signs.replace(", ", ",") == other


def readable(text: str) -> str:
    """An answer as math-verify reads it rightly: no unit, no full stop at its end, 6.02e23 as a power of ten."""
    text = THOUSANDS.sub(",", text.strip().removesuffix(".")).translate(SIGNS)
    for sign, latex in _SIGNS.items():
        text = text.replace(sign, latex)
    text = _PI.sub(r"\\pi ", text)
    text = _ROOT.sub(lambda match: f"\\sqrt{{{match[1] or match[2] or match[3]}}}", text)
    amount = quantity(text)
    if amount is None:
        return _EXPONENT.sub(r"\1 \\times 10^{\2}", without_unit(text))
    value = amount.value
    decimal = _decimal(value.numerator, value.denominator) if "." in text else None
    digits = decimal or (f"\\frac{{{value.numerator}}}{{{value.denominator}}}" if value.denominator > 1 else f"{value}")
    name = f"{amount.name} = " if amount.name else ""
    return name + digits + ("\\%" if amount.percent else "")


def without_unit(text: str) -> str:
    r"""An expression without a unit at its end: 2\pi \text{ cm}, 4\sqrt{3} feet."""
    last = _LAST_TEXT.search(text)
    if last and _CONSTANT.search(text[: last.start()]) and not _CHANGES_MEANING.search(last[1]):
        return text[: last.start()].strip()
    words = _LAST_WORDS.search(text)
    if words and _CONSTANT.search(text[: words.start()]) and len(words[1]) > 1:
        behind = unit(words[0])
        if behind is not None and behind.scale == 1:
            return text[: words.start()].strip() + ("\\%" if behind.percent else "")
    return text


def _decimal(numerator: int, denominator: int) -> str | None:
    """A fraction in decimal digits, if it has finitely many."""
    quotient, places = denominator, 0
    for prime in (2, 5):
        count = 0
        while quotient % prime == 0:
            quotient, count = quotient // prime, count + 1
        places = max(places, count)
    if quotient != 1:
        return None
    digits = str(abs(numerator) * 10**places // denominator).rjust(places + 1, "0")
    sign = "-" if numerator < 0 else ""
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else f"{sign}{digits}.0"
