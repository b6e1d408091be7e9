"""What a run samples, prepared before the first sample: models, benchmarks, prompts, and what does not fit together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from boundary.errors import InputError
from boundary.sampling.benchmarks.loading import load_problems
from boundary.sampling.benchmarks.presets import Benchmark, find_benchmark
from boundary.sampling.engines.opening import engine_facts, find_engine, identifying_options, worker_spec
from boundary.sampling.engines.spec import EngineFacts, EngineSpec, Sampling
from boundary.sampling.engines.table import ENGINES
from boundary.sampling.models import load_tokenizer, tokenizer_hash, vocabulary_hash, weights_revision
from boundary.sampling.problems import Problem
from boundary.sampling.prompts import Template, load_template, prompt_ids, stop_ids, text_without_bos
from boundary.sampling.requests import Run
from boundary.sampling.store.arm import slug
from boundary.sampling.targets import PlanRow
from boundary.sampling.verifiers.spec import Verifier
from boundary.sampling.verifiers.table import load_verifier
from boundary.sampling.weights import Notice

# Problems that a message names before it only counts them.
SHOWN = 5


@dataclass(frozen=True)
class LoadedBenchmark:
    """A benchmark with its problems, and how they are put and judged in a run."""

    name: str
    problems: tuple[Problem, ...]
    template: Template
    verifier: Verifier


@dataclass(frozen=True)
class Model:
    """A model whose tokenizer is loaded, and whose weights are not.

    Parameters
    ----------
    name
        As the user writes it, without its label; `label` is what it is called in counts.
    weights, revision
        Where they are.
    spec
        What the engine is to run.
    facts
        What is known of engine and model.
    identity
        What of the manifest all its arms share.
    """

    name: str
    label: str | None
    weights: str
    revision: str | None
    tokenizer: Any
    spec: EngineSpec
    facts: EngineFacts
    identity: Mapping[str, Any]

    @property
    def display_name(self) -> str:
        """What it is called in counts and messages."""
        return self.label or self.name


@dataclass(frozen=True)
class Arm:
    """A model on a benchmark.

    Parameters
    ----------
    rows
        What a plan says of it; empty without a plan.
    prompts
        Token ids by problem.
    skipped
        Problems whose prompt leaves no room for a sample, with its number of tokens.
    """

    model: Model
    benchmark: LoadedBenchmark
    rows: tuple[PlanRow, ...]
    prompts: Mapping[str, tuple[int, ...]]
    skipped: Mapping[str, int]

    def prompt(self, problem: Problem) -> tuple[int, ...]:
        """A problem's prompt; of one that this call does not sample, it is made when it is asked for."""
        ids = self.prompts.get(problem.problem_id)
        return tuple(prompt_ids(self.model.tokenizer, self.benchmark.template, problem)) if ids is None else ids

    def prompt_text(self, problem: Problem) -> str:
        """A problem's prompt as text, the same for two tokenizers that read the same."""
        return text_without_bos(self.model.tokenizer, self.benchmark.template, problem)

    def manifest(self, n_samples: int) -> dict[str, Any]:
        """What identifies its samples: model, engine, settings, template, verifier."""
        context = self.model.facts.context
        return {
            **self.model.identity,
            **({"context": context} if context else {}),
            "benchmark": self.benchmark.name,
            "template": self.benchmark.template.name,
            "template_hash": self.benchmark.template.hash,
            "n_samples": n_samples,
            "verifier": slug(self.benchmark.verifier.key),
            "skipped": dict(self.skipped),
        }


def prepare_arms(run: Run, rows: Sequence[PlanRow], notice: Notice) -> list[list[Arm]]:
    """The arms of a run, model by model.

    Parameters
    ----------
    rows
        Of the run's plan.
    notice
        Called with a sentence where something takes long.

    Raises
    ------
    InputError
        For anything that cannot be had or does not fit, before any sampling.
    """
    model_names = run.models or tuple(dict.fromkeys(row.model for row in rows))
    benchmark_names = run.benchmarks or tuple(dict.fromkeys(row.benchmark for row in rows))
    if not model_names or not benchmark_names:
        raise InputError(
            f"No {'benchmark' if model_names else 'model'} is named. Name one with --model and --benchmark."
        )
    benchmarks = [_loaded_benchmark(run, find_benchmark(name), name) for name in benchmark_names]
    _refuse_images(run, benchmarks)
    models = _models(run, model_names)
    arms = [_arms_of(model, benchmarks, rows, bool(run.plan)) for model in models]
    _refuse_long_prompts(run, [arm for model_arms in arms for arm in model_arms])
    # The weights are read last: that can take a minute, and by now nothing else is wrong.
    identified = [_with_revision(model, run, notice) for model in models]
    return [
        [replace(arm, model=model) for arm in model_arms] for model, model_arms in zip(identified, arms, strict=True)
    ]


def _loaded_benchmark(run: Run, benchmark: Benchmark, name: str) -> LoadedBenchmark:
    return LoadedBenchmark(
        name=benchmark.name,
        problems=load_problems(name, run.limit),
        template=load_template(run.template or benchmark.template),
        verifier=load_verifier(run.verifier or benchmark.verifier, run.unsafe),
    )


