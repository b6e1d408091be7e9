"""Results of tau-bench, a JSON list, and of tau2-bench, a JSON object.

Fields: task_id, trial, reward (0 or 1), info.error; in tau2-bench simulations[]{task_id, trial, reward_info.reward,
termination_reason} and info.{agent_info.llm, environment_info.domain_name}. A trial that broke off in an error of the
program stands there with reward 0, though the model did not fail: it is left out, unless the option says otherwise.
"""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec

from boundary.data.option_values import one_of
from boundary.data.records import CORRECT, TIMEOUT, TRUNCATED, WRONG, Answers
from boundary.data.streams import Source, has_keys, is_list, is_object

# `{strategy}-{model}-{T}_range_{first}-{last}_user-{model}-{strategy}_{date}.json`
NAME = re.compile(r"^(tool-calling|act|react|few-shot)-(?P<model>.+)-(?P<T>\d+(\.\d+)?)_range_")
ENDS = {"max_steps": TRUNCATED, "context_window_exceeded": TRUNCATED, "timeout": TIMEOUT}
FAILED = ("infrastructure_error", "user_error", "unexpected_error")
Count = Annotated[int, msgspec.Meta(ge=0, le=1 << 31)]


class Info(msgspec.Struct):
    """What went wrong."""

    error: Any = None


class Trial(msgspec.Struct):
    """A trial of tau-bench."""

    task_id: int | str
    reward: Any
    trial: Count = 0
    info: Info | None = None


class Reward(msgspec.Struct):
    """How a simulation was judged."""

    reward: Any = None


class Simulation(msgspec.Struct):
    """A trial of tau2-bench."""

    task_id: int | str
    trial: Count | None = None
    reward_info: Reward | None = None
    termination_reason: str | None = None


class Agent(msgspec.Struct):
    """The model."""

    llm: str | None = None
    llm_args: dict[str, Any] | None = None


class Domain(msgspec.Struct):
    """The benchmark."""

    domain_name: str | None = None


class Run(msgspec.Struct):
    """How tau2-bench was run."""

    agent_info: Agent | None = None
    environment_info: Domain | None = None


class Results(msgspec.Struct):
    """A file of tau2-bench."""

    simulations: list[Simulation]
    info: Run | None = None


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
    seen: set[tuple[str, int]] = set()
    left_out: Counter[str] = Counter()
    for simulation, said in trials:
        place = (str(simulation.task_id), simulation.trial or 0)
        if place in seen:
            source.broken(f"trial {place[1]} of task {place[0]} appears twice")
            continue
        seen.add(place)
        if errors == "left-out" and simulation.termination_reason in FAILED:
            left_out["broke off in an error of the program"] += 1
        elif simulation.reward_info is None or simulation.reward_info.reward is None:
            left_out["have no reward"] += 1
        else:
            yield from _answers(simulation, said, source)
    for reason, count in left_out.items():
        source.note(
            f"'{source.path}': {count} of {len(seen)} trials {reason}; they were left out, not taken for failures."
        )


def _old(source: Source) -> Iterator[tuple[Simulation, dict[str, Any]]]:
    said = _from_name(source)
    for trial in source.document(list[Trial]):
        failed = FAILED[0] if trial.info is not None and trial.info.error is not None else None
        yield Simulation(trial.task_id, trial.trial, Reward(trial.reward), failed), said


def _new(source: Source) -> Iterator[tuple[Simulation, dict[str, Any]]]:
    results = source.document(Results)
    run = results.info or Run()
    said: dict[str, Any] = {}
    if run.agent_info is not None and run.agent_info.llm:
        said["model"] = run.agent_info.llm
        temperature = (run.agent_info.llm_args or {}).get("temperature")
        if isinstance(temperature, int | float):
            source.settings["temperature"] = float(temperature)
    if run.environment_info is not None and run.environment_info.domain_name:
        said["benchmark"] = f"tau2-{run.environment_info.domain_name}"
    for simulation in results.simulations:
        yield simulation, said


def _answers(simulation: Simulation, said: dict[str, Any], source: Source) -> Iterator[Answers]:
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
        **said,
    )


def _outcome(simulation: Simulation) -> str:
    reward = simulation.reward_info.reward if simulation.reward_info else None
    if isinstance(reward, bool) or not isinstance(reward, int | float) or reward not in (0, 1):
        raise ValueError(f"the reward {str(reward)[:40]!r} is neither 0 nor 1")
    if reward == 1:
        return CORRECT
    return ENDS.get(simulation.termination_reason or "", WRONG)


def _from_name(source: Source) -> dict[str, Any]:
    found = NAME.match(source.path.name)
    if found is None:
        return {}
    source.settings["temperature"] = float(found["T"])
    return {"model": found["model"]}
