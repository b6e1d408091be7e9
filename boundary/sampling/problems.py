"""The records of the sampling stage, each keyed by problem: `Problem`, `Completion`, `Verdict`."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

FinishReason = Literal["stop", "length", "error"]
FINISH_REASONS: tuple[str, ...] = get_args(FinishReason)

Outcome = Literal["correct", "wrong", "no_answer", "truncated", "timeout", "empty", "verifier_error"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)

# Name of the fact that lists reference answers any one of which is right.
ACCEPTED_ANSWERS = "accepted_answers"


@dataclass(frozen=True)
class Problem:
    """A problem of a benchmark.

    Parameters
    ----------
    problem_id
        Its name, unique within the benchmark.
    prompt
        The problem's own text, before any template.
    answer
        The reference answer as text; empty where tests or a scorer judge.
    messages
        Turns of a chat (`role`, `content`), for problems that are more than one text; otherwise empty.
    images
        PNG or JPEG files, in the order in which the problem speaks of them.
    facts
        What else is known of it, JSON-able: level, subject, tests, entry point; `accepted_answers` lists reference
        answers any one of which is right, `answer` among them.
    """

    problem_id: str
    prompt: str
    answer: str = ""
    messages: tuple[Mapping[str, str], ...] = ()
    images: tuple[bytes, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Completion:
    """One sample: what a model wrote on a problem.

    Parameters
    ----------
    problem_id
        The problem.
    sample_index
        Its place among the problem's samples, from 0.
    text
        What was written, without prompt and stop token.
    finish_reason
        `stop` at a stop token, `length` at the token limit, `error` where nothing usable came back: such a sample is
        missing, never wrong, and is sampled again; its text is the reason, if one is known.
    n_tokens
        Number of generated tokens, the stop token included.
    tokens
        Their ids, the stop token included; None where a server gives text alone, and in runs of older versions.
    reasoning_joined
        True where a server sent the reasoning apart from the answer, and both were put into the text; else None.
    """

    problem_id: str
    sample_index: int
    text: str
    finish_reason: FinishReason
    n_tokens: int
    tokens: tuple[int, ...] | None = None
    reasoning_joined: bool | None = None


@dataclass(frozen=True)
class Verdict:
    """What a verifier says of one sample.

    Parameters
    ----------
    outcome
        `correct`; `wrong`; `no_answer` where no final answer was found; `truncated` where the token limit came first;
        `timeout` where judging took too long; `empty` for no text; `verifier_error` where judging failed.
    answer
        The answer that was found and judged, if any.
    reason
        Why it is not correct, in a few words, where the verifier knows.
    text_hash
        Of the text that was judged (see `text_hash`): the verdict holds for this text alone.
    """

    problem_id: str
    sample_index: int
    outcome: Outcome
    answer: str | None = None
    reason: str = ""
    text_hash: int | None = None


def text_hash(text: str) -> int:
    """A text's hash of 63 bits, as a shard's header lists it and a verdict names the text that it judged."""
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1


def problem_hash(problem: Problem) -> str:
    """Fingerprint of what a problem asks and what answers it; of `facts` only tests and accepted answers count."""
    parts = {
        "prompt": problem.prompt,
        "answer": problem.answer,
        "messages": [dict(turn) for turn in problem.messages],
        "images": [hashlib.sha256(image).hexdigest() for image in problem.images],
        "tests": problem.facts.get("tests"),
    }
    if accepted := problem.facts.get(ACCEPTED_ANSWERS):
        parts["accepted_answers"] = accepted
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:16]


def problem_set_hash(problems: Iterable[Problem]) -> str:
    """Fingerprint of a problem set, whatever the order of its problems."""
    lines = sorted(f"{problem.problem_id}\t{problem_hash(problem)}" for problem in problems)
    return "sha256:" + hashlib.sha256("\n".join(lines).encode()).hexdigest()
