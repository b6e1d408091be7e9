"""Results of verifiers, `outputs/evals/{environment}--{model}/{id}/results.jsonl`: JSON Lines, a rollout a line.

Fields: example_id (before: id), prompt, completion, reward, error, is_truncated, task, token_usage{output_tokens},
metrics, and each metric by its name. `metadata.json` beside it says env_id (before: env), model, sampling_args,
env_args. A reward may add up several things: then one of the metrics, or a threshold, has to be named. Rollouts that
broke off in an error stand there with reward 0, though the model did not fail. Also rollouts that prime-rl kept,
`rollouts/step_{N}/train_rollouts.jsonl`, before it wrote traces.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from boundary.data.formats.parts.option_values import number, one_of
from boundary.data.formats.parts.training_stages import refuse_mixed_stages, stage_of_path
from boundary.data.readers.raw_json import raw_bytes, raw_hash
from boundary.data.readers.sidecar_files import json_beside
from boundary.data.readers.streams import Source, first_record, is_object
from boundary.data.records import CORRECT, EMPTY, TRUNCATED, WRONG, Answers, text_hash, token_count
from boundary.data.settings.pooling import relevant_settings

IDS = ("example_id", "id")
REWARD = "reward"
STEP = re.compile(r"step_(?P<step>\d{1,12})")
FOLDER = re.compile(r"^(?P<env>.+?)--(?P<model>.+)$")
MARKS = (REWARD, "generation_ms", "timing")
# What a line has beside metrics.
FIELDS = {*IDS, *MARKS, "prompt", "completion", "task", "error", "answer", "info", "metrics", "scoring_ms", "total_ms"}
FIELDS |= {
    "is_truncated",
    "is_completed",
    "stop_condition",
    "tool_defs",
    "token_usage",
    "error_chain",
    "long_error_chain",
}
CORRECTNESS = re.compile(r"(?<!in)correct|accura|solved|exact_match", re.IGNORECASE)
NOT_OF_SAMPLING = ("n", "seed", "logprobs", "extra_headers", "timeout")
# tau2-bench's own tolerance; a sum of weights need not be 1 to the last digit.
NEAR = 1e-6
BROKE_OFF, UNJUDGED = "broke off in an error", "have no verdict"


def recognises(path: Path, head: bytes) -> bool:
    """Whether the first line is a rollout."""
    record = first_record(path, head) if is_object(head) else None
    if not isinstance(record, Mapping) or not {"prompt", "completion"} <= record.keys():
        return False
    return any(name in record for name in IDS) and any(name in record for name in MARKS)


def read(
    source: Source, *, verdict: str = REWARD, threshold: str = "", errors: str = "left-out", problems: str = "id"
) -> Iterator[Answers]:
    """Samples, a rollout each.

    Parameters
    ----------
    verdict
        The field or metric that says whether a rollout is correct.
    threshold
        Least value of a correct rollout, where values are not 0 and 1.
    errors
        `left-out`: rollouts that broke off in an error do not count. `wrong`: they count as failures.
    problems
        `id`, or `prompt`: what tells problems apart.
    """
    one_of("errors", errors, "left-out", "wrong")
    one_of("problems", problems, "id", "prompt")
    least = None if threshold == "" else number("threshold", threshold)
    names = _from_metadata(source)
    refuse_mixed_stages(source, stage_of_path(source.path))
    folder = STEP.fullmatch(source.path.resolve().parent.name)
    facts = {"checkpoint_step": int(folder["step"])} if folder else {}
    left_out: Counter[str] = Counter()
    contradictions: Counter[str] = Counter()
    field_is_reward = verdict == REWARD
    prompts: dict[str, int] = {}
    mixed: set[str] = set()
    lines = 0
    for line, row in source.rows(dict[str, msgspec.Raw]):
        lines += 1
        try:
            name, prompt = _problem(row), bytes(row.get("prompt", b""))
            if prompts.setdefault(name, text_hash(prompt)) != text_hash(prompt):
                mixed.add(name)
            name = f"{text_hash(prompt):016x}" if problems == "prompt" else name
            answers = _answers(name, row, verdict, least, errors)
            benchmark = _benchmark(names, row)
        except ValueError as error:
            source.broken(str(error), line)
            continue
        if not answers.outcomes:
            left_out[BROKE_OFF if raw_bytes(row.get("error", msgspec.Raw())) else UNJUDGED] += 1
        if field_is_reward and answers.outcomes and not raw_bytes(row.get("error", msgspec.Raw())):
            contradictions.update(_contradicting_metrics(row, answers.outcomes[0] == CORRECT))
        yield answers._replace(prompt=prompt, line=line, benchmark=benchmark, model=names.get("model"), facts=facts)
    for metric, count in contradictions.items():
        source.note(
            f"'{source.path}': {count} of {lines} rollouts have a reward that says otherwise than their metric {metric}"
            f"; counted by the reward. --option verdict={metric} counts by the metric."
        )
    _note_problems(left_out, lines, len(mixed) if problems == "id" else 0, source)


def _note_problems(left_out: Counter[str], n_rollouts: int, n_mixed: int, source: Source) -> None:
    """Note rollouts that were left out, and ids that stand for several prompts."""
    for reason, count in left_out.items():
        source.note(
            f"'{source.path}': {count} of {n_rollouts} rollouts {reason}; they were left out, not taken for failures."
        )
    if n_mixed:
        source.note(
            f"'{source.path}': the prompts of {n_mixed} ids differ, so that an id may stand for several problems: "
            "some versions of verifiers number them wrongly. Counted by id as it is written; --option problems=prompt "
            "counts by prompt."
        )


def _answers(name: str, row: Mapping[str, msgspec.Raw], field: str, least: float | None, errors: str) -> Answers:
    fault = raw_bytes(row.get("error", msgspec.Raw()))
    overlong = b"Overlong" in fault
    value = _value(row, field)
    if (fault and not overlong and errors == "left-out") or (value is None and not fault):
        return Answers(name, [], whole=False)
    correct = not fault and _is_correct(value, least, row, field)
    truncated = overlong or bytes(row.get("is_truncated", b"")) == b"true"
    completion = raw_bytes(row.get("completion", msgspec.Raw()))
    silent = completion in (b'""', b"[]", b"")
    outcome = CORRECT if correct else TRUNCATED if truncated else EMPTY if silent else WRONG
    texts = [raw_hash(row["completion"]) if "completion" in row else 0]
    return Answers(name, [outcome], texts=texts, tokens=[_output_tokens(row)], whole=False)


def _contradicting_metrics(row: Mapping[str, msgspec.Raw], correct: bool) -> list[str]:
    """Metrics that by their names say whether a rollout is correct, and say otherwise than its reward."""
    try:
        metrics = msgspec.json.decode(row["metrics"]) if "metrics" in row else None
        values = dict(metrics) if isinstance(metrics, Mapping) else {}
        values |= {name: msgspec.json.decode(row[name]) for name in row.keys() - FIELDS if CORRECTNESS.search(name)}
    except ValueError:  # texts that are damaged
        return []
    return [
        name[:60] for name, value in values.items() if CORRECTNESS.search(name) and value in (0, 1) and value != correct
    ]


def _output_tokens(row: Mapping[str, msgspec.Raw]) -> int | None:
    """Tokens that the model wrote, in all turns."""
    usage = msgspec.json.decode(row["token_usage"]) if "token_usage" in row else None
    return token_count(usage.get("output_tokens")) if isinstance(usage, Mapping) else None


def _problem(row: Mapping[str, msgspec.Raw]) -> str:
    raw = next((row[name] for name in IDS if name in row), None)
    if raw is None:
        raise ValueError("no field 'example_id' or 'id'")
    name = msgspec.json.decode(raw)
    if isinstance(name, bool) or not isinstance(name, int | str):
        raise ValueError(f"{str(name)[:40]!r} is no name of a problem")
    return str(name)


def _value(row: Mapping[str, msgspec.Raw], field: str) -> Any:
    if field in row:
        return msgspec.json.decode(row[field])
    metrics = msgspec.json.decode(row["metrics"]) if "metrics" in row else None
    if isinstance(metrics, Mapping) and field in metrics:
        return metrics[field]
    raise ValueError(f"no field '{field}', so that no verdict is in the file{_other_metrics(row)}")


def _is_correct(value: Any, least: float | None, row: Mapping[str, msgspec.Raw], field: str) -> bool:
    if not isinstance(value, int | float):
        raise ValueError(f"the {field} {str(value)[:40]!r} is no number{_other_metrics(row)}")
    if least is not None:
        return value >= least
    if value != 0 and not abs(value - 1) <= NEAR:
        raise ValueError(
            f"the {field} {value:g} is neither 0 nor 1: it may add up several. Say from which value on a rollout is "
            f"correct with --option threshold=NUMBER{_other_metrics(row)}"
        )
    return abs(value - 1) <= NEAR


def _other_metrics(row: Mapping[str, msgspec.Raw]) -> str:
    """The metrics that could be taken in place of the reward."""
    names = [name for name in row if name not in FIELDS and bytes(row[name])[:1] in b"0123456789-tf"]
    return f", or take another field with --option verdict=NAME ({', '.join(names[:6])})" if names else ""


def _benchmark(names: Mapping[str, str], row: Mapping[str, msgspec.Raw]) -> str | None:
    """The environment; of several together, and where nothing else names one, that of the line."""
    environment = names.get("environment")
    task = msgspec.json.decode(row["task"]) if "task" in row else None
    if not isinstance(task, str) or task in ("default", environment, ""):
        return environment
    if environment is None:
        return task
    return f"{environment}/{task}"


def _from_metadata(source: Source) -> dict[str, str]:
    """Model and environment; settings go to the source."""
    metadata = json_beside(source, "metadata.json")
    environment = metadata.get("env_id", metadata.get("env"))
    model, version = metadata.get("model"), metadata.get("version_info")
    names = {"environment": environment, "model": model}
    if not metadata and (folder := FOLDER.match(source.path.resolve().parent.parent.name)):
        names = {"environment": folder["env"], "model": folder["model"].replace("--", "/")}
    sampling = metadata.get("sampling_args")
    if isinstance(sampling, Mapping):
        setting_names = {"temperature", "top_p", "max_tokens", "reasoning_effort"}
        source.settings |= {
            name: value for name, value in sampling.items() if name in setting_names and value is not None
        }
        source.conditions["sampling_args"] = relevant_settings(sampling, *NOT_OF_SAMPLING)
    if isinstance(metadata.get("env_args"), Mapping):
        source.conditions["env_args"] = relevant_settings(metadata["env_args"])
    if isinstance(version, Mapping):
        source.conditions["env_version"] = version.get("env_version")
    return {name: value for name, value in names.items() if isinstance(value, str) and value}
