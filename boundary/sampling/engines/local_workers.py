"""One worker process a GPU on this machine, each with an engine of its own; no cluster is needed.

This process alone writes to the store. Blocks of requests wait in one queue, and each sample comes back when it ends.
What a worker had not sent when it was lost goes back into the queue, so that no sample comes twice.
"""

import json
import os
import selectors
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from typing import IO, Any, Literal

from boundary.errors import InputError
from boundary.plain_text import plain
from boundary.processors import usable_processors
from boundary.sampling.engines.blocks import BlockQueue
from boundary.sampling.engines.spec import EngineSpec, Generate, Request
from boundary.sampling.engines.worker_process import DONE, END, ERROR, READY, SAMPLE, completion_of, request_record
from boundary.sampling.option_types import NonNegative, Positive
from boundary.sampling.problems import Completion
from boundary.sampling.python_module import module_command, module_environment

# Seconds that workers have to shut their engines down before they are ended.
END_SECONDS = 30.0
# Characters of what a lost worker wrote last.
LAST_WORDS = 300
VISIBLE = "CUDA_VISIBLE_DEVICES"


@contextmanager
def spread_engine(
    spec: EngineSpec,
    *,
    gpus: Literal["all"] | int | Sequence[int | str] | None = None,
    workers: NonNegative = 0,
    gpus_per_worker: NonNegative = 0,
    block_samples: Positive = 4096,
    losses: NonNegative = 8,
    ready: Callable[[], None] = lambda: None,
    notice: Callable[[str], None] = lambda text: None,
) -> Iterator[Generate]:
    """Run an engine in several processes of this machine.

    Parameters
    ----------
    spec
        What each of them runs.
    gpus
        all, a number, or a list of GPUs. Default: all where there are some.
    workers
        Processes. Default: as many as the GPUs suffice for; on a machine without any it has to be said.
    gpus_per_worker
        GPUs of a process. Default: 1, or as many as vLLM's tensor_parallel_size and pipeline_parallel_size need.
    block_samples
        Samples in a block at most.
    losses
        Workers that may be lost before the run gives up.
    ready
        Called when the first worker has loaded its model.
    notice
        Called with a sentence when a worker is lost.
    """
    pool = _Pool(spec, worker_places(spec, gpus, workers, gpus_per_worker), losses, ready, notice)

    def generate(requests: Sequence[Request]) -> Iterator[Completion]:
        yield from pool.work_off(BlockQueue(requests, len(pool.places), block_samples))

    try:
        yield generate
        pool.dismiss()
    finally:
        pool.close()


def worker_places(spec: EngineSpec, gpus: Any, workers: int, gpus_per_worker: int) -> list[tuple[str, ...]]:
    """The GPUs of each worker; of one without, none.

    Raises
    ------
    InputError
        If there are not so many GPUs, or no number of workers where there is none.
    """
    _refuse_wrong_numbers(workers=workers, gpus_per_worker=gpus_per_worker)
    parallel = [spec.options.get(name, 1) for name in ("tensor_parallel_size", "pipeline_parallel_size")]
    size = gpus_per_worker or int(parallel[0]) * int(parallel[1])
    chosen_gpus = _chosen_gpus(gpus)
    if not chosen_gpus:
        if not workers:
            raise InputError("There is no GPU here. Say how many workers with --engine-option workers=N.")
        return [()] * workers
    number = workers or len(chosen_gpus) // size
    if number < 1 or number * size > len(chosen_gpus):
        raise InputError(
            f"{max(number, 1)} workers with GPUs of their own, {size} each, need {max(number, 1) * size}, and "
            f"{len(chosen_gpus)} are to be used."
        )
    return [tuple(chosen_gpus[place * size : (place + 1) * size]) for place in range(number)]


def _refuse_wrong_numbers(**numbers: Any) -> None:
    for name, number in numbers.items():
        if isinstance(number, bool) or not isinstance(number, int) or number < 0:
            raise InputError(f"The engine option {name} is a whole number.")


def _chosen_gpus(gpus: Any) -> list[str]:
    """The GPUs that are to be used, as CUDA_VISIBLE_DEVICES names them."""
    if isinstance(gpus, list | tuple):
        names = [str(gpu) for gpu in gpus]
        if not names or len(set(names)) < len(names) or not all(name.isalnum() or "-" in name for name in names):
            raise InputError("The engine option gpus is all, a number, or a list such as [0,2], each GPU once.")
        return names
    visible = _visible_gpus()
    if gpus is None or gpus == "all":
        if gpus == "all" and not visible:
            raise InputError("There is no GPU here, and gpus=all asks for some. Say workers=N for processors alone.")
        return visible
    if isinstance(gpus, bool) or not isinstance(gpus, int) or not 0 <= gpus <= len(visible):
        raise InputError(f"gpus={plain(str(gpus))[:40]}: {len(visible)} GPUs are there. Say all, a number, or a list.")
    return visible[:gpus]


def _visible_gpus() -> list[str]:
    if VISIBLE in os.environ:
        return [name.strip() for name in os.environ[VISIBLE].split(",") if name.strip() not in ("", "-1")]
    import torch

    return [str(number) for number in range(torch.cuda.device_count())]


@dataclass
class _Worker:
    """A process, and the samples that it has been asked for and has not sent, each with its request."""

    process: "subprocess.Popen[bytes]"
    name: str
    log: IO[bytes]
    waiting: dict[tuple[str, int], Request] = field(default_factory=dict)
    busy: bool = False
    received: bytearray = field(default_factory=bytearray)


