"""Statistics of HELM, `runs/{suite}/{run}/per_instance_stats.json`: one JSON list, an instance an entry.

Fields: instance_id, train_trial_index, perturbation, stats[{name{name, split}, count, sum, mean}]. `run_spec.json`
beside it says scenario, model and sampling. A metric is of the instance: of several outputs it judges the first.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from boundary.data.formats.parts.rewards import mapping, mappings, named_problem
from boundary.data.readers.sidecar_files import json_beside
from boundary.data.readers.streams import Source, first_record, is_list
from boundary.data.records import CORRECT, TRUNCATED, WRONG, Answers, token_count, verdict
from boundary.data.settings.pooling import relevant_settings
from boundary.plain_text import agreeing, count_text

# Metrics that say whether an answer is right; the first that an instance has is taken where none is named.
METRICS = (
    *("final_number_exact_match", "math_equiv_chain_of_thought", "math_equiv", "chain_of_thought_correctness"),
    *("omni_math_accuracy", "code_eval_acc", "test_avg", "ifeval_strict_accuracy", "quasi_exact_match", "exact_match"),
)
MODEL_SETTINGS = {"temperature": "temperature", "max_tokens": "max_tokens"}
NOT_OF_SAMPLING = ("max_eval_instances", "num_trials", "num_train_trials", "random", "model", "model_deployment")


def recognises(path: Path, head: bytes) -> bool:
    """Whether the first entry has statistics of an instance."""
    record = first_record(path, head) if is_list(head) else None
    if not isinstance(record, Mapping) or not {"instance_id", "train_trial_index", "stats"} <= record.keys():
        return False
    return isinstance(record["stats"], list)


def read(source: Source, *, metric: str = "") -> Iterator[Answers]:
    """Samples, one of each instance and trial.

    Parameters
    ----------
    metric
        Which metric is the verdict; by default the first of the usual ones that the instance has.
    """
    names, n_outputs = _from_run_spec(source)
    perturbed = 0
    used: dict[str, None] = {}
    places: set[tuple[str, str]] = set()
    for entry in source.document(list[dict[str, Any]]):
        if entry.get("perturbation"):
            perturbed += 1
            continue
        try:
            answers, name = _answers(entry, metric)
            place = (answers.problem_id, str(answers.run))
            if place in places:
                raise ValueError(f"it stands there twice in {answers.run}")
            places.add(place)
        except ValueError as error:
            source.broken(f"instance {str(entry.get('instance_id'))[:60]}: {error}")
            continue
        used[name] = None
        if len(used) > 1:
            raise source.error(
                f"instances are judged by several metrics ({', '.join(used)}). Choose one with --option metric=NAME"
            )
        yield answers._replace(**names)
    if used:
        source.note(
            f"'{source.path}': '{next(iter(used))}' is taken for the verdict; --option metric=NAME takes another."
        )
    if n_outputs > 1:
        source.note(f"'{source.path}': of {n_outputs} outputs of an instance the first is judged, and counts.")
    if perturbed:
        source.note(
            f"'{source.path}': {count_text(perturbed, 'perturbed instance')} "
            f"{agreeing(perturbed, 'was', 'were')} left out."
        )


def _answers(entry: Mapping[str, Any], metric: str) -> tuple[Answers, str]:
    stats: dict[str, Mapping[str, Any]] = {}
    if not isinstance(entry.get("stats"), list):
        raise ValueError("no list of statistics")
    for stat in mappings(entry["stats"]):
        stats.setdefault(str(mapping(stat.get("name")).get("name")), stat)
    name = metric or next((usual for usual in METRICS if usual in stats), "")
    if name not in stats:
        few = ", ".join(list(stats)[:10])
        raise ValueError(f"no metric '{name or METRICS[-1]}'. Name one with --option metric=NAME. It has {few}")
    if stats[name].get("count") != 1:
        raise ValueError(f"{name} is of {str(stats[name].get('count'))[:20]} values, not of one")
    correct = verdict(stats[name].get("sum"))
    cut = mapping(stats.get("finish_reason_length")).get("sum") == 1
    tokens = next(
        (stats[key].get("sum") for key in ("num_output_tokens", "num_completion_tokens") if key in stats), None
    )
    trial = entry.get("train_trial_index")
    if isinstance(trial, bool) or not isinstance(trial, int):
        raise ValueError(f"train_trial_index {str(trial)[:40]!r} is no number")
    answers = Answers(
        named_problem(entry.get("instance_id"), "instance_id"),
        [CORRECT if correct else TRUNCATED if cut else WRONG],
        run=f"trial {trial}",
        tokens=[token_count(tokens)],
        whole=False,
    )
    return answers, name


def _from_run_spec(source: Source) -> tuple[dict[str, Any], int]:
    """Model and scenario, and how many outputs an instance has; settings go to the source."""
    specification = json_beside(source, "run_spec.json")
    adapter = mapping(specification.get("adapter_spec"))
    source.settings |= {
        name: adapter[key] for key, name in MODEL_SETTINGS.items() if isinstance(adapter.get(key), int | float)
    }
    if adapter:
        source.conditions["adapter"] = relevant_settings(adapter, *NOT_OF_SAMPLING, *MODEL_SETTINGS)
    run = specification.get("name")
    # `{scenario}:{name}={value},...`; the model may be the first of these.
    scenario, _, arguments = run.partition(":") if isinstance(run, str) else ("", "", "")
    kept = [part for part in arguments.split(",") if part and not part.startswith(("model=", "model_deployment="))]
    benchmark = f"{scenario}:{','.join(kept)}" if kept else scenario
    names = {"model": adapter.get("model"), "benchmark": benchmark}
    outputs = adapter.get("num_outputs")
    return (
        {name: value for name, value in names.items() if isinstance(value, str) and value},
        outputs if isinstance(outputs, int) else 1,
    )
