"""Benchmarks by name: presets on the Hugging Face hub, files of problems, and problems made by `reasoning-gym`."""

import csv
import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from boundary.errors import InputError, missing_package
from boundary.sampling.benchmarks.code_tests import CODE_TESTS
from boundary.sampling.benchmarks.generated import gym_entries
from boundary.sampling.problems import ACCEPTED_ANSWERS, Problem

GYM = "reasoning-gym/"
FILES = (".jsonl", ".csv", ".parquet")
PROBLEM_COLUMNS = ("problem", "question", "prompt")
ANSWER_COLUMNS = ("answer", "final_answer")
ID_COLUMNS = ("problem_id", "id", "unique_id", "task_id")
IMAGE_COLUMN = "image"
DEFAULT_TEMPLATE = "qwen-boxed"


@dataclass(frozen=True)
class Benchmark:
    """What is known of a benchmark before it is loaded; the fields of a preset are explained in presets.toml."""

    name: str
    title: str
    verifier: str
    template: str
    source: str
    split: str = ""
    problem: str = "problem"
    answer: str = ""
    guess_floor: float = 0.0
    answer_type: str = ""
    config: str | None = None
    revision: str | None = None
    rows: tuple[int, ...] = ()
    files: tuple[str, ...] = ()
    id: str = ""
    answer_after: str = ""
    facts: tuple[str, ...] = ()
    keep: tuple[Any, ...] = ()
    since: tuple[str, ...] = ()
    tests: str = ""
    image: str = ""
    any_answer: bool = False


@cache
def presets() -> Mapping[str, Benchmark]:
    """The benchmarks that can be named."""
    text = (files("boundary.sampling") / "presets.toml").read_text(encoding="utf-8")
    return {name: Benchmark(name=name, **_frozen(entry)) for name, entry in tomllib.loads(text).items()}


def benchmark(name_or_file: str) -> Benchmark:
    """What is known of a benchmark: a preset's name, a file of problems, or `reasoning-gym/NAME?OPTION=VALUE&...`.

    A preset at another revision is NAME@REVISION.

    Raises
    ------
    InputError
        For a name that is none of these; the message lists the presets.
    """
    name, _, revision = name_or_file.partition("@")
    if name in presets():
        known = presets()[name]
        return Benchmark(**(vars(known) | {"revision": revision})) if revision else known
    if name_or_file.startswith(GYM):
        return Benchmark(
            name=name_or_file.removeprefix(GYM).partition("?")[0],
            title=f"reasoning-gym: {name_or_file.removeprefix(GYM)}",
            verifier="reasoning-gym",
            template=DEFAULT_TEMPLATE,
            source=name_or_file,
        )
    if name_or_file.lower().endswith(FILES):
        path = Path(name_or_file)
        return Benchmark(path.stem, f"problems of {path.name}", "math", DEFAULT_TEMPLATE, name_or_file)
    near = get_close_matches(name, presets(), n=1)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    raise InputError(
        f"No benchmark '{name_or_file}'.{hint} There are: {', '.join(presets())}; "
        f"{GYM}NAME; or a {', '.join(FILES)} file with the columns problem and answer."
    )


def load_problems(name_or_file: str, limit: int | None = None) -> tuple[Problem, ...]:
    """Problems of a benchmark.

    Parameters
    ----------
    name_or_file
        As `benchmark` takes it.
    limit
        Only the first so many.

    Raises
    ------
    InputError
        If it cannot be found, fetched or read, or is not the problem set that the preset describes.
    """
    known = benchmark(name_or_file)
    if known.source.startswith(GYM):
        found: Iterable[Problem] = _gym_problems(known.source, limit)
    elif known.split:
        found = _hub_problems(known)
    else:
        found = _file_problems(Path(known.source))
    problems = tuple(islice(found, limit))
    if not problems:
        raise InputError(f"The benchmark '{name_or_file}' has no problems.")
    return problems


def _frozen(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}


