"""A sampling run: problems, what is missing of them, an engine, the store, a verifier. Several models in one call."""

import hashlib
import json
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from boundary.data.limits import FLUSH_TEXT
from boundary.errors import InputError
from boundary.sampling.benchmarks import Benchmark, benchmark, load_problems
from boundary.sampling.engines import EngineSpec, Generate, Request, Sampling, engine_version, open_engine
from boundary.sampling.models import load_tokenizer, tokenizer_hash, weights_revision
from boundary.sampling.store import Store, open_store, slug
from boundary.sampling.targets import PlanRow, planned_targets, read_plan
from boundary.sampling.task import Completion, Problem, Verdict
from boundary.sampling.templates import Template, load_template, prompt_ids, stop_ids, text_with_bos
from boundary.sampling.verifiers import Verifier, judging, verifier

# A problem's samples are asked for in rounds, so that a run that is stopped half-way has about as many of each problem.
ROUND = 64
# What is written at once: a stop loses no more than this, or what came in within these seconds.
FLUSH_SAMPLES, FLUSH_SECONDS = 512, 10.0
# Batches that may wait for the verifier before sampling waits too.
WAITING_BATCHES = 8
# Engine options that change what is sampled; the others change only how fast.
TELLING_OPTIONS = ("dtype", "attention", "quantization", "served_model", "worker")


@dataclass(frozen=True)
class Run:
    """What is to be sampled; the defaults are the protocol of Yue et al. (arXiv 2504.13837).

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
    """

    output: Path
    models: tuple[str, ...] = ()
    benchmarks: tuple[str, ...] = ()
    n: int | None = None
    engine: str = "transformers"
    engine_options: Mapping[str, Any] = field(default_factory=dict)
    revision: str | None = None
    tokenizer: str | None = None
    template: str | None = None
    verifier: str | None = None
    temperature: float = 0.6
    top_p: float = 0.95
    max_tokens: int = 16_384
    seed: int = 0
    limit: int | None = None
    shard: tuple[int, int] = (0, 1)
    plan: Path | None = None
    unsafe: bool = False
    workers: int = 2


@dataclass(frozen=True)
class Snapshot:
    """How far an arm is: `done` of `total` samples; `tokens` and `new` samples of this call, in `seconds`."""

    model: str
    benchmark: str
    done: int
    total: int
    new: int
    tokens: int
    judged: int
    correct: int
    seconds: float


@dataclass(frozen=True)
class ArmDone:
    """What a call did for an arm; `missing` samples could not be made."""

    folder: Path
    model: str
    benchmark: str
    total: int
    new: int
    tokens: int
    seconds: float
    missing: int
    outcomes: Counter[str]


Progress = Callable[[Snapshot], None]


@dataclass(frozen=True)
class _Task:
    """A benchmark, ready."""

    known: Benchmark
    problems: tuple[Problem, ...]
    template: Template
    how: Verifier


@dataclass(frozen=True)
class _Model:
    name: str
    label: str | None
    weights: str
    revision: str | None
    tokenizer: Any


def sample(run: Run, progress: Progress | None = None) -> list[ArmDone]:
    """Sample what is missing, and judge it; what is stored already is not sampled again.

    Parameters
    ----------
    run
        What is to be sampled.
    progress
        Called as samples come in.

    Returns
    -------
    What was done for every model and benchmark, in order.

    Raises
    ------
    InputError
        For anything that cannot be had or does not fit what is stored; before any sampling where it can be known.
    """
    rows = read_plan(run.plan) if run.plan else ()
    if not rows and run.n is None:
        raise InputError("How many samples a problem? Say it with -n, or give a --plan.")
    names = run.models or tuple(dict.fromkeys(row.model for row in rows))
    wanted = run.benchmarks or tuple(dict.fromkeys(row.benchmark for row in rows))
    if not names or not wanted:
        raise InputError(f"No {'benchmark' if names else 'model'} is named. Name one with --model and --benchmark.")
    tasks = [_task(run, name) for name in wanted]
    _refuse_unseen(run, tasks)
    models = [_model(run, name) for name in names]
    done: list[ArmDone] = []
    for model in models:
        stops = stop_ids(model.tokenizer, [other.tokenizer for other in models if other is not model])
        done += _model_arms(run, model, stops, tasks, rows, progress)
    return done


def _task(run: Run, name: str) -> _Task:
    known = benchmark(name)
    return _Task(
        known=known,
        problems=load_problems(name, run.limit),
        template=load_template(run.template or known.template),
        how=verifier(run.verifier or known.verifier, run.unsafe),
    )


