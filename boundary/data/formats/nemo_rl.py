"""Validation dumps of NeMo-RL, `val_data_step{N}.jsonl`: JSON Lines, a sample a line, each value in a list of one.

Fields: content[messages] (dicts with role and content; in dumps of the training texts alone), rewards[1], idx. Samples
of one prompt are of one problem: the messages before the first answer of the model, of texts all but the last.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from boundary.data.formats.parts.option_values import number
from boundary.data.formats.parts.rewards import hashed, is_rewarded, sample_outcome
from boundary.data.formats.parts.training_stages import refuse_mixed_stages, stage_of_path
from boundary.data.readers.streams import Source, first_record, is_object
from boundary.data.records import Answers, text_hash

NAME = re.compile(r"(?:val|train)_data_step(?P<step>\d{1,12})\.jsonl")


def recognises(path: Path, head: bytes) -> bool:
    """Whether the first line is a sample with its reward in a list."""
    record = first_record(path, head) if is_object(head) else None
    if not isinstance(record, Mapping) or not {"content", "rewards", "idx"} <= record.keys():
        return False
    return isinstance(record["rewards"], list) and isinstance(record["content"], list)


def read(source: Source, *, threshold: str = "") -> Iterator[Answers]:
    """Samples, a line each; a step is a checkpoint.

    Parameters
    ----------
    threshold
        Least reward of a correct sample, where rewards are not 0 and 1.
    """
    least = None if threshold == "" else number("threshold", threshold)
    refuse_mixed_stages(source, stage_of_path(source.path, 0))
    name = NAME.fullmatch(source.plain_name)
    facts = {"checkpoint_step": int(name["step"])} if name else {}
    lengths: set[int] = set()
    places: set[Any] = set()
    for line, row in source.rows(dict[str, Any]):
        try:
            messages = _messages(row)
            if all(isinstance(message, str) for message in messages):
                lengths.add(len(messages))
            if str(row.get("idx")) in places:
                raise ValueError(f"sample {str(row.get('idx'))[:20]} stands there twice")
            places.add(str(row.get("idx")))
            answers = _answers(messages, row, least)
        except ValueError as error:
            source.broken(str(error), line)
            continue
        if len(lengths) > 1:
            raise source.error("conversations of several lengths without roles, so that prompts cannot be told", line)
        yield answers._replace(facts=facts, line=line)


def _messages(row: Mapping[str, Any]) -> list[Any]:
    content = row.get("content")
    if isinstance(content, list) and len(content) == 1 and isinstance(content[0], list):
        content = content[0]
    if not isinstance(content, list) or len(content) < 2:
        raise ValueError("no conversation of a prompt and an answer in content")
    return content


def _answers(messages: list[Any], row: Mapping[str, Any], least: float | None) -> Answers:
    rewards = row.get("rewards")
    if not isinstance(rewards, list) or len(rewards) != 1:
        raise ValueError(f"rewards {str(rewards)[:40]} is not the reward of one sample")
    roles = [message.get("role") if isinstance(message, dict) else None for message in messages]
    if any(role is not None for role in roles):
        first = next((place for place, role in enumerate(roles) if role == "assistant"), None)
        if first is None:
            raise ValueError("no message of the role assistant")
        texts = [[message.get("role"), message.get("content")] for message in messages if isinstance(message, dict)]
    else:
        first, texts = len(messages) - 1, messages
    if first == 0:
        raise ValueError("no prompt before the answer")
    prompt = json.dumps(texts[:first])
    answer = texts[first:]
    empty = len(answer) == 1 and answer[0] in ("", ["assistant", ""])
    outcome = sample_outcome(is_rewarded(rewards[0], least), "" if empty else None)
    return Answers(f"{text_hash(prompt):016x}", [outcome], texts=[hashed(answer)], question=prompt, whole=False)
