"""What an arm's samples are, agreed from call to call: the same settings, or a change that is allowed and recorded.

Some things may change while an arm is sampled. Packages and servers are updated; a pilot with --limit is extended; a
server reads more or fewer tokens, where that cuts no sample; and it says what it serves where an earlier version of
this program did not ask. Each is written into the manifest's `history`, so that every shard still says under which
values it was sampled. All else is refused.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from boundary.data.runs.counts import differing_settings
from boundary.data.runs.folder import CONTINUED, MANIFEST, PROBLEMS, PROMPTS, read_manifest, read_problems
from boundary.errors import InputError
from boundary.sampling.problems import Problem, problem_set_hash
from boundary.sampling.store.files import write_text, writing
from boundary.sampling.store.locks import short_lock


class Prompts(NamedTuple):
    """What a problem's prompt is: its token ids, and its text without the BOS that a chat template writes."""

    ids: Callable[[Problem], Sequence[int]]
    text: Callable[[Problem], str]


LOCK = ".lock-manifest"
PROBLEM_SET = ("problem_set_hash", "n_problems")


def stored_problems(arm: Path) -> tuple[Problem, ...]:
    """The problems of an arm, without their images.

    Raises
    ------
    InputError
        If they cannot be read.
    """
    return tuple(_problem(line, images=False) for line in _lines(arm))


def prompt_hashes(problems: Sequence[Problem], prompts: Prompts) -> dict[str, str]:
    """Fingerprints of the prompts of some problems, as token ids and, to compare tokenizers by, as text."""
    ids = sorted((problem.problem_id, list(prompts.ids(problem))) for problem in problems)
    texts = sorted((problem.problem_id, prompts.text(problem)) for problem in problems)
    return {"prompt_tokens_hash": _fingerprint(ids), "prompt_text_hash": _fingerprint(texts)}


def _write_prompts(arm: Path, problems: Sequence[Problem], prompts: Prompts | None) -> None:
    """Write down what the model reads of each problem, so that its samples can be scored given that."""
    if prompts is not None:
        lines = (
            {"problem_id": problem.problem_id, "tokens": list(prompts.ids(problem)), "text": prompts.text(problem)}
            for problem in problems
        )
        write_text(arm / PROMPTS, "".join(json.dumps(line) + "\n" for line in lines))


def _fingerprint(value: object) -> str:
    return "sha256:" + hashlib.sha256(json.dumps(value).encode()).hexdigest()


def set_in_manifest(arm: Path, **values: Any) -> None:
    """Change what may change of a manifest: n_samples, verifier, label."""
    with writing(arm), short_lock(arm / LOCK):
        _write(arm, read_manifest(arm) | values)


def agree_manifest(
    arm: Path, manifest: Mapping[str, Any], problems: Sequence[Problem], prompts: Prompts | None = None
) -> tuple[dict[str, Any], dict[str, int]]:
    """Make an arm's manifest, or agree with the one that is there; called with the arm's lock held.

    Parameters
    ----------
    manifest
        What this call is about to sample.
    problems
        All problems of this call, whatever its shard.
    prompts
        A problem's prompt, where the manifest is to have the prompts' fingerprints.

    Returns
    -------
    The manifest that now holds, and each problem's place in the arm, which no later call changes.

    Raises
    ------
    InputError
        If the arm holds samples of other settings or of other problems; the message names them.
    """
    proposed = json.loads(json.dumps(dict(manifest)))
    if not (arm / MANIFEST).exists():
        write_text(arm / PROBLEMS, "".join(map(_line_of, problems)))
        _write_prompts(arm, problems, prompts)
        _write(arm, proposed | _problem_set(problems, prompts) | {"created": utc_now()})
        return read_manifest(arm), _places(problems)
    stored, lines, before, added, problem_set = _compare(arm, proposed, problems, prompts)
    after = [*before, *added]
    if added:
        write_text(arm / PROBLEMS, "".join(json.dumps(line) + "\n" for line in lines) + "".join(map(_line_of, added)))
    if added or not (arm / PROMPTS).exists():
        _write_prompts(arm, after, prompts)
    proposed |= _problem_set(after, prompts) if added else problem_set
    if not added:  # of a part of the problems, the whole set's fingerprint cannot be made
        proposed |= {name: stored[name] for name in PROBLEM_SET if name in stored}
    continued = _continued(stored, proposed, [problem.problem_id for problem in problems])
    if continued != stored:
        _write(arm, continued)
    return continued, _places(after)


