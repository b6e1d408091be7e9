r"""Answers written alike: without what does not matter to their meaning, and so that math-verify can read them."""

import re

from boundary.data.answers.quantities import REPEATING, SIGNS, THOUSANDS, quantity, repeating_fraction
from boundary.data.answers.units import SCALES, unit

TEXT = re.compile(r"\\(?:text|mathrm|textbf|mathbf|textit|textrm|mbox|operatorname)\s*\{([^{}]*)\}")
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
_WORDS = re.compile(r"[A-Za-z][A-Za-z ]*")
# An angle in degrees behind a function of angles; elsewhere a degree sign does not count.
_ANGLE = re.compile(
    r"(\\(?:sin|cos|tan|cot|sec|csc)(?:\^\{?\d\}?)?)\s{0,3}(?:\\left)?[({]?\s{0,3}(-?\d{1,9}(?:\.\d{1,9})?)\s{0,3}"
    r"(?:\^\s{0,3}\{?\s{0,3}\\circ(?![A-Za-z])\s{0,3}\}?|\\degree(?![A-Za-z]))\s{0,3}(?:\\right)?[)}]?"
)
_POWER = re.compile(r"(?<=[\w)])\s{0,3}\*\*\s{0,3}(-?\d{1,9}|[A-Za-z])(?![\w*])")
_CASES = re.compile(r"(?:\\left\\\{)?\s{0,3}\\begin\{cases\}(.*)\\end\{cases\}\s{0,3}(?:\\right\.)?", re.DOTALL)
_ASSIGNMENT = re.compile(r"([A-Za-z])\s{0,3}=([^=,&]+)")
_SIGNS = {
    "\u03c0": "\\pi ",
    "\u221e": "\\infty ",
    "\u00b0": "^\\circ ",
    "\u2205": "\\emptyset ",
    "\\varnothing": "\\emptyset ",
}


def canonical(text: str) -> str:
    r"""An answer without what does not matter to its meaning: spaces, \left and \right, \text{}, dollar signs."""
    whole = TEXT.fullmatch(text.strip())
    text = re.sub(r"\\[dt]frac", r"\\frac", whole[1] if whole and _READ_IN_TEXT.fullmatch(whole[1]) else text)
    text = _SPACE.sub(" ", text.replace("\u2212", "-"))
    return _NEEDLESS.sub("", re.sub(" +", " ", text))


def words_alike(gold: str, answer: str) -> bool:
    r"""Whether two answers are the same signs, whatever is put into \text{}: 5:30 PM; a list may lack its spaces.

    Answers in several words may differ in case and in the plural of the last one: no solution, No solutions.
    """
    signs, other = (canonical(TEXT.sub(r" \1 ", text)).strip() for text in (gold, answer))
    if signs == other or signs.replace(", ", ",") == other:
        return True
    are_words = " " in signs and _WORDS.fullmatch(signs) and _WORDS.fullmatch(other)
    return bool(are_words) and signs.casefold().removesuffix("s") == other.casefold().removesuffix("s")


def readable(text: str) -> str:
    r"""An answer as math-verify reads it rightly: no unit, no full stop at its end, 6.02e23 as a power of ten.

    A repeating decimal is a fraction, sin 30° has its angle in radians, 2**3 is 2^3, \\langle 1,2\\rangle is (1,2), and
    values of several unknowns stand in the order of their names.
    """
    text = in_round_brackets(THOUSANDS.sub(",", text.strip().removesuffix(".")).translate(SIGNS))
    text = _POWER.sub(r"^{\1}", _in_order(REPEATING.sub(repeating_fraction, text)))
    for sign, latex in _SIGNS.items():
        text = text.replace(sign, latex)
    text = _ANGLE.sub(r"\1(\\frac{\2\\pi}{180})", _PI.sub(r"\\pi ", text))
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


def in_round_brackets(text: str) -> str:
    r"""A vector in \langle and \rangle as a point; anything else as it is."""
    bare = text.strip().strip("$").strip()
    is_angled = bare.startswith("\\langle") and bare.endswith("\\rangle")
    return f"({bare[7:-7].strip()})" if is_angled else text  # as long as the two commands


def _in_order(text: str) -> str:
    """Values of several unknowns by their names: a system in cases, or y = 3, x = 2; anything else as it is."""
    cases = _CASES.fullmatch(text.strip().strip("$").strip())
    parts = cases[1].replace("&", "").split("\\\\") if cases else text.strip("$ ").split(",")
    values = [_ASSIGNMENT.fullmatch(part.strip(" ,\n")) for part in parts if part.strip(" ,\n")]
    names = {value[1] for value in values if value}
    if len(values) < 2 or len(names) < len(values):  # x = 1, x = 2 are two solutions
        return text
    return ", ".join(
        f"{value[1]}={value[2].strip()}" for value in sorted(filter(None, values), key=lambda part: part[1])
    )


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
