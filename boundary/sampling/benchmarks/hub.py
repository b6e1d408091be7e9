"""Problems of a set on the Hugging Face hub, read as a preset says."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from boundary.errors import InputError, missing_package
from boundary.sampling.answers.references import accepted_answers, answer_text
from boundary.sampling.benchmarks.code_tests import CODE_TESTS
from boundary.sampling.benchmarks.presets import Benchmark
from boundary.sampling.problems import ACCEPTED_ANSWERS, Problem


def hub_problems(benchmark: Benchmark) -> Iterator[Problem]:
    """Problems of a set on the hub; rows are read one by one, and only those of the benchmark are held."""
    rows = (row for row in _hub_rows(benchmark) if _belongs(benchmark, row))
    problems = [_from_row(benchmark, row, number) for number, row in enumerate(rows)]
    if benchmark.rows and len(problems) not in benchmark.rows:
        expected = " or ".join(map(str, benchmark.rows))
        raise InputError(
            f"The benchmark '{benchmark.name}' ({benchmark.source}) has {len(problems)} problems where {expected} were "
            f"expected: it is another problem set. Name a revision that has them ({benchmark.name}@REVISION), or "
            "give a file."
        )
    return iter(problems)


def _belongs(benchmark: Benchmark, row: Mapping[str, Any]) -> bool:
    """Whether a row is one of the benchmark's, by the value or the date that it keeps."""
    if benchmark.keep:
        column, value = benchmark.keep
        if (list(row[column]) if isinstance(value, list) else row[column]) != value:
            return False
    if benchmark.since:
        column, first, end = benchmark.since
        return bool(first <= str(row[column]) < end)
    return True


def _hub_rows(benchmark: Benchmark) -> Iterator[dict[str, Any]]:
    try:
        yield from _rows_of_files(benchmark) if benchmark.files else _rows_of_set(benchmark)
    except InputError:
        raise
    except Exception as error:  # whatever the client of the hub raises, the set cannot be had
        message = " ".join(str(error).split())[:200]
        raise InputError(
            f"Cannot load the benchmark '{benchmark.name}' ({benchmark.source}): {message}\n"
            "Check the network, log in where the set is gated (hf auth login), or give a file of problems."
        ) from error


def _rows_of_set(benchmark: Benchmark) -> Iterator[dict[str, Any]]:
    try:
        import datasets
    except ImportError as error:
        raise missing_package("datasets", extra="sampling") from error
    options: dict[str, Any] = {"revision": benchmark.revision, "trust_remote_code": False}
    table = datasets.load_dataset(benchmark.source, benchmark.config, split=benchmark.split, **options)
    if benchmark.image:
        table = table.cast_column(benchmark.image, datasets.Image(decode=False))
    yield from table


def _rows_of_files(benchmark: Benchmark) -> Iterator[dict[str, Any]]:
    """Rows of JSON Lines: a file is fetched once, into the hub's cache, and read line by line."""
    try:
        from huggingface_hub import hf_hub_download
    except ImportError as error:
        raise missing_package("huggingface_hub", extra="sampling") from error
    for name in benchmark.files:
        path = Path(hf_hub_download(benchmark.source, name, repo_type="dataset", revision=benchmark.revision))
        with path.open(encoding="utf-8") as file:
            yield from (json.loads(line) for line in file if line.strip())


def _from_row(benchmark: Benchmark, row: Mapping[str, Any], number: int) -> Problem:
    missing = [
        name
        for name in (benchmark.problem, benchmark.answer, benchmark.id, benchmark.image)
        if name and name not in row
    ]
    if missing:
        raise InputError(
            f"The benchmark '{benchmark.name}' ({benchmark.source}) has no column {missing[0]}: another version of it?"
        )
    facts = {name: row[name] for name in benchmark.facts if row.get(name) is not None}
    prompt = str(row[benchmark.problem])
    if benchmark.tests:
        prompt, facts["tests"] = CODE_TESTS[benchmark.tests](row)
    answer = row.get(benchmark.answer)
    if benchmark.any_answer and isinstance(answer, list | tuple) and answer:
        facts[ACCEPTED_ANSWERS] = accepted_answers(answer)
        answer = facts[ACCEPTED_ANSWERS][0]
    return Problem(
        problem_id=str(row[benchmark.id]) if benchmark.id else f"{number:04d}",
        prompt=prompt,
        answer=answer_text(answer, benchmark.answer_after) if benchmark.answer else "",
        images=(row[benchmark.image]["bytes"],) if benchmark.image else (),
        facts=facts,
    )