def _hub_problems(known: Benchmark) -> Iterator[Problem]:
    """Problems of a set on the hub; rows are read one by one, and only those of the benchmark are held."""
    rows = (row for row in _hub_rows(known) if _belongs(known, row))
    problems = [_from_row(known, row, number) for number, row in enumerate(rows)]
    if known.rows and len(problems) not in known.rows:
        expected = " or ".join(map(str, known.rows))
        raise InputError(
            f"The benchmark '{known.name}' ({known.source}) has {len(problems)} problems where {expected} were "
            f"expected: it is another problem set. Name a revision that has them ({known.name}@REVISION), or "
            "give a file."
        )
    return iter(problems)


def _belongs(known: Benchmark, row: Mapping[str, Any]) -> bool:
    """Whether a row is one of the benchmark's, by the value or the date that it keeps."""
    if known.keep:
        column, value = known.keep
        if (list(row[column]) if isinstance(value, list) else row[column]) != value:
            return False
    if known.since:
        column, first, end = known.since
        return bool(first <= str(row[column]) < end)
    return True


def _hub_rows(known: Benchmark) -> Iterator[dict[str, Any]]:
    try:
        yield from _rows_of_files(known) if known.files else _rows_of_set(known)
    except InputError:
        raise
    except Exception as error:  # whatever the client of the hub raises, the set cannot be had
        message = " ".join(str(error).split())[:200]
        raise InputError(
            f"Cannot load the benchmark '{known.name}' ({known.source}): {message}\n"
            "Check the network, log in where the set is gated (hf auth login), or give a file of problems."
        ) from error


def _rows_of_set(known: Benchmark) -> Iterator[dict[str, Any]]:
    try:
        import datasets
    except ImportError as error:
        raise missing_package("datasets", extra="sampling") from error
    options: dict[str, Any] = {"revision": known.revision, "trust_remote_code": False}
    table = datasets.load_dataset(known.source, known.config, split=known.split, **options)
    if known.image:
        table = table.cast_column(known.image, datasets.Image(decode=False))
    yield from table


def _rows_of_files(known: Benchmark) -> Iterator[dict[str, Any]]:
    """Rows of JSON Lines: a file is fetched once, into the hub's cache, and read line by line."""
    try:
        from huggingface_hub import hf_hub_download
    except ImportError as error:
        raise missing_package("huggingface_hub", extra="sampling") from error
    for name in known.files:
        path = Path(hf_hub_download(known.source, name, repo_type="dataset", revision=known.revision))
        with path.open(encoding="utf-8") as file:
            yield from (json.loads(line) for line in file if line.strip())


def _from_row(known: Benchmark, row: Mapping[str, Any], number: int) -> Problem:
    missing = [name for name in (known.problem, known.answer, known.id, known.image) if name and name not in row]
    if missing:
        raise InputError(
            f"The benchmark '{known.name}' ({known.source}) has no column {missing[0]}: another version of it?"
        )
    facts = {name: row[name] for name in known.facts if row.get(name) is not None}
    prompt = str(row[known.problem])
    if known.tests:
        prompt, facts["tests"] = CODE_TESTS[known.tests](row)
    answer = row.get(known.answer)
    if known.any_answer and isinstance(answer, list | tuple) and answer:
        facts[ACCEPTED_ANSWERS] = _accepted(answer)
        answer = facts[ACCEPTED_ANSWERS][0]
    return Problem(
        problem_id=str(row[known.id]) if known.id else f"{number:04d}",
        prompt=prompt,
        answer=_answer_text(answer, known.answer_after) if known.answer else "",
        images=(row[known.image]["bytes"],) if known.image else (),
        facts=facts,
    )


def _accepted(answers: Iterable[Any]) -> list[str]:
    """Answers any one of which is right, each once."""
    return list(dict.fromkeys(map(_answer_text, answers)))


def _answer_text(value: Any, after: str = "") -> str:
    """An answer as text: several ones separated by commas, 27.0 as 27, without dollar signs around it."""
    if isinstance(value, list | tuple):
        return ", ".join(dict.fromkeys(_answer_text(each) for each in value))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value).rpartition(after)[2] if after else str(value)
    text = text.strip()
    return text[1:-1].strip() if len(text) > 2 and text[0] == text[-1] == "$" and "$" not in text[1:-1] else text


