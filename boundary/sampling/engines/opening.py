"""Opening an engine by name, and what is known of it before."""

import inspect
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from importlib import import_module
from typing import Any, get_type_hints

from boundary.errors import InputError, did_you_mean
from boundary.sampling.engines.spec import Engine, EngineFacts, EngineSpec, Generate, noise_seed
from boundary.sampling.engines.table import ENGINES
from boundary.sampling.engines.vllm_options import identifying
from boundary.sampling.models import context_length
from boundary.sampling.option_types import typed_value
from boundary.sampling.packages import package_version

# Parameters of an engine's function that are not the user's to give.
NOT_OPTIONS = ("spec", "ready", "notice")
# What runs an engine in worker processes of this machine, and the options either of which asks for that.
SPREADING, SPREADS = "local_workers:spread_engine", ("gpus", "workers")


def find_engine(name: str) -> Engine:
    """The engine of a name.

    Raises
    ------
    InputError
        If there is none; the message lists them.

    Examples
    --------
    >>> find_engine("openai").weights_are_local
    False
    """
    if name not in ENGINES:
        raise InputError(f"No engine '{name}'. There are: {', '.join(ENGINES)}.")
    return ENGINES[name]


def open_engine(
    spec: EngineSpec, ready: Callable[[], None] = lambda: None, notice: Callable[[str], None] = lambda text: None
) -> AbstractContextManager[Generate]:
    """Load an engine: `with open_engine(spec) as generate: for completion in generate(requests): ...`.

    Parameters
    ----------
    spec
        What is to be run.
    ready
        Called when a model has been loaded and sampling begins, by engines that load one.
    notice
        Called with a sentence when a worker is lost, by engines that have workers.

    Returns
    -------
    A context manager; its seed is one that no other model or setting shares.

    Raises
    ------
    InputError
        For an unknown engine or option, a missing package, or a model that cannot be loaded.
    """
    engine = find_engine(spec.engine)
    for package in engine.packages:
        package_version(package, engine.extra)
    function: Callable[..., AbstractContextManager[Generate]] = engine_function(engine.function)
    spread, options = divided_options(spec)
    inner = replace(spec, options=options)
    check_options(inner)
    if spread:  # each worker opens the engine by this same function
        return engine_function(SPREADING)(inner, ready=ready, notice=notice, **spread)  # type: ignore[no-any-return]
    hooks = {"ready": ready, "notice": notice}
    parameters = inspect.signature(function).parameters
    return function(_with_own_noise(inner), **{name: hooks[name] for name in hooks if name in parameters}, **options)


def divided_options(spec: EngineSpec) -> tuple[dict[str, Any], dict[str, Any]]:
    """The options that spread an engine over worker processes of this machine, where it has some, and all others."""
    engine = find_engine(spec.engine)
    if not engine.weights_are_local or engine.runs_workers or not any(name in spec.options for name in SPREADS):
        return {}, dict(spec.options)
    names = own_options(engine_function(SPREADING))
    spread = {name: value for name, value in spec.options.items() if name in names}
    return spread, {name: value for name, value in spec.options.items() if name not in names}


def worker_spec(spec: EngineSpec) -> EngineSpec:
    """What loads the model: what each worker runs, where there are workers; otherwise the same.

    Raises
    ------
    InputError
        If the workers' engine would run workers itself.
    """
    if not find_engine(spec.engine).runs_workers:
        return replace(spec, options=divided_options(spec)[1])
    worker = str(spec.options.get("worker", "transformers"))
    if find_engine(worker).runs_workers:
        raise InputError(f"A worker's engine cannot be {worker}. Choose with --engine-option worker=vllm.")
    inner = replace(spec, engine=worker, options=dict(spec.options.get("worker_options") or {}))
    return replace(inner, options=divided_options(inner)[1])