def _refuse_unseen(run: Run, tasks: Sequence[_Task]) -> None:
    """Refuse pictures where an engine would leave them out in silence."""
    engine = run.engine_options.get("worker", "transformers") if run.engine == "ray" else run.engine
    pictured = [task.known.name for task in tasks if any(problem.images for problem in task.problems)]
    if pictured and engine != "transformers":
        raise InputError(
            f"The benchmark '{pictured[0]}' has pictures, and the engine {engine} is given text alone. "
            "Use --engine transformers."
        )


def _model(run: Run, named: str) -> _Model:
    """A model as LABEL=ID@REVISION; its tokenizer is loaded, its weights are not."""
    label, _, name = named.rpartition("=")
    identity, _, revision = name.partition("@")
    tokenizer = load_tokenizer(run.tokenizer or identity, None if run.tokenizer else revision or run.revision)
    return _Model(name, label or None, identity, revision or run.revision, tokenizer)


def _model_arms(
    run: Run,
    model: _Model,
    stops: tuple[int, ...],
    tasks: Sequence[_Task],
    rows: Sequence[PlanRow],
    progress: Progress | None,
) -> Iterator[ArmDone]:
    """The arms of a model; the engine is loaded when the first sample is missing, and serves all of them."""
    sampling = Sampling(run.temperature, run.top_p, run.max_tokens, stops, run.seed)
    spec = EngineSpec(run.engine, model.weights, model.revision, run.tokenizer, sampling, run.engine_options)
    identity = _identity(model, spec)
    with ExitStack() as stack:
        loaded: list[Generate] = []

        def generate(requests: Sequence[Request]) -> Generator[Completion, None, None]:
            if not loaded:
                loaded.append(stack.enter_context(open_engine(spec)))
            yield from loaded[0](requests)

        for task in tasks:
            planned = [row for row in rows if row.model in (model.name, model.label, model.weights)]
            of_task = [row for row in planned if row.benchmark == task.known.name]
            if run.plan and not of_task:
                continue
            yield _arm(run, model, identity, task, of_task, generate, progress)


def _identity(model: _Model, spec: EngineSpec) -> dict[str, Any]:
    """What of the manifest a model's arms share."""
    sampling = spec.sampling
    telling = {name: spec.options[name] for name in TELLING_OPTIONS if name in spec.options}
    # A server's weights are not here to look at.
    here = spec.engine != "openai"
    return {
        "model": model.name,
        "label": model.label,
        "revision": weights_revision(model.weights, model.revision) if here else model.revision,
        "tokenizer_hash": tokenizer_hash(model.tokenizer),
        "engine": spec.engine,
        "engine_version": engine_version(spec),
        "settings": {
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "max_tokens": sampling.max_tokens,
            "stop_ids": list(sampling.stop_ids),
            "seed": sampling.seed,
            **telling,
        },
    }


def _arm(
    run: Run,
    model: _Model,
    identity: Mapping[str, Any],
    task: _Task,
    rows: Sequence[PlanRow],
    generate: "Callable[[Sequence[Request]], Generator[Completion, None, None]]",
    progress: Progress | None,
) -> ArmDone:
    prompts = {
        problem.problem_id: tuple(prompt_ids(model.tokenizer, task.template, problem)) for problem in task.problems
    }
    manifest = {
        **identity,
        "benchmark": task.known.name,
        "template": task.template.name,
        "template_hash": task.template.hash,
        "prompt_tokens_hash": _hash(prompts),
        "n_samples": 0 if rows else run.n,
        "verifier": slug(task.how.key),
    }
    with open_store(run.output, manifest, task.problems, run.shard) as store:
        targets = planned_targets(store, rows) if rows else {p.problem_id: run.n or 0 for p in store.problems}
        requests = [
            Request(problem.problem_id, prompts[problem.problem_id], places, *_seen(model, task, problem))
            for problem, places in _rounds(store, targets)
        ]
        return _sampled(run, model, task, store, targets, requests, generate, progress)


def _seen(model: _Model, task: _Task, problem: Problem) -> tuple[str, tuple[bytes, ...]]:
    return (text_with_bos(model.tokenizer, task.template, problem), problem.images) if problem.images else ("", ())


def _rounds(store: Store, targets: Mapping[str, int]) -> Iterator[tuple[Problem, tuple[int, ...]]]:
    missing = {
        problem.problem_id: store.missing(problem.problem_id, targets.get(problem.problem_id, 0))
        for problem in store.problems
    }
    longest = max(map(len, missing.values()), default=0)
    for start in range(0, longest, ROUND):
        for problem in store.problems:
            places = missing[problem.problem_id][start : start + ROUND]
            if places:
                yield problem, places


