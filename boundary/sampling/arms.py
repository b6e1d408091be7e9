"""What a run samples, prepared before the first sample: models, benchmarks, prompts, and what does not fit together."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

from boundary.data.runs.folder import MANIFEST, read_manifest
from boundary.errors import InputError
from boundary.sampling.benchmarks.loading import load_problems
from boundary.sampling.benchmarks.presets import Benchmark, find_benchmark
from boundary.sampling.chat import (
    refuse_plain_template,
    refuse_unused_arguments,
    server_prompt_ids,
    server_prompt_text,
    with_chat_settings,
)
from boundary.sampling.engines.opening import (
    engine_facts,
    find_engine,
    gives_chats,
    identifying_options,
    passed_options,
    worker_spec,
)
from boundary.sampling.engines.servers import CHAT_ENDPOINT
from boundary.sampling.engines.spec import EngineFacts, EngineSpec, Sampling
from boundary.sampling.engines.table import ENGINES
from boundary.sampling.models import load_tokenizer, tokenizer_hash, vocabulary_hash, weights_revision
from boundary.sampling.problems import Problem
from boundary.sampling.prompts import Template, load_template, prompt_ids, stop_ids, text_without_bos
from boundary.sampling.requests import Run
from boundary.sampling.store.arm import arm_folder, slug
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
    one_of_temperatures
        Whether the run samples the same model at other temperatures, too.
    chats
        Whether servers are given the turns of a chat, and render the prompt themselves.
    """

    name: str
    label: str | None
    weights: str
    revision: str | None
    tokenizer: Any
    spec: EngineSpec
    facts: EngineFacts
    identity: Mapping[str, Any]
    chats: bool = False
    one_of_temperatures: bool = False

    @property
    def display_name(self) -> str:
        """What it is called in counts and messages."""
        return self.label or self.name

    @property
    def temperature(self) -> float:
        """At which it is sampled."""
        return self.spec.sampling.temperature

    @property
    def plan_names(self) -> set[str]:
        """What a plan may call it; one of several temperatures only with its temperature."""
        names = {name for name in (self.name, self.label, self.weights) if name}
        at_temperature = {at_temperature_name(name, self.temperature) for name in names}
        return ({self.label or ""} if self.one_of_temperatures else names) | at_temperature


def at_temperature_name(name: str, temperature: float) -> str:
    """What a model at one of several temperatures is called.

    Examples
    --------
    >>> at_temperature_name("Qwen/Qwen2.5-7B", 1.0), at_temperature_name("Qwen/Qwen2.5-7B", 0.12345678)
    ('Qwen/Qwen2.5-7B@1', 'Qwen/Qwen2.5-7B@0.12345678')
    """
    # Six digits where they say all, as in 1 for 1.0; else as many as tell it from every other temperature.
    short = f"{temperature:g}"
    return f"{name}@{short if float(short) == temperature else repr(float(temperature))}"


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

    def folder(self, output: Path) -> Path:
        """Where its samples are, or will be, in a run folder.

        Notes
        -----
        That is MODEL/BENCHMARK, and of one of several temperatures MODEL@TEMPERATURE/BENCHMARK. A run that samples some
        temperature that is there already goes on with that folder, however it was begun: the noise would be the same.
        """
        name, benchmark = self.model.name, self.benchmark.name
        usual = arm_folder(output, name, benchmark)
        own = arm_folder(output, at_temperature_name(name, self.model.temperature), benchmark)
        if (own / MANIFEST).exists() or not self.model.one_of_temperatures:
            return own if (own / MANIFEST).exists() else usual
        if not (usual / MANIFEST).exists():
            return own
        same = read_manifest(usual).get("settings", {}).get("temperature") == self.model.temperature
        return usual if same else own

    def prompt(self, problem: Problem) -> tuple[int, ...]:
        """A problem's prompt; of one that this call does not sample, it is made when it is asked for."""
        ids = self.prompts.get(problem.problem_id)
        return _prompt_of(self.model, self.benchmark.template, problem) if ids is None else ids

    def prompt_text(self, problem: Problem) -> str:
        """A problem's prompt as text, the same for two tokenizers that read the same."""
        if self.model.chats:
            return server_prompt_text(self.benchmark.template, problem)
        return text_without_bos(self.model.tokenizer, self.benchmark.template, problem)

    def manifest(self, n_samples: int, output: Path) -> dict[str, Any]:
        """What identifies its samples: model, engine, settings, template, verifier."""
        context = self.model.facts.context
        label = at_temperature_name(self.model.display_name, self.model.temperature)
        folder = self.folder(output)
        # An arm that was begun as one of several temperatures keeps its label.
        keeps = (folder / MANIFEST).exists() and read_manifest(folder).get("label") == label
        return {
            **self.model.identity,
            **({"label": label} if keeps else {}),
            **({"context": context} if context else {}),
            "benchmark": self.benchmark.name,
            "template": self.benchmark.template.name,
            "template_hash": self.benchmark.template.hash,
            "n_samples": n_samples,
            "verifier": slug(self.benchmark.verifier.key),
            "skipped": dict(self.skipped),
        }


