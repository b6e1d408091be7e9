"""Multiple choice: the letter that a text states, in every style; two letters, or a denied one, are no choice."""

from pathlib import Path

import pytest

from boundary.sampling.judging.judge import judge
from boundary.sampling.problems import Completion, Problem
from boundary.sampling.verifiers import choice
from boundary.sampling.verifiers.table import load_verifier

# The letter, "-" for none, and a text; \n stands for a new line.
LINES = (Path(__file__).parent / "choice_texts.tsv").read_text(encoding="utf-8").splitlines()[1:]


def test_the_letter_of_every_style_of_stating_one():
    misread = []
    for line in LINES:
        letter, text = line.split("\t")
        extracted = choice.extract(text.replace("\\n", "\n"))
        outcomes = {gold: extracted and choice.compare(gold, extracted.answer)[0] for gold in "ABCDEFGHIJ"}
        accepted = [gold for gold, outcome in outcomes.items() if outcome == "correct"]
        if accepted != ([] if letter == "-" else [letter]):
            misread.append((letter, accepted, text))
    assert misread == []
    assert len(LINES) >= 60


@pytest.mark.parametrize(
    ("gold", "text", "outcome"),
    [
        ("B", r"\boxed{\text{B}}", "correct"),
        ("(B)", "Answer: B", "correct"),
        ("b", "Answer: B", "correct"),
        ("B", "A is wrong, so C", "wrong"),
        ("B", "The answer is A or B.", "wrong"),
        ("B", "nothing", "no_answer"),
        ("B", "It is A or B.", "no_answer"),
        ("five", "x", "no_answer"),
        ("five", "B", "verifier_error"),
    ],
)
def test_verdicts_on_choices(gold, text, outcome):
    problems, samples = [Problem("p", "?", gold)], [Completion("p", 0, text, "stop", 9)]
    assert judge(problems, samples, load_verifier("choice"))[0].outcome == outcome
