"""What a run samples, prepared before the first sample: models, benchmarks, prompts, and what does not fit together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from boundary.errors import InputError
from boundary.sampling.benchmarks.presets import Benchmark, benchmark, load_problems
from boundary.sampling.engines import EngineFacts, EngineSpec, Sampling, engine_facts, inner_spec
from boundary.sampling.models import load_tokenizer, tokenizer_hash, weights_revision
from boundary.sampling.problems import Problem
from boundary.sampling.requests import Run
from boundary.sampling.store.arm import slug
from boundary.sampling.targets import PlanRow
from boundary.sampling.templates import Template, load_template, prompt_ids, stop_ids, text_without_bos
from boundary.sampling.verifiers import Verifier, verifier
from boundary.sampling.weights import Notice

# Engine options that change what is sampled; the others change only how fast.
IDENTIFYING_OPTIONS = ("dtype", "attention", "quantization", "served_model", "worker")
# Problems that a message names before it only counts them.
NAMED = 5


@dataclass(frozen=True)
class Task:
    """A benchmark, ready."""

    benchmark: Benchmark
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
    def shown(self) -> str:
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
    task: Task
    rows: tuple[PlanRow, ...]
    prompts: Mapping[str, tuple[int, ...]]
    skipped: Mapping[str, int]

    def prompt(self, problem: Problem) -> tuple[int, ...]:
        """A problem's prompt; of one that this call does not sample, it is made when it is asked for."""
        known = self.prompts.get(problem.problem_id)
        return tuple(prompt_ids(self.model.tokenizer, self.task.template, problem)) if known is None else known

    def prompt_text(self, problem: Problem) -> str:
        """A problem's prompt as text, the same for two tokenizers that read the same."""
        return text_without_bos(self.model.tokenizer, self.task.template, problem)

    def manifest(self, n_samples: int) -> dict[str, Any]:
        """What its samples are."""
        context = self.model.facts.context
        return {
            **self.model.identity,
            **({"context": context} if context else {}),
            "benchmark": self.task.benchmark.name,
            "template": self.task.template.name,
            "template_hash": self.task.template.hash,
            "n_samples": n_samples,
            "verifier": slug(self.task.verifier.key),
            "skipped": dict(self.skipped),
        }


def prepared_arms(run: Run, rows: Sequence[PlanRow], notice: Notice) -> list[list[Arm]]:
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
    names = run.models or tuple(dict.fromkeys(row.model for row in rows))
    benchmarks = run.benchmarks or tuple(dict.fromkeys(row.benchmark for row in rows))
    if not names or not benchmarks:
        raise InputError(f"No {'benchmark' if names else 'model'} is named. Name one with --model and --benchmark.")
    tasks = [_task(run, name) for name in benchmarks]
    _refuse_unseen(run, tasks)
    models = _models(run, names)
    arms = [
        [_arm(model, task, of_task) for task in tasks if (of_task := _rows_of(model, task, rows)) or not run.plan]
        for model in models
    ]
    _refuse_long_prompts(run, [arm for of_model in arms for arm in of_model])
    # The weights are read last: that can take a minute, and by now nothing else is wrong.
    identified = [_with_revision(model, run, notice) for model in models]
    return [[replace(arm, model=model) for arm in of_model] for model, of_model in zip(identified, arms, strict=True)]


def _task(run: Run, name: str) -> Task:
    known = benchmark(name)
    return Task(
        benchmark=known,
        problems=load_problems(name, run.limit),
        template=load_template(run.template or known.template),
        verifier=verifier(run.verifier or known.verifier, run.unsafe),
    )


def _refuse_unseen(run: Run, tasks: Sequence[Task]) -> None:
    """Refuse pictures where an engine would leave them out in silence."""
    engine = run.engine_options.get("worker", "transformers") if run.engine == "ray" else run.engine
    pictured = [task.benchmark.name for task in tasks if any(problem.images for problem in task.problems)]
    if pictured and engine != "transformers":
        raise InputError(
            f"The benchmark '{pictured[0]}' has pictures, and the engine {engine} is given text alone. "
            "Use --engine transformers."
        )


