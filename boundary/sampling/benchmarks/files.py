"""Problems of a file: JSON Lines, CSV or Parquet, with the columns problem and answer."""

import csv
import json
import math
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from boundary.data.readers.delimited_rows import long_cells
from boundary.errors import InputError
from boundary.sampling.answers.references import accepted_answers, answer_text
from boundary.sampling.problems import ACCEPTED_ANSWERS, Problem

PROBLEM_COLUMNS = ("problem", "question", "prompt")
ANSWER_COLUMNS = ("answer", "final_answer")
ID_COLUMNS = ("problem_id", "id", "unique_id", "task_id")
IMAGE_COLUMN = "image"


def file_problems(path: Path) -> Iterator[Problem]:
    """Problems of a JSON Lines, CSV or Parquet file.

    Raises
    ------
    InputError
        If it cannot be read, or a row is no problem; the message names the row.
    """
    for number, row in enumerate(_rows(path), start=1):
        yield _problem(path, number, row)


def _problem(path: Path, number: int, row: Mapping[str, Any]) -> Problem:
    prompt, answer = (
        next((row[name] for name in names if row.get(name) is not None), None)
        for names in (PROBLEM_COLUMNS, ANSWER_COLUMNS)
    )
    accepted = row.get(ACCEPTED_ANSWERS)
    if accepted is not None and not (isinstance(accepted, list) and accepted):
        raise InputError(f"'{path}', problem {number}: {ACCEPTED_ANSWERS} is no list. Give one in JSONL or Parquet.")
    if accepted and not _is_answer(accepted):
        raise InputError(f"'{path}', problem {number}: {ACCEPTED_ANSWERS} has a blank answer. Take it out.")
    answer = accepted[0] if answer is None and accepted else answer
    if prompt is None or (answer is None and "tests" not in row):
        role = "problem" if prompt is None else "answer"
        raise InputError(f"'{path}', problem {number}: no {role}. Each needs the columns problem and answer.")
    if not isinstance(prompt, str) or not prompt.strip():
        raise InputError(f"'{path}', problem {number}: its problem is no text, or blank. Write it as text.")
    if not _is_answer(answer) and not (answer in (None, "") and "tests" in row):
        raise InputError(
            f"'{path}', problem {number}: its answer is blank, or neither text nor a number. Write it as text, or "
            "several as a list."
        )
    name = next((row[column] for column in ID_COLUMNS if row.get(column) not in (None, "")), f"{number - 1:04d}")
    used = {*PROBLEM_COLUMNS, *ANSWER_COLUMNS, *ID_COLUMNS, IMAGE_COLUMN}
    facts = {key: value for key, value in row.items() if key not in used and value is not None}
    facts |= {ACCEPTED_ANSWERS: accepted_answers(accepted)} if accepted else {}
    images = _images(path, number, row.get(IMAGE_COLUMN))
    return Problem(str(name), prompt, "" if answer is None else answer_text(answer), (), images, facts)


def _is_answer(answer: Any) -> bool:
    """Whether a reference answer is text that says something, a number, or a list of these."""
    if isinstance(answer, list):
        return bool(answer) and all(map(_is_answer, answer))
    if isinstance(answer, str):
        return bool(answer.strip())
    return isinstance(answer, int | float | Decimal) and not isinstance(answer, bool) and math.isfinite(answer)


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


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    try:
        if path.suffix.lower() == ".parquet":
            import pyarrow.parquet as pq

            yield from pq.ParquetFile(path).read().to_pylist()
        elif path.suffix.lower() == ".csv":
            with path.open(encoding="utf-8-sig", newline="") as file, long_cells():
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
