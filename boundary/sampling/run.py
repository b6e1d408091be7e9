"""A sampling run: problems, what is missing of them, an engine, the store, a verifier. Several models in one call."""

import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

from boundary.data.runs.folder import read_manifest
from boundary.errors import InputError
from boundary.sampling.arms import Arm, prepare_arms
from boundary.sampling.engines.opening import open_engine
from boundary.sampling.engines.spec import Chat, Generate, Request
from boundary.sampling.judging.judge import judging
from boundary.sampling.problems import Completion, Problem
from boundary.sampling.prompts import chat_messages, text_with_bos
from boundary.sampling.remarks import arm_remarks
from boundary.sampling.requests import Run
from boundary.sampling.store.arm import Store, open_store, set_in_manifest, slug
from boundary.sampling.store.calls import Call, record_call
from boundary.sampling.store.manifests import Prompts
from boundary.sampling.store.recording import Recorder
from boundary.sampling.targets import arm_targets, read_plan
from boundary.sampling.verifiers.table import load_verifier
from boundary.sampling.verify import verifier_name, verify_arm
from boundary.sampling.weights import Notice

__all__ = ["ArmResult", "Run", "Snapshot", "sample"]

# A problem's samples are asked for in rounds, so that a run that is stopped half-way has about as many of each problem.
ROUND = 64


@dataclass(frozen=True)
class Snapshot:
    """Progress of an arm: `done` of `total` samples; `tokens` and `new` samples of this call, in `seconds`."""

    model: str
    benchmark: str
    done: int
    total: int
    new: int
    tokens: int
    n_judged: int
    correct: int
    seconds: float


@dataclass(frozen=True)
class ArmResult:
    """Result of one call for an arm.

    Parameters
    ----------
    total, new, missing
        Samples that are to be there, that came in, and that could not be made, for these `failures`.
    outcomes
        How often each outcome was given.
    skipped
        Problems whose prompt is too long.
    reasoning_joined
        New samples whose reasoning a server sent apart; it stands before the answer.
    """

    folder: Path
    model: str
    benchmark: str
    total: int
    new: int
    tokens: int
    seconds: float
    missing: int
    outcomes: Counter[str]
    failures: Counter[str]
    skipped: tuple[str, ...]
    reasoning_joined: int = 0


Progress = Callable[[Snapshot], None]


