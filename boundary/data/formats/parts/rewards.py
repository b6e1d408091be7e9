"""Rewards as verdicts, and how a sample ended: what most trainers and tools write of a sample."""

from typing import Any

from boundary.data.records import CORRECT, EMPTY, TRUNCATED, WRONG, text_hash

# A sum of weights need not be 1 to the last digit.
NEAR = 1e-6
# How engines say that a sample ran into its limit.
CUT = ("length", "max_tokens", "max_output_tokens", "max_length", "token_limit")


def is_rewarded(value: Any, least: float | None, name: str = "reward") -> bool:
    """Whether a reward says that a sample is correct: 1, or at least `least` where that is given.

    Raises
    ------
    ValueError
        For no number, and without `least` for any other number than 0 and 1.
    """
    if isinstance(value, bool):
        return value
    if not isinstance(value, int | float) or value != value:
        raise ValueError(f"the {name} {str(value)[:40]!r} is no number")
    if least is not None:
        return value >= least
    if value != 0 and not abs(value - 1) <= NEAR:
        raise ValueError(
            f"the {name} {value:g} is neither 0 nor 1. Say from which value on a sample is correct with --option "
            "threshold=NUMBER"
        )
    return value != 0


def sample_outcome(correct: bool, text: Any = None, end: Any = None) -> str:
    """Outcome of a sample by its verdict, its text ("" for none) and the reason for which it ended."""
    if correct:
        return CORRECT
    if isinstance(end, str) and end.strip().lower() in CUT:
        return TRUNCATED
    return EMPTY if text in ("", [], b'""', b"[]") else WRONG


def hashed(text: Any) -> int:
    """A number for a text that a file holds, 0 where it holds none."""
    if isinstance(text, str):
        return text_hash(text)
    if isinstance(text, list | dict):
        return text_hash(str(text))
    return 0


def mapping(value: Any) -> dict[str, Any]:
    """A value where it is a mapping, else an empty one."""
    return value if isinstance(value, dict) else {}


def mappings(value: Any) -> list[dict[str, Any]]:
    """The mappings of a list; none where it is no list."""
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []


def word(value: Any) -> str | None:
    """A name; None where it is none."""
    if isinstance(value, bool) or not isinstance(value, str | int) or not str(value).strip():
        return None
    return str(value)


def named_problem(value: Any, field: str) -> str:
    """The name of a problem: a text or a whole number.

    Raises
    ------
    ValueError
        Where it is none.
    """
    name = word(value)
    if name is None:
        raise ValueError(f"{str(value)[:40]!r} in field '{field}' is no name of a problem")
    return name
