"""Traces of verifiers 0.4 and of prime-rl: `traces.jsonl`, `step_{N}/{train,eval}/{all,effective}/traces.jsonl`.

JSON Lines. A line is an episode (task, traces[], env{id}, run{type, work{step}}) or one trace: task{data{idx, id},
key}, info{env_name}, agent{name, trainable}, rewards{name: {score, weight}}, calls[{model, sampling, finish_reason}],
nodes, ok, errors, stop_condition, num_output_tokens. Of several agents one has to be named; those that are not trained
do not count. The folder `effective` holds traces of `all` again: by their ids each counts once.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from boundary.data.formats.parts.option_values import number, one_of
from boundary.data.formats.parts.rewards import hashed, is_rewarded, mapping, mappings, word
from boundary.data.formats.parts.training_stages import STAGES, refuse_mixed_stages, stage_of_path
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
    stage = stage_of_path(source.path)
    tally: Counter[str] = Counter()
    ids: set[str] = set()
    for line, row in source.rows(dict[str, Any]):
        try:
            trace = _trace(row, agent)
            tally["traces"] += 1
            if trace is None:
                tally["of other agents"] += 1
                continue
            kind = mapping(row.get("run") or trace.get("run")).get("type")
            refuse_mixed_stages(source, STAGES.get(kind, stage) if isinstance(kind, str) else stage, line)
            _refuse_several_agents(source, trace, agent, line)
            answers = _answers(row, trace, (verdict, least, errors), step)
            if _is_repeat(source, trace, answers, ids):
                tally["repeats"] += 1
                continue
        except ValueError as error:
            source.broken(str(error), line)
            continue
        tally["left out"] += not answers.outcomes
        yield answers._replace(line=line)
    if tally["traces"] and tally["of other agents"] == tally["traces"]:
        whose = f"the agent {agent}" if agent else "an agent that is trained"
        raise source.error(f"no trace of {whose}. Choose one with --option agent=NAME")
    source.leave_out(tally["left out"], tally["traces"], "broke off in an error or have no reward")
    _note_traces(source, tally, agent)


def _note_traces(source: Source, tally: Counter[str], agent: str) -> None:
    """Note traces that were not counted for other reasons than an error, and files that hold a choice of traces."""
    if tally["repeats"]:
        source.note(
            f"'{source.path}': {tally['repeats']} of {tally['traces']} traces stand in another file too, by their ids; "
            "each counts once."
        )
    if tally["of other agents"]:
        whose = f"of other agents than {agent}" if agent else "of agents that are not trained"
        source.note(
            f"'{source.path}': {tally['of other agents']} of {tally['traces']} traces are {whose}; they were left out."
        )
    if source.path.resolve().parent.name == "effective" and tally["repeats"] < tally["traces"]:
        source.note(
            f"'{source.path}': 'effective' holds the traces that the trainer used, a choice of them all, so that the "
            "counts may not be those of the model. Import the folder 'all' beside it."
        )


def _is_repeat(source: Source, trace: Mapping[str, Any], answers: Answers, ids: set[str]) -> bool:
    """Whether the trace stands in an earlier file; its id twice in one file, or with other content, is an error."""
    if trace.get("id") is None:
        return False
    identity = str(trace["id"])
    if identity in ids:
        raise ValueError(f"trace {identity[:40]} stands there twice")
    ids.add(identity)
    content = text_hash(str((answers.problem_id, answers.model, answers.outcomes, answers.texts)))
    before, path = source.shared.setdefault("traces", {}).setdefault(identity, (content, source.path))
    if before != content:
        raise ValueError(f"trace {identity[:40]} stands in '{path}' too, with other content. Import the files apart")
    return bool(path != source.path)


def _trace(row: Mapping[str, Any], agent: str) -> Mapping[str, Any] | None:
    """The trace that counts; None where it is of another agent, or no agent is named and it is of one not trained."""
    traces = [row] if "traces" not in row else mappings(row["traces"])
    if not traces:
        raise ValueError("an episode without traces")
    fitting = [trace for trace in traces if (_agent(trace) == agent if agent else _is_trained(trace))]
    if len(fitting) > 1:
        names = ", ".join(dict.fromkeys(str(_agent(trace)) for trace in fitting))
        raise ValueError(f"{len(fitting)} traces of an episode ({names}). Choose one with --option agent=NAME")
    return fitting[0] if fitting else None


def _is_trained(trace: Mapping[str, Any]) -> bool:
    return mapping(trace.get("agent")).get("trainable") is not False


def _refuse_several_agents(source: Source, trace: Mapping[str, Any], agent: str, line: int) -> None:
    """Refuse the traces of a second agent, in this file or another, where none is named."""
    name, path = source.shared.setdefault("agent", (_agent(trace), source.path))
    if not agent and name != _agent(trace):
        raise source.error(
            f"a trace of the agent {str(_agent(trace))[:60]}, while '{path}' has those of {str(name)[:60]}. Choose one "
            "with --option agent=NAME",
            line,
        )


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
        benchmark=_benchmark(row, trace),
        prompt=json.dumps(data.get("prompt"), sort_keys=True),
        settings=_settings(sampling),
        facts={"checkpoint_step": policy_step} if type(policy_step) is int else {},
        whole=False,
    )
    if trace.get("ok") is False and not _is_cut(trace, calls) and errors == "left-out":
        return base
    value = _value(trace, verdict, least)
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


def _benchmark(row: Mapping[str, Any], trace: Mapping[str, Any]) -> str | None:
    """The environment: of the episode, or as a trace alone has it."""
    names = [mapping(part.get("env")).get("id") for part in (row, trace)]
    names += [mapping(part.get("info")).get("env_name") for part in (trace, row)]
    return next((name for name in map(word, names) if name), None)


def _settings(sampling: Mapping[str, Any]) -> dict[str, Any]:
    listed = {name: sampling[name] for name in SETTING_NAMES if sampling.get(name) is not None}
    rest_of_sampling = relevant_settings(sampling, "seed", "logprobs", "n", "extra_headers", *SETTING_NAMES)
    return listed | ({"sampling": rest_of_sampling} if rest_of_sampling else {})


def _is_cut(trace: Mapping[str, Any], calls: list[dict[str, Any]]) -> bool:
    return trace.get("stop_condition") in LIMITS or (bool(calls) and calls[-1].get("finish_reason") == "length")


def _value(trace: Mapping[str, Any], verdict: str, least: float | None) -> Any:
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
    n_weighted = sum(weight != 0 for _, weight in parts)
    if n_weighted != 1 and least is None:
        names = ", ".join(map(str, list(rewards)[:8]))
        raise ValueError(
            f"{n_weighted or 'no'} rewards have a weight ({names}), so that their sum is no verdict. Choose one with "
            "--option verdict=NAME, or a least sum with --option threshold=NUMBER"
        )
    return float(sum(score * weight for score, weight in parts))
