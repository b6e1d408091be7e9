"""The scorers that `--engine` can name, and why some engines that sample do not score."""

import inspect
from collections.abc import Mapping
from contextlib import AbstractContextManager
from difflib import get_close_matches
from importlib import import_module
from typing import Any, NamedTuple

from boundary.errors import InputError
from boundary.sampling.packages import package_version
from boundary.sampling.scoring.records import ScoreResponses, ScorerSpec


class Scorer(NamedTuple):
    """What turns responses into scores.

    Parameters
    ----------
    function
        `module:function` in this package: called with a `ScorerSpec` and its own options by keyword, it is a context
        manager that gives a `ScoreResponses`.
    packages
        Distributions that do the computing; their versions are recorded.
    extra
        The extra of this package that brings them.
    """

    function: str
    packages: tuple[str, ...]
    extra: str = "sampling"


SCORERS: Mapping[str, Scorer] = {
    "transformers": Scorer("transformers:transformers_scorer", ("transformers", "torch")),
    "ray": Scorer("ray:ray_scorer", ("transformers", "torch", "ray"), "ray"),
}
# Of the engines that sample: what they say of a prompt's tokens was computed under prefix caching, or rescaled by a
# temperature. They score once a check shows that this equals a forward pass, and there is none yet.
UNRELIABLE = (
    "the log-probabilities that it gives for a prompt's tokens have not agreed with a forward pass (prefix caches, "
    "values rescaled by a temperature: vLLM issue 42019)"
)
NO_SCORERS: Mapping[str, str] = {"openai": UNRELIABLE, "vllm": UNRELIABLE}


def find_scorer(name: str) -> Scorer:
    """The scorer of a name.

    Raises
    ------
    InputError
        If there is none; the message says why an engine that samples does not score.

    Examples
    --------
    >>> find_scorer("transformers").packages
    ('transformers', 'torch')
    """
    if name in NO_SCORERS:
        raise InputError(f"The engine {name} does not score: {NO_SCORERS[name]}. Use --engine transformers, or ray.")
    if name not in SCORERS:
        raise InputError(f"No engine '{name}' scores. There are: {', '.join(SCORERS)}.")
    return SCORERS[name]


def scorer_version(name: str) -> str:
    """The packages of a scorer and their versions.

    Raises
    ------
    InputError
        If one is missing.
    """
    scorer = find_scorer(name)
    return ", ".join(f"{package} {package_version(package, scorer.extra)}" for package in scorer.packages)


def open_scorer(spec: ScorerSpec) -> AbstractContextManager[ScoreResponses]:
    """Load a scorer: `with open_scorer(spec) as score: for result in score(responses, terms): ...`.

    Raises
    ------
    InputError
        For an unknown engine or option, a missing package, or a model that cannot be loaded.
    """
    scorer_version(spec.engine)
    function = scorer_function(spec.engine)
    names = [name for name in inspect.signature(function).parameters if name != "spec"]
    for option in spec.options:
        if option not in names:
            near = get_close_matches(option, names, n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            raise InputError(
                f"The engine {spec.engine} has no option '{option}' for scoring.{hint} It has: {', '.join(names)}."
            )
    context: AbstractContextManager[ScoreResponses] = function(spec, **spec.options)
    return context


def scorer_function(name: str) -> Any:
    """The function of a scorer."""
    module, _, function = find_scorer(name).function.partition(":")
    return getattr(import_module(f"boundary.sampling.scoring.{module}"), function)