def _hash(prompts: Mapping[str, Sequence[int]]) -> str:
    return "sha256:" + hashlib.sha256(json.dumps(sorted(prompts.items())).encode()).hexdigest()


@dataclass
class _Sink:
    """Where completions go: stored here, judged in a thread beside, so that an engine never waits for a verifier."""

    store: Store
    key: str
    judge: Callable[[Sequence[Completion]], list[Verdict]]
    thread: ThreadPoolExecutor
    outcomes: Counter[str] = field(default_factory=Counter)
    waiting: list["Future[None]"] = field(default_factory=list)
    new: int = 0
    tokens: int = 0

    def judge_later(self, batch: Sequence[Completion]) -> None:
        while len(self.waiting) >= WAITING_BATCHES:
            self.waiting.pop(0).result()
        self.waiting.append(self.thread.submit(self._judge, batch))

    def _judge(self, batch: Sequence[Completion]) -> None:
        verdicts = self.judge(batch)
        self.store.append_verdicts(self.key, verdicts)
        self.outcomes.update(verdict.outcome for verdict in verdicts)

    def take(self, batch: Sequence[Completion]) -> None:
        self.store.append(batch)
        self.judge_later(batch)

    def heard(self, completions: Iterator[Completion], tell: Callable[[], None]) -> Iterator[Completion]:
        """What came in, less what failed: that stays missing."""
        for completion in completions:
            if completion.finish_reason != "error":
                self.new += 1
                self.tokens += completion.n_tokens
                tell()
                yield completion


def _sampled(
    run: Run,
    model: _Model,
    task: _Task,
    store: Store,
    targets: Mapping[str, int],
    requests: Sequence[Request],
    generate: "Callable[[Sequence[Request]], Generator[Completion, None, None]]",
    progress: Progress | None,
) -> ArmDone:
    total = sum(targets.get(problem.problem_id, 0) for problem in store.problems)
    wanted = sum(len(request.places) for request in requests)
    name = model.label or model.name
    begun = time.monotonic()

    def tell() -> None:
        if progress:
            progress(_snapshot(name, task, sink, total - wanted, total, time.monotonic() - begun))

    with judging(store.problems, task.how, run.workers) as judge, ThreadPoolExecutor(1) as thread:
        sink = _Sink(store, task.how.key, judge, thread)
        try:
            left = list(store.unjudged(slug(task.how.key)))  # stored by a run that was stopped
            if left:
                sink.judge_later(left)
            # Closed at once where something goes wrong here: an engine may have threads of its own.
            with closing(generate(requests) if requests else _nothing()) as completions:
                for batch in _batches(sink.heard(completions, tell)):
                    sink.take(batch)
            for future in sink.waiting:
                future.result()
        finally:
            thread.shutdown(wait=True, cancel_futures=True)  # what was not judged is judged by the next call
    seconds = time.monotonic() - begun
    return ArmDone(
        folder=store.arm,
        model=name,
        benchmark=task.known.name,
        total=total,
        new=sink.new,
        tokens=sink.tokens,
        seconds=seconds,
        missing=wanted - sink.new,
        outcomes=sink.outcomes,
    )


def _nothing() -> Generator[Completion, None, None]:
    yield from ()


def _snapshot(name: str, task: _Task, sink: _Sink, before: int, total: int, seconds: float) -> Snapshot:
    outcomes = sink.outcomes.copy()
    return Snapshot(
        model=name,
        benchmark=task.known.name,
        done=before + sink.new,
        total=total,
        new=sink.new,
        tokens=sink.tokens,
        judged=outcomes.total(),
        correct=outcomes["correct"],
        seconds=seconds,
    )


def _batches(completions: Iterator[Completion]) -> Iterator[list[Completion]]:
    """What is written at once; what came in before a stop is handed out before the stop goes on."""
    batch: list[Completion] = []
    since, size = time.monotonic(), 0
    stopped: BaseException | None = None
    try:
        for completion in completions:
            batch.append(completion)
            size += len(completion.text)
            full = len(batch) >= FLUSH_SAMPLES or size >= FLUSH_TEXT
            if full or time.monotonic() - since > FLUSH_SECONDS:
                yield batch
                batch, since, size = [], time.monotonic(), 0
    except (KeyboardInterrupt, Exception) as error:
        stopped = error
    if batch:
        yield batch
    if stopped is not None:
        raise stopped
