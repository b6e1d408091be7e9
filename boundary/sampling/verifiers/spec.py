"""What a verifier is: how the answer is found in a text, and what compares it with the reference."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from boundary.sampling.answers.extraction import ExtractedAnswer
from boundary.sampling.answers.references import references
from boundary.sampling.problems import Outcome, Problem

GIGABYTE = 1 << 30
# An outcome, and the reason for it where there is one.
Judgement = tuple[Outcome, str]


@dataclass(frozen=True)
class Verifier:
    """How samples are judged.

    Parameters
    ----------
    name, version
        Its key, NAME-VERSION, is kept with every verdict.
    extract
        The answer in a text, or None.
    arguments
        What the judging function is called with, JSON-able.
    target
        `module:function` that judges the arguments in a worker process.
    quick
        The same in this process, where no more than a look is needed; None where it is.
    by_problem
        Whether a verdict holds for its problem only; else for every problem of the same reference answer.
    timeout
        Seconds for one judgement.
    memory
        Bytes of address space for a worker; None for no limit.
    extract_for
        In place of `extract`, where the answer that a text gives depends on the problem; None where it does not.
    package
        Distribution that judges for it, so that another version of it is another verifier; empty for none.
    configure
        From the verifier, and whether the user says --unsafe, to the verifier as it runs on this machine; raises
        InputError where it cannot. None where it runs anywhere.
    notice
        What the user is to know before it runs on this machine, given whether --unsafe is said; empty for nothing.
    """

    name: str
    version: str
    extract: Callable[[str], ExtractedAnswer | None]
    arguments: Callable[[Problem, str], Sequence[Any]]
    target: str
    quick: Callable[..., Judgement | None] | None = None
    by_problem: bool = False
    timeout: float = 5.0
    memory: int | None = 4 * GIGABYTE
    extract_for: Callable[[Problem, str], ExtractedAnswer | None] | None = None
    package: str = ""
    configure: "Callable[[Verifier, bool], Verifier] | None" = None
    notice: Callable[[bool], str] | None = None

    @property
    def key(self) -> str:
        """NAME-VERSION."""
        return f"{self.name}-{self.version}"


def reference_and_answer(problem: Problem, answer: str) -> tuple[str | list[str], str]:
    """What most verifiers compare: the reference answer (or a list, any one of which is right), and the answer."""
    return references(problem), answer