def _gym_problems(source: str, limit: int | None) -> Iterator[Problem]:
    name, _, query = source.removeprefix(GYM).partition("?")
    options = {key: _option(value) for key, value in parse_qsl(query, keep_blank_values=True)}
    options = {"seed": 0} | ({} if limit is None else {"size": limit}) | options
    for index, entry in enumerate(gym_entries(name, options)):
        made = {"name": name, "options": options, "index": index}
        yield Problem(
            problem_id=f"{index:04d}",
            prompt=entry["question"],
            answer=entry["answer"] or "",
            facts={"gym": made | ({"metadata": entry["metadata"]} if "metadata" in entry else {})},
        )


def _option(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _file_problems(path: Path) -> Iterator[Problem]:
    rows = list(_file_rows(path))
    for number, row in enumerate(rows, start=1):
        prompt, answer = (next((row[name] for name in names if row.get(name) is not None), None) for names in _ROLES)
        accepted = row.get(ACCEPTED_ANSWERS)
        if accepted is not None and not (isinstance(accepted, list) and accepted):
            raise InputError(
                f"'{path}', problem {number}: {ACCEPTED_ANSWERS} is no list. Give one in JSONL or Parquet."
            )
        answer = accepted[0] if answer is None and accepted else answer
        if prompt is None or (answer is None and "tests" not in row):
            what = "problem" if prompt is None else "answer"
            raise InputError(f"'{path}', problem {number}: no {what}. Each needs the columns problem and answer.")
        name = next((row[column] for column in ID_COLUMNS if row.get(column) not in (None, "")), f"{number - 1:04d}")
        used = {*PROBLEM_COLUMNS, *ANSWER_COLUMNS, *ID_COLUMNS, IMAGE_COLUMN}
        facts = {key: value for key, value in row.items() if key not in used and value is not None}
        facts |= {ACCEPTED_ANSWERS: _accepted(accepted)} if accepted else {}
        images = _images(path, number, row.get(IMAGE_COLUMN))
        yield Problem(str(name), str(prompt), "" if answer is None else _answer_text(answer), (), images, facts)


_ROLES = (PROBLEM_COLUMNS, ANSWER_COLUMNS)


def _images(path: Path, number: int, image: Any) -> tuple[bytes, ...]:
    """The image of a problem: a path beside the file, or what `datasets` writes into Parquet."""
    if image in (None, ""):
        return ()
    if isinstance(image, Mapping) and image.get("bytes"):
        return (bytes(image["bytes"]),)
    folder = path.parent.resolve()
    if not (folder / str(image)).resolve().is_relative_to(folder):
        raise InputError(f"'{path}', problem {number}: the image '{image}' is outside the file's folder. Put it there.")
    try:
        return ((path.parent / str(image)).read_bytes(),)
    except OSError as error:
        raise InputError(f"'{path}', problem {number}: cannot read the image '{image}' ({error.strerror}).") from error


def _file_rows(path: Path) -> Iterator[dict[str, Any]]:
    try:
        if path.suffix.lower() == ".parquet":
            import pyarrow.parquet as pq

            yield from pq.ParquetFile(path).read().to_pylist()
        elif path.suffix.lower() == ".csv":
            with path.open(encoding="utf-8-sig", newline="") as file:
                yield from csv.DictReader(file)
        else:
            yield from _json_rows(path)
    except FileNotFoundError as error:
        raise InputError(f"No file '{path}'. Check the path.") from error
    except (OSError, ValueError, csv.Error) as error:
        raise InputError(f"Cannot read '{path}' ({error}).") from error


def _json_rows(path: Path) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise InputError(f"'{path}', line {number}: not JSON ({error}). Each line holds one problem.") from error
        if not isinstance(row, dict):
            raise InputError(f"'{path}', line {number}: not a JSON object. Each line holds one problem.")
        yield row
