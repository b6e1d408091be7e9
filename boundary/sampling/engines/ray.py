"""The ray engine: workers on a Ray cluster that is there already, each with an engine of its own.

Blocks of problems wait in one queue, and a worker that is free takes the next, so that none idles while another is
behind; blocks shrink towards the end. A block whose worker is lost goes back into the queue.
"""

import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import Any

from boundary.errors import InputError
from boundary.plain_text import plain
from boundary.sampling.engines.blocks import Block, BlockQueue
from boundary.sampling.engines.opening import open_engine, worker_spec
from boundary.sampling.engines.spec import EngineSpec, Generate, Request, Sampling
from boundary.sampling.option_types import NonNegative, Positive
from boundary.sampling.problems import Completion


@contextmanager
def ray_engine(
    spec: EngineSpec,
    *,
    worker: str = "transformers",
    workers: int = 0,
    gpus: float | None = None,
    cpus: float = 1.0,
    address: str = "auto",
    block_samples: Positive = 256,
    losses: NonNegative = 8,
    worker_options: Mapping[str, Any] | None = None,
    notice: Callable[[str], None] = lambda text: None,
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
    notice
        Called with a sentence when a worker is lost.
    """
    inner = worker_spec(replace(spec, options={"worker": worker, "worker_options": worker_options}))
    with joined_cluster(address) as ray:
        number, gpus = worker_places(ray, workers, cpus, gpus)
        worker_class = ray.remote(num_cpus=cpus, num_gpus=gpus, max_restarts=0)(Worker)

        def generate(requests: Sequence[Request]) -> Iterator[Completion]:
            pool = WorkerPool(
                ray, lambda: worker_class.remote(asdict(inner)), min(number, len(requests)), losses, notice
            )
            try:
                yield from pool.work_off(BlockQueue(requests, number, block_samples).next_block)
            finally:
                pool.close()

        yield generate


@contextmanager
def joined_cluster(address: str) -> Iterator[Any]:
    """The package ray, joined to a cluster; left again at the end where it was not joined before.

    Raises
    ------
    InputError
        If there is none at the address.
    """
    import ray

    joined = ray.is_initialized()
    if not joined:
        _join(ray, address)
    try:
        yield ray
    finally:
        if not joined:
            ray.shutdown()


def worker_places(ray: Any, workers: int, cpus: float, gpus: float | None) -> tuple[int, float]:
    """How many workers, 0 for as many as the cluster has room for, and the GPUs of each; by default 1 if it has some.

    Raises
    ------
    InputError
        If the cluster has no room for one.
    """
    resources = ray.cluster_resources()
    gpus = (1.0 if resources.get("GPU", 0) else 0.0) if gpus is None else gpus
    return workers or _room(resources, cpus, gpus), gpus


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

    def work(self, block: Block) -> list[Completion]:
        """All samples of a block."""
        return list(self.run(block))

    def process_id(self) -> int:
        """Its process."""
        return os.getpid()


class WorkerPool:
    """Workers and the blocks that they have in hand.

    Parameters
    ----------
    ray
        The package.
    start
        Starts a worker: an actor with `work`, from a block to a list of results, and `process_id`.
    number
        Workers.
    losses
        Workers that may be lost before the pool gives up.
    notice
        Called with a sentence when a worker is lost.
    """

    def __init__(
        self,
        ray: Any,
        start: Callable[[], Any],
        number: int,
        losses: int,
        notice: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.ray, self.start, self.number, self.losses, self.notice = ray, start, number, losses, notice
        self.running: dict[Any, tuple[Any, Any]] = {}
        self.idle: list[Any] = []
        self.lost_blocks: deque[Any] = deque()

    def work_off(self, next_block: Callable[[], Any]) -> Iterator[Any]:
        """Hand out blocks, until `next_block` gives an empty one and each has come back; workers then stay idle.

        Yields
        ------
        What the workers make of the blocks, as it comes back.
        """
        for _ in range(self.number):
            self._set_going(self.idle.pop() if self.idle else self.start())
        while self.running:
            ready, _ = self.ray.wait(list(self.running), num_returns=1)
            for result in ready:
                yield from self._collect(result, next_block)

    def close(self) -> None:
        """End all workers."""
        for worker in (*self.idle, *(worker for worker, _ in self.running.values())):
            self.ray.kill(worker)
        self.idle, self.running = [], {}

    def _set_going(self, worker: Any) -> None:
        """A worker gets a block when it is there, for which a smaller cluster may have no room at first."""
        self.running[worker.process_id.remote()] = (worker, None)

    def _collect(self, result: Any, next_block: Callable[[], Any]) -> Iterator[Any]:
        worker, block = self.running.pop(result)
        try:
            answer = self.ray.get(result)
        except self.ray.exceptions.RayActorError as error:
            self._replace_lost(block, error)
            return
        except self.ray.exceptions.RayTaskError as error:
            raise (error.cause if isinstance(error.cause, InputError) else error) from error
        following = self.lost_blocks.popleft() if self.lost_blocks else next_block()
        if following:
            self.running[worker.work.remote(following)] = (worker, following)
        else:
            self._lay_off(worker)
        if block:
            yield from answer

    def _lay_off(self, worker: Any) -> None:
        """A worker without a block waits; those that never began, for want of room, are ended once no block is left."""
        self.idle.append(worker)
        if not any(block for _, block in self.running.values()) and not self.lost_blocks:
            for other, _ in self.running.values():
                self.ray.kill(other)
            self.running = {}

    def _replace_lost(self, block: Any, error: Exception) -> None:
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
        self.notice(f"Lost a Ray worker ({plain(reason)[:200]}). Its block is done again by another.")
        self._set_going(self.start())
