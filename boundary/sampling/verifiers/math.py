"""The verifier `math`: whether two mathematical answers are equal, by math-verify.

Runs in worker processes: its own time limits use alarm signals, which fail off the main thread and cannot break a loop
inside a C library, so they are switched off and the pool kills what takes too long.
"""

import math
import re
from fractions import Fraction
from functools import lru_cache, partial
from typing import Any, Literal

from boundary.data.answers.notation import canonical, in_round_brackets, readable, words_alike
from boundary.data.answers.quantities import Quantity, quantity, same
from boundary.data.answers.units import contradict
from boundary.sampling.answers.comments import is_comment
from boundary.sampling.answers.expressions import last_expression
from boundary.sampling.answers.extraction import extract as extract_marked
from boundary.sampling.answers.references import any_reference
from boundary.sampling.problems import Outcome
from boundary.sampling.verifiers.spec import Verifier, reference_and_answer

# A number that math-verify reads as this module does, whatever surrounds it elsewhere: no unit, no percent sign.
_BARE = re.compile(
    r"\$?(?:[a-z]\s?=\s?(?!.*,))?[-+\u2212]?(?:\\?\$)?"
    r"(?:(?:[1-9]\d{0,2}(?:(?:,|\{,\})\d{3})+|\d+)(?:\.\d+)?|\.\d+|\d+/\d+|\\[dt]?frac\{-?\d+\}\{\d+\})\$?"
)
_IN_BASE = re.compile(r"([0-9A-Za-z]+)_\{?(\d+)\}?")
_LIST = re.compile(r"(\(|\[|\\\{)(.+?)(\)|\]|\\\})")
_NAME = re.compile(r"[A-Za-z]\s?(?:=|\\in(?![a-z]))\s?")
_RATIO = re.compile(r"[1-9]\d{0,8}(?:\s?:\s?[1-9]\d{0,8}){2,9}")
_LEADING_ZERO = re.compile(r"[-+]?0\d")
# Two numbers with nothing between them but space, where that is no fraction of LaTeX such as \\frac 1 2, and the first
# no index or exponent: \\log_2 8, \\int_0^1 2x, 2^3 3^2.
_SIDE_BY_SIDE = re.compile(r"(?<![a-z]\s\d)(?<![_^]\d)(?<![a-z]\d)(?<=\d)(?:\s|~|\\[,;: ]|\\q?quad)+(?=\.?\d)")
_RELATION = re.compile(r"[<>\u2264\u2265\u2260]|\\(?:[lg](?:eq?|eqslant|t)|neq?)(?![a-z])")
LONGEST = 2_000
# Decimals are equal for math-verify where six places agree. Here four significant digits must agree as well, as in the
# graders of Qwen2.5-Math: 1.6e-19 is not 1.6e-18.
PLACES, SIGNIFICANT = 6, 4
SMALLEST = 300
# What differs by more than this is not equal by any of these rules.
CLEARLY = 1e-3
# The answer that the text marks, or else its last expression.
extract = partial(extract_marked, fallback=last_expression, passes_over=is_comment)


@any_reference
def quick(gold: str, answer: str) -> tuple[Outcome, str] | None:
    """Verdict where none needs computing: the same signs, or two plain numbers.

    It is `correct` only where math-verify, asked alone, says so too.
    """
    gold_signs, answer_signs = canonical(gold), canonical(answer)
    if gold_signs == answer_signs:
        return "correct", ""
    bases = _IN_BASE.fullmatch(gold_signs), _IN_BASE.fullmatch(answer_signs)
    if bases[0] and bases[1]:  # math-verify does not look at the base
        return ("correct", "") if bases[0].groups() == bases[1].groups() else ("wrong", "")
    if {_order(gold_signs), _order(answer_signs)} == {"ordered", "unordered"}:
        return "wrong", "a set is no point or interval"  # math-verify takes (0,1) for {0,1}
    if (equal := _same_list(gold_signs, answer_signs)) is not None:
        return ("correct", "") if equal else ("wrong", "")
    expected, actual = quantity(gold), quantity(answer)
    if expected is None or actual is None or expected.percent or actual.percent:
        return None
    if expected.value == actual.value:
        bare = _BARE.fullmatch(gold.strip()) and _BARE.fullmatch(answer.strip()) and expected.name in ("", actual.name)
        return ("correct", "") if bare else None
    return None if _close(expected, actual) else ("wrong", "")


