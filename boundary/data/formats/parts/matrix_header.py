"""The first line of a matrix of verdicts: is it a header, and do its columns stand for samples of one model."""

import re
from collections.abc import Sequence
from typing import NamedTuple

# The first cell of a header whose first column names the problems; pandas leaves it empty for an index.
IDS = (*("problem_id", "problem", "id", "idx", "task_id", "question_id", "qid", "", "unnamed: 0"),)
NUMBERED = re.compile(r"^(?P<stem>(?:.*\D)?)(?P<number>\d+)$")
BETWEEN = " _.#-"
VERDICTS = ("correct", "passed", "score", "outcome")
# Words before a number that name a sample. With these a number may be left out.
SAMPLES = (
    *("s", "sample", "run", "trial", "attempt", "try", "rollout", "completion", "gen", "generation", "response"),
    *("output", "answer", "seed", "rep", "repeat", "repetition", "correct", "passed", "score", "outcome", "verdict"),
    *("result",),
)
# Words before a number that name something else: pass@k, a level of difficulty, a step of the training, a model.
NOT_SAMPLES = (
    *("k", "pass", "pass@", "pass_at", "passat", "p@", "acc", "acc@", "maj", "maj@", "top", "level", "lvl"),
    *("difficulty", "grade", "step", "checkpoint", "ckpt", "iter", "n", "shot", "fold", "part", "q", "question"),
    *("problem", "p", "model", "llm", "arm", "system", "base", "rl", "policy"),
    *("epoch", "ep", "round", "stage", "phase", "iteration", "version", "v", "experiment", "exp", "config", "method"),
    *("agent", "variant", "temperature", "temp", "t"),
)


class Header(NamedTuple):
    """What the first line is: None where it is verdicts; else whether the first column names the problems."""

    has_names: bool | None


def header_of(row: Sequence[str]) -> Header:
    """What the first line of a table is.

    Raises
    ------
    ValueError
        Where it is a header whose columns are not samples of one model; or where it may be a header and may be not.
    """
    words = [cell.strip().strip('"').lower() for cell in row]
    has_names = len(words) > 1 and words[0] in IDS and (words[0] != "" or _all_numbered(words[1:]))
    if has_names:
        _refuse_others(words[1:])
        return Header(True)
    if _counts_up(words) and set(words) <= {"0", "1"}:
        raise ValueError(
            f"the first line ({','.join(words)}) counts up as a header of pandas does, but may be verdicts too. "
            "Say --option header=yes or header=no"
        )
    if _counts_up(words) or (_all_numbered(words) and not any(word.isdigit() for word in words)):
        _refuse_others(words)
        return Header(False)
    return Header(None)


def looks_like_header(row: Sequence[str]) -> tuple[bool, bool]:
    """Whether a first line may be a header of samples, good or bad, and whether its first column names problems."""
    words = [cell.strip().strip('"').lower() for cell in row]
    has_names = len(words) > 1 and words[0] in IDS and (words[0] != "" or _all_numbered(words[1:]))
    if has_names:
        return _all_numbered(words[1:]) or words[1:] in ([verdict] for verdict in VERDICTS), True
    numbered = _all_numbered(words) and not any(word.isdigit() for word in words)
    return _counts_up(words) or numbered, False


def has_unusual_stem(columns: Sequence[str]) -> bool:
    """Whether numbered columns have a name that is no usual one of samples, and so may be a model's."""
    matches = [NUMBERED.fullmatch(column.strip('"').lower()) for column in columns]
    stems = {match["stem"].rstrip(BETWEEN) for match in matches if match}
    return bool(stems - {"", *SAMPLES})


def _counts_up(words: Sequence[str]) -> bool:
    """0, 1, 2, ... or 1, 2, 3, ..., as nothing but a header does."""
    numbers = [int(word) for word in words if word.isdigit() and len(word) < 9]
    if len(numbers) < len(words) or not numbers or numbers == [1]:
        return False
    return numbers[0] in (0, 1) and _consecutive(numbers)


def _consecutive(numbers: Sequence[int]) -> bool:
    return list(numbers) == list(range(numbers[0], numbers[0] + len(numbers)))


def _all_numbered(words: Sequence[str]) -> bool:
    return all(NUMBERED.fullmatch(word) for word in words)


def _refuse_others(words: Sequence[str]) -> None:
    if len(words) == 1 and words[0] in VERDICTS:
        return
    matches = [NUMBERED.fullmatch(word) for word in words]
    if not all(matches) or not matches:
        strange = next((word for word, match in zip(words, matches, strict=True) if match is None), "")
        raise ValueError(
            f"its columns are not numbered as samples (s1, s2, ...): {strange[:40]!r} is none. Is it another table"
        )
    stems = list(dict.fromkeys(match["stem"].rstrip(BETWEEN) for match in matches if match))
    numbers = [int(match["number"]) for match in matches if match]
    if len(stems) > 1:
        raise ValueError(
            f"its columns have several names ({', '.join(stem or 'none' for stem in stems[:3])}), so that they are not "
            "all samples of one model. Give each model a file of its own, and leave other columns out"
        )
    stem = stems[0]
    if stem in NOT_SAMPLES:
        raise ValueError(f"its columns ({', '.join(words[:3])}) are not samples: {stem!r} names something else")
    from_the_first = numbers[0] in (0, 1) and _consecutive(numbers)
    if len(set(numbers)) < len(numbers) or not (from_the_first or stem in SAMPLES):
        raise ValueError(
            f"its columns ({', '.join(words[:4])}) are not numbered one by one, as samples are. Are they pass@k, or "
            "checkpoints? Samples count up from 1 (s1, s2, ...)"
        )