def sample(run: Run, progress: Progress | None = None, notice: Notice = lambda text: None) -> list[ArmResult]:
    """Sample what is missing, and judge it; what is stored already is not sampled again.

    Parameters
    ----------
    run
        What is to be sampled.
    progress
        Called at the beginning of an arm, and as samples come in.
    notice
        Called with a sentence where something else takes long.

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
    notice("Preparing benchmarks, prompts and models")
    models = prepare_arms(run, rows, notice)
    for sentence in (sentence for arms in models for arm in arms for sentence in arm_remarks(arm, run.n)):
        notice(sentence)
    return [done for arms in models for done in _model_arms(run, arms, progress, notice)]


class _Clock:
    """The time that sampling takes, once the model has been loaded."""

    def __init__(self) -> None:
        self.begun = time.monotonic()
        self.ended: float | None = None

    def start(self) -> None:
        """Begin to count, or begin anew."""
        self.begun, self.ended = time.monotonic(), None

    def stop(self) -> None:
        """Count no further."""
        self.ended = self.ended or time.monotonic()

    @property
    def seconds(self) -> float:
        """Until it was stopped."""
        return max((self.ended or time.monotonic()) - self.begun, 1e-9)


def _model_arms(run: Run, arms: Sequence[Arm], progress: Progress | None, notice: Notice) -> Iterator[ArmResult]:
    """The arms of a model; the engine is loaded when the first sample is missing, and serves all of them."""
    with ExitStack() as stack:
        loaded: list[Generate] = []
        clock = _Clock()

        def generate(arm: Arm, requests: Sequence[Request]) -> Generator[Completion, None, None]:
            if not requests:
                return
            if not loaded:
                notice(f"Loading {arm.model.display_name}")
                loaded.append(stack.enter_context(open_engine(arm.model.spec, clock.start, notice)))
            clock.start()
            yield from loaded[0](requests)

        for arm in arms:
            manifest = arm.manifest(0 if arm.rows else run.n or 0, run.output)
            prompts = Prompts(arm.prompt, arm.prompt_text)
            with open_store(
                run.output, manifest, arm.benchmark.problems, run.shard, prompts, arm.folder(run.output)
            ) as store:
                result = _sample_arm(run, arm, store, generate, clock, progress)
            _judge_by_verifier_in_use(run, arm, result.folder, notice)
            yield result


def _judge_by_verifier_in_use(run: Run, arm: Arm, folder: Path, notice: Notice) -> None:
    """Have new samples judged by the verifier, too, whose verdicts the user chose with `boundary verify --use`."""
    key = read_manifest(folder).get("verifier_in_use")
    if key in (None, slug(arm.benchmark.verifier.key)):
        return
    notice(f"{folder}: the verdicts of {key} count, as chosen with boundary verify --use")
    try:
        verifier = load_verifier(verifier_name(folder), run.unsafe)
    except InputError as error:  # the user's own, which no folder may run, or one that is not installed
        notice(f"{error} The new samples are not judged by it yet: boundary verify {folder} --verifier NAME --use")
        return
    verify_arm(folder, verifier, run.workers)
    set_in_manifest(folder, verifier=slug(verifier.key), verifier_in_use=slug(verifier.key))


def _sample_arm(
    run: Run,
    arm: Arm,
    store: Store,
    generate: Callable[[Arm, Sequence[Request]], Generator[Completion, None, None]],
    clock: "_Clock",
    progress: Progress | None,
) -> ArmResult:
    targets = arm_targets(store, arm.rows, run.n or 0, arm.skipped)
    requests = [_request(arm, problem, sample_indices) for problem, sample_indices in _rounds(store, targets)]
    total = sum(targets.get(problem.problem_id, 0) for problem in store.problems)
    lacking = sum(len(request.sample_indices) for request in requests)
    verifier, begun = arm.benchmark.verifier, time.monotonic()

    def report() -> None:
        if progress:
            progress(_snapshot(arm, recorder, total - lacking, total, time.monotonic() - begun))

    with judging(store.problems, verifier, run.workers) as judge_batch, ThreadPoolExecutor(1) as thread:
        recorder = Recorder(store, verifier.key, judge_batch, thread)
        report()
        try:
            unjudged = list(store.unjudged(slug(verifier.key)))  # stored by a run that was stopped
            if unjudged:
                recorder.judge_later(unjudged)
            # Closed at once where something goes wrong here: an engine may have threads of its own.
            with closing(generate(arm, requests)) as completions:
                recorder.record(completions, report)
            clock.stop()
            recorder.finish()
        finally:
            clock.stop()
            if recorder.new:
                record_call(store.arm, Call(recorder.new, recorder.tokens, clock.seconds))
            thread.shutdown(wait=True, cancel_futures=True)  # what was not judged is judged by the next call
    report()
    return ArmResult(
        folder=store.arm,
        model=arm.model.display_name,
        benchmark=arm.benchmark.name,
        total=total,
        new=recorder.new,
        tokens=recorder.tokens,
        seconds=time.monotonic() - begun,
        missing=lacking - recorder.new,
        outcomes=recorder.outcomes,
        failures=recorder.failures,
        skipped=tuple(arm.skipped),
        reasoning_joined=recorder.reasoning_joined,
    )


def _request(arm: Arm, problem: Problem, sample_indices: tuple[int, ...]) -> Request:
    template = arm.benchmark.template
    text = text_with_bos(arm.model.tokenizer, template, problem) if problem.images else ""
    noise = f"{arm.benchmark.name} {template.hash}"
    prompt = arm.prompts[problem.problem_id]
    chat = Chat(tuple(chat_messages(template, problem)), template.chat_template_kwargs) if arm.model.chats else None
    return Request(problem.problem_id, prompt, sample_indices, text, problem.images, noise, chat)


def _rounds(store: Store, targets: Mapping[str, int]) -> Iterator[tuple[Problem, tuple[int, ...]]]:
    missing = {
        problem.problem_id: store.missing(problem.problem_id, targets.get(problem.problem_id, 0))
        for problem in store.problems
    }
    longest = max(map(len, missing.values()), default=0)
    for start in range(0, longest, ROUND):
        for problem in store.problems:
            sample_indices = missing[problem.problem_id][start : start + ROUND]
            if sample_indices:
                yield problem, sample_indices


def _snapshot(arm: Arm, recorder: Recorder, before: int, total: int, seconds: float) -> Snapshot:
    outcomes = recorder.outcomes.copy()
    return Snapshot(
        model=arm.model.display_name,
        benchmark=arm.benchmark.name,
        done=before + recorder.new,
        total=total,
        new=recorder.new,
        tokens=recorder.tokens,
        n_judged=outcomes.total(),
        correct=outcomes["correct"],
        seconds=seconds,
    )
