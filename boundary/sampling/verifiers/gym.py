"""The verifier `reasoning-gym`: a problem's own scorer judges; a score of 1 is correct, anything less is not."""

import json
from functools import lru_cache, partial
from typing import Any

from boundary.errors import InputError
from boundary.sampling.answers.extraction import extract as extract_marked, last_line
from boundary.sampling.benchmarks.generated import RIGHT, gym_dataset
from boundary.sampling.problems import Outcome, Problem
from boundary.sampling.sandbox.evaluation import confine_eval
from boundary.sampling.verifiers.spec import Verifier

# The answer that the text marks, or else its last line.
extract = partial(extract_marked, fallback=last_line)


def arguments(problem: Problem, answer: str) -> tuple[Any, str, str, str]:
    """How the problem was made, what it asked, its answer, and the answer to judge."""
    origin = problem.facts.get("gym")
    if not origin:
        raise InputError(f"Problem {problem.problem_id} was not made by reasoning-gym. Choose another --verifier.")
    return origin, problem.prompt, problem.answer, answer


def compare(origin: dict[str, Any], prompt: str, gold: str, answer: str) -> tuple[Outcome, str]:
    """Verdict of the dataset's scorer.

    A scorer that fails on an answer but not on the right one could not read it, so it is wrong.
    """
    dataset = _dataset(origin["name"], json.dumps(origin["options"]))
    if "metadata" in origin:
        entry = {"question": prompt, "answer": gold or None, "metadata": origin["metadata"]}
    else:
        entry = dataset[origin["index"]]
        if entry["question"] != prompt:
            return "verifier_error", "the installed reasoning-gym makes another problem of this seed"
    try:
        score = float(dataset.score_answer(answer, entry))
    except Exception as error:  # scorers fail in many ways on text that is no answer
        if gold and float(dataset.score_answer(gold, entry)) >= RIGHT:
            return "wrong", f"its scorer cannot read it ({type(error).__name__})"
        raise
    return ("correct", "") if score >= RIGHT else ("wrong", f"score {score:g}" if score else "")


@lru_cache(maxsize=8)
def _dataset(name: str, options: str) -> Any:
    return gym_dataset(name, json.loads(options))


def prepare() -> None:
    """Import what takes long, before any time is counted, and keep its scorers from running answers as code."""
    import reasoning_gym  # noqa: F401

    confine_eval("reasoning_gym")


VERIFIERS = (
    Verifier(
        "reasoning-gym",
        "3",
        extract,
        arguments,
        "boundary.sampling.verifiers.gym:compare",
        by_problem=True,
        timeout=20.0,
        package="reasoning-gym",
    ),
)
