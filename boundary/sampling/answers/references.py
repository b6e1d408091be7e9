"""Several reference answers of one problem, any of which may match."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from boundary.sampling.problems import ACCEPTED_ANSWERS, Outcome, Problem

# Of several verdicts none of which is correct, the first that stands here is kept.
_ORDER: tuple[Outcome, ...] = ("wrong", "timeout", "verifier_error")


def references(problem: Problem) -> str | list[str]:
    """The reference answer of a problem, or all of those that its facts list as accepted."""
    accepted = problem.facts.get(ACCEPTED_ANSWERS)
    if not isinstance(accepted, list | tuple) or not all(isinstance(each, str) for each in accepted):
        return problem.answer
    answers = list(dict.fromkeys((problem.answer, *accepted)))
    return answers if len(answers) > 1 else problem.answer


def any_reference(compare: Callable[..., Any]) -> Callable[..., Any]:
    """Let a comparison with a reference answer take a list of them: correct if the answer matches one."""

    @wraps(compare)
    def with_any(gold: str | Sequence[str], *rest: Any) -> Any:
        if isinstance(gold, str):
            return compare(gold, *rest)
        verdicts = [compare(each, *rest) for each in gold]
        correct = next((verdict for verdict in verdicts if verdict and verdict[0] == "correct"), None)
        if correct or None in verdicts:
            return correct
        return min(verdicts, key=lambda verdict: _ORDER.index(verdict[0]))

    return with_any
