"""Problems of reasoning-gym, judged by their own scorers: a score of 1 is correct, anything less is not."""

from functools import lru_cache
from typing import Any

from boundary.errors import InputError
from boundary.sampling.task import Outcome, Problem
from boundary.sampling.verifiers.extraction import TAIL, Extracted, marked_answer

RIGHT = 1.0


def extract(text: str) -> Extracted | None:
    """The answer that the text marks, or else its last line."""
    marked = marked_answer(text)
    if marked is not None:
        return Extracted(marked, explicit=True)
    lines = text[-TAIL:].strip().splitlines()
    return Extracted(lines[-1].strip(), explicit=False) if lines else None


def arguments(problem: Problem, answer: str) -> tuple[Any, str, str]:
    """How the problem was made, what it asked, and the answer."""
    made = problem.facts.get("gym")
    if not made:
        raise InputError(f"Problem {problem.problem_id} was not made by reasoning-gym. Choose another --verifier.")
    return made, problem.prompt, answer


def compare(made: dict[str, Any], prompt: str, answer: str) -> tuple[Outcome, str]:
    """Verdict of the dataset's scorer on the problem made anew."""
    dataset, entry = _entry(made["name"], tuple(sorted(made["options"].items())), made["index"])
    if entry["question"] != prompt:
        return "verifier_error", "the installed reasoning-gym makes another problem of this seed"
    score = float(dataset.score_answer(answer, entry))
    return ("correct", "") if score >= RIGHT else ("wrong", f"score {score:g}" if score else "")


@lru_cache(maxsize=1024)
def _entry(name: str, options: tuple[tuple[str, Any], ...], index: int) -> tuple[Any, Any]:
    from boundary.sampling.benchmarks import gym_dataset

    dataset = gym_dataset(name, dict(options))
    return dataset, dataset[index]


def prepare() -> None:
    """Import what takes long, before any time is counted."""
    import reasoning_gym  # noqa: F401
