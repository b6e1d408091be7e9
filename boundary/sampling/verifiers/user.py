"""A user's own verifier, `module:function`, called in a worker process."""

import hashlib
import inspect
import sys
from pathlib import Path
from typing import Any

from boundary.errors import InputError
from boundary.sampling.answers.extraction import ExtractedAnswer
from boundary.sampling.problems import OUTCOMES, Outcome, Problem
from boundary.sampling.python_module import load_function
from boundary.sampling.verifiers.spec import Verifier


def user_verifier(name: str) -> Verifier:
    """A user's function, in worker processes; its version is the hash of its module's source.

    Raises
    ------
    InputError
        If it cannot be imported.
    """
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))  # a module in the folder where the command is run
    try:
        source = inspect.getsource(inspect.getmodule(load_function(name)) or load_function(name))
    except (ImportError, AttributeError, OSError, TypeError) as error:
        raise InputError(f"The verifier '{name}' cannot be imported: {error}. Name it module:function.") from error
    return Verifier(
        name=name.replace(":", "."),
        version="1." + hashlib.sha256(source.encode()).hexdigest()[:8],
        extract=lambda text: ExtractedAnswer(text, explicit=True),
        arguments=lambda problem, text: (name, _as_dict(problem), text),
        target="boundary.sampling.verifiers.user:compare",
        by_problem=True,
        timeout=60.0,
        memory=None,
    )


def compare(target: str, problem: dict[str, Any], text: str) -> tuple[Outcome, str]:
    """Verdict of the function: True, False, 1.0 (anything less is wrong), or an outcome's name."""
    value = load_function(target)(problem, text)
    if isinstance(value, str):
        if value not in OUTCOMES:
            raise ValueError(f"{target} said '{value}', which is no outcome")
        return next(outcome for outcome in OUTCOMES if outcome == value), ""
    if not isinstance(value, bool | int | float):
        raise TypeError(f"{target} returned {type(value).__name__}, not True, False or an outcome")
    return ("correct", "") if float(value) >= 1.0 else ("wrong", "" if not value else f"score {float(value):g}")


def _as_dict(problem: Problem) -> dict[str, Any]:
    return {
        "problem_id": problem.problem_id,
        "prompt": problem.prompt,
        "answer": problem.answer,
        "facts": dict(problem.facts),
    }