@any_reference
def compare(gold: str, answer: str) -> tuple[Outcome, str]:
    """Verdict of math-verify; the gold answer first, since the comparison is not symmetric."""
    if len(answer) > LONGEST:
        return "wrong", f"an answer of {len(answer)} signs"
    amounts = quantity(gold), quantity(answer)
    if amounts[0] and amounts[1] and not (amounts[0].name and amounts[1].name):
        if contradict(amounts[0].measures, amounts[1].measures):
            return "wrong", "another unit"
        if same(amounts[0], amounts[1]):
            return "correct", ""
    if words_alike(gold, answer):
        return "correct", ""
    points = in_round_brackets(gold), in_round_brackets(answer)
    verdict: tuple[Outcome, str] | None = None if points == (gold, answer) else quick(*points)
    if verdict is not None:
        return verdict
    if _RATIO.fullmatch(gold) and _RATIO.fullmatch(answer):  # math-verify divides: 2:3:5 as (2/3)/5
        return ("correct", "") if _proportions(gold) == _proportions(answer) else ("wrong", "")
    if amounts[1] is None and _SIDE_BY_SIDE.search(answer) and not _SIDE_BY_SIDE.search(gold):
        return "wrong", "two numbers side by side"  # math-verify multiplies or adds them
    if _RELATION.match(answer.lstrip("$ ")) and not _RELATION.search(gold):
        return "wrong", "a bound"  # math-verify reads what is behind the sign
    expected, actual = _parsed(gold), _parsed(answer)
    if not expected:
        return "verifier_error", f"the reference answer '{gold[:40]}' cannot be read as mathematics"
    if not actual:
        return "wrong", f"'{answer[:40]}' cannot be read as mathematics"
    expected, actual = _with_imaginary_unit(expected, actual)
    if "%" not in gold + answer and _differ(expected[0], actual[0]):
        return "wrong", ""
    if not _equal(expected, actual, PLACES):
        return "wrong", ""
    places = max(_places(expected[0]), _places(actual[0]))
    return ("correct", "") if places == PLACES or _equal(expected, actual, places) else ("wrong", "")


def _with_imaginary_unit(*parsed: list[Any]) -> list[list[Any]]:
    r"""Parsed answers with i as the imaginary unit, where they have no other variable: \sqrt{-1} is i."""
    from sympy import Expr, I

    expressions = [answer[0] for answer in parsed]
    if not all(isinstance(part, Expr) and {name.name for name in part.free_symbols} <= {"i"} for part in expressions):
        return list(parsed)
    return [[answer[0].subs(dict.fromkeys(answer[0].free_symbols, I)), *answer[1:]] for answer in parsed]


def _equal(expected: list[Any], actual: list[Any], places: int) -> bool:
    from math_verify import verify

    precision = 15 + places - PLACES
    options = {"float_rounding": places, "numeric_precision": precision, "allow_set_relation_comp": True}
    return bool(verify(expected, actual, timeout_seconds=None, **options))


def _close(expected: Quantity, actual: Quantity) -> bool:
    """Whether two unequal numbers may be equal as decimals, so that math-verify has to look at them."""
    difference = abs(expected.value - actual.value)
    size = max(abs(expected.value), abs(actual.value))
    return difference <= min(Fraction(f"1e-{PLACES}"), size * Fraction(f"1e-{SIGNIFICANT - 1}"))


def _order(signs: str) -> Literal["ordered", "unordered"] | None:
    """Whether order matters to a list: a point or an interval, or a set, written out or with plus or minus."""
    signs = signs[name.end() :] if (name := _NAME.match(signs)) else signs
    if "," not in signs:
        return "unordered" if "\\pm" in signs else None
    if signs[0] in "([" and signs[-1] in ")]":
        return "ordered"
    is_written_out = signs.startswith("\\{") and signs.endswith("\\}") and not re.search(r"[:|]|\\mid", signs)
    return "unordered" if is_written_out else None


