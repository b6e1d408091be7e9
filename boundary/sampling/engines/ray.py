"""The ray engine: workers on a Ray cluster that is there already, each with an engine of its own.

Blocks of problems wait in one queue, and a worker that is free takes the next, so that none idles while another is
behind; blocks shrink towards the end. A block whose worker is lost goes back into the queue.
"""

import os
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import Any

from boundary.errors import InputError
from boundary.sampling.engines.opening import open_engine, worker_spec
from boundary.sampling.engines.spec import EngineSpec, Generate, Request, Sampling
from boundary.sampling.problems import Completion

Block = list[Request]


@contextmanager
def ray_engine(
    spec: EngineSpec,
    *,
    worker: str = "transformers",
    workers: int = 0,
    gpus: float | None = None,
    cpus: float = 1.0,
    address: str = "auto",
    block_samples: int = 256,
    losses: int = 8,
    worker_options: Mapping[str, Any] | None = None,
) -> Iterator[Generate]:
    """Run an engine in every worker of a Ray cluster.

    Parameters
    ----------
    spec
        The model and how it is sampled; every node must reach the model under this name.
    worker
        Engine of the workers: transformers, vllm, or openai.
    workers
        How many. Default: as many as the cluster has room for.
    gpus, cpus
        What a worker takes up. Default: a GPU where the cluster has some.
    address
        Of the cluster, as `ray.init` takes it; `auto` finds the one that this machine belongs to.
    block_samples
        Samples in a block at most. A lost worker loses no more than its block.
    losses
        Workers that may be lost before the run gives up.
    worker_options
        Options of the workers' engine.
    """
    import ray

    inner = worker_spec(replace(spec, options={"worker": worker, "worker_options": worker_options}))
    joined = ray.is_initialized()
    if not joined:
        _join(ray, address)
    try:
        gpus = (1.0 if ray.cluster_resources().get("GPU", 0) else 0.0) if gpus is None else gpus
        number = workers or _room(ray.cluster_resources(), cpus, gpus)
        worker_class = ray.remote(num_cpus=cpus, num_gpus=gpus, max_restarts=0)(Worker)

        def generate(requests: Sequence[Request]) -> Iterator[Completion]:
            yield from _WorkerPool(ray, worker_class, asdict(inner), number, block_samples, losses).generate(requests)

        yield generate
    finally:
        if not joined:
            ray.shutdown()


def _join(ray: Any, address: str) -> None:
    try:
        ray.init(address=address, log_to_driver=False, logging_level="error")
    except (ConnectionError, RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(
            f"No Ray cluster at '{address}' ({reason}). Start one with ray start --head, or name it with "
            "--engine-option address=HOST:6379."
        ) from error


def _room(resources: Mapping[str, float], cpus: float, gpus: float) -> int:
    by_cpu = int(resources.get("CPU", 0) // cpus) if cpus else 1
    number = min(by_cpu, int(resources["GPU"] // gpus)) if gpus else by_cpu
    if number < 1:
        raise InputError(f"The Ray cluster has no room for a worker of {cpus:g} processors and {gpus:g} GPUs.")
    return number


class Worker:
    """An actor: an engine, loaded once, that samples one block after another."""

    def __init__(self, spec: Mapping[str, Any]) -> None:
        sampling = Sampling(**spec["sampling"])
        self.context = open_engine(EngineSpec(**{**spec, "sampling": sampling}))
        self.run = self.context.__enter__()

    def sample(self, block: Block) -> list[Completion]:
        """All samples of a block."""
        return list(self.run(block))

    def process_id(self) -> int:
        """Its process."""
        return os.getpid()


class _WorkerPool:
    """Workers and the blocks that they have in hand."""

    def __init__(
        self, ray: Any, worker_class: Any, spec: Mapping[str, Any], number: int, block_samples: int, losses: int
    ) -> None:
        self.ray, self.worker_class, self.spec = ray, worker_class, spec
        self.number, self.block_samples, self.losses = number, block_samples, losses
        self.running: dict[Any, tuple[Any, Block]] = {}
        self.lost_blocks: deque[Block] = deque()

    def generate(self, requests: Sequence[Request]) -> Iterator[Completion]:
        """Hand out blocks until every one has come back."""
        waiting = deque(requests)
        try:
            for _ in range(min(self.number, len(requests))):
                self._start_worker()
            while waiting or self.lost_blocks or any(block for _, block in self.running.values()):
                ready, _ = self.ray.wait(list(self.running), num_returns=1)
                for result in ready:
                    yield from self._collect(result, waiting)
        finally:
            for worker, _ in self.running.values():
                self.ray.kill(worker)

    def _start_worker(self) -> None:
        """Start a worker; it gets a block when it is there, for which a smaller cluster may have no room at first."""
        worker = self.worker_class.remote(self.spec)
        self.running[worker.process_id.remote()] = (worker, [])

    def _collect(self, result: Any, waiting: "deque[Request]") -> Iterator[Completion]:
        worker, block = self.running.pop(result)
        try:
            answer = self.ray.get(result)
        except self.ray.exceptions.RayActorError as error:
            self._replace_lost(block, error)
            return
        except self.ray.exceptions.RayTaskError as error:
            raise (error.cause if isinstance(error.cause, InputError) else error) from error
        following = self.lost_blocks.popleft() if self.lost_blocks else self._next_block(waiting)
        if following:
            self.running[worker.sample.remote(following)] = (worker, following)
        else:
            self.ray.kill(worker)
        if block:
            yield from answer

    def _replace_lost(self, block: Block, error: Exception) -> None:
        reason = " ".join(str(error).split())
        if "boundary.errors.InputError: " in reason:  # it could not load the model: neither can another
            raise InputError(reason.rpartition("boundary.errors.InputError: ")[2][:400]) from error
        if block:
            self.lost_blocks.append(block)
        self.losses -= 1
        if self.losses < 0:
            raise InputError(
                f"Too many Ray workers were lost ({reason[:200]}). What is stored stays; the same command goes on."
            ) from error
        self._start_worker()

    def _next_block(self, waiting: "deque[Request]") -> Block:
        """The next requests; half of a worker's fair share of what is left, so that all end at about the same time."""
        left = sum(len(request.sample_indices) for request in waiting)
        size = max(1, min(self.block_samples, left // (2 * self.number)))
        block: Block = []
        while waiting and size > 0:
            request = waiting.popleft()
            sample_indices, remaining = request.sample_indices[:size], request.sample_indices[size:]
            block.append(replace(request, sample_indices=sample_indices))
            if remaining:
                waiting.appendleft(replace(request, sample_indices=remaining))
            size -= len(sample_indices)
        return block