def engine_facts(spec: EngineSpec) -> EngineFacts:
    """What can be known of an engine and its model without loading them; of a server, what it says.

    Raises
    ------
    InputError
        If a package is missing, the model cannot be had, or a server does not serve it.
    """
    loading = worker_spec(spec)
    spread, options = divided_options(spec)
    _check_types(engine_function(SPREADING), spread)
    for checked in (replace(spec, options=options), loading):
        check_options(checked)
    facts: EngineFacts = engine_function(find_engine(loading.engine).facts)(loading)
    return facts


def local_facts(spec: EngineSpec) -> EngineFacts:
    """Versions of an engine's packages, and the context of a model whose weights it loads.

    Raises
    ------
    InputError
        If a package is missing, or the model cannot be had.
    """
    engine = find_engine(spec.engine)
    version = ", ".join(f"{package} {package_version(package, engine.extra)}" for package in engine.packages)
    context = spec.options.get(engine.context_option)
    if isinstance(context, int) and context > 0:
        return EngineFacts(version, context)
    return EngineFacts(version, context_length(spec.model, spec.revision, spec.trust_remote_code))


def gives_chats(spec: EngineSpec) -> bool:
    """Whether servers are given the turns of a chat, and render the prompt themselves."""
    loading = worker_spec(spec)
    return find_engine(loading.engine).chats and loading.options.get("chat") is True


def identifying_options(spec: EngineSpec) -> dict[str, Any]:
    """The options of an engine, and of its workers' engine, that change what is sampled."""
    loading = worker_spec(spec)
    options = {**loading.options, **spec.options}
    names = (*find_engine(loading.engine).identifying_options, *find_engine(spec.engine).identifying_options)
    return identifying(passed_options(loading)) | {name: options[name] for name in names if name in options}


def passed_options(spec: EngineSpec) -> dict[str, Any]:
    """The options of an engine that are not its own, and go to its package by name."""
    function = engine_function(find_engine(spec.engine).function)
    if not _passes_options(function):
        return {}
    return {name: value for name, value in spec.options.items() if name not in own_options(function)}


def own_options(function: Callable[..., Any]) -> list[str]:
    """The options that an engine's function names itself."""
    parameters = inspect.signature(function).parameters.values()
    return [p.name for p in parameters if p.name not in NOT_OPTIONS and p.kind is not p.VAR_KEYWORD]


def _passes_options(function: Callable[..., Any]) -> bool:
    return any(p.kind is p.VAR_KEYWORD for p in inspect.signature(function).parameters.values())


def engine_function(place: str) -> Callable[..., Any]:
    """The function at `module:function` in this package."""
    module, _, name = place.partition(":")
    function: Callable[..., Any] = getattr(import_module(f"boundary.sampling.engines.{module}"), name)
    return function


def check_options(spec: EngineSpec) -> None:
    """Refuse an option that an engine does not have, or a value that it cannot have.

    An engine that passes options on to its package checks these itself.

    Raises
    ------
    InputError
        Naming the option, and those that there are or what its value has to be.
    """
    function = engine_function(find_engine(spec.engine).function)
    names = own_options(function)
    for option in () if _passes_options(function) else spec.options:
        if option not in names:
            hint = did_you_mean(option, names)
            raise InputError(
                f"The engine {spec.engine} has no option '{option}'.{hint} It has: {', '.join(sorted(names))}."
            )
    _check_types(function, {name: value for name, value in spec.options.items() if name in names})


def _check_types(function: Callable[..., Any], options: Mapping[str, Any]) -> None:
    types = get_type_hints(function, include_extras=True)
    for name, value in options.items():
        if name in types:
            typed_value(f"The engine option {name}", value, types[name])


def _with_own_noise(spec: EngineSpec) -> EngineSpec:
    """The spec with a seed that no other model or setting shares: arms of equal noise would not be independent."""
    sampling = spec.sampling
    seed = noise_seed(
        sampling.seed, spec.model, spec.revision, sampling.temperature, sampling.top_p, sampling.max_tokens
    )
    return replace(spec, sampling=replace(sampling, seed=seed))
