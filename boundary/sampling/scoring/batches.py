"""Which responses go through a model together: those of about one length, and those of one prompt where that pays."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from boundary.sampling.scoring.records import Response

# Share of a problem's tokens that reading its prompt once has to save.
LEAST_SAVING = 1 / 16
# Tokens of a shared prompt's keys and values count as so much of a token that is computed.
HELD_TOKEN = 1 / 4


class Batch(NamedTuple):
    """Responses for one forward pass; `shared`: all have the same prompt, which is read once for them."""

    responses: tuple[Response, ...]
    shared: bool = False


def plan_batches(responses: Sequence[Response], batch_tokens: int, share_prompts: bool) -> Iterator[Batch]:
    """Batches of responses, the longest first, with little padding.

    Parameters
    ----------
    responses
        In any order.
    batch_tokens
        Tokens of a batch at most, padding included; a longer response has a batch of its own.
    share_prompts
        Whether the prompt of several responses is read once, where that saves more than a sixteenth of their tokens.

    Yields
    ------
    Batch
        All batches of a shared prompt come one after the other.
    """
    by_prompt: dict[tuple[int, ...], list[Response]] = {}
    for response in responses:
        by_prompt.setdefault(response.prompt, []).append(response)
    unshared: list[Response] = []
    for prompt, group in by_prompt.items():
        if share_prompts and _saving(prompt, group) > LEAST_SAVING:
            lengths = [response.n_tokens for response in group]
            for part in _parts(group, lengths, batch_tokens, round(HELD_TOKEN * len(prompt))):
                yield Batch(part, shared=True)
        else:
            unshared += group
    for part in _parts(unshared, [response.length for response in unshared], batch_tokens, 0):
        yield Batch(part)


def _saving(prompt: Sequence[int], group: Sequence[Response]) -> float:
    """The share of a group's tokens that are not computed where its prompt is read once."""
    saved = (len(group) - 1) * (len(prompt) - 1)
    return saved / max(1, sum(response.length for response in group))


def _parts(
    responses: Sequence[Response], lengths: Sequence[int], batch_tokens: int, held: int
) -> Iterator[tuple[Response, ...]]:
    """Parts of about one length; each row takes as much as the longest of its part, and what is held for it."""
    order = sorted(range(len(responses)), key=lambda place: -lengths[place])
    start = 0
    while start < len(order):
        row = max(1, lengths[order[start]] + held)
        size = max(1, batch_tokens // row)
        yield tuple(responses[place] for place in order[start : start + size])
        start += size
