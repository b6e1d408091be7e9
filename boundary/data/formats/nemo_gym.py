"""Rollouts of NeMo-Gym, `ng_collect_rollouts`: JSON Lines, a rollout a line.

Fields: _ng_task_index, _ng_rollout_index, responses_create_params{input, temperature, ...}, response{model, output,
usage{output_tokens}, incomplete_details{reason}}, reward, agent_ref{name}. Rollouts that failed stand in a file of
their own, `*_failures.jsonl`, with _ng_failure_class: they are not judged. Nor are those with
mask_sample (also in instance_config): their judge or sandbox broke.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from boundary.data.formats.parts.option_values import number
from boundary.data.formats.parts.rewards import hashed, is_rewarded, mapping, sample_outcome, word
from boundary.data.readers.streams import Source, first_record, is_object
from boundary.data.records import Answers, text_hash, token_count
from boundary.data.settings.pooling import relevant_settings

TASK, ROLLOUT, FAILURE = "_ng_task_index", "_ng_rollout_index", "_ng_failure_class"
MASKED = "mask_sample"
SETTING_NAMES = {"temperature": "temperature", "top_p": "top_p", "max_output_tokens": "max_tokens"}


def recognises(path: Path, head: bytes) -> bool:
    """Whether the first line is a rollout with a reward."""
    record = first_record(path, head) if is_object(head) else None
    if not isinstance(record, Mapping) or not {"response", "reward"} <= record.keys():
        return False
    return "responses_create_params" in record or {TASK, ROLLOUT} <= record.keys()


def read(source: Source, *, threshold: str = "") -> Iterator[Answers]:
    """Samples, a rollout each.

    Parameters
    ----------
    threshold
        Least reward of a correct rollout, where rewards are not 0 and 1.
    """
    least = None if threshold == "" else number("threshold", threshold)
    pairs: set[tuple[str, str]] = set()
    failures = masked = lines = 0
    for line, row in source.rows(dict[str, Any]):
        lines += 1
        try:
            answers = _answers(row, least)
            place = (answers.problem_id, str(row.get(ROLLOUT)))
            if ROLLOUT in row and place in pairs:
                raise ValueError(f"rollout {place[1]} of task {place[0]} stands there twice")
            pairs.add(place)
        except ValueError as error:
            source.broken(str(error), line)
            continue
        masked += _is_masked(row)
        failures += not answers.outcomes and not _is_masked(row)
        yield answers._replace(line=line)
    source.leave_out(failures, lines, "failed before they were judged")
    source.leave_out(masked, lines, "are masked, since their judge or sandbox broke")


def _answers(row: Mapping[str, Any], least: float | None) -> Answers:
    parameters, response = mapping(row.get("responses_create_params")), mapping(row.get("response"))
    prompt = json.dumps(parameters.get("input"), sort_keys=True)
    task = row.get(TASK)
    name = f"{text_hash(prompt):016x}" if task is None else word(task)
    if name is None or (task is None and parameters.get("input") in (None, "", [])):
        raise ValueError(f"{str(task)[:40]!r} in field '{TASK}' is no name of a problem")
    base = Answers(
        problem_id=name,
        outcomes=[],
        model=word(response.get("model")) or word(parameters.get("model")),
        benchmark=word(mapping(row.get("agent_ref")).get("name")),
        question=prompt,
        settings=_settings(parameters),
        whole=False,
    )
    if row.get(FAILURE) is not None or _is_masked(row):
        return base
    end = mapping(response.get("incomplete_details")).get("reason")
    output = response.get("output")
    return base._replace(
        outcomes=[sample_outcome(is_rewarded(row.get("reward"), least), output, end)],
        texts=[hashed(output)],
        tokens=[token_count(mapping(response.get("usage")).get("output_tokens"))],
    )


def _is_masked(row: Mapping[str, Any]) -> bool:
    """Whether the environment says that the reward is none: the judge or the sandbox broke."""
    return True in (row.get(MASKED), mapping(row.get("instance_config")).get(MASKED))


def _settings(parameters: Mapping[str, Any]) -> dict[str, Any]:
    listed = {name: parameters[key] for key, name in SETTING_NAMES.items() if parameters.get(key) is not None}
    further_settings = relevant_settings(parameters, "input", "model", "metadata", "user", "seed", *SETTING_NAMES)
    return listed | ({"generation": further_settings} if further_settings else {})
