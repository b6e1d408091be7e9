"""The verifier `vision`: the same text, a number to the precision that the problem asks for, or mathematics."""

from typing import Any

from boundary.data.answers.quantities import number
from boundary.sampling.answers.references import any_reference, references
from boundary.sampling.problems import Outcome, Problem
from boundary.sampling.verifiers.exact import plain
from boundary.sampling.verifiers.math import compare as compare_mathematics, extract, prepare, quick
from boundary.sampling.verifiers.spec import Verifier


def arguments(problem: Problem, answer: str) -> tuple[str | list[str], str, Any]:
    """References, answer, and the digits after the point that count (MathVista's `precision`)."""
    return references(problem), answer, problem.facts.get("precision")


@any_reference
def compare(gold: str, answer: str, precision: float | None) -> tuple[Outcome, str]:
    """Verdict by text, then by number, then by mathematics."""
    if plain(gold) == plain(answer):
        return "correct", ""
    expected, actual = number(gold), number(answer)
    if expected is not None and actual is not None and precision is not None:
        digits = int(precision)
        return ("correct", "") if round(actual, digits) == round(expected, digits) else ("wrong", "")
    outcome, reason = quick(gold, answer) or compare_mathematics(gold, answer)
    return ("wrong", "") if outcome == "verifier_error" else (outcome, reason)


VERIFIERS = (
    Verifier(
        "vision",
        "3",
        extract,
        arguments,
        "boundary.sampling.verifiers.vision:compare",
        by_problem=True,
        package="math-verify",
    ),
)
__all__ = ["VERIFIERS", "arguments", "compare", "prepare"]
