"""The problems of a benchmark, wherever they come from."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from boundary.errors import InputError
from boundary.sampling.benchmarks.files import file_problems
from boundary.sampling.benchmarks.generated import gym_problems
from boundary.sampling.benchmarks.hub import hub_problems
from boundary.sampling.benchmarks.presets import GYM, Benchmark, find_benchmark
from boundary.sampling.problems import Problem


def load_problems(name_or_file: str, limit: int | None = None) -> tuple[Problem, ...]:
    """Problems of a benchmark.

    Parameters
    ----------
    name_or_file
        As `find_benchmark` takes it.
    limit
        Only the first so many.

    Returns
    -------
    The problems, in the order of the benchmark.

    Raises
    ------
    InputError
        If it cannot be found, fetched or read, or is not the problem set that the preset describes.
    """
    benchmark = find_benchmark(name_or_file)
    problems = tuple(islice(_problems(benchmark, limit), limit))
    if not problems:
        raise InputError(f"The benchmark '{name_or_file}' has no problems.")
    return problems


def _problems(benchmark: Benchmark, limit: int | None) -> Iterator[Problem]:
    if benchmark.source.startswith(GYM):
        return gym_problems(benchmark.source.removeprefix(GYM), limit)
    if benchmark.split:
        return hub_problems(benchmark)
    return file_problems(Path(benchmark.source))
