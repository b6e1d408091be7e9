"""Worker processes that judge, each killed outright when it takes too long.

No alarm, no thread: a loop inside a C library holds Python's lock and hears neither. A killed worker is replaced; a
worker that dies takes its own task with it and no other. Tasks and verdicts cross as lines of JSON. Time is the
worker's processor time, so that a busy machine changes no verdict; by the clock a task has a few times as long.
"""

import json
import os
import selectors
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from boundary.errors import InputError
from boundary.sampling.judging.worker import READY
from boundary.sampling.python_module import module_command, module_environment
from boundary.sampling.verifiers.spec import Judgement

Task = tuple[int, Any]
START_SECONDS = 120.0
PATIENCE = 3.0
# Memory that has grown is given back by starting anew after so many tasks.
TASKS_A_WORKER = 20_000


@dataclass
class _Worker:
    process: "subprocess.Popen[bytes]"
    deadline: float
    ready: bool = False
    task: Task | None = None
    used: float = 0.0
    latest: float = 0.0
    done: int = 0
    received: bytes = b""


@dataclass
class Pool:
    """Workers that call one function; use it in a `with` block.

    Parameters
    ----------
    target
        `module:function`, called with a task's arguments; it returns an outcome and a reason.
    workers
        Number of processes.
    timeout
        Seconds of processor time for one task; by the clock it has PATIENCE times as long.
    memory
        Bytes of address space for a worker; None for no limit.
    """

    target: str
    workers: int = 2
    timeout: float = 5.0
    memory: int | None = None
    _alive: list[_Worker] = field(default_factory=list)

    def __enter__(self) -> "Pool":
        """Return the pool; workers start with the first task."""
        return self

    def __exit__(self, *_: object) -> None:
        """End every worker."""
        while self._alive:
            self._end(self._alive[0])

    def judge(
        self, tasks: Sequence[Any], arguments: Callable[[Any], Sequence[Any]] = tuple
    ) -> Iterator[tuple[int, Judgement]]:
        """Judge every task; yields the position and the judgement of each as they come in.

        Parameters
        ----------
        tasks
            What is to be judged.
        arguments
            What the function is called with for a task.

        Raises
        ------
        InputError
            If the function cannot be imported.
        """
        waiting: deque[Task] = deque(enumerate(tasks))
        while waiting or any(worker.task for worker in self._alive):
            self._hand_out(waiting, arguments)
            yield from self._collect()

    def _hand_out(self, waiting: "deque[Task]", arguments: Callable[[Any], Sequence[Any]]) -> None:
        busy = sum(worker.task is not None for worker in self._alive)
        while len(self._alive) < min(self.workers, len(waiting) + busy):
            self._alive.append(_start_worker(self.target, self.memory))
        for worker in self._alive:
            if waiting and worker.ready and worker.task is None:
                worker.task = waiting.popleft()
                now = time.monotonic()
                worker.deadline, worker.latest = now + self.timeout, now + PATIENCE * self.timeout
                worker.used = _processor_seconds(worker.process.pid)
                _send(worker, arguments(worker.task[1]))

    def _collect(self) -> Iterator[tuple[int, Judgement]]:
        """Collect judgements until the next deadline, and end the workers that have passed theirs."""
        busy = [worker for worker in self._alive if worker.task or not worker.ready]
        with selectors.DefaultSelector() as selector:
            for worker in busy:
                assert worker.process.stdout is not None
                selector.register(worker.process.stdout, selectors.EVENT_READ, worker)
            left = min(worker.deadline for worker in busy) - time.monotonic()
            ready = [key.data for key, _ in selector.select(max(0.0, left))]
        for worker in busy:
            if any(worker is other for other in ready):
                yield from self._read(worker)
            elif time.monotonic() >= worker.deadline and not self._has_time_left(worker):
                yield from self._replace(worker, ("timeout", f"judging took more than {self.timeout:g} s"))

    def _has_time_left(self, worker: _Worker) -> bool:
        """Whether a worker at its deadline has not had its processor time yet; its deadline then moves."""
        now = time.monotonic()
        left = self.timeout - (_processor_seconds(worker.process.pid) - worker.used)
        if worker.task is None or left <= 0.0 or now >= worker.latest:
            return False
        worker.deadline = min(now + max(left, 0.02), worker.latest)
        return True

    def _read(self, worker: _Worker) -> Iterator[tuple[int, Judgement]]:
        assert worker.process.stdout is not None
        data = os.read(worker.process.stdout.fileno(), 1 << 16)
        if not data:
            code = worker.process.wait(10)
            yield from self._replace(worker, ("verifier_error", f"the judge died (exit code {code})"))
            return
        worker.received += data
        if not worker.received.endswith(b"\n"):
            return
        message, worker.received = json.loads(worker.received), b""
        if worker.task is None:
            if message != READY:
                raise InputError(f"The verifier '{self.target}' cannot be started: {message}")
            worker.ready = True
            return
        place, worker.task = worker.task[0], None
        worker.done += 1
        if worker.done >= TASKS_A_WORKER:
            self._end(worker)
        yield place, (message[0], message[1])

    def _replace(self, worker: _Worker, judgement: Judgement) -> Iterator[tuple[int, Judgement]]:
        self._end(worker)
        if worker.task is None:
            raise InputError(f"The verifier '{self.target}' cannot be started: {judgement[1]}.")
        yield worker.task[0], judgement

    def _end(self, worker: _Worker) -> None:
        self._alive = [other for other in self._alive if other is not worker]
        worker.process.kill()
        worker.process.wait()
        for pipe in (worker.process.stdin, worker.process.stdout):
            assert pipe is not None
            with suppress(OSError):  # a task that it never read
                pipe.close()


def _start_worker(target: str, memory: int | None) -> _Worker:
    process = subprocess.Popen(
        module_command("boundary.sampling.judging.worker", target, str(memory or 0), str(os.getpid())),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=module_environment(),
        bufsize=0,
        start_new_session=True,  # Ctrl-C is for this process, which then ends them
    )
    return _Worker(process, time.monotonic() + START_SECONDS)


def _processor_seconds(process: int) -> float:
    """Processor time that a process has used; the clock's where it cannot be told."""
    try:
        # The clock of another process, as clock_getcpuclockid(3) makes its number.
        return time.clock_gettime((~process << 3) | 2)
    except (OSError, AttributeError, OverflowError):
        return time.monotonic()


def _send(worker: _Worker, arguments: Sequence[Any]) -> None:
    assert worker.process.stdin is not None
    data = memoryview(json.dumps(arguments).encode() + b"\n")
    try:
        while data:
            data = data[worker.process.stdin.write(data) :]
    except BrokenPipeError:  # it died between two tasks: seen when its answer is read
        pass
