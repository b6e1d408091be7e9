"""The ray scorer: workers on a Ray cluster that is there already, each with the model; lost blocks are done again."""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from itertools import islice
from typing import Any

from boundary.errors import InputError
from boundary.sampling.engines.ray import WorkerPool, joined_cluster, worker_places
from boundary.sampling.models import load_config
from boundary.sampling.scoring.records import Response, Score, ScoreResponses, ScorerSpec, ScoreTerms
from boundary.sampling.scoring.table import open_scorer
from boundary.sampling.scoring.transformers import scoring_dtype

Block = tuple[list[Response], ScoreTerms]


@contextmanager
def ray_scorer(
    spec: ScorerSpec,
    *,
    workers: int = 0,
    gpus: float | None = None,
    cpus: float = 1.0,
    address: str = "auto",
    block_responses: int = 256,
    losses: int = 8,
    worker_options: Mapping[str, Any] | None = None,
) -> Iterator[ScoreResponses]:
    """Run the transformers scorer in every worker of a Ray cluster.

    Parameters
    ----------
    spec
        The model, which every machine reaches under this name.
    workers, gpus, cpus, address, losses
        As the ray engine has them for sampling.
    block_responses
        Responses in a block. A lost worker loses no more than its block.
    worker_options
        Options of the transformers scorer.
    """
    inner = replace(spec, engine="transformers", options=dict(worker_options or {}), config=None)
    with joined_cluster(address) as ray:
        number, gpus = worker_places(ray, workers, cpus, gpus)
        worker_class = ray.remote(num_cpus=cpus, num_gpus=gpus, max_restarts=0)(ScoringWorker)
        pool = WorkerPool(ray, lambda: worker_class.remote(asdict(inner)), number, losses)

        def score(responses: Iterable[Response], terms: ScoreTerms) -> Iterator[Score]:
            waiting = iter(responses)

            def next_block() -> Block | None:
                block = list(islice(waiting, block_responses))
                return (block, terms) if block else None

            yield from pool.work_off(next_block)

        try:
            yield score
        finally:
            pool.close()


def worker_dtype(spec: ScorerSpec, device: str = "") -> str:
    """The dtype of the weights as a worker decides it, whose GPU need not be this machine's.

    Parameters
    ----------
    spec
        The model, and the options of the ray scorer.
    device
        Of the workers, where the user names it.

    Raises
    ------
    InputError
        If there is no cluster, or the worker cannot have the model.
    """
    options = spec.options
    cpus = float(options.get("cpus", 1.0))
    with joined_cluster(str(options.get("address", "auto"))) as ray:
        _, gpus = worker_places(ray, int(options.get("workers", 0)), cpus, options.get("gpus"))
        task = ray.remote(num_cpus=cpus, num_gpus=gpus)(_dtype_here)
        try:
            return str(ray.get(task.remote(spec.model, spec.revision, device)))
        except ray.exceptions.RayTaskError as error:
            raise (error.cause if isinstance(error.cause, InputError) else error) from error


def _dtype_here(model: str, revision: str | None, device: str) -> str:
    return scoring_dtype(load_config(model, revision), "", device)


class ScoringWorker:
    """An actor: a model, loaded once, that scores one block after another."""

    def __init__(self, spec: Mapping[str, Any]) -> None:
        self.context = open_scorer(ScorerSpec(**spec))
        self.score = self.context.__enter__()

    def work(self, block: Block) -> list[Score]:
        """All scores of a block."""
        return list(self.score(*block))

    def process_id(self) -> int:
        """Its process."""
        return os.getpid()