def _models(run: Run, names: Sequence[str]) -> list[Model]:
    """The models, each LABEL=ID@REVISION; all have the same ends of a text, and no two are one."""
    parsed = [_parsed(run, name) for name in names]
    tokenizers = [
        load_tokenizer(run.tokenizer or weights, None if run.tokenizer else revision, run.trust_remote_code)
        for _, _, weights, revision in parsed
    ]
    models = []
    for (name, label, weights, revision), tokenizer in zip(parsed, tokenizers, strict=True):
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


def _parsed(run: Run, named: str) -> tuple[str, str | None, str, str | None]:
    label, _, name = named.rpartition("=")
    weights, _, revision = name.partition("@")
    return name, label or None, weights, revision or run.revision


def _refuse_one_model_twice(models: Sequence[Model]) -> None:
    known: dict[object, Model] = {}
    for model in models:
        served = model.facts.served_model
        other = known.setdefault(served or (model.weights, model.revision or "main"), model)
        if other is model:
            continue
        if served:
            raise InputError(
                f"The servers would sample '{other.shown}' and '{model.shown}' as one model, '{served}'. Sample each "
                "by a command of its own, with the --base-url of its own server."
            )
        raise InputError(f"'{other.shown}' and '{model.shown}' are one model. Name each model once.")


def _identity(name: str, label: str | None, tokenizer: Any, spec: EngineSpec, facts: EngineFacts) -> dict[str, Any]:
    """What of the manifest a model's arms share; the revision of weights that are here is added last."""
    sampling = spec.sampling
    options = {**inner_spec(spec).options, **spec.options}
    settings = {option: options[option] for option in IDENTIFYING_OPTIONS if option in options}
    if facts.served_model:
        settings["served_model"] = facts.served_model
    if spec.trust_remote_code:
        settings["trust_remote_code"] = True
    return {
        "model": name,
        "label": label,
        "revision": spec.revision,
        "tokenizer_hash": tokenizer_hash(tokenizer),
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


def _rows_of(model: Model, task: Task, rows: Sequence[PlanRow]) -> tuple[PlanRow, ...]:
    names = (model.name, model.label, model.weights)
    return tuple(row for row in rows if row.model in names and row.benchmark == task.benchmark.name)


def _arm(model: Model, task: Task, rows: tuple[PlanRow, ...]) -> Arm:
    prompts = {
        problem.problem_id: tuple(prompt_ids(model.tokenizer, task.template, problem)) for problem in task.problems
    }
    context = model.facts.context
    skipped = {name: len(prompt) for name, prompt in prompts.items() if context and len(prompt) >= context}
    return Arm(model, task, rows, prompts, skipped)


def _refuse_long_prompts(run: Run, arms: Sequence[Arm]) -> None:
    if run.skip_long:
        return
    for arm in arms:
        if arm.skipped:
            named = [f"{name} ({tokens:,} tokens)" for name, tokens in list(arm.skipped.items())[:NAMED]]
            more = f" and {len(arm.skipped) - NAMED} more" if len(arm.skipped) > NAMED else ""
            raise InputError(
                f"{arm.model.shown} reads {arm.model.facts.context:,} tokens at most, and the prompts of "
                f"{len(arm.skipped)} of {len(arm.prompts)} problems of {arm.task.benchmark.name} leave no room for a "
                f"sample: {', '.join(named)}{more}. Add --skip-long to sample the others; these then count as missing."
            )


def _with_revision(model: Model, run: Run, notice: Notice) -> Model:
    """The same with the revision of its weights; a server's weights are not here to look at."""
    if inner_spec(model.spec).engine == "openai":
        return model
    revision = weights_revision(model.weights, model.revision, run.trust_remote_code, notice)
    return replace(model, identity={**model.identity, "revision": revision})
