"""Verifiers: whether a sample answers its problem.

Judging has two steps. An answer is found in the text, in this process and cheaply (`Verifier.extract`). Then it is
compared with the reference, in a worker process that is killed when it takes too long; equal pairs of reference and
answer are judged once. A verifier is a value in VERIFIERS; a user's own is `module:function`.
"""

import hashlib
import inspect
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from boundary.errors import InputError, missing_package
from boundary.sampling.answers.expressions import last_expression
from boundary.sampling.answers.extraction import Extracted, extract, first_number
from boundary.sampling.answers.references import references
from boundary.sampling.problems import Completion, Outcome, Problem, Verdict, text_hash
from boundary.sampling.verifiers import choice, code, exact, gym, math, number, vision
from boundary.sampling.verifiers.pool import Judgement, Pool

GIGABYTE = 1 << 30
# What verdicts are kept by: the reference answers (or the problem), and the answer.
Question = tuple[str, str]


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
    """

    name: str
    version: str
    extract: Callable[[str], Extracted | None]
    arguments: Callable[[Problem, str], Sequence[Any]]
    target: str
    quick: Callable[..., Judgement | None] | None = None
    by_problem: bool = False
    timeout: float = 5.0
    memory: int | None = 4 * GIGABYTE
    extract_for: Callable[[Problem, str], Extracted | None] | None = None

    @property
    def key(self) -> str:
        """NAME-VERSION."""
        return f"{self.name}-{self.version}"


def _first(text: str) -> Extracted | None:
    found = first_number(text)
    return None if found is None else Extracted(found, explicit=True)


def _gold(problem: Problem, answer: str) -> tuple[str | list[str], str]:
    return references(problem), answer


_mathematics = partial(extract, fallback=last_expression)
_HERE = "boundary.sampling.verifiers"
VERIFIERS: Mapping[str, Verifier] = {
    each.name: each
    for each in (
        Verifier("math", "3", _mathematics, _gold, f"{_HERE}.math:compare", math.quick),
        Verifier("number", "2", number.extract, _gold, f"{_HERE}.number:compare", number.compare),
        Verifier("first-number", "2", _first, _gold, f"{_HERE}.number:compare", number.compare),
        Verifier("choice", "2", choice.extract, _gold, f"{_HERE}.choice:compare", choice.compare),
        Verifier("exact", "2", exact.extract, _gold, f"{_HERE}.exact:compare", exact.compare),
        Verifier("vision", "2", _mathematics, vision.arguments, f"{_HERE}.vision:compare", by_problem=True),
        Verifier(
            "reasoning-gym", "2", gym.extract, gym.arguments, f"{_HERE}.gym:compare", by_problem=True, timeout=20.0
        ),
        Verifier(
            "code",
            "2",
            code.extract,
            code.arguments,
            f"{_HERE}.code:compare",
            by_problem=True,
            timeout=900.0,
            memory=None,
            extract_for=code.extract_for,
        ),
    )
}
# What judges for them, so that another version of it is another verifier.
_PACKAGES = {"math": "math-verify", "vision": "math-verify", "reasoning-gym": "reasoning-gym"}


def verifier(name: str, unsafe: bool = False) -> Verifier:
    """Verifier by name, or a user's own: `module:function`, called with problem (a dict) and text.

    Parameters
    ----------
    name
        One of VERIFIERS, or `module:function`; the function returns True or False, or an outcome's name.
    unsafe
        Let `code` run programs without a sandbox.

    Raises
    ------
    InputError
        For an unknown name, a missing package, or `code` where no sandbox works.
    """
    if ":" in name:
        return _users_own(name)
    if name not in VERIFIERS:
        near = get_close_matches(name, VERIFIERS, n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise InputError(f"No verifier '{name}'.{hint} There are: {', '.join(VERIFIERS)}; or module:function.")
    known = VERIFIERS[name]
    if name == "code":
        arguments = code.unsafe_arguments if unsafe else code.arguments
        how = code.how_programs_run(unsafe)
        return Verifier(**(vars(known) | {"arguments": arguments, "version": f"{known.version}.{how}"}))
    if name in _PACKAGES:
        return Verifier(**(vars(known) | {"version": f"{known.version}.{_package_version(name)}"}))
    return known


@contextmanager
def judging(
    problems: Iterable[Problem], how: Verifier, workers: int = 2
) -> Iterator[Callable[[Iterable[Completion]], list[Verdict]]]:
    """Keep workers and known verdicts from batch to batch: `with judging(problems, how) as judge: judge(completions)`.

    Parameters
    ----------
    problems
        Those that the samples are of.
    how
        The verifier.
    workers
        Number of worker processes.
    """
    known: dict[Question, Judgement] = {}
    by_id = {problem.problem_id: problem for problem in problems}
    with Pool(how.target, workers, how.timeout, how.memory) as pool:
        yield partial(_judge_batch, by_id, how, pool, known)


def judge(
    problems: Iterable[Problem], completions: Iterable[Completion], how: Verifier, workers: int = 2
) -> list[Verdict]:
    """Verdicts on samples, in their order; see `judging`."""
    with judging(problems, how, workers) as judge_batch:
        return judge_batch(completions)


def _judge_batch(
    problems: Mapping[str, Problem],
    how: Verifier,
    pool: Pool,
    known: dict[Question, Judgement],
    completions: Iterable[Completion],
) -> list[Verdict]:
    samples = list(completions)
    found = [_extracted(how, problems[sample.problem_id], sample.text) for sample in samples]
    asked: list[Question | None] = []
    new: dict[Question, Problem] = {}
    for sample, each in zip(samples, found, strict=True):
        problem = problems[sample.problem_id]
        reference = problem.problem_id if how.by_problem else json.dumps(references(problem))
        question = None if each is None else (reference, each.answer)
        asked.append(question)
        if question is not None and question not in known:
            new.setdefault(question, problem)
    _ask(how, pool, known, new)
    return [
        _verdict(sample, each, None if question is None else known[question])
        for sample, each, question in zip(samples, found, asked, strict=True)
    ]


def _extracted(how: Verifier, problem: Problem, text: str) -> Extracted | None:
    if not text.strip():
        return None
    return how.extract_for(problem, text) if how.extract_for else how.extract(text)


def _ask(how: Verifier, pool: Pool, known: dict[Question, Judgement], new: Mapping[Question, Problem]) -> None:
    """Judge what is not known yet, each question once."""
    hard = []
    for question, problem in new.items():
        judgement = how.quick(*how.arguments(problem, question[1])) if how.quick else None
        if judgement is None:
            hard.append(question)
        else:
            known[question] = judgement
    # Arguments are made when a worker is free: a problem's tests can be large.
    for place, judgement in pool.judged(hard, lambda question: how.arguments(new[question], question[1])):
        known[hard[place]] = judgement


def _verdict(sample: Completion, found: Extracted | None, judgement: Judgement | None) -> Verdict:
    """Outcome of a sample: a truncated one is correct only where it marks its answer, and never wrong."""
    outcome, reason = _outcome(sample, found, judgement)
    answer = None if found is None else found.answer[:500]
    return Verdict(sample.problem_id, sample.sample_index, outcome, answer, reason, text_hash(sample.text))


def _outcome(sample: Completion, found: Extracted | None, judgement: Judgement | None) -> tuple[Outcome, str]:
    truncated = sample.finish_reason == "length" and not (found is not None and found.ended)
    if not sample.text.strip():
        return ("truncated", "no text within the limit") if truncated else ("empty", "")
    if found is None or judgement is None:
        return ("truncated", "no answer within the limit") if truncated else ("no_answer", "")
    if truncated and not (found.explicit and judgement[0] == "correct"):
        return "truncated", judgement[1]
    return judgement


def _package_version(name: str) -> str:
    try:
        return version(_PACKAGES[name])
    except PackageNotFoundError as error:
        raise missing_package(_PACKAGES[name], extra="verify") from error


def _users_own(name: str) -> Verifier:
    """A user's function, in worker processes; its version is the hash of its module's source."""
    from boundary.sampling.verifiers.worker import imported

    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))  # a module in the folder where the command is run
    try:
        source = inspect.getsource(inspect.getmodule(imported(name)) or imported(name))
    except (ImportError, AttributeError, OSError, TypeError) as error:
        raise InputError(f"The verifier '{name}' cannot be imported: {error}. Name it module:function.") from error
    return Verifier(
        name=name.replace(":", "."),
        version="1." + hashlib.sha256(source.encode()).hexdigest()[:8],
        extract=lambda text: Extracted(text, explicit=True),
        arguments=lambda problem, text: (name, _as_dict(problem), text),
        target=f"{_HERE}.user:compare",
        by_problem=True,
        timeout=60.0,
        memory=None,
    )


def _as_dict(problem: Problem) -> dict[str, Any]:
    return {
        "problem_id": problem.problem_id,
        "prompt": problem.prompt,
        "answer": problem.answer,
        "facts": dict(problem.facts),
    }