def compare_manifest(
    arm: Path, manifest: Mapping[str, Any], problems: Sequence[Problem], prompts: Prompts | None = None
) -> dict[str, int]:
    """Each problem's place in an arm, once it is clear that a call could go on with it; nothing is written.

    Parameters
    ----------
    manifest, problems, prompts
        As for `agree_manifest`. A manifest without a revision is taken for that of the weights that are stored.

    Raises
    ------
    InputError
        If the arm holds samples of other settings or of other problems.
    """
    if not (arm / MANIFEST).exists():
        return _places(problems)
    proposed = json.loads(json.dumps(dict(manifest)))
    if proposed.get("revision") is None:
        proposed["revision"] = read_manifest(arm).get("revision")
    _, _, before, added, _ = _compare(arm, proposed, problems, prompts)
    return _places([*before, *added])


def _places(problems: Sequence[Problem]) -> dict[str, int]:
    return {problem.problem_id: place for place, problem in enumerate(problems)}


class _Comparison(NamedTuple):
    """What an arm holds, and what a call would add to it."""

    stored: dict[str, Any]
    lines: list[dict[str, Any]]
    before: list[Problem]
    added: tuple[Problem, ...]
    problem_set: dict[str, Any]


def _compare(
    arm: Path, proposed: Mapping[str, Any], problems: Sequence[Problem], prompts: Prompts | None
) -> _Comparison:
    stored = read_manifest(arm)
    lines = _lines(arm)[: stored.get("n_problems")]
    added = _added(stored, lines, problems)
    if added is None:
        _refuse_changes(arm, stored, {**proposed, **_problem_set(problems, prompts)})
        raise InputError(f"'{arm / PROBLEMS}' does not hold the problems of {MANIFEST}. Sample into a new folder.")
    by_id = {problem.problem_id: problem for problem in (*(_problem(line) for line in lines), *problems)}
    before = [by_id[line["problem_id"]] for line in lines]
    unchanged: dict[str, Any] = {name: stored[name] for name in PROBLEM_SET if name in stored}
    if prompts is not None and _cuts_no_sample(stored, proposed, before, prompts):
        unchanged |= {"context": stored.get("context")}
    problem_set = _problem_set(before, prompts)
    _refuse_changes(arm, stored, {**proposed, **problem_set, **unchanged})
    return _Comparison(stored, lines, before, added, problem_set)


def _problem_set(problems: Sequence[Problem], prompts: Prompts | None) -> dict[str, Any]:
    hashes = {} if prompts is None else prompt_hashes(problems, prompts)
    return {"problem_set_hash": problem_set_hash(problems), "n_problems": len(problems), **hashes}


def _added(
    stored_manifest: Mapping[str, Any], lines: Sequence[Mapping[str, Any]], problems: Sequence[Problem]
) -> tuple[Problem, ...] | None:
    """Problems that the arm does not have yet; None where neither set is a part of the other."""
    stored = {line["problem_id"]: _question(line) for line in lines}
    common = [problem for problem in problems if problem.problem_id in stored]
    if problem_set_hash(common) == stored_manifest.get("problem_set_hash") and len(common) == len(stored):
        return tuple(problem for problem in problems if problem.problem_id not in stored)
    part = len(common) == len(problems) and all(
        _question(json.loads(_line_of(problem))) == stored[problem.problem_id] for problem in problems
    )
    return () if part else None


def _cuts_no_sample(
    stored: Mapping[str, Any], proposed: Mapping[str, Any], problems: Sequence[Problem], prompts: Prompts
) -> bool:
    """Whether every sample has the same room under both contexts, so that a change between them changes no sample."""
    sampled = [problem for problem in problems if problem.problem_id not in stored.get("skipped", {})]
    longest = max((len(prompts.ids(problem)) for problem in sampled), default=0)
    most = longest + int(proposed.get("settings", {}).get("max_tokens", 0))
    return all(manifest.get("context") is None or manifest["context"] >= most for manifest in (stored, proposed))