def prepare_arms(run: Run, rows: Sequence[PlanRow], notice: Notice) -> list[list[Arm]]:
    """The arms of a run, model by model and temperature by temperature.

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
    arms = planned_arms(run, rows)
    planned = {row for model_arms in arms for arm in model_arms for row in arm.rows}
    if other_rows := sum(row not in planned for row in rows):
        notice(
            f"{other_rows:,} of {len(rows):,} rows of the plan are for other models or benchmarks: they are left out"
        )
    _refuse_long_prompts(run, [arm for model_arms in arms for arm in model_arms])
    # The weights are read last: that can take a minute, and by now nothing else is wrong.
    revision_of = cache(partial(weights_revision, trust_remote_code=run.trust_remote_code, notice=notice))
    return [[_with_revision(arm, revision_of) for arm in model_arms] for model_arms in arms]


def planned_arms(run: Run, rows: Sequence[PlanRow]) -> list[list[Arm]]:
    """The arms of a run before any weights are read; prompts that are too long are not refused.

    Raises
    ------
    InputError
        For anything that cannot be had or does not fit.
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
    for benchmark in benchmarks if models[0].chats else ():
        refuse_plain_template(benchmark.template)
    arms = []
    for model in models:
        prompts_of = _prompts_by_benchmark(model, benchmarks)
        for variant in _at_temperatures(run, model):
            arms.append(_arms_of(variant, benchmarks, rows, bool(run.plan), prompts_of))
    if run.plan and not any(arms):
        raise InputError(_no_planned_arm(run, rows, models, benchmarks))
    return arms


def _no_planned_arm(
    run: Run, rows: Sequence[PlanRow], models: Sequence[Model], benchmarks: Sequence[LoadedBenchmark]
) -> str:
    """What to say where a plan has no row for anything that is to be sampled."""
    pairs = list(dict.fromkeys(f"{row.model} on {row.benchmark}" for row in rows))
    few = ", ".join(pairs[:SHOWN]) + f" and {len(pairs) - SHOWN} more" * (len(pairs) > SHOWN)
    names = [variant.display_name for model in models for variant in _at_temperatures(run, model)]
    return (
        f"The plan '{run.plan}' has no row for {', '.join(names)} on {', '.join(part.name for part in benchmarks)}. "
        f"It has {few}. Call models (--model LABEL=ID) and benchmarks as the plan does."
    )


def _loaded_benchmark(run: Run, benchmark: Benchmark, name: str) -> LoadedBenchmark:
    problems, verifier = load_problems(name, run.limit), load_verifier(run.verifier or benchmark.verifier, run.unsafe)
    _refuse_unreadable_references(benchmark.name, problems, verifier)
    template = with_chat_settings(
        load_template(run.template or benchmark.template), run.system_prompt, run.chat_template_kwargs
    )
    return LoadedBenchmark(benchmark.name, problems, template, verifier)


