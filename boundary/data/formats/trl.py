"""Completions that TRL logs (`log_completions`), `completions/completions_{step}.parquet`: a completion a row.

Columns: step, prompt, completion, each reward function by its name (before 0.17 one column `reward`), advantage, and
what reward functions log. These are completions of the training itself: of each step's problems, at its temperature.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from boundary.data.formats.parts.option_values import number
from boundary.data.formats.parts.rewards import hashed, is_rewarded, sample_outcome
from boundary.data.readers.parquet_rows import column_names, parquet_rows
from boundary.data.readers.streams import Source
from boundary.data.records import Answers, text_hash

FIELDS = {"step", "prompt", "completion"}
NOT_REWARDS = {*FIELDS, "advantage", "image", "images", "__index_level_0__"}


def recognises(path: Path, head: bytes) -> bool:
    """Whether the columns are those of logged completions with rewards."""
    names = column_names(path, head)
    return set(names) >= FIELDS and bool(set(names) - NOT_REWARDS)


def read(source: Source, *, reward: str = "", threshold: str = "") -> Iterator[Answers]:
    """Samples, a completion each; a step is a checkpoint.

    Parameters
    ----------
    reward
        The reward function whose reward is the verdict, where there are several.
    threshold
        Least reward of a correct completion, where rewards are not 0 and 1.
    """
    least = None if threshold == "" else number("threshold", threshold)
    names = column_names(source.path, source.head())
    column = reward
    for place, row in parquet_rows(source, names, at_once=64):
        column = column or _reward(row, names, source)
        try:
            if column not in row:
                raise ValueError(f"no column '{column}'. It has {', '.join(names[:12])}")
            answers = _answers(row, column, least)
        except ValueError as error:
            source.broken(f"row {place}: {error}")
            continue
        yield answers
    source.note(
        f"'{source.path}': completions of the training, judged by '{column}'. Where each step has other problems, its "
        "counts are of these problems alone."
    )


def _reward(row: Mapping[str, Any], names: list[str], source: Source) -> str:
    columns = [name for name in names if name not in NOT_REWARDS and isinstance(row.get(name), int | float)]
    if not columns:
        raise source.error("no column of rewards in it")
    if len(columns) > 1:
        raise source.error(
            f"several columns of rewards ({', '.join(columns[:8])}). Name the one that judges answers with "
            "--option reward=NAME"
        )
    return columns[0]


def _answers(row: Mapping[str, Any], column: str, least: float | None) -> Answers:
    step, prompt, completion = (row.get(name) for name in ("step", "prompt", "completion"))
    if isinstance(step, bool) or not isinstance(step, int) or step < 0:
        raise ValueError(f"{str(step)[:40]!r} in column step is no step of the training")
    if prompt in (None, "", []):
        raise ValueError("no prompt")
    text = prompt if isinstance(prompt, str) else json.dumps(prompt, sort_keys=True, default=str)
    outcome = sample_outcome(is_rewarded(row[column], least), completion)
    return Answers(
        f"{text_hash(text):016x}",
        [outcome],
        texts=[hashed(completion)],
        question=text,
        facts={"checkpoint_step": step},
        whole=False,
    )
