"""Settings and conditions of sampling and judging in a log of inspect_ai, which must agree in logs that are pooled."""

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from boundary.data.formats.parts.inspect_files import Header, Scorer, Step
from boundary.data.settings.pooling import relevant_settings

# Told as settings of the samples; everything else only has to be the same.
SETTING_NAMES = ("temperature", "top_p", "top_k", "max_tokens", "reasoning_effort", "reasoning_tokens")
# Of the configuration of generation these change neither what is sampled nor how it is judged; some may hold secrets.
NOT_OF_SAMPLING = (
    *("seed", "num_choices", "max_retries", "timeout", "attempt_timeout", "stream_idle_timeout", "max_connections"),
    *("adaptive_connections", "batch", "cache", "cache_prompt", "logprobs", "top_logprobs", "prompt_logprobs"),
    *("extra_headers", "reasoning_summary"),
)
NOT_OF_MODEL = (
    *("api_key", "base_url", "host", "port", "device", "timeout", "max_connections", "tensor_parallel_size"),
    *("gpu_memory_utilization", "client_timeout"),
)


def sampling_settings(header: Header) -> dict[str, Any]:
    """The settings of sampling and judging that counts record."""
    return {name: value for name, value in _generation(header).items() if name in SETTING_NAMES}


def conditions(header: Header, scorer: str) -> dict[str, Any]:
    """Conditions that must be the same in logs that are pooled.

    Parameters
    ----------
    scorer
        The scorer whose verdicts are taken, where the user named one.
    """
    task, plan = header.eval, header.plan
    config = task.config or {}
    roles = {name: _model(role) for name, role in (task.model_roles or {}).items()}
    steps = [_step(step) for step in (plan.steps or [])] if plan else []
    return {
        "generation": relevant_settings(_generation(header), *NOT_OF_SAMPLING),
        "task_args": relevant_settings(task.task_args),
        "task_version": task.task_version,
        "solver": {"name": task.solver, "args": relevant_settings(task.solver_args)},
        "plan": {"steps": steps, "finish": _step(plan.finish) if plan and plan.finish else None},
        "model_args": relevant_settings(task.model_args, *NOT_OF_MODEL),
        "model_roles": roles,
        "dataset": _dataset(task.dataset or {}),
        "limits": {name: value for name, value in config.items() if name.endswith("_limit") and value is not None},
        "approval": config.get("approval"),
        "sandbox": task.sandbox.get("type") if isinstance(task.sandbox, Mapping) else task.sandbox,
        "scorer": _scorers(task.scorers, scorer),
    }


def _generation(header: Header) -> dict[str, Any]:
    """What was set for the model, overridden by what was set for the task."""
    plan = header.plan.config if header.plan else None
    return relevant_settings(header.eval.model_generate_config) | relevant_settings(plan)


def _step(step: Step) -> dict[str, Any]:
    return {"solver": step.solver, "params": relevant_settings(step.params)}


def _model(role: Any) -> Any:
    """A model with a part of its own, such as a grader; or several of them."""
    if isinstance(role, list):
        return [_model(model) for model in role]
    if not isinstance(role, Mapping):
        return role
    config = role.get("config")
    return {
        "model": role.get("model"),
        "config": relevant_settings(config, *NOT_OF_SAMPLING) if isinstance(config, Mapping) else config,
    }


def _dataset(dataset: Mapping[str, Any]) -> dict[str, Any]:
    """Name and location of the dataset; of a local file its name alone."""
    location = dataset.get("location")
    if isinstance(location, str) and PurePath(location).is_absolute():
        location = PurePath(location).name
    return {"name": dataset.get("name"), "location": location}


def _scorers(scorers: list[Scorer] | None, scorer_name: str) -> dict[str, Any] | None:
    if scorers is None:
        return None
    options = {scorer.name.rpartition("/")[2]: relevant_settings(scorer.options) for scorer in scorers}
    name = next((name for name in (scorer_name, scorer_name.partition(".")[0]) if name in options), None)
    return options if name is None else {name: options[name]}
