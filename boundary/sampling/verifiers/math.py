"""Whether two mathematical answers are equal, by math-verify.

Runs in worker processes: its own time limits use alarm signals, which fail off the main thread and cannot break a loop
inside a C library, so they are switched off and the pool kills what takes too long.
"""

import math
import re
from functools import lru_cache
from typing import Any

from boundary.sampling.task import Outcome
from boundary.sampling.verifiers.number import number

_SPACE = re.compile(r"\\[,;!: ]|\\left|\\right|\s|~|\$")
_TEXT = re.compile(r"\\(?:text|mathrm|textbf|mbox|operatorname)\s*\{([^{}]*)\}")
_IN_BASE = re.compile(r"([0-9A-Za-z]+)_\{?(\d+)\}?")
_LIST = re.compile(r"(\(|\[|\\\{)(.+?)(\)|\]|\\\})")
_LEADING_ZERO = re.compile(r"[-+]?0\d")
LONGEST = 2_000
# math-verify takes decimals for equal that agree to six places; what differs by more than this is not equal either.
CLEARLY = 1e-3


def quick(gold: str, answer: str) -> tuple[Outcome, str] | None:
    """Verdict where none needs computing: the same signs, or two plain numbers."""
    if canonical(gold) == canonical(answer):
        return "correct", ""
    bases = _IN_BASE.fullmatch(canonical(gold)), _IN_BASE.fullmatch(canonical(answer))
    if bases[0] and bases[1]:  # math-verify does not look at the base
        return ("correct", "") if bases[0].groups() == bases[1].groups() else ("wrong", "")
    listed = _same_list(canonical(gold), canonical(answer))
    if listed is not None:
        return ("correct", "") if listed else ("wrong", "")
    expected, given = number(gold), number(answer)
    if expected is None or given is None:
        return None
    # A percent sign that one of them leaves out does not count; what math-verify makes of it, 25 % as .25, counts too.
    if expected == given:
        return "correct", ""
    return ("wrong", "") if expected.denominator == given.denominator == 1 and "%" not in gold + answer else None


def _same_list(gold: str, answer: str) -> bool | None:
    """Whether two points, intervals or sets of plain numbers are the same; None where they are no such things."""
    lists = _LIST.fullmatch(gold), _LIST.fullmatch(answer)
    if not (lists[0] and lists[1]) or lists[0].group(1, 3) != lists[1].group(1, 3):
        return None
    texts = [found[2].split(",") for found in lists if found]
    if len(texts[0]) != len(texts[1]) or any(_LEADING_ZERO.match(text) for text in texts[0] + texts[1]):
        return None
    expected, given = ([number(text) for text in each] for each in texts)
    if None in expected + given or "%" in gold + answer:
        return None
    return set(expected) == set(given) if lists[0][1] == "\\{" else expected == given


def canonical(text: str) -> str:
    r"""An answer without what does not matter to its meaning: spaces, \left and \right, \text{}, dollar signs."""
    text = _TEXT.sub(r"\1", text).replace("\\dfrac", "\\frac").replace("\\tfrac", "\\frac").replace("\u2212", "-")
    text = text.replace("\\varnothing", "\\emptyset")
    return _SPACE.sub("", text).rstrip(".")


def compare(gold: str, answer: str) -> tuple[Outcome, str]:
    """Verdict of math-verify; the gold answer first, since the comparison is not symmetric."""
    from math_verify import verify

    if len(answer) > LONGEST:
        return "wrong", f"an answer of {len(answer)} signs"
    expected, given = _parsed(gold), _parsed(answer)
    if not expected:
        return "verifier_error", f"the reference answer '{gold[:40]}' cannot be read as mathematics"
    if not given:
        return "wrong", f"'{answer[:40]}' cannot be read as mathematics"
    if "%" not in gold + answer and _differ(expected[0], given[0]):
        return "wrong", ""
    same = verify(expected, given, allow_set_relation_comp=True, timeout_seconds=None)
    return ("correct", "") if same else ("wrong", "")


def _differ(one: Any, other: Any) -> bool:
    """Whether two expressions in the same variables have clearly different values at a point.

    Then they are not equal, which spares the algebra: most answers that are not right are of this kind.
    """
    from sympy import Expr, Rational

    if not (isinstance(one, Expr) and isinstance(other, Expr)) or one.free_symbols != other.free_symbols:
        return False
    point = {symbol: Rational(7 * place + 10, 9) for place, symbol in enumerate(sorted(one.free_symbols, key=str))}
    try:
        here, there = (complex(each.subs(point).evalf(15, maxn=30)) for each in (one, other))
    except (TypeError, ValueError, OverflowError, ArithmeticError):  # no number there, or none that fits
        return False
    scale = max(1.0, abs(here), abs(there))
    return math.isfinite(scale) and abs(here - there) > CLEARLY * scale


@lru_cache(maxsize=4096)
def _parsed(text: str) -> list[Any]:
    from math_verify import ExprExtractionConfig, LatexExtractionConfig, parse

    configs = [LatexExtractionConfig(boxed_match_priority=0), ExprExtractionConfig()]
    return list(parse(f"\\boxed{{{text}}}", extraction_config=configs, parsing_timeout=None))


def prepare() -> None:
    """Import what takes long, before any time is counted."""
    _parsed("1")
