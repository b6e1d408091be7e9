"""Results of tau-bench, a JSON list, and of tau2-bench, a JSON object.

Fields: task_id, trial, reward (0 or 1), info{error, task{user_id, instruction}}, traj; in tau2-bench
simulations[]{task_id, trial, reward_info.reward, termination_reason}, tasks[] and info{agent_info, user_info,
environment_info, max_steps}. A trial that broke off in an error of the program stands there with reward 0, though the
model did not fail: it is left out, unless the option says otherwise.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec

from boundary.data.formats.parts.option_values import one_of
from boundary.data.readers.raw_json import NOTHING, raw_bytes
from boundary.data.readers.streams import Source, has_keys, is_list, is_object
from boundary.data.records import CORRECT, TIMEOUT, TRUNCATED, WRONG, Answers
from boundary.data.settings.pooling import relevant_settings

# `{strategy}-{model}-{T}_range_{first}-{last}_user-{model}-{strategy}_{date}.json`
NAME = re.compile(r"^(?P<agent>tool-calling|act|react|few-shot)-(?P<model>.+)-(?P<T>\d+(\.\d+)?)_range_")
USER = re.compile(r"_range_-?\d+-+\d+_user-(?P<user>.+)-(?P<strategy>llm|react|verify|reflection|human)(_|\.)")
# tau2-bench's own test of success (utils/utils.py, is_successful).
NEAR = 1e-6
# Of what tau2-bench says of a run: how many trials, and what follows from the rest.
NOT_OF_SAMPLING = (
    *("num_trials", "seed", "git_commit", "timestamp", "max_concurrency", "max_retries", "num_tasks", "task_ids"),
    *("save_to", "log_level"),
)
ENDS = {"max_steps": TRUNCATED, "context_window_exceeded": TRUNCATED, "timeout": TIMEOUT}
FAILED = ("infrastructure_error", "user_error", "unexpected_error")
Count = Annotated[int, msgspec.Meta(ge=0, le=1 << 31)]


class Info(msgspec.Struct):
    """What went wrong."""

    error: Any = None
    task: msgspec.Raw = NOTHING


class Trial(msgspec.Struct):
    """A trial of tau-bench."""

    task_id: int | str
    reward: Any
    trial: Count = 0
    info: Info | None = None
    traj: msgspec.Raw = NOTHING


class Reward(msgspec.Struct):
    """How a simulation was judged."""

    reward: Any = None


class Simulation(msgspec.Struct):
    """A trial of tau2-bench."""

    task_id: int | str
    trial: Count | None = None
    reward_info: Reward | None = None
    termination_reason: str | None = None


class Results(msgspec.Struct):
    """A file of tau2-bench."""

    simulations: list[Simulation]
    info: dict[str, Any] | None = None
    tasks: list[dict[str, msgspec.Raw]] | None = None


def recognises(path: Path, head: bytes) -> bool:
    """Whether there is a list of trials with rewards, or the settings of tau2-bench."""
    if is_list(head):
        return has_keys(head, "task_id", "reward", "trial")
    return is_object(head) and has_keys(head, "num_trials", "agent_info", "user_info", "environment_info")


def read(source: Source, *, errors: str = "left-out") -> Iterator[Answers]:
    """Samples, a trial each.

    Parameters
    ----------
    errors
        `left-out`: trials that broke off in an error of the program do not count. `wrong`: they count as failures, as
        in tau-bench's own figures.
    """
    one_of("errors", errors, "left-out", "wrong")
    trials = _old(source) if is_list(source.head()) else _new(source)
    trials_read: set[tuple[str, int]] = set()
    left_out: Counter[str] = Counter()
    for simulation, names in trials:
        place = (str(simulation.task_id), simulation.trial or 0)
        if place in trials_read:
            source.broken(f"trial {place[1]} of task {place[0]} appears twice")
            continue
        trials_read.add(place)
        if errors == "left-out" and simulation.termination_reason in FAILED:
            left_out["broke off in an error of the program"] += 1
            yield Answers(place[0], [], whole=False, **names)
        elif simulation.reward_info is None or simulation.reward_info.reward is None:
            left_out["have no reward"] += 1
            yield Answers(place[0], [], whole=False, **names)
        else:
            yield from _answers(simulation, names, source)
    for reason, count in left_out.items():
        source.note(
            f"'{source.path}': {count} of {len(trials_read)} trials {reason}; they were left out, "
            "not taken for failures."
        )


def _old(source: Source) -> Iterator[tuple[Simulation, dict[str, Any]]]:
    names = _from_name(source)
    for trial in source.document(list[Trial]):
        failed = FAILED[0] if trial.info is not None and trial.info.error is not None else None
        more = {"question": _instruction(trial), "prompt": _system_message(trial)}
        yield Simulation(trial.task_id, trial.trial, Reward(trial.reward), failed), names | more


def _new(source: Source) -> Iterator[tuple[Simulation, dict[str, Any]]]:
    results = source.document(Results)
    run = results.info or {}
    agent, user, environment = (_mapping(run.get(name)) for name in ("agent_info", "user_info", "environment_info"))
    names: dict[str, Any] = {}
    if isinstance(agent.get("llm"), str) and agent["llm"]:
        names["model"] = agent["llm"]
    temperature = _mapping(agent.get("llm_args")).get("temperature")
    if isinstance(temperature, int | float) and not isinstance(temperature, bool):
        source.settings["temperature"] = float(temperature)
    if isinstance(environment.get("domain_name"), str) and environment["domain_name"]:
        names["benchmark"] = f"tau2-{environment['domain_name']}"
    source.conditions |= {"agent_info": relevant_settings(agent, "llm"), "user_info": relevant_settings(user)}
    source.conditions["environment_info"] = relevant_settings(environment)
    source.conditions["run"] = relevant_settings(run, "agent_info", "user_info", "environment_info", *NOT_OF_SAMPLING)
    tasks = {
        # How a task is evaluated changes from version to version: what it is about does not.
        bytes(task["id"]).strip(b'"').decode("utf-8", "replace"): bytes(task.get("user_scenario", b""))
        + bytes(task.get("initial_state", b""))
        or None
        for task in results.tasks or []
        if "id" in task
    }
    for simulation in results.simulations:
        yield simulation, names | {"question": tasks.get(str(simulation.task_id))}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _instruction(trial: Trial) -> bytes | None:
    """What the simulated user is told: tasks of two domains are both numbered from 0."""
    raw = raw_bytes(trial.info.task) if trial.info is not None else b""
    try:
        task = _mapping(msgspec.json.decode(raw)) if raw else {}
    except ValueError:  # text that is not UTF-8
        return raw
    scenario = {name: task[name] for name in ("user_id", "instruction") if name in task}
    return json.dumps(scenario).encode() if scenario else None


def _system_message(trial: Trial) -> bytes | None:
    """The policy that the agent is given, which opens its conversation."""
    try:
        messages = msgspec.json.decode(trial.traj, type=list[dict[str, msgspec.Raw]]) if raw_bytes(trial.traj) else []
    except ValueError:
        return None
    first: Mapping[str, msgspec.Raw] = messages[0] if messages else {}
    return bytes(first.get("content", b"")) if bytes(first.get("role", b"")) == b'"system"' else None


def _answers(simulation: Simulation, names: dict[str, Any], source: Source) -> Iterator[Answers]:
    try:
        outcome = _outcome(simulation)
    except ValueError as error:
        source.broken(f"task {simulation.task_id}, trial {simulation.trial or 0}: {error}")
        return
    yield Answers(
        problem_id=str(simulation.task_id),
        outcomes=[outcome],
        sample_index=[simulation.trial or 0],
        whole=False,
        **names,
    )


def _outcome(simulation: Simulation) -> str:
    reward = simulation.reward_info.reward if simulation.reward_info else None
    if isinstance(reward, bool) or not isinstance(reward, int | float) or not (reward == 0 or abs(reward - 1) <= NEAR):
        raise ValueError(f"the reward {str(reward)[:40]!r} is neither 0 nor 1")
    if reward != 0:
        return CORRECT
    return ENDS.get(simulation.termination_reason or "", WRONG)


def _from_name(source: Source) -> dict[str, Any]:
    file_name = NAME.match(source.plain_name)
    if file_name is None:
        return {}
    source.settings["temperature"] = float(file_name["T"])
    user = USER.search(source.plain_name)
    source.conditions["agent"] = file_name["agent"]
    if user:
        source.conditions |= {"user": user["user"], "user_strategy": user["strategy"]}
    return {"model": file_name["model"]}
