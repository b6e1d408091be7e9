"""Logs of OpenAI evals (`oaieval`): JSON Lines, an event a line, after a line with the specification of the run.

Fields: spec{completion_fns, eval_name, run_config}; events {event_id, sample_id, type, data}. Events of the type match
have the verdict (data.correct); of graded evals those of the type metrics (data.score), of Includes data.accuracy.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from boundary.data.formats.parts.option_values import number, one_of
from boundary.data.formats.parts.rewards import (
    hashed,
    is_rewarded,
    mapping,
    named_problem,
    sample_outcome,
)
from boundary.data.readers.raw_json import refuse_several_texts
from boundary.data.readers.streams import Source, first_record, is_object
from boundary.data.records import Answers, verdict
from boundary.data.settings.pooling import relevant_settings

MATCH, METRICS = "match", "metrics"
# What events of the type metrics call their verdict: graded evals, and the class Includes.
SCORES = ("score", "accuracy")


class Event(msgspec.Struct):
    """A line of the log; the specification and the final report are lines of their own."""

    spec: dict[str, Any] | None = None
    final_report: Any = None
    event_id: int | None = None
    sample_id: str | None = None
    type: str | None = None
    data: dict[str, Any] | None = None


def recognises(path: Path, head: bytes) -> bool:
    """Whether the first line is the specification of a run."""
    record = first_record(path, head) if is_object(head) else None
    if not isinstance(record, Mapping):
        return False
    specification = mapping(record.get("spec"))
    return "eval_name" in specification and "completion_fns" in specification


def read(source: Source, *, events: str = "", threshold: str = "") -> Iterator[Answers]:
    """Samples, an event with a verdict each.

    Parameters
    ----------
    events
        `match` or `metrics`: which events hold the verdict, where there are both.
    threshold
        Least score of a correct sample, where scores of metrics are not 0 and 1.
    """
    one_of("events", events, "", MATCH, METRICS)
    least = None if threshold == "" else number("threshold", threshold)
    names: dict[str, Any] = {}
    kinds: dict[str, None] = {}
    event_ids: set[int] = set()
    has_verdict: dict[str, bool] = {}
    for line, event in source.rows(Event):
        if event.spec is not None:
            names = _names(event.spec, source)
            continue
        if event.final_report is not None:
            continue
        if event.type is None:
            source.broken("an event without its type", line)
        if event.sample_id is not None:
            has_verdict.setdefault(event.sample_id, False)
        if event.type not in (MATCH, METRICS) or events not in ("", event.type):
            continue
        data = event.data or {}
        if event.type == METRICS and not any(name in data for name in SCORES):
            continue
        kinds[event.type] = None
        if len(kinds) > 1:
            raise source.error("events match and metrics both have verdicts. Choose with --option events=match", line)
        try:
            if event.event_id is not None and event.event_id in event_ids:
                raise ValueError(f"event {event.event_id} stands there twice")
            event_ids.add(event.event_id if event.event_id is not None else -line)
            answers = _answers(event, data, least)
        except ValueError as error:
            source.broken(str(error), line)
            continue
        has_verdict[answers.problem_id] = True
        yield answers._replace(line=line, **names)
    unjudged = [sample for sample, is_judged in has_verdict.items() if not is_judged]
    source.leave_out(len(unjudged), len(has_verdict), "have events, of sampling or errors, and no verdict")
    for sample in unjudged:
        yield Answers(sample, [], whole=False, **names)


def _answers(event: Event, data: Mapping[str, Any], least: float | None) -> Answers:
    if event.type == MATCH and "correct" not in data:
        raise ValueError("no field 'correct' in data")
    if event.type == MATCH:
        correct = verdict(data["correct"])
    else:
        field = next(name for name in SCORES if name in data)
        correct = is_rewarded(data[field], least, field)
    text = data.get("sampled", data.get("picked"))
    refuse_several_texts(text)
    return Answers(
        named_problem(event.sample_id, "sample_id"),
        [sample_outcome(correct, text)],
        texts=[hashed(text)] if "sampled" in data else None,
        whole=False,
    )


def _names(specification: Mapping[str, Any], source: Source) -> dict[str, Any]:
    """Model and benchmark; the rest of the configuration goes to the conditions."""
    functions = specification.get("completion_fns")
    model = functions[0] if isinstance(functions, list) and functions else None
    configuration = mapping(specification.get("run_config"))
    source.conditions["run_config"] = relevant_settings(
        configuration, "seed", "max_samples", "command", "initial_settings", "record_path", "completion_fns"
    )
    names = {"model": model, "benchmark": specification.get("eval_name")}
    return {name: value for name, value in names.items() if isinstance(value, str) and value}