def _proportions(ratio: str) -> list[Fraction]:
    parts = [int(part) for part in ratio.split(":")]
    return [Fraction(part, parts[0]) for part in parts]


def _same_list(gold: str, answer: str) -> bool | None:
    """Whether two points, intervals or sets of plain numbers are the same; None where they are no such things."""
    lists = _LIST.fullmatch(gold), _LIST.fullmatch(answer)
    if not (lists[0] and lists[1]) or lists[0].group(1, 3) != lists[1].group(1, 3):
        return None
    texts = [[text.strip() for text in match[2].split(",")] for match in lists if match]
    if len(texts[0]) != len(texts[1]) or any(_LEADING_ZERO.match(text) for text in texts[0] + texts[1]):
        return None
    if not all(_BARE.fullmatch(text) for text in texts[0] + texts[1]):
        return None
    expected, actual = ([quantity(text) for text in texts_of_side] for texts_of_side in texts)
    pairs = zip(expected, actual, strict=True)
    if any(a is None or b is None or (a != b and _close(a, b)) for a, b in pairs):
        return None
    return set(expected) == set(actual) if lists[0][1] == "\\{" else expected == actual


def _differ(expected: Any, actual: Any) -> bool:
    """Whether two expressions in the same variables have clearly different values at a point.

    Then they are not equal, which spares the algebra: most answers that are not right are of this kind.
    """
    from sympy import Expr, Rational

    if not (isinstance(expected, Expr) and isinstance(actual, Expr)) or expected.free_symbols != actual.free_symbols:
        return False
    symbols = sorted(expected.free_symbols, key=str)
    point = {symbol: Rational(7 * place + 10, 9) for place, symbol in enumerate(symbols)}
    try:
        value, other = (complex(expression.subs(point).evalf(15, maxn=30)) for expression in (expected, actual))
    except (TypeError, ValueError, OverflowError, ArithmeticError):  # no number there, or none that fits
        return False
    scale = max(1.0, abs(value), abs(other))
    return math.isfinite(scale) and abs(value - other) > CLEARLY * scale


def _places(expression: Any) -> int:
    """Decimal places in which four significant digits of the smallest number in an expression can be seen."""
    from sympy import Basic, MatrixBase, preorder_traversal

    if not isinstance(expression, Basic | MatrixBase):
        return PLACES
    places = PLACES
    nodes = preorder_traversal(expression)
    for node in nodes:
        if not getattr(node, "is_number", False):
            continue
        nodes.skip()
        try:
            size = abs(complex(node.evalf(5, maxn=SMALLEST)))
        except (TypeError, ValueError, OverflowError, ArithmeticError):
            continue
        if 0 < size < 1:
            places = max(places, SIGNIFICANT - 1 - math.floor(math.log10(size)))
    return min(places, SMALLEST)


@lru_cache(maxsize=4096)
def _parsed(text: str) -> list[Any]:
    """Expressions that math-verify reads in an answer; units were taken off, since it takes variables for units."""
    from latex2sympy2_extended import NormalizationConfig  # type: ignore[import-untyped]
    from math_verify import ExprExtractionConfig, LatexExtractionConfig, parse

    rules = NormalizationConfig(basic_latex=True, malformed_operators=True, nits=True)
    configs = [LatexExtractionConfig(boxed_match_priority=0, normalization_config=rules), ExprExtractionConfig()]
    return list(parse(f"\\boxed{{{readable(text)}}}", extraction_config=configs, parsing_timeout=None))


def prepare() -> None:
    """Import what takes long, before any time is counted."""
    _parsed("1")


VERIFIERS = (
    Verifier(
        "math",
        "4",
        extract,
        reference_and_answer,
        "boundary.sampling.verifiers.math:compare",
        quick=quick,
        package="math-verify",
    ),
)
