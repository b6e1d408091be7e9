"""Multiple choice: the letter."""

import re

from boundary.sampling.task import Outcome
from boundary.sampling.verifiers.extraction import TAIL, Extracted, marked_answer

_LETTER = re.compile(r"^[\s({\[$*\\a-z]*?\(?([A-J])\)?(?:[).:,\s}\]$*]|$)")
_ALONE = re.compile(r"(?:^|[\s(*])([A-J])(?=[).,:\s*]|$)")


def extract(text: str) -> Extracted | None:
    """The letter that the text marks as its answer, or else the last one that stands alone."""
    marked = marked_answer(text)
    letter = _letter(marked) if marked else None
    if letter:
        return Extracted(letter, explicit=True)
    alone = _ALONE.findall(text[-TAIL:])
    return Extracted(alone[-1], explicit=False) if alone else None


def compare(gold: str, answer: str) -> tuple[Outcome, str]:
    """Whether the letters are the same."""
    expected = _letter(gold)
    if expected is None:
        return "verifier_error", f"the reference answer '{gold[:40]}' is no letter from A to J"
    return ("correct", "") if _letter(answer) == expected else ("wrong", "")


def _letter(text: str) -> str | None:
    text = re.sub(r"\\(?:text|mathrm|textbf|mathbf)\s*", "", text)
    found = _LETTER.match(text.strip())
    return found[1] if found else None
