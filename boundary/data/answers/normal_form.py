r"""The form in which answers are compared with each other: two answers are one answer where their forms are equal.

Verifiers compare an answer with the reference; nobody compares two wrong answers. This is done here, with the same
parts that the verifiers `number`, `math`, `choice` and `exact` are made of:

- numbers are equal by value: 1,000, 1000.0, $1000$ and 10^3; 1/2, .5 and \frac{1}{2}; x = 5 and 5. A unit behind a
  number does not count, and a percent sign counts only below 1;
- option letters are equal in any brackets: B, (b), b), B.;
- all other answers are equal where their texts are, but for spaces, \left and \right, \text{}, dollar signs, quotes
  around them and the full stop at the end; and but for case, where there is no LaTeX command in them.

Expressions that only algebra shows to be equal, as (x+1)^2 and x^2+2x+1, are two answers.
"""

import re
from typing import Literal

from boundary.data.answers.notation import canonical
from boundary.data.answers.quantities import quantity

AnswerType = Literal["integer", "number", "choice", "expression", "text"]
"""What kind of thing an answer is, as its form tells."""
LETTER = re.compile(r"\A[(\[]?\s*([A-Ja-j])\s*[)\].:]{0,2}")
LETTER_TEXT = re.compile(r"\\(?:text|mathrm|textbf|mathbf)\s*\{\s*([^{}]*)\s*\}")
# A command of LaTeX, or an operator between letters, digits and brackets.
EXPRESSION = re.compile(r"\\|[\w)\]}]\s*[-+*/^=]\s*[\w(\[{\\]|^[(\[{].*,.*[)\]}]$|\d\s*[A-Za-z]\b|\d")


def normal_form(answer: str) -> str:
    r"""The form of an answer; two answers are one answer where their forms are equal.

    Parameters
    ----------
    answer
        An answer as a verifier extracted it, or a reference.

    Examples
    --------
    >>> [normal_form(answer) for answer in ("1,000 km", r"$\frac{1}{2}$", "50 \\%", "(b)", "New  York.", r"\sqrt{ 2 }")]
    ['1000', '1/2', '50', 'B', 'new york', '\\sqrt{2}']
    """
    text = answer.strip()
    letter = LETTER.fullmatch(LETTER_TEXT.sub(r"\1", text).strip("$* "))
    if letter:
        return letter[1].upper()
    amount = quantity(text)
    if amount is not None:
        return f"{amount.value}" + "%" * (amount.percent and abs(amount.value) < 1 and amount.value != 0)
    signs = canonical(text).strip("\"'` ").rstrip(".").strip()
    return signs if "\\" in signs else " ".join(signs.casefold().split())


def answer_type(reference: str) -> AnswerType:
    r"""What kind of thing a right answer is.

    Examples
    --------
    >>> [answer_type(text) for text in ("204", "3.5", "C", r"x^2 + \pi", "Monday")]
    ['integer', 'number', 'choice', 'expression', 'text']
    """
    form = normal_form(reference)
    if re.fullmatch(r"[A-J]", form):
        return "choice"
    if re.fullmatch(r"-?\d+", form):
        return "integer"
    if re.fullmatch(r"-?\d+/\d+%?|-?\d+%", form):
        return "number"
    return "expression" if EXPRESSION.search(form) else "text"