class _Pool:
    """Workers, at most one at each place, and what they have in hand."""

    def __init__(
        self,
        spec: EngineSpec,
        places: Sequence[tuple[str, ...]],
        losses: int,
        ready: Callable[[], None],
        notice: Callable[[str], None],
    ) -> None:
        self.spec, self.places, self.losses, self.ready, self.notice = spec, places, losses, ready, notice
        self.workers: dict[int, _Worker] = {}
        self.loaded = False

    def work_off(self, queue: BlockQueue) -> Iterator[Completion]:
        """All samples of the queue's requests, as they end."""
        try:
            if self.loaded:
                self.ready()
            while True:
                self._hand_out(queue)
                busy = {place: worker for place, worker in self.workers.items() if worker.busy}
                if not busy:
                    return
                for place in _readable(busy):
                    yield from self._read(place, queue)
        finally:
            if any(worker.busy for worker in self.workers.values()):  # what they send is no longer waited for
                self.close()

    def dismiss(self) -> None:
        """Let all workers shut their engines down."""
        for worker in self.workers.values():
            _send(worker, END)
        until = time.monotonic() + END_SECONDS
        for worker in self.workers.values():
            with suppress(subprocess.TimeoutExpired):
                worker.process.wait(max(0.0, until - time.monotonic()))

    def close(self) -> None:
        """End all workers."""
        for place in list(self.workers):
            self._end(place)

    def _hand_out(self, queue: BlockQueue) -> None:
        for place in range(len(self.places)):
            worker = self.workers.get(place)
            if worker is not None and worker.busy:
                continue
            block = queue.next_block()
            if not block:
                return
            worker = worker or self._start(place)
            worker.busy = True
            worker.waiting = {(r.problem_id, index): r for r in block for index in r.sample_indices}
            _send(worker, [request_record(request) for request in block])

    def _start(self, place: int) -> _Worker:
        gpus = self.places[place]
        environment = {**module_environment(), VISIBLE: ",".join(gpus)}
        if not gpus:  # each would use all processors otherwise
            environment.setdefault("OMP_NUM_THREADS", str(max(1, usable_processors() // len(self.places))))
        log = tempfile.TemporaryFile()  # noqa: SIM115
        process = subprocess.Popen(
            module_command("boundary.sampling.engines.worker_process"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=environment,
            bufsize=0,
            start_new_session=True,  # Ctrl-C is for this process, which then ends them
        )
        name = f"worker {place} (GPU {', '.join(gpus)})" if gpus else f"worker {place}"
        self.workers[place] = _Worker(process, name, log)
        _send(self.workers[place], asdict(self.spec))
        return self.workers[place]

    def _read(self, place: int, queue: BlockQueue) -> Iterator[Completion]:
        worker = self.workers[place]
        assert worker.process.stdout is not None
        data = os.read(worker.process.stdout.fileno(), 1 << 20)
        if not data:
            self._replace_lost(place, queue)
            return
        worker.received += data
        *lines, worker.received = worker.received.split(b"\n")
        for line in lines:
            kind, content = json.loads(line)
            if kind == SAMPLE:
                completion = completion_of(content)
                worker.waiting.pop((completion.problem_id, completion.sample_index), None)
                yield completion
            elif kind == DONE:
                worker.busy, worker.waiting = False, {}
            elif kind == READY and not self.loaded:
                self.loaded = True
                self.ready()
            elif kind == ERROR:
                raise InputError(content)

    def _replace_lost(self, place: int, queue: BlockQueue) -> None:
        worker = self.workers[place]
        with suppress(subprocess.TimeoutExpired):
            worker.process.wait(END_SECONDS)
        reason = f"{worker.name} {_ending(worker)}"
        queue.put_back(_unfinished(worker))
        self._end(place)
        self.losses -= 1
        if self.losses < 0:
            raise InputError(f"Too many workers were lost: {reason}. What is stored stays; the same command goes on.")
        self.notice(f"Lost {reason}. Its samples that had not come in are made anew by another.")

    def _end(self, place: int) -> None:
        worker = self.workers.pop(place)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(worker.process.pid, signal.SIGKILL)  # with what its engine started
        worker.process.wait()
        for pipe in (worker.process.stdin, worker.process.stdout, worker.log):
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()


def _readable(workers: dict[int, _Worker]) -> list[int]:
    with selectors.DefaultSelector() as selector:
        for place, worker in workers.items():
            assert worker.process.stdout is not None
            selector.register(worker.process.stdout, selectors.EVENT_READ, place)
        return [key.data for key, _ in selector.select()]


def _send(worker: _Worker, content: Any) -> None:
    assert worker.process.stdin is not None
    data = memoryview(json.dumps(content).encode() + b"\n")
    try:
        while data:
            data = data[worker.process.stdin.write(data) :]
    except BrokenPipeError:  # it died: seen when its answers are read
        pass


def _unfinished(worker: _Worker) -> list[Request]:
    """The requests of a lost worker with the samples that it had not sent."""
    indices: dict[int, list[int]] = {}
    requests: dict[int, Request] = {}
    for (_, index), request in worker.waiting.items():
        requests[id(request)] = request
        indices.setdefault(id(request), []).append(index)
    return [replace(request, sample_indices=tuple(indices[key])) for key, request in requests.items()]


def _ending(worker: _Worker) -> str:
    """How a worker ended, and what it wrote last."""
    code = worker.process.poll()
    ending = f"ended with exit code {code}"
    with suppress(ValueError):
        if code is not None and code < 0:
            ending = f"was killed by {signal.Signals(-code).name}"
    with suppress(OSError):
        size = worker.log.seek(0, os.SEEK_END)
        worker.log.seek(max(0, size - LAST_WORDS))
        words = plain(worker.log.read().decode(errors="replace"))
        return f"{ending}; it wrote last: {words}" if words else ending
    return ending
