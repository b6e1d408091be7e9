"""What is measured: each item yields rows, the versions in turns, so that ratios are formed within one run."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pandas as pd

from benchmarks.peers.truths import SHIPPED
from benchmarks.speed import simulated
from benchmarks.speed.peers import peer_workers
from benchmarks.speed.processes import Limits, Row, Worker, analysis, command
from benchmarks.speed.versions import Version

System = TypeVar("System", Version, Worker)
# What takes another revision or a peer longer than this, in seconds, is not repeated, and no larger size is tried.
LONG = 100.0
# Two populations of pairs that differ most: U-shaped with exact zeros, and a heavy low tail.
POPULATIONS = ("pair", "heavy_pair")
SEEDS = 5


@dataclass(frozen=True)
class Run:
    """What all items share.

    Parameters
    ----------
    versions
        The versions, `before` first if there is one; `now` is the last.
    repeats
        Later runs of a command, and fits of a size.
    quick
        Small sizes, to see that everything works.
    limits
        When a run is ended.
    work
        Folder for counts, compiled code and the peers' environments.
    output
        Folder of results.
    peers
        Whether other packages are measured too.
    """

    versions: Sequence[Version]
    repeats: int
    quick: bool
    limits: Limits
    work: Path
    output: Path
    peers: bool = True

    @contextmanager
    def workers(self, core: int | None = None) -> Iterator[list[Worker]]:
        """A worker for each version, ended at the end."""
        compiled = os.environ.get("JAX_COMPILATION_CACHE_DIR", str(self.work / "compiled"))
        cache = {"JAX_COMPILATION_CACHE_DIR": compiled, "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0"}
        with ExitStack() as stack:
            workers = []
            for version in self.versions:
                environment = version.environment | cache
                worker = Worker(version.name, "fit_worker.py", sys.executable, environment, self.limits, core)
                worker.revision = version.revision
                stack.callback(worker.close)
                workers.append(worker)
            yield workers

    def saved_table(self, name: str, table: pd.DataFrame) -> Path:
        """A counts table as CSV."""
        path = self.work / f"{name}.csv"
        table.to_csv(path, index=False)
        return path


def in_turns(systems: Sequence[System], repeats: int, measure: Callable[[System, int], Row]) -> Iterator[Row]:
    """Rows of each system, run by run, in an order that alternates.

    Another revision or a peer that takes long, or does not finish, is not run again.
    """
    finished: set[str] = set()
    for run in range(repeats):
        for system in systems if run % 2 == 0 else reversed(systems):
            if system.name in finished:
                continue
            row = measure(system, run)
            if system.name != "now" and (row.get("note") or row.get("seconds", 0.0) > LONG):
                finished.add(system.name)
            yield {"version": system.name, "revision": system.revision, "run": run} | row


def command_help(run: Run) -> Iterator[Row]:
    """`boundary --help`."""
    for row in in_turns(run.versions, run.repeats, lambda v, _: command(v, ["--help"], run.work, run.limits)):
        yield {"case": "boundary --help", "phase": "later"} | row


def _analyses(run: Run, case: str, arguments: list[str]) -> Iterator[Row]:
    """One analysis by each version: a first run, with an empty compilation cache, and later ones."""
    caches = {version.name: run.work / "caches" / case / version.name for version in run.versions}
    for cache in caches.values():
        shutil.rmtree(cache, ignore_errors=True)  # of an earlier run in a folder that was kept

    def measure(version: Version, _: int) -> Row:
        return analysis(version, arguments, caches[version.name], run.limits)

    for phase, repeats in (("first", 1), ("later", run.repeats)):
        for row in in_turns(run.versions, repeats, measure):
            yield {"case": case, "phase": phase} | row


def shipped(run: Run) -> Iterator[Row]:
    """`analyze` of the shipped set, with report."""
    arguments = [SHIPPED, *(["--benchmark", "AIME24"] if run.quick else [])]
    yield from _analyses(run, f"analyze {' '.join(arguments)}", arguments)


def pairs_24(run: Run) -> Iterator[Row]:
    """24 RL models against one base, 1,000 problems: 24 joint fits, with report."""
    pairs, problems = (2, 30) if run.quick else (24, 1000)
    path = run.saved_table("pairs", simulated.many_pairs(pairs, problems))
    yield from _analyses(run, f"{pairs} pairs of {problems:,} problems", [str(path), "--base", "base"])


def benchmarks_12(run: Run) -> Iterator[Row]:
    """12 benchmarks of a base and 5 RL models, 725 problems in all: 65 joint fits, with report."""
    sizes, models = ((20, 20), 3) if run.quick else (simulated.TWELVE, 6)
    path = run.saved_table("benchmarks", simulated.benchmarks_by_models(sizes, models))
    case = f"{len(sizes)} benchmarks x {models} models, {sum(sizes):,} problems"
    yield from _analyses(run, case, [str(path), "--base", "base"])


def models_100(run: Run) -> Iterator[Row]:
    """100 models on 1,000 problems, each fitted alone, and ranked."""
    models, problems = (3, 30) if run.quick else (100, 1000)
    path = run.saved_table("models", simulated.many_models(models, problems))
    yield from _analyses(run, f"{models} models x {problems:,} problems, ranked", [str(path), "--rank"])


def panels(run: Run) -> Iterator[Row]:
    """Cost against panels: pairs of 200 problems in one command, with report."""
    problems = 30 if run.quick else 200
    for count in (1, 2) if run.quick else (1, 3, 10, 30, 100):
        path = run.saved_table(f"panels-{count}", simulated.many_pairs(count, problems))
        for row in _analyses(run, f"pairs of {problems} problems: {count}", [str(path), "--base", "base"]):
            yield row | {"panels": count}


def joint_fit(run: Run) -> Iterator[Row]:
    """Joint fit of the shipped set, on one core, by each version and by peers.

    Its benchmarks are pooled; every worker keeps to the same core, and waits while another works.
    """
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [None]
    n_correct, n_samples = (counts[: 30 if run.quick else None] for counts in simulated.shipped_pair())
    path = simulated.saved_pair(run.work, SHIPPED, n_correct, n_samples)
    case = f"joint fit of {len(n_correct):,} problems"
    with run.workers(cores[-1]) as workers, ExitStack() as stack:
        if run.peers:
            peers, missing = peer_workers(run.work, cores[-1], run.limits)
            yield from ({"case": case} | row for row in missing)
            for peer in peers:
                stack.callback(peer.close)
            workers = [*workers, *peers]

        def measure(worker: Worker, i: int) -> Row:
            return worker.job("fit", counts=str(path), seed=i, scope="all")

        for row in in_turns(workers, run.repeats, measure):
            yield {"case": case, "phase": "warm", "problems": len(n_correct)} | row


def large_pairs(run: Run) -> Iterator[Row]:
    """Pairs of 1,000 to 250,000 problems: five seeds of two populations."""
    for population in POPULATIONS:
        yield from _sizes(
            run, (30, 60) if run.quick else (1000, 10_000, 40_000, 250_000), 2 if run.quick else SEEDS, population
        )


def sizes(run: Run) -> Iterator[Row]:
    """Cost of a joint fit against the number of problems."""
    full = (30, 100, 300, 1000, 3000, 10_000, 30_000, 100_000, 300_000, 1_000_000)
    yield from _sizes(run, (30, 60) if run.quick else full, run.repeats, POPULATIONS[0])


def _sizes(run: Run, problem_counts: Sequence[int], seeds: int, population: str) -> Iterator[Row]:
    """Joint fits of growing size; what does not finish one, or is another revision and takes long, stops there."""
    gave_up: dict[str, str] = {}
    for problems in problem_counts:
        paths = [
            simulated.saved_pair(
                run.work, f"{population}-{problems}-{seed}", simulated.pair_of(problems, seed, population)
            )
            for seed in range(seeds)
        ]
        shared = {"case": f"{population}, {problems:,} problems", "phase": "warm", "problems": problems}
        with run.workers() as workers:  # new processes, so that the peak of memory is that of this size
            for worker in workers:
                if worker.name in gave_up:
                    yield shared | {"version": worker.name, "note": f"not tried: {gave_up[worker.name]}"}
            able = [worker for worker in workers if worker.name not in gave_up]
            for row in in_turns(able, seeds, lambda worker, i, p=paths: worker.job("fit", counts=str(p[i]), seed=i)):
                if row.get("note") or (row["version"] != "now" and row["seconds"] > LONG):
                    reason = row.get("note") or f"took {row['seconds']:.0f} s"
                    gave_up.setdefault(row["version"], f"{reason} at {problems:,} problems")
                yield shared | {"population": population} | row
        for path in paths:
            path.unlink()
