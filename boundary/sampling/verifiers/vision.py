"""Answers to problems with an image: the same text, or a number to the precision that the problem asks for."""

from typing import Any

from boundary.sampling.answers.quantities import number
from boundary.sampling.answers.references import any_reference, references
from boundary.sampling.problems import Outcome, Problem
from boundary.sampling.verifiers import exact, math


def arguments(problem: Problem, answer: str) -> tuple[str | list[str], str, Any]:
    """References, answer, and the digits after the point that count (MathVista's `precision`)."""
    return references(problem), answer, problem.facts.get("precision")


@any_reference
def compare(gold: str, answer: str, precision: float | None) -> tuple[Outcome, str]:
    """Verdict by text, then by number, then by mathematics."""
    if exact.plain(gold) == exact.plain(answer):
        return "correct", ""
    expected, actual = number(gold), number(answer)
    if expected is not None and actual is not None and precision is not None:
        digits = int(precision)
        return ("correct", "") if round(actual, digits) == round(expected, digits) else ("wrong", "")
    outcome, reason = math.quick(gold, answer) or math.compare(gold, answer)
    return ("wrong", "") if outcome == "verifier_error" else (outcome, reason)


def prepare() -> None:
    """Import what takes long, before any time is counted."""
    math.prepare()
