"""Results of Terminal-Bench, `results.json` of a run: one JSON object with a list of trials.

Fields: results[{task_id, trial_name, is_resolved, failure_mode, total_output_tokens}]. `run_metadata.json` beside it
says model, agent and data set. A trial without a verdict (null) broke off: the tool counts it as a failure. That goes
for trials whose tests ran out of time (failure_mode test_timeout), too: nobody knows what they would have said. Also
`result.json` of single trials of Harbor, its successor: task_name, verifier_result{rewards{reward}}, agent_info.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from boundary.data.formats.parts.option_values import number, one_of
from boundary.data.formats.parts.rewards import is_rewarded, mapping, named_problem, word
from boundary.data.readers.sidecar_files import json_beside
from boundary.data.readers.streams import Source, has_keys, is_object
from boundary.data.records import CORRECT, TIMEOUT, WRONG, Answers, token_count, verdict

# Of the faults of Harbor the one that is the model's: others that are called timeouts are of the machine, the tests or
# the server.
AGENT_TIMEOUT = "AgentTimeoutError"
# Of the modes of failure of Terminal-Bench, likewise; `test_timeout` says that the tests did not end.
OWN_TIMEOUT = "agent_timeout"


def recognises(path: Path, head: bytes) -> bool:
    """Whether it holds the trials of a run, or is the result of a trial of Harbor."""
    if not is_object(head):
        return False
    is_run = has_keys(head, "results", "trial_name", "task_id", "is_resolved")
    return is_run or has_keys(head, "task_name", "trial_name", "task_checksum", "verifier_result")


def read(source: Source, *, threshold: str = "", errors: str = "left-out") -> Iterator[Answers]:
    """Samples, a trial each.

    Parameters
    ----------
    threshold
        Least reward of a correct trial of Harbor, where rewards are not 0 and 1.
    errors
        `left-out`: trials that broke off without a verdict do not count. `wrong`: they count as failures.
    """
    one_of("errors", errors, "left-out", "wrong")
    least = None if threshold == "" else number("threshold", threshold)
    document = source.document(dict[str, Any])
    if "verifier_result" in document:
        answers = _of_harbor(document, least, source, errors)
        fault = word(mapping(document.get("exception_info")).get("exception_type"))
        by_fault = f" ({fault[:60]})" if fault else ""
        source.leave_out(int(not answers.outcomes), 1, f"broke off without a verdict{by_fault}")
        yield answers
        return
    trials = document.get("results")
    if not isinstance(trials, list):
        raise source.error("no list of trials in results")
    names = _from_metadata(source)
    trial_names: set[str] = set()
    left_out = 0
    for trial in map(mapping, trials):
        try:
            answers = _of_trial(trial, errors)
            if str(trial.get("trial_name")) in trial_names:
                raise ValueError("the trial stands there twice")
            trial_names.add(str(trial.get("trial_name")))
        except ValueError as error:
            source.broken(f"trial {str(trial.get('trial_name'))[:60]}: {error}")
            continue
        left_out += not answers.outcomes
        yield answers._replace(**names)
    source.leave_out(left_out, len(trial_names), "broke off without a verdict")


def _of_trial(trial: Mapping[str, Any], errors: str) -> Answers:
    name = named_problem(trial.get("task_id"), "task_id")
    if "is_resolved" not in trial or trial.get("trial_name") is None:
        raise ValueError("no field 'is_resolved' or 'trial_name'")
    mode = trial.get("failure_mode")
    if trial["is_resolved"] is None:
        if mode != OWN_TIMEOUT and errors == "left-out":
            return Answers(name, [], whole=False)
        outcome = TIMEOUT if mode == OWN_TIMEOUT else WRONG
    else:
        outcome = CORRECT if verdict(trial["is_resolved"]) else TIMEOUT if mode == OWN_TIMEOUT else WRONG
    reason = mode if isinstance(mode, str) and mode not in ("none", "unset") and outcome != CORRECT else ""
    question = trial.get("instruction")
    return Answers(
        name,
        [outcome],
        tokens=[token_count(trial.get("total_output_tokens"))],
        question=question if isinstance(question, str) else None,
        reasons=[reason],
        whole=False,
    )


def _from_metadata(source: Source) -> dict[str, Any]:
    """Model and data set; agent and version go to the conditions."""
    metadata = json_beside(source, "run_metadata.json")
    source.conditions |= {
        name: metadata[name] for name in ("agent_name", "agent_kwargs", "dataset_version") if metadata.get(name)
    }
    names = {"model": metadata.get("model_name"), "benchmark": metadata.get("dataset_name")}
    return {name: value for name, value in names.items() if isinstance(value, str) and value}


def _of_harbor(trial: Mapping[str, Any], least: float | None, source: Source, errors: str) -> Answers:
    try:
        name = named_problem(trial.get("task_name"), "task_name")
        rewards = mapping(mapping(trial.get("verifier_result")).get("rewards"))
        fault = mapping(trial.get("exception_info")).get("exception_type")
        if len(rewards) > 1 and "reward" not in rewards:
            raise ValueError(f"several rewards ({', '.join(map(str, list(rewards)[:6]))}) and none called reward")
        value = rewards.get("reward", next(iter(rewards.values()), None))
        is_late = fault == AGENT_TIMEOUT
        correct = value is not None and is_rewarded(value, least)
        outcomes = [CORRECT if correct else TIMEOUT if is_late else WRONG]
        if value is None and not is_late and errors == "left-out":
            outcomes = []
    except ValueError as error:
        raise source.error(str(error)) from error
    agent = mapping(trial.get("agent_info"))
    result = mapping(trial.get("agent_result"))
    return Answers(
        name,
        outcomes,
        model=word(mapping(agent.get("model_info")).get("name")),
        benchmark=word(trial.get("source")),
        run=None if trial.get("trial_name") is None else f"trial {trial['trial_name']}",
        tokens=[token_count(result.get("n_output_tokens"))] * len(outcomes),
        settings={"agent_name": agent.get("name"), "agent_version": agent.get("version")},
        reasons=["" if correct else str(fault or "")] * len(outcomes),
        whole=False,
    )
