"""What an engine is, what it is asked for, and what it gives: the records that all engines share."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from boundary.sampling.problems import Completion


@dataclass(frozen=True)
class Sampling:
    """How samples are drawn; the defaults are those of Yue et al. (arXiv 2504.13837, section 3).

    Parameters
    ----------
    temperature
        0 for the likeliest token always.
    top_p
        Share of the probability that is sampled from, in (0, 1].
    max_tokens
        New tokens at most; the stop token counts.
    stop_ids
        Tokens that end a sample, the same for every arm.
    seed
        Where all noise comes from.
    """

    temperature: float = 0.6
    top_p: float = 0.95
    max_tokens: int = 16_384
    stop_ids: tuple[int, ...] = ()
    seed: int = 0


@dataclass(frozen=True)
class Chat:
    """The turns of a chat, for servers that put a chat template around them, and the arguments of that template."""

    messages: tuple[Mapping[str, Any], ...]
    chat_template_kwargs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Request:
    """A request for samples of one problem.

    Parameters
    ----------
    problem_id
        The problem.
    prompt
        Its prompt as token ids, BOS included.
    sample_indices
        Which of the problem's samples, counted from 0.
    text, images
        The rendered prompt and its pictures, for engines that see.
    arm
        What else the noise is named by, beside the model and the settings: benchmark and template.
    chat
        The same as the turns of a chat, for servers that render the prompt themselves.
    """

    problem_id: str
    prompt: tuple[int, ...]
    sample_indices: tuple[int, ...]
    text: str = ""
    images: tuple[bytes, ...] = ()
    arm: str = ""
    chat: Chat | None = None


@dataclass(frozen=True)
class EngineSpec:
    """What an engine is to run.

    Parameters
    ----------
    engine
        Its name, one of ENGINES.
    model, revision
        Weights: an id on the hub and its commit, or a folder.
    tokenizer
        Where the tokenizer is, if not with the weights.
    sampling
        How samples are drawn.
    options
        The engine's own, such as batch_size.
    trust_remote_code
        Whether code that comes with the model may run in this process.
    """

    engine: str
    model: str
    revision: str | None = None
    tokenizer: str | None = None
    sampling: Sampling = Sampling()
    options: Mapping[str, Any] = field(default_factory=dict)
    trust_remote_code: bool = False


@dataclass(frozen=True)
class EngineFacts:
    """What is known of an engine and its model before they are loaded.

    Parameters
    ----------
    version
        Packages that do the sampling and their versions, or what a server says of itself.
    context
        Tokens that prompt and sample may have together; None where unknown.
    served_model
        What servers call the model; None for weights that are loaded here.
    """

    version: str
    context: int | None = None
    served_model: str | None = None


Generate = Callable[[Sequence[Request]], Iterator[Completion]]


@dataclass(frozen=True)
class Engine:
    """What turns prompts into samples.

    Parameters
    ----------
    name
        What `--engine` calls it.
    function
        `module:function` in this package: called with an `EngineSpec` and the engine's own options by keyword, it is
        a context manager that gives a `Generate`.
    packages
        Distributions that do the sampling; their versions are recorded with every sample.
    extra
        The extra of this package that brings them.
    facts
        `module:function` in this package: from an `EngineSpec` to its `EngineFacts`, before anything is loaded.
    sees_images
        Whether it hands a problem's images to the model; one that does not is refused problems with images.
    weights_are_local
        Whether it loads the weights itself, so that they can be identified; otherwise a server has them.
    identifying_options
        Options of its own that change what is sampled; they are recorded, and samples of different ones not pooled.
        The others change only how fast it is.
    context_option
        Option that says how many tokens prompt and sample may have together; empty for none.
    chats
        Whether its option `chat` gives a server the turns of a chat in place of a prompt.
    runs_workers
        Whether it only hands requests to workers, each with the engine that its option `worker` names.
    """

    name: str
    function: str
    packages: tuple[str, ...] = ()
    extra: str = "sampling"
    facts: str = "opening:local_facts"
    sees_images: bool = False
    weights_are_local: bool = True
    identifying_options: tuple[str, ...] = ()
    context_option: str = ""
    chats: bool = False
    runs_workers: bool = False


def noise_seed(*parts: object) -> int:
    """A seed of 31 bits from whatever names the noise: equal names, equal noise; other names, unrelated noise.

    One seed for a whole batch would give every problem of it the same noise, and a run that starts again would repeat
    the noise it began with.
    """
    digest = blake2b(repr(parts).encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") >> 1


def sample_names(requests: Sequence[Request]) -> tuple[tuple[str, str, tuple[int, ...]], ...]:
    """Which samples some requests ask for: what their noise is named by."""
    return tuple((request.arm, request.problem_id, request.sample_indices) for request in requests)