def _refuse_images(run: Run, benchmarks: Sequence[LoadedBenchmark]) -> None:
    """Refuse images where an engine would leave them out in silence."""
    with_images = [benchmark.name for benchmark in benchmarks if any(problem.images for problem in benchmark.problems)]
    engine = find_engine(worker_spec(EngineSpec(run.engine, "", options=run.engine_options)).engine)
    if with_images and not engine.sees_images:
        seeing = " or ".join(other.name for other in ENGINES.values() if other.sees_images)
        raise InputError(
            f"The benchmark '{with_images[0]}' has pictures, and the engine {engine.name} is given text alone. "
            f"Use --engine {seeing}."
        )


def _models(run: Run, names: Sequence[str]) -> list[Model]:
    """The models, each LABEL=ID@REVISION; all have the same ends of a text, and no two are one."""
    parts = [_parts_of_name(run, name) for name in names]
    tokenizers = [
        load_tokenizer(run.tokenizer or weights, None if run.tokenizer else revision, run.trust_remote_code)
        for _, _, weights, revision in parts
    ]
    models = []
    for (name, label, weights, revision), tokenizer in zip(parts, tokenizers, strict=True):
        stops = stop_ids(tokenizer, [other for other in tokenizers if other is not tokenizer])
        sampling = Sampling(run.temperature, run.top_p, run.max_tokens, stops, run.seed)
        spec = EngineSpec(
            run.engine, weights, revision, run.tokenizer, sampling, run.engine_options, run.trust_remote_code
        )
        facts = engine_facts(spec)
        identity = _identity(name, label, tokenizer, spec, facts)
        models.append(Model(name, label, weights, revision, tokenizer, spec, facts, identity))
    _refuse_one_model_twice(models)
    return models


def _parts_of_name(run: Run, text: str) -> tuple[str, str | None, str, str | None]:
    """Name, label, weights and revision of LABEL=ID@REVISION."""
    label, _, name = text.rpartition("=")
    weights, _, revision = name.partition("@")
    return name, label or None, weights, revision or run.revision


def _refuse_one_model_twice(models: Sequence[Model]) -> None:
    models_by_weights: dict[object, Model] = {}
    for model in models:
        served = model.facts.served_model
        other = models_by_weights.setdefault(served or (model.weights, model.revision or "main"), model)
        if other is model:
            continue
        if served:
            raise InputError(
                f"The servers would sample '{other.display_name}' and '{model.display_name}' as one model, "
                f"'{served}'. Sample each by a command of its own, with the --base-url of its own server."
            )
        raise InputError(f"'{other.display_name}' and '{model.display_name}' are one model. Name each model once.")


def _identity(name: str, label: str | None, tokenizer: Any, spec: EngineSpec, facts: EngineFacts) -> dict[str, Any]:
    """What of the manifest a model's arms share; the revision of local weights is added last."""
    sampling = spec.sampling
    settings = identifying_options(spec)
    if facts.served_model:
        settings["served_model"] = facts.served_model
    if spec.trust_remote_code:
        settings["trust_remote_code"] = True
    return {
        "model": name,
        "label": label,
        "revision": spec.revision,
        "tokenizer_hash": tokenizer_hash(tokenizer),
        "vocabulary_hash": vocabulary_hash(tokenizer),
        "engine": spec.engine,
        "engine_version": facts.version,
        "settings": {
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "max_tokens": sampling.max_tokens,
            "stop_ids": list(sampling.stop_ids),
            "seed": sampling.seed,
            **settings,
        },
    }


def _arms_of(model: Model, benchmarks: Sequence[LoadedBenchmark], rows: Sequence[PlanRow], has_plan: bool) -> list[Arm]:
    """A model's arms; with a plan, only those that it has rows of."""
    names = (model.name, model.label, model.weights)
    arms = []
    for benchmark in benchmarks:
        own_rows = tuple(row for row in rows if row.model in names and row.benchmark == benchmark.name)
        if own_rows or not has_plan:
            arms.append(_arm(model, benchmark, own_rows))
    return arms


def _arm(model: Model, benchmark: LoadedBenchmark, rows: tuple[PlanRow, ...]) -> Arm:
    prompts = {
        problem.problem_id: tuple(prompt_ids(model.tokenizer, benchmark.template, problem))
        for problem in benchmark.problems
    }
    context = model.facts.context
    skipped = {name: len(prompt) for name, prompt in prompts.items() if context and len(prompt) >= context}
    return Arm(model, benchmark, rows, prompts, skipped)


def _refuse_long_prompts(run: Run, arms: Sequence[Arm]) -> None:
    if run.skip_long:
        return
    for arm in arms:
        if arm.skipped:
            names = [f"{name} ({tokens:,} tokens)" for name, tokens in list(arm.skipped.items())[:SHOWN]]
            more = f" and {len(arm.skipped) - SHOWN} more" if len(arm.skipped) > SHOWN else ""
            raise InputError(
                f"{arm.model.display_name} reads {arm.model.facts.context:,} tokens at most, and the prompts of "
                f"{len(arm.skipped)} of {len(arm.prompts)} problems of {arm.benchmark.name} leave no room for a "
                f"sample: {', '.join(names)}{more}. Add --skip-long to sample the others; these then count as missing."
            )


def _with_revision(model: Model, run: Run, notice: Notice) -> Model:
    """The model with the revision of its weights; of weights on a server none can be computed."""
    if not find_engine(worker_spec(model.spec).engine).weights_are_local:
        return model
    revision = weights_revision(model.weights, model.revision, run.trust_remote_code, notice)
    return replace(model, identity={**model.identity, "revision": revision})
