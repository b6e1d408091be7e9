"""Text that must be the same, whatever its case, spacing and final full stop."""

from boundary.sampling.task import Outcome
from boundary.sampling.verifiers.extraction import TAIL, Extracted, marked_answer


def extract(text: str) -> Extracted | None:
    """The answer that the text marks, or else its last line."""
    marked = marked_answer(text)
    if marked is not None:
        return Extracted(marked, explicit=True)
    lines = text[-TAIL:].strip().splitlines()
    return Extracted(lines[-1].strip(), explicit=False) if lines else None


def compare(gold: str, answer: str) -> tuple[Outcome, str]:
    """Whether the texts are the same."""
    return ("correct", "") if plain(gold) == plain(answer) else ("wrong", "")


def plain(text: str) -> str:
    """Text without differences of case, spacing, surrounding quotes and final full stop."""
    return " ".join(text.casefold().split()).strip("\"'` ").rstrip(".").strip()
