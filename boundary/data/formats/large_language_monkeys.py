"""Samples of Large Language Monkeys: a YAML file a problem, or the tables of ScalingIntelligence/monkey_business.

Fields: prompt, question, gt_answer, samples[n], is_corrects[n]; in the tables (JSON lists or Parquet, named
`{benchmark}_{model}`) also orig_dset_idx and orig_dset_split. A YAML file is named by its problem.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from boundary.data.readers.parquet_rows import column_names, parquet_rows
from boundary.data.readers.streams import HEAD, Source, has_keys, is_list, is_object
from boundary.data.readers.yaml_fields import yaml_fields
from boundary.data.records import CORRECT, EMPTY, WRONG, Answers, text_hash, verdict
from boundary.errors import InputError
from boundary.plain_text import count_text

NAME = re.compile(r"^(?P<benchmark>GSM8K|MATH|CodeContests|MiniF2F(-MATH)?)_(?P<model>[^/]+?)(\.|$)")
COLUMNS = ["prompt", "question", "samples", "is_corrects", "orig_dset_idx", "orig_dset_split"]
KEYS = (rb"^is_corrects:", rb"^(samples|prompt|question|gt_answer):")


class Problem(msgspec.Struct):
    """A problem of a table."""

    is_corrects: list[Any]
    samples: list[msgspec.Raw] | None = None
    question: str | None = None
    prompt: str | None = None
    orig_dset_idx: int | str | None = None
    orig_dset_split: str | None = None


def recognises(path: Path, head: bytes) -> bool:
    """Whether it has lists of samples and of verdicts, in YAML, JSON or Parquet."""
    if is_list(head):
        return has_keys(head, "is_corrects", "orig_dset_idx") or has_keys(head, "is_corrects", "samples")
    if is_object(head):
        return False
    if {"samples", "is_corrects"} <= set(column_names(path, head)):
        return True
    # Long samples push the verdicts, which stand last, beyond the head.
    n_keys = sum(re.search(key, head, re.MULTILINE) is not None for key in KEYS)
    return n_keys == 2 or (
        n_keys == 1 and len(head) == HEAD and re.search(rb"^samples:", head, re.MULTILINE) is not None
    )


def read(source: Source) -> Iterator[Answers]:
    """Samples of each problem."""
    head = source.head()
    if is_list(head):
        rows: Iterator[tuple[int, Problem]] = enumerate(source.document(list[Problem]))
    elif column_names(source.path, head):
        rows = _of_parquet(source)
    else:
        rows = iter([(0, _of_yaml(source))])
    file_name = NAME.match(source.plain_name) or NAME.match(source.path.resolve().parent.name)
    names: dict[str, Any] = file_name.groupdict() if file_name else {}
    for place, problem in rows:
        name = str(place) if problem.orig_dset_idx is None else str(problem.orig_dset_idx)
        if problem.orig_dset_split not in (None, "test"):
            name = f"{problem.orig_dset_split}/{name}"
        try:
            outcomes = _outcomes(problem)
        except ValueError as error:
            source.broken(f"problem {name}: {error}")
            continue
        texts = [text_hash(bytes(text)) for text in problem.samples] if problem.samples else None
        yield Answers(name, outcomes, texts=texts, question=problem.question, prompt=problem.prompt, **names)


def _outcomes(problem: Problem) -> list[str]:
    n = len(problem.is_corrects)
    if problem.samples is not None and len(problem.samples) != n:
        raise ValueError(f"{count_text(n, 'verdict')}, but {count_text(len(problem.samples), 'sample')}")
    empty = [bytes(text) == b'""' for text in problem.samples or []] or [False] * n
    pairs = zip(problem.is_corrects, empty, strict=True)
    return [CORRECT if verdict(value) else EMPTY if silent else WRONG for value, silent in pairs]


def _of_parquet(source: Source) -> Iterator[tuple[int, Problem]]:
    for number, row in parquet_rows(source, COLUMNS, at_once=1):
        problem = _problem_of(row, source, number)
        if problem is not None:
            yield number - 1, problem


def _of_yaml(source: Source) -> Problem:
    """A problem; its name is the file's."""
    import yaml

    with source.open() as file:
        try:
            fields = yaml_fields(file, ("is_corrects", "samples", "question"))
        except InputError:
            raise
        except (yaml.YAMLError, ValueError) as error:
            mark = getattr(error, "problem_mark", None)
            reason = " ".join(str(getattr(error, "problem", None) or error).split())[:80]
            raise source.error(f"not YAML ({reason})", mark.line + 1 if mark else None) from error
    if fields is None:
        raise source.error("no fields samples and is_corrects in it")
    name = re.sub(r"\.ya?ml$", "", source.plain_name)
    problem = _problem_of(fields | {"orig_dset_idx": name}, source, None)
    if problem is None:
        raise source.error("its only problem is broken")
    return problem


def _problem_of(row: Mapping[Any, Any], source: Source, number: int | None) -> Problem | None:
    """The problem of a row; None where the row cannot be used."""
    verdicts, samples = row.get("is_corrects"), row.get("samples")
    if not isinstance(verdicts, list) or not isinstance(samples, list | None):
        source.broken("is_corrects and samples are not both lists" + (f" in row {number}" if number else ""))
        return None
    idx, split, question, prompt = (
        row.get(name) for name in ("orig_dset_idx", "orig_dset_split", "question", "prompt")
    )
    return Problem(
        is_corrects=verdicts,
        samples=None if samples is None else [_raw(text) for text in samples],
        question=question if isinstance(question, str) else None,
        prompt=prompt if isinstance(prompt, str) else None,
        orig_dset_idx=idx if isinstance(idx, int | str) else None,
        orig_dset_split=split if isinstance(split, str) else None,
    )


def _raw(text: Any) -> msgspec.Raw:
    return msgspec.Raw(repr(text).encode("utf-8", "surrogatepass") if text != "" else b'""')
