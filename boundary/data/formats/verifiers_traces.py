"""Traces of verifiers 0.4 and of prime-rl: `traces.jsonl`, `step_{N}/train_rollouts.jsonl`; JSON Lines.

A line is an episode (task, traces[], env{id}, run{work{step}}) or one trace: task{data{idx, id}, key}, rewards{name:
{score, weight}}, calls[{model, sampling, finish_reason}], nodes, ok, errors, stop_condition, num_output_tokens. An
episode with several agents has a trace of each; one of them has to be named.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from boundary.data.formats.parts.option_values import number, one_of
from boundary.data.formats.parts.rewards import hashed, is_rewarded, mapping, mappings, note_left_out, word
from boundary.data.readers.streams import Source, first_record, is_object
from boundary.data.records import CORRECT, TIMEOUT, TRUNCATED, WRONG, Answers, text_hash, token_count
from boundary.data.settings.pooling import relevant_settings

STEP = re.compile(r"step_(?P<step>\d{1,12})")
LIMITS = ("max_turns", "max_input_tokens", "max_output_tokens", "max_total_tokens", "compaction_failed")
SETTING_NAMES = ("temperature", "top_p", "max_tokens", "reasoning_effort")


def recognises(path: Path, head: bytes) -> bool:
    """Whether the first line is an episode or a trace."""
    record = first_record(path, head) if is_object(head) else None
    if not isinstance(record, Mapping) or not isinstance(mapping(record.get("task")).get("data"), dict):
        return False
    return isinstance(record.get("traces"), list) or isinstance(record.get("rewards"), dict)


def read(
    source: Source, *, agent: str = "", verdict: str = "", threshold: str = "", errors: str = "left-out"
) -> Iterator[Answers]:
    """Samples, a trace each.

    Parameters
    ----------
    agent
        Whose trace counts, where an episode has those of several agents.
    verdict
        The reward or metric that says whether a trace is correct; by default the sum of the weighted rewards.
    threshold
        Least value of a correct trace, where values are not 0 and 1.
    errors
        `left-out`: traces that broke off in an error do not count. `wrong`: they count as failures.
    """
    one_of("errors", errors, "left-out", "wrong")
    least = None if threshold == "" else number("threshold", threshold)
    folder = next((match for part in reversed(source.path.resolve().parts) if (match := STEP.fullmatch(part))), None)
    step = int(folder["step"]) if folder else None
    identities: set[str] = set()
    left_out = traces = 0
    for line, row in source.rows(dict[str, Any]):
        try:
            trace = _trace(row, agent)
            traces += 1
            identity = str(trace.get("id"))
            if trace.get("id") is not None and identity in identities:
                raise ValueError(f"trace {identity[:40]} stands there twice")
            identities.add(identity)
            answers = _answers(row, trace, (verdict, least, errors), step)
        except ValueError as error:
            source.broken(str(error), line)
            continue
        left_out += not answers.outcomes
        yield answers._replace(line=line)
    note_left_out(source, left_out, traces, "broke off in an error or have no reward")


def _trace(row: Mapping[str, Any], agent: str) -> Mapping[str, Any]:
    if "traces" not in row:
        return row
    traces = [trace for trace in mappings(row["traces"]) if not agent or _agent(trace) == agent]
    if len(traces) != 1:
        names = ", ".join(dict.fromkeys(str(_agent(trace)) for trace in mappings(row["traces"])))
        raise ValueError(f"{len(traces)} traces of an episode ({names or 'none'}). Choose one with --option agent=NAME")
    return traces[0]


def _agent(trace: Mapping[str, Any]) -> Any:
    return mapping(trace.get("agent")).get("name", "agent")


def _answers(
    row: Mapping[str, Any], trace: Mapping[str, Any], options: tuple[str, float | None, str], step: int | None
) -> Answers:
    verdict, least, errors = options
    data = mapping(mapping(trace.get("task")).get("data")) or mapping(mapping(row.get("task")).get("data"))
    calls = [call for call in mappings(trace.get("calls")) if call.get("error") is None]
    sampling = mapping(calls[0].get("sampling")) if calls else {}
    work = mapping(mapping(row.get("run") or trace.get("run")).get("work"))
    policy_step = work.get("step", step)
    base = Answers(
        problem_id=_problem(data, mapping(trace.get("task"))),
        outcomes=[],
        model=next((name for call in calls if (name := word(call.get("model")))), None),
        benchmark=word(mapping(row.get("env")).get("id")),
        prompt=json.dumps(data.get("prompt"), sort_keys=True),
        settings=_settings(sampling),
        facts={"checkpoint_step": policy_step} if type(policy_step) is int else {},
        whole=False,
    )
    if trace.get("ok") is False and not _is_cut(trace, calls) and errors == "left-out":
        return base
    value = _value(trace, verdict)
    if value is None and trace.get("ok") is not False:
        return base
    correct = trace.get("ok") is not False and is_rewarded(value, least)
    end = TRUNCATED if _is_cut(trace, calls) else TIMEOUT if trace.get("is_timeout") is True else WRONG
    return base._replace(
        outcomes=[CORRECT if correct else end],
        texts=[hashed([node.get("message") for node in mappings(trace.get("nodes"))])],
        tokens=[token_count(trace.get("num_output_tokens"))],
    )


def _problem(data: Mapping[str, Any], task: Mapping[str, Any]) -> str:
    name = next((text for key in ("idx", "id", "name") if (text := word(data.get(key))) is not None), None)
    if name is None:
        name = word(task.get("key")) or word(task.get("hash"))
    if name is None and data.get("prompt") not in (None, "", []):
        name = f"{text_hash(json.dumps(data['prompt'], sort_keys=True)):016x}"
    if name is None:
        raise ValueError("a task without idx, id, key or prompt")
    return name


def _settings(sampling: Mapping[str, Any]) -> dict[str, Any]:
    listed = {name: sampling[name] for name in SETTING_NAMES if sampling.get(name) is not None}
    rest_of_sampling = relevant_settings(sampling, "seed", "logprobs", "n", "extra_headers", *SETTING_NAMES)
    return listed | ({"sampling": rest_of_sampling} if rest_of_sampling else {})


def _is_cut(trace: Mapping[str, Any], calls: list[dict[str, Any]]) -> bool:
    return trace.get("stop_condition") in LIMITS or (bool(calls) and calls[-1].get("finish_reason") == "length")


def _value(trace: Mapping[str, Any], verdict: str) -> Any:
    rewards, metrics = mapping(trace.get("rewards")), mapping(trace.get("metrics"))
    if verdict:
        if verdict in rewards:
            return mapping(rewards[verdict]).get("score")
        if verdict in metrics:
            return metrics[verdict]
        raise ValueError(f"no reward or metric '{verdict}'. It has {', '.join([*rewards, *metrics][:8]) or 'none'}")
    given_rewards = [mapping(reward) for reward in rewards.values() if reward is not None]
    if not given_rewards:
        return None
    parts = [(reward.get("score"), reward.get("weight", 1.0)) for reward in given_rewards]
    if any(isinstance(part, bool) or not isinstance(part, int | float) for pair in parts for part in pair):
        raise ValueError("a reward without a score that is a number")
    return float(sum(score * weight for score, weight in parts))