def _refuse_unreadable_references(name: str, problems: Sequence[Problem], verifier: Verifier) -> None:
    """Refuse reference answers with which no sample can be compared, such as two letters for `choice`."""
    if verifier.quick is None:
        return
    for problem in problems:
        judgement = verifier.quick(*verifier.arguments(problem, problem.answer))
        if judgement and judgement[0] == "verifier_error":
            raise InputError(
                f"Problem {problem.problem_id} of {name}: {judgement[1]}, so {verifier.name} can judge none of its "
                "samples. Mend or leave out the problem, or choose another --verifier."
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
        sampling = Sampling(run.all_temperatures[0], run.top_p, run.max_tokens, stops, run.seed)
        spec = EngineSpec(
            run.engine, weights, revision, run.tokenizer, sampling, run.engine_options, run.trust_remote_code
        )
        facts = engine_facts(spec)
        identity = _identity(name, label, tokenizer, spec, facts)
        identity["settings"] |= _chat_settings(run, spec)
        if passed := passed_options(worker_spec(spec)):  # those that change no sample, too
            identity["engine_options"] = passed
        models.append(Model(name, label, weights, revision, tokenizer, spec, facts, identity, gives_chats(spec)))
    _refuse_one_model_twice(models)
    refuse_unused_arguments(run.chat_template_kwargs, tokenizers)
    return models


def _chat_settings(run: Run, spec: EngineSpec) -> dict[str, Any]:
    """What of a run's settings makes its prompts; each only where it is not the default."""
    settings: dict[str, Any] = {"endpoint": CHAT_ENDPOINT} if gives_chats(spec) else {}
    if run.system_prompt:
        settings["system_prompt"] = run.system_prompt
    if run.chat_template_kwargs:  # as one text: a setting, whatever is in it
        settings["chat_template_kwargs"] = json.dumps(dict(run.chat_template_kwargs), sort_keys=True)
    return settings


def _at_temperatures(run: Run, model: Model) -> list[Model]:
    """The model at each temperature of the run; at several, each has a label of its own."""
    if len(run.all_temperatures) == 1:
        return [model]
    return [_at_temperature(model, temperature) for temperature in run.all_temperatures]


def _at_temperature(model: Model, temperature: float) -> Model:
    label = at_temperature_name(model.display_name, temperature)
    settings = {**model.identity["settings"], "temperature": temperature}
    return replace(
        model,
        label=label,
        spec=replace(model.spec, sampling=replace(model.spec.sampling, temperature=temperature)),
        identity={**model.identity, "label": label, "settings": settings},
        one_of_temperatures=True,
    )


def _parts_of_name(run: Run, text: str) -> tuple[str, str | None, str, str | None]:
    """Name, label, weights and revision of LABEL=ID@REVISION."""
    label, _, name = text.rpartition("=")
    weights, _, revision = name.partition("@")
    if (revision or run.revision) and Path(weights).is_dir():
        raise InputError(
            f"'{weights}' is a folder, which has no revisions to choose from. Leave --revision out, or name the "
            "model's id on the hub; with several models write ID@REVISION."
        )
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


def _arms_of(
    model: Model,
    benchmarks: Sequence[LoadedBenchmark],
    rows: Sequence[PlanRow],
    has_plan: bool,
    prompts_of: Callable[[str], Mapping[str, tuple[int, ...]]],
) -> list[Arm]:
    """A model's arms; with a plan, only those that it has rows of."""
    arms = []
    for benchmark in benchmarks:
        own_rows = tuple(row for row in rows if row.model in model.plan_names and row.benchmark == benchmark.name)
        if own_rows or not has_plan:
            prompts, context = prompts_of(benchmark.name), model.facts.context
            skipped = {name: len(prompt) for name, prompt in prompts.items() if context and len(prompt) >= context}
            arms.append(Arm(model, benchmark, own_rows, prompts, skipped))
    return arms


def _prompts_by_benchmark(
    model: Model, benchmarks: Sequence[LoadedBenchmark]
) -> Callable[[str], Mapping[str, tuple[int, ...]]]:
    """The prompts of a benchmark as a model reads them, by problem; made once for all temperatures."""
    by_name = {benchmark.name: benchmark for benchmark in benchmarks}

    @cache
    def prompts_of(name: str) -> Mapping[str, tuple[int, ...]]:
        benchmark = by_name[name]
        return {problem.problem_id: _prompt_of(model, benchmark.template, problem) for problem in benchmark.problems}

    return prompts_of


def _prompt_of(model: Model, template: Template, problem: Problem) -> tuple[int, ...]:
    ids_of = server_prompt_ids if model.chats else prompt_ids
    return tuple(ids_of(model.tokenizer, template, problem))


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


def _with_revision(arm: Arm, revision_of: Callable[[str, str | None], str]) -> Arm:
    """The arm with the revision of its model's weights; of weights on a server none can be computed."""
    model = arm.model
    if not find_engine(worker_spec(model.spec).engine).weights_are_local:
        return arm
    revision = revision_of(model.weights, model.revision)
    return replace(arm, model=replace(model, identity={**model.identity, "revision": revision}))
