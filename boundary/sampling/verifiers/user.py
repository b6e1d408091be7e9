"""A user's own verifier, `module:function`, called in a worker process."""

from typing import Any

from boundary.sampling.problems import OUTCOMES, Outcome
from boundary.sampling.verifiers.worker import imported


def compare(target: str, problem: dict[str, Any], text: str) -> tuple[Outcome, str]:
    """Verdict of the function: True, False, 1.0 (anything less is wrong), or an outcome's name."""
    said = imported(target)(problem, text)
    if isinstance(said, str):
        if said not in OUTCOMES:
            raise ValueError(f"{target} said '{said}', which is no outcome")
        return next(outcome for outcome in OUTCOMES if outcome == said), ""
    if not isinstance(said, bool | int | float):
        raise TypeError(f"{target} returned {type(said).__name__}, not True, False or an outcome")
    return ("correct", "") if float(said) >= 1.0 else ("wrong", "" if not said else f"score {float(said):g}")
