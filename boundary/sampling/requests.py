"""The request for a sampling run: the options of `boundary sample`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta

from boundary.errors import InputError
from boundary.sampling.option_types import NonNegative, Positive, Share

# Below this vLLM takes it in silence for this, and further down logits divided by it are no numbers.
LEAST_TEMPERATURE = 0.01
Temperature = Annotated[float, Meta(ge=0, le=1000)]


@dataclass(frozen=True)
class Run:
    """A sampling run as requested; the defaults are the protocol of Yue et al. (arXiv 2504.13837).

    Parameters
    ----------
    models
        Ids on the hub or folders, each also as ID@REVISION or LABEL=ID.
    benchmarks
        Presets, files of problems, or reasoning-gym/NAME.
    output
        The run folder.
    n
        Samples a problem; None where a plan says.
    engine, engine_options
        What samples, and its own options.
    revision, tokenizer
        Of the models, where they differ from the default.
    template, verifier
        In place of the benchmarks' own.
    system_prompt
        First turn of every chat, from the system; for templates that go into a chat template.
    chat_template_kwargs
        Arguments of the models' chat templates, such as enable_thinking.
    temperature, temperatures
        At which each model is sampled; several temperatures make an arm each, MODEL@TEMPERATURE.
    top_p, max_tokens, seed
        As `Sampling` has them.
    limit
        Only the first so many problems.
    shard
        (i, N): only every N-th problem from the i-th on.
    plan
        CSV of samples to add, in place of n.
    unsafe
        Run generated programs without a sandbox.
    workers
        Processes that judge.
    skip_long
        Leave out problems whose prompt is longer than the model reads; they are recorded as skipped.
    trust_remote_code
        Run code that comes with the models.
    """

    output: Path
    models: tuple[str, ...] = ()
    benchmarks: tuple[str, ...] = ()
    n: Positive | None = None
    engine: str = "transformers"
    engine_options: Mapping[str, Any] = field(default_factory=dict)
    revision: str | None = None
    tokenizer: str | None = None
    template: str | None = None
    verifier: str | None = None
    system_prompt: str = ""
    chat_template_kwargs: Mapping[str, Any] = field(default_factory=dict)
    temperature: Temperature = 0.6
    temperatures: tuple[Temperature, ...] = ()
    top_p: Share = 0.95
    max_tokens: Positive = 16_384
    seed: NonNegative = 0
    limit: Positive | None = None
    shard: tuple[int, int] = (0, 1)
    plan: Path | None = None
    unsafe: bool = False
    workers: Positive = 2
    skip_long: bool = False
    trust_remote_code: bool = False

    def __post_init__(self) -> None:
        """Refuse temperatures that engines do not sample at."""
        low = next((value for value in self.all_temperatures if 0 < value < LEAST_TEMPERATURE), None)
        if low is not None:
            raise InputError(f"temperature: {low:g} is too low. Give 0, or {LEAST_TEMPERATURE:g} and more.")

    @property
    def all_temperatures(self) -> tuple[float, ...]:
        """At which each model is sampled, every temperature once."""
        return tuple(dict.fromkeys(map(float, self.temperatures))) or (self.temperature,)
