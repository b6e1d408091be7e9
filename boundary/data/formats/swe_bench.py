"""Reports of SWE-bench, `{model}.{run_id}.json`: ids of instances by what became of them, one sample each.

Fields: resolved_ids, unresolved_ids, empty_patch_ids, error_ids, incomplete_ids, submitted_ids, schema_version; before
2024 resolved, generated, no_generation, applied, ... Instances of error_ids (no report of the tests: the patch did not
apply, or the tests did not run) count as errors of the verifier. Also `report.json` of single instances.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from boundary.data.formats.parts.rewards import mapping
from boundary.data.readers.streams import Source, has_keys, is_object
from boundary.data.records import CORRECT, EMPTY, VERIFIER_ERROR, WRONG, Answers, verdict
from boundary.plain_text import agreeing, count_text

CLASSES = {
    "resolved_ids": CORRECT,
    "unresolved_ids": WRONG,
    "empty_patch_ids": EMPTY,
    "error_ids": VERIFIER_ERROR,
}
NOT_RUN = "incomplete_ids"
BENCHMARK = "SWE-bench"
NO_REPORT = (
    "Reports of single instances: one whose patch was empty, did not apply or could not be tested has no report.json, "
    "so that it is missing from the counts and the share of resolved instances may be too high. Import the report of "
    "the run ({model}.{run_id}.json), which lists these too."
)


def recognises(path: Path, head: bytes) -> bool:
    """Whether it is a report of a run, or of an instance."""
    if not is_object(head):
        return False
    is_old = has_keys(head, "no_generation", "generated", "resolved")
    is_list = has_keys(head, "no_generation", "no_logs", "resolved")
    is_report = has_keys(head, "resolved_ids", "completed_ids") or is_old or is_list
    return is_report or has_keys(head, "patch_successfully_applied", "resolved", "patch_exists")


def read(source: Source) -> Iterator[Answers]:
    """One sample of each instance that was submitted."""
    report = source.document(dict[str, Any])
    if "no_logs" in report and "generated" not in report:
        raise source.error(
            "it lists the resolved instances and not all that were tried. Import the report of the run "
            "({model}.{run_id}.json), or the report.json of each instance"
        )
    if "resolved_ids" in report:
        outcomes = _classes(report, source)
        names = _from_name(source)
    elif "generated" in report:
        outcomes, names = _of_old(report, source), {}
    else:
        outcomes, names = _of_instances(report, source), _from_folders(source)
        source.note(NO_REPORT)
    for instance, outcome in outcomes.items():
        yield Answers(instance, [outcome], benchmark=BENCHMARK, **names)


def _ids(report: Mapping[str, Any], name: str, source: Source) -> list[str]:
    ids = report.get(name, [])
    if not isinstance(ids, list) or not all(isinstance(instance, str) and instance for instance in ids):
        raise source.error(f"{name} is no list of instances")
    if len(set(ids)) < len(ids):
        raise source.error(f"an instance stands in {name} twice")
    return ids


def _classes(report: Mapping[str, Any], source: Source) -> dict[str, str]:
    for name in ("resolved_ids", "unresolved_ids"):
        if name not in report:
            raise source.error(f"no {name}, so that it does not say which instances were tried")
    outcomes: dict[str, str] = {}
    for name, outcome in CLASSES.items():
        for instance in _ids(report, name, source):
            if instance in outcomes:
                raise source.error(f"instance {instance[:60]} stands in {name} and in another class")
            outcomes[instance] = outcome
    n_resolved = report.get("resolved_instances")
    if n_resolved is not None and n_resolved != len(report["resolved_ids"]):
        raise source.error(
            f"resolved_instances is {str(n_resolved)[:20]}, but {len(report['resolved_ids'])} are listed"
        )
    submitted = set(_ids(report, "submitted_ids", source))
    lost = submitted - outcomes.keys() - set(_ids(report, NOT_RUN, source))
    if lost:
        raise source.error(
            f"{count_text(len(lost), 'submitted instance')} {agreeing(len(lost), 'is', 'are')} in no class, the first "
            f"{min(lost)[:60]}"
        )
    missing = _ids(report, NOT_RUN, source)
    if missing:
        source.note(
            f"'{source.path}': {count_text(len(missing), 'instance')} {agreeing(len(missing), 'has', 'have')} no "
            f"prediction; {agreeing(len(missing), 'it was', 'they were')} left out."
        )
    return outcomes


def _of_old(report: Mapping[str, Any], source: Source) -> dict[str, str]:
    """The report of before June 2024: all that was generated is judged, and all else is unresolved."""
    resolved, generated = (_ids(report, name, source) for name in ("resolved", "generated"))
    empty = _ids(report, "no_generation", source)
    if set(resolved) - set(generated) or set(empty) & set(generated):
        raise source.error("its classes of instances contradict each other")
    outcomes = {instance: CORRECT if instance in set(resolved) else WRONG for instance in generated}
    return outcomes | dict.fromkeys(empty, EMPTY)


def _of_instances(report: Mapping[str, Any], source: Source) -> dict[str, str]:
    outcomes = {}
    for instance, facts in report.items():
        try:
            if "resolved" not in mapping(facts):
                raise ValueError("no field 'resolved'")
            resolved = verdict(facts["resolved"])
        except ValueError as error:
            source.broken(f"instance {instance[:60]}: {error}")
            continue
        is_empty = facts.get("patch_is_None") is True or facts.get("patch_exists") is False
        not_run = facts.get("infra_failure") is True
        outcomes[instance] = CORRECT if resolved else EMPTY if is_empty else VERIFIER_ERROR if not_run else WRONG
    return outcomes


def _from_name(source: Source) -> dict[str, Any]:
    """Model and run, of `{model}.{run_id}.json`."""
    model, dot, run = source.plain_name.removesuffix(".json").rpartition(".")
    return {"model": model.replace("__", "/", 1), "run": f"run {run}"} if dot and model and run else {}


def _from_folders(source: Source) -> dict[str, Any]:
    """Model and run, of `logs/run_evaluation/{run_id}/{model}/{instance}/report.json`."""
    parts = source.path.resolve().parts
    if len(parts) < 5 or "run_evaluation" not in parts[:-4]:
        return {}
    return {"model": parts[-3].replace("__", "/", 1), "run": f"run {parts[-4]}"}
