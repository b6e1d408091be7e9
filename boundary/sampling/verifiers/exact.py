"""The verifier `exact`: the same text as the reference, whatever its case, spacing and final full stop."""

from functools import partial

from boundary.data.answers.notation import TEXT
from boundary.sampling.answers.extraction import extract as extract_marked, last_line
from boundary.sampling.answers.references import any_reference
from boundary.sampling.problems import Outcome
from boundary.sampling.verifiers.spec import Verifier, reference_and_answer

# The answer that the text marks, or else its last line.
extract = partial(extract_marked, fallback=last_line)


@any_reference
def compare(gold: str, answer: str) -> tuple[Outcome, str]:
    """Whether the texts are the same."""
    return ("correct", "") if plain(gold) == plain(answer) else ("wrong", "")


def plain(text: str) -> str:
    r"""Text without differences of case, spacing, \text{}, surrounding quotes, dollar signs and final full stop."""
    return " ".join(TEXT.sub(r"\1", text).casefold().split()).strip("\"'`$ ").rstrip(".").strip()


VERIFIERS = (
    Verifier("exact", "3", extract, reference_and_answer, "boundary.sampling.verifiers.exact:compare", quick=compare),
)
