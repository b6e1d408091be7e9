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
from boundary.data.readers.parquet_rows import column_names, column_types, parquet_rows
from boundary.data.readers.raw_json import refuse_several_texts
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
    if reward and reward not in names:
        raise source.error(f"no column '{reward}'. It has {', '.join(names[:12])}")
    column = reward or _reward(source)
    unjudged = rows = 0
    for place, row in parquet_rows(source, [*FIELDS, column], at_once=64):
        rows += 1
        try:
            answers = _answers(row, column, least)
        except ValueError as error:
            source.broken(f"row {place}: {error}")
            continue
        unjudged += not answers.outcomes
        yield answers
    source.leave_out(unjudged, rows, f"have no reward in '{column}'")
    source.note(
        f"'{source.path}': completions of the training, judged by '{column}'. Where each step has other problems, its "
        "counts are of these problems alone."
    )


def _reward(source: Source) -> str:
    """The one column of numbers that is not another thing."""
    types = column_types(source.path, source.head())
    columns = [name for name, kind in types.items() if name not in NOT_REWARDS and kind == "number"]
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
    step = int(step) if isinstance(step, str) and step.isdecimal() and len(step) < 13 else step
    if isinstance(step, bool) or not isinstance(step, int) or step < 0:
        raise ValueError(f"{str(step)[:40]!r} in column step is no step of the training")
    refuse_several_texts(completion)
    if prompt in (None, "", []):
        raise ValueError("no prompt")
    text = prompt if isinstance(prompt, str) else json.dumps(prompt, sort_keys=True, default=str)
    value = row.get(column)
    missing = value is None or value != value
    outcomes = [] if missing else [sample_outcome(is_rewarded(value, least), completion)]
    return Answers(
        f"{text_hash(text):016x}",
        outcomes,
        texts=None if missing else [hashed(completion)],
        question=text,
        facts={"checkpoint_step": step},
        whole=False,
    )
