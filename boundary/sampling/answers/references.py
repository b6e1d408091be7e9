"""Reference answers: as text, and several of one problem, any of which may match."""

from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import Any

from boundary.sampling.problems import ACCEPTED_ANSWERS, Outcome, Problem

# Of several verdicts none of which is correct, the first that stands here is kept.
_ORDER: tuple[Outcome, ...] = ("wrong", "timeout", "verifier_error")


def references(problem: Problem) -> str | list[str]:
    """The reference answer of a problem, or all of those that its facts list as accepted."""
    accepted = problem.facts.get(ACCEPTED_ANSWERS)
    if not isinstance(accepted, list | tuple) or not all(isinstance(answer, str) for answer in accepted):
        return problem.answer
    answers = list(dict.fromkeys((problem.answer, *accepted)))
    return answers if len(answers) > 1 else problem.answer


def any_reference(compare: Callable[..., Any]) -> Callable[..., Any]:
    """Let a comparison with a reference answer take a list of them: correct if the answer matches one."""

    @wraps(compare)
    def compare_any(gold: str | Sequence[str], *arguments: Any) -> Any:
        if isinstance(gold, str):
            return compare(gold, *arguments)
        verdicts = [compare(reference, *arguments) for reference in gold]
        correct = next((verdict for verdict in verdicts if verdict and verdict[0] == "correct"), None)
        if correct or None in verdicts:
            return correct
        return min(verdicts, key=lambda verdict: _ORDER.index(verdict[0]))

    return compare_any


def accepted_answers(answers: Iterable[Any]) -> list[str]:
    """Answers any one of which is right, as text, each once."""
    return list(dict.fromkeys(map(answer_text, answers)))


def answer_text(value: Any, after: str = "") -> str:
    """A reference answer as text, without dollar signs around it.

    Parameters
    ----------
    value
        The answer; several ones are separated by commas, and 27.0 is 27.
    after
        The answer stands behind this mark, if it is not empty.

    Examples
    --------
    >>> answer_text("9 - 2 = 7 #### $7$", "####")
    '7'
    """
    if isinstance(value, list | tuple):
        return ", ".join(dict.fromkeys(map(answer_text, value)))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value).rpartition(after)[2] if after else str(value)
    text = text.strip()
    return text[1:-1].strip() if len(text) > 2 and text[0] == text[-1] == "$" and "$" not in text[1:-1] else text
