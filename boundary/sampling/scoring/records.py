"""The records of scoring: a response with the prompt that made it, and what a model says of it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from boundary.sampling.scoring.likelihood import Tempering

# How a response ends: with the stop token that was sampled, with one that is not known, or without any.
Ending = Literal["token", "any", "none"]
ENDINGS: tuple[str, ...] = get_args(Ending)


@dataclass(frozen=True)
class Response:
    """A stored response, and what a model read before it.

    Parameters
    ----------
    problem_id, sample_index
        The sample; of a reference answer the index is 0.
    text_hash
        Of its text (`boundary.sampling.problems.text_hash`).
    prompt
        The prompt's token ids.
    tokens
        The response's token ids: a one-dimensional array, or any sequence of integers.
    ending
        `token`: the last of the tokens is the stop token; `any`: a stop token followed, and it is not known which;
        `none`: there was none, since the response was truncated or is a reference answer.
    n_bytes
        Length of its text in UTF-8.
    truncated
        Whether the token limit ended it.
    empty
        Whether its text is blank.
    retokenised
        Whether the tokens were made anew from the text.
    n_recorded
        Its number of tokens as it was recorded when it was sampled.
    """

    problem_id: str
    sample_index: int
    text_hash: int
    prompt: tuple[int, ...]
    tokens: Any
    ending: Ending = "token"
    n_bytes: int = 0
    truncated: bool = False
    empty: bool = False
    retokenised: bool = False
    n_recorded: int = 0

    @property
    def n_tokens(self) -> int:
        """Tokens that are scored: those of the response, its stop token included."""
        return len(self.tokens) + (self.ending == "any")

    @property
    def length(self) -> int:
        """Tokens that a model reads of prompt and response; the last one is only predicted."""
        return len(self.prompt) + max(self.n_tokens - 1, 0)


@dataclass(frozen=True)
class Score:
    """What a model says of a response.

    Parameters
    ----------
    n_tokens
        Tokens scored, the stop token included where `ending` is not `none`.
    sum_logp
        The log-probability of the response given its prompt: the sum over its tokens, in nats.
    same_count
        Whether the tokens made anew are as many as were recorded; None for tokens as they were sampled.
    sum_tempered
        The same at the temperature of sampling; None where that was not asked for, or the temperature was 0.
    sum_nucleus, n_outside
        The same at the temperature and top-p of sampling, over the tokens inside the nucleus; and how many are outside.
    token_logp
        The log-probability of each token; None where that was not asked for.
    """

    problem_id: str
    sample_index: int
    text_hash: int
    n_tokens: int
    sum_logp: float
    ending: Ending
    n_bytes: int
    truncated: bool
    empty: bool
    retokenised: bool
    same_count: bool | None = None
    sum_tempered: float | None = None
    sum_nucleus: float | None = None
    n_outside: int | None = None
    token_logp: tuple[float, ...] | None = field(default=None, repr=False)


@dataclass(frozen=True)
class ScoreTerms:
    """What is asked of each response, the same for all responses of an arm.

    Parameters
    ----------
    stop_ids
        Tokens that end a response, by the vocabulary of the model that scores.
    tempering
        How the samples were drawn, where they are to be scored that way too.
    per_token
        Whether the log-probability of each token is kept.
    """

    stop_ids: tuple[int, ...] = ()
    tempering: Tempering | None = None
    per_token: bool = False


@dataclass(frozen=True)
class ScorerSpec:
    """The model that scores, and what runs it.

    Parameters
    ----------
    engine
        Its name, one of SCORERS.
    model, revision
        Weights: an id on the hub and its commit, or a folder.
    share_prompts
        Whether a prompt is read once for several of its responses.
    options
        The engine's own, such as batch_tokens.
    config
        The model's configuration, where this process has loaded it.
    """

    engine: str
    model: str
    revision: str | None = None
    share_prompts: bool = True
    options: dict[str, Any] = field(default_factory=dict)
    config: Any = field(default=None, repr=False, compare=False)


# Scores come in any order; a response that is too long for the model is left out.
ScoreResponses = Callable[[Iterable[Response], ScoreTerms], Iterator[Score]]


def score_of(response: Response, sums: Mapping[str, Any]) -> Score:
    """A response's score from what was computed of its tokens."""
    return Score(
        problem_id=response.problem_id,
        sample_index=response.sample_index,
        text_hash=response.text_hash,
        n_tokens=response.n_tokens,
        ending=response.ending,
        n_bytes=response.n_bytes,
        truncated=response.truncated,
        empty=response.empty,
        retokenised=response.retokenised,
        same_count=response.n_tokens == response.n_recorded if response.retokenised else None,
        **sums,
    )
