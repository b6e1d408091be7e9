"""The verifiers `number` and `first-number`: numbers that are equal exactly, in units that do not contradict."""

from boundary.data.answers.quantities import quantity, same
from boundary.sampling.answers.comments import is_comment
from boundary.sampling.answers.expressions import last_expression
from boundary.sampling.answers.extraction import ExtractedAnswer, extract as extract_marked, first_number
from boundary.sampling.answers.references import any_reference
from boundary.sampling.problems import Outcome
from boundary.sampling.verifiers.spec import Verifier, reference_and_answer


def extract(text: str) -> ExtractedAnswer | None:
    """The answer that the text marks, or else its last expression, if that is a number or says what one is equal to."""
    return extract_marked(text, _last_number, is_comment)


def extract_first(text: str) -> ExtractedAnswer | None:
    """The first number of a text: what a base model answers before it goes on after a few-shot prompt."""
    number = first_number(text)
    return None if number is None else ExtractedAnswer(number, explicit=True)


@any_reference
def compare(gold: str, answer: str) -> tuple[Outcome, str]:
    """Verdict on a number; a unit behind it (12 km) does not count, unless both have one and they differ."""
    expected, actual = quantity(gold), quantity(answer)
    if expected is None:
        return "verifier_error", f"the reference answer '{gold[:40]}' is no number"
    if actual is None:
        return "wrong", f"'{answer[:40]}' is no number"
    return ("correct", "") if same(expected, actual) else ("wrong", "")


def _last_number(text: str) -> str | None:
    expression = last_expression(text)
    if expression is None:
        return None
    amount = expression.rpartition("=")[2].strip()  # "a + b = 12" ends in what it comes to
    return amount if quantity(amount) else None


TARGET = "boundary.sampling.verifiers.number:compare"
VERIFIERS = (
    Verifier("number", "3", extract, reference_and_answer, TARGET, quick=compare),
    Verifier("first-number", "3", extract_first, reference_and_answer, TARGET, quick=compare),
)