def _refuse_changes(arm: Path, stored: Mapping[str, Any], proposed: Mapping[str, Any]) -> None:
    """Refuse what may not change; a package's or a server's version may, with what follows from it."""
    allowed = {"engine_version"} | ({"context"} if "context" not in stored else set())
    if "served_model" not in stored.get("settings", {}):
        allowed.add("settings.served_model")
    # A tokenizer that is written down otherwise by another version of its package still makes the same prompts.
    prompts = [manifest.get("prompt_tokens_hash") for manifest in (stored, proposed)]
    if stored.get("engine_version") != proposed.get("engine_version") and prompts[0] == prompts[1] is not None:
        allowed.add("tokenizer_hash")
    changes = [name for name in differing_settings(dict(stored), dict(proposed)) if name not in allowed]
    if changes:
        flat = [
            manifest | {f"settings.{key}": value for key, value in manifest.get("settings", {}).items()}
            for manifest in (dict(stored), dict(proposed))
        ]
        changes_shown = ", ".join(f"{name} was {flat[0].get(name)!r}, now {flat[1].get(name)!r}" for name in changes)
        raise InputError(
            f"'{arm}' holds samples of other settings: {changes_shown}. "
            "Samples of different settings are not pooled: name another folder with -o, or use the old settings."
        )


def _continued(stored: dict[str, Any], proposed: Mapping[str, Any], problem_ids: Iterable[str]) -> dict[str, Any]:
    """The manifest with this call's values; what held before goes into its history."""
    before, now = ({key: manifest[key] for key in CONTINUED if key in manifest} for manifest in (stored, proposed))
    if before == now:
        now = before  # 1 equals 1.0, and the shards name the manifest as it is stored
    continued = {key: value for key, value in stored.items() if key not in CONTINUED} | now
    if before != now:
        history = [record for record in stored.get("history", ()) if {key: record.get(key) for key in now} != now]
        continued["history"] = [*history, before | {"until": utc_now()}]
    continued |= {
        key: proposed[key]
        for key in ("verifier", "label", "prompt_text_hash", "vocabulary_hash", "engine_options")
        if proposed.get(key) is not None
    }
    if "verifier_in_use" in stored:  # as the user said with `boundary verify --use`
        continued["verifier"] = stored["verifier_in_use"]
    continued["n_samples"] = max(proposed.get("n_samples") or 0, stored.get("n_samples") or 0)
    elsewhere = {name: size for name, size in stored.get("skipped", {}).items() if name not in set(problem_ids)}
    skipped = elsewhere | proposed.get("skipped", {})
    return {key: value for key, value in continued.items() if key != "skipped"} | (
        {"skipped": skipped} if skipped else {}
    )


def _write(arm: Path, manifest: Mapping[str, Any]) -> None:
    write_text(arm / MANIFEST, json.dumps(manifest, indent=2, sort_keys=True) + "\n")


def utc_now() -> str:
    """The time of day as manifests write it: UTC, to the minute."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%MZ")


def _line_of(problem: Problem) -> str:
    line = {
        "problem_id": problem.problem_id,
        "prompt": problem.prompt,
        "answer": problem.answer,
        "messages": [dict(turn) for turn in problem.messages],
        "facts": dict(problem.facts),
    }
    if problem.images:
        line["images"] = [hashlib.sha256(image).hexdigest() for image in problem.images]
    return json.dumps(line, default=str) + "\n"


def _lines(arm: Path) -> list[dict[str, Any]]:
    """The stored problems, checked, since a folder may come from anywhere."""
    lines = read_problems(arm)
    kinds = {"problem_id": str, "prompt": str, "answer": str, "messages": list, "facts": dict}
    for number, line in enumerate(lines, start=1):
        images = line.get("images", []) if isinstance(line, dict) else None
        if not isinstance(images, list) or any(not isinstance(line.get(name), kind) for name, kind in kinds.items()):
            raise InputError(f"'{arm / PROBLEMS}', line {number}: no problem. Sample into a new folder.")
    return lines


def _problem(line: Mapping[str, Any], images: bool = True) -> Problem:
    """A stored problem; its images, which are not stored, are empty ones where their number matters."""
    return Problem(
        problem_id=line["problem_id"],
        prompt=line["prompt"],
        answer=line["answer"],
        messages=tuple(line["messages"]),
        images=(b"",) * len(line.get("images", ())) if images else (),
        facts=line["facts"],
    )


def _question(line: Mapping[str, Any]) -> list[Any]:
    """What a stored problem asks and what answers it."""
    question = [line.get(key) for key in ("prompt", "answer", "messages")]
    return [*question, line.get("images") or [], line["facts"].get("tests")]
