"""Tables of verl's `main_generation` and its forks (rllm, DeepScaleR, Skywork), Parquet: a problem a row.

Columns: those of the data (prompt, data_source, reward_model{ground_truth}, extra_info{index}), responses[n]; verdicts
only in forks that judge at once, as a list beside it (score, scores, ...). verl's own table has none.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from boundary.data.formats.parts.option_values import number
from boundary.data.formats.parts.rewards import hashed, is_rewarded, mapping, sample_outcome, word
from boundary.data.readers.parquet_rows import column_names, parquet_rows
from boundary.data.readers.streams import Source
from boundary.data.records import Answers, text_hash
from boundary.plain_text import count_text

VERDICTS = ("score", "scores", "reward", "rewards", "correct", "correctness", "is_correct", "acc", "score_lst")
COLUMNS = ("prompt", "data_source", "reward_model", "extra_info", "responses")


def recognises(path: Path, head: bytes) -> bool:
    """Whether the columns are those of verl's data with responses."""
    return {"responses", "reward_model", "data_source", "prompt"} <= set(column_names(path, head))


def read(source: Source, *, verdicts: str = "", threshold: str = "") -> Iterator[Answers]:
    """Samples of each problem.

    Parameters
    ----------
    verdicts
        The column with a list of verdicts; by default the one of the usual names.
    threshold
        Least score of a correct sample, where scores are not 0 and 1.
    """
    least = None if threshold == "" else number("threshold", threshold)
    names = column_names(source.path, source.head())
    present = [name for name in VERDICTS if name in names]
    if verdicts and verdicts not in names:
        raise source.error(f"no column '{verdicts}'. It has {', '.join(names[:12])}")
    if not verdicts and len(present) != 1:
        raise source.error(
            "responses without verdicts, as verl's main_generation writes them. Judge them, and write a list of "
            "verdicts beside each list of responses"
            if not present
            else f"several columns may be the verdicts ({', '.join(present)}). Choose with --option verdicts=NAME"
        )
    column = verdicts or present[0]
    for place, row in parquet_rows(source, [*COLUMNS, column]):
        try:
            answers = _answers(row, column, least)
        except ValueError as error:
            source.broken(f"row {place}: {error}")
            continue
        yield answers
    source.note(f"'{source.path}': the lists in '{column}' are taken for the verdicts.")


def _answers(row: Mapping[str, Any], column: str, least: float | None) -> Answers:
    responses, values = row.get("responses"), row.get(column)
    if not isinstance(responses, list) or not isinstance(values, list):
        raise ValueError(f"no list in responses or {column}")
    if len(responses) != len(values):
        raise ValueError(f"{count_text(len(responses), 'response')}, but {count_text(len(values), 'verdict')}")
    prompt = row.get("prompt")
    if prompt in (None, "", []):
        raise ValueError("no prompt")
    text = prompt if isinstance(prompt, str) else json.dumps(prompt, sort_keys=True, default=str)
    reference = json.dumps(mapping(row.get("reward_model")).get("ground_truth"), default=str)
    # Prompts of several problems may be alike, as with pictures; their answers or places are not.
    place = mapping(row.get("extra_info")).get("index")
    return Answers(
        problem_id=f"{text_hash(text + reference + str(place)):016x}",
        outcomes=[
            sample_outcome(is_rewarded(value, least, "score"), response)
            for value, response in zip(values, responses, strict=True)
        ],
        benchmark=word(row.get("data_source")),
        texts=[hashed(response) for response in responses],
        question=text,
    )
