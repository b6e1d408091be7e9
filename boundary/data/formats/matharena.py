"""Output of MathArena: `outputs/{competition}/{solver}/{problem_idx}.json` (or .json.zst), a problem a file.

Fields: idx, problem, gold_answer, N, pass_at_1, answers[N], correct[N] (after manual corrections), messages[N],
detailed_costs[N]{output_tokens}. Where answers are proofs, `correct` holds shares of the points, or words until it is
graded: no verdicts, and refused.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from boundary.data.readers.raw_json import NOTHING, raw_bytes, raw_hash
from boundary.data.readers.streams import Source, has_keys, is_object
from boundary.data.records import CORRECT, NO_ANSWER, WRONG, Answers, token_count, verdict

NONE = (None, "", "None")


class Runs(msgspec.Struct):
    """The whole file."""

    idx: int | str
    correct: list[Any]
    N: int | None = None
    pass_at_1: Any = None
    answers: list[Any] | None = None
    messages: list[msgspec.Raw] | None = None
    detailed_costs: Any = None
    problem: msgspec.Raw = NOTHING


def recognises(path: Path, head: bytes) -> bool:
    """Whether there are answers, verdicts and their mean."""
    return is_object(head) and has_keys(head, "idx", "N", "pass_at_1", "answers", "correct")


def read(source: Source) -> Iterator[Answers]:
    """Samples of the one problem."""
    runs = source.document(Runs)
    n = len(runs.correct)
    for name, count in (("N", runs.N), ("answers", _length(runs.answers)), ("messages", _length(runs.messages))):
        if count is not None and count != n:
            source.broken(
                f"{n} verdicts, but {name} is {count}" if name == "N" else f"{n} verdicts, but {count} {name}"
            )
            return
    judged_places = [i for i, value in enumerate(runs.correct) if value is not None]
    try:
        outcomes = [_outcome(verdict(runs.correct[i]), runs.answers[i] if runs.answers else "?") for i in judged_places]
    except ValueError as error:
        source.broken(f"{error}. Points of a proof, or not graded yet")
        return
    _check_mean(runs.pass_at_1, outcomes, source)
    if len(judged_places) < n:
        source.note(f"'{source.path}': {n - len(judged_places)} of {n} samples are not graded; they were left out.")
    # The tool finds a problem by the number in the file's name: `idx` was one less in older files.
    number = source.plain_name.split(".")[0]
    yield Answers(
        problem_id=number if number.isdecimal() else str(runs.idx),
        outcomes=outcomes,
        texts=None if runs.messages is None else [raw_hash(runs.messages[i]) for i in judged_places],
        tokens=_tokens(runs.detailed_costs, judged_places, n),
        question=raw_bytes(runs.problem) or None,
        prompt=_prompt(runs.messages),
        **_from_path(source.path),
    )


def _tokens(costs: Any, judged_places: list[int], n: int) -> list[int | None] | None:
    """Tokens of each judged answer, where there is a cost of each."""
    if not isinstance(costs, list) or len(costs) != n:
        return None
    costs_of_judged = [costs[place] for place in judged_places]
    return [token_count(cost.get("output_tokens")) if isinstance(cost, dict) else None for cost in costs_of_judged]


def _prompt(messages: list[msgspec.Raw] | None) -> bytes | None:
    """What stands before the first answer of the first sample: system message and question as they were sent."""
    try:
        first = msgspec.json.decode(messages[0], type=list[dict[str, msgspec.Raw]]) if messages else []
    except ValueError:
        return None
    prompt: list[bytes] = []
    for message in first:
        if bytes(message.get("role", b"")) == b'"assistant"':
            return b"\0".join(prompt) or None
        prompt.append(bytes(message.get("role", b"")) + bytes(message.get("content", b"")))
    return None


def _length(values: list[Any] | None) -> int | None:
    return None if values is None else len(values)


def _outcome(correct: bool, answer: Any) -> str:
    if correct:
        return CORRECT
    return NO_ANSWER if answer in NONE else WRONG


def _check_mean(stated: Any, outcomes: list[str], source: Source) -> None:
    """The file's own mean is a check on its verdicts."""
    if not outcomes or not isinstance(stated, int | float) or isinstance(stated, bool):
        return
    mean = outcomes.count(CORRECT) / len(outcomes)
    if abs(mean - stated) > 1e-6:
        source.note(f"'{source.path}': pass_at_1 says {stated:g}, its verdicts {mean:g}; the verdicts were counted.")


def _from_path(path: Path) -> dict[str, Any]:
    """Competition and solver where the folders are as the tool makes them; each is one folder, or both are two."""
    parts = path.resolve().parts[:-1]
    if "outputs" not in parts:
        return {}
    inside = parts[len(parts) - parts[::-1].index("outputs") :]
    if len(inside) not in (2, 4):
        return {}
    half = len(inside) // 2
    return {"benchmark": "/".join(inside[:half]), "model": "/".join(inside[half:])}
