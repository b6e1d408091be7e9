"""Run folders, as `boundary sample` writes them: manifests, shards of samples, verdicts, and the counts they make.

An *arm* is one model on one benchmark: a folder with manifest.json, problems.jsonl, samples/ and verdicts/VERIFIER/. A
run folder holds any number of arms. Shards are zstd-compressed JSON lines. A shard of samples begins with a header, a
frame of its own, that lists what it holds, so that counting and resuming need not read the texts.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd

from boundary.data.readers import limits
from boundary.data.records import OUTCOMES
from boundary.data.runs.shards import distinct_rows, plain_damage_errors, read_header, read_lines
from boundary.data.runs.stored_types import (
    Manifest,
    StoredProblem,
    StoredPrompt,
    StoredSample,
    StoredVerdict,
    fields_of,
    named_fields,
    wrong_field,
)
from boundary.errors import InputError

MANIFEST = "manifest.json"
PROBLEMS = "problems.jsonl"
PROMPTS = "prompts.jsonl"
SAMPLES = "samples"
VERDICTS = "verdicts"
SUFFIX = ".jsonl.zst"
# What may change from one call to the next; all else says which samples these are.
# The hashes of prompts as text and of the vocabulary follow from the tokenizer; older versions did not record them.
MUTABLE = (
    "n_samples",
    "verifier",
    "verifier_in_use",
    "label",
    "created",
    "history",
    "skipped",
    "prompt_text_hash",
    "vocabulary_hash",
    "engine_options",
)
# What a run may go on under another value of; `history` keeps the values that held before, a record each.
CONTINUED = (
    "engine_version",
    "tokenizer_hash",
    "problem_set_hash",
    "n_problems",
    "prompt_tokens_hash",
    "context",
    "settings",
)
INDEX = ["problem_id", "sample_index", "text_hash", "n_tokens", "finish_reason"]
SAMPLE = ["problem_id", "sample_index"]
VERDICT = [*SAMPLE, "outcome", "answer", "reason", "text_hash"]
# Two seeds rarely write the same text; below this length they do, as answers of a word.
LONG_TEXT = 32
MANY_REPEATS = 0.25


def is_run(folder: Path) -> bool:
    """Whether a folder is a run folder: an arm, or a folder of arms."""
    try:
        return folder.is_dir() and bool(arms(folder))
    except OSError:  # too long for a name, or in a folder that may not be looked into
        return False


def arms(folder: Path) -> list[Path]:
    """Arms of a run folder, sorted: itself, or folders up to two levels below (MODEL/BENCHMARK)."""
    manifests = (path for depth in ("", "*/", "*/*/") for path in folder.glob(depth + MANIFEST))
    return sorted(path.parent for path in manifests)


def arms_of(folders: Sequence[Path]) -> list[Path]:
    """Arms of all run folders.

    Raises
    ------
    InputError
        If there is none at all.
    """
    run_arms = [arm for folder in folders for arm in arms(folder)]
    if not run_arms:
        raise InputError(f"'{folders[0]}' is no run folder: it has no manifest. boundary sample -o DIR makes one.")
    return run_arms


def model_name(manifest: Mapping[str, Any]) -> str:
    """What a model is called in counts and reports: its label, or else itself."""
    return str(manifest.get("label") or manifest["model"])


def read_manifest(arm: Path) -> dict[str, Any]:
    """What an arm's samples are: model, revision, template, engine, settings, problem set.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    path = arm / MANIFEST
    try:
        if path.is_file() and path.stat().st_size > limits.LARGEST_MANIFEST:
            raise ValueError(f"longer than {limits.mib(limits.LARGEST_MANIFEST)}")
        manifest = json.loads(_read_text(path))
    except FileNotFoundError as error:
        raise InputError(
            f"'{arm}' is no run folder: it has no {MANIFEST}. boundary sample -o DIR makes one."
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"Cannot read '{path}' ({error}). Restore it, or sample into a new folder.") from error
    if not isinstance(manifest, dict) or not {"model", "benchmark"} <= manifest.keys():
        raise InputError(f"'{path}' names no model and benchmark. Restore it, or sample into a new folder.")
    try:
        msgspec.convert(named_fields(manifest, Manifest), Manifest)
    except msgspec.ValidationError as error:
        name = wrong_field(error)
        raise InputError(
            f"'{path}': its {name} is not what boundary writes. Restore it, or sample into a new folder."
        ) from error
    return manifest


def manifest_hash(manifest: Mapping[str, Any]) -> str:
    """Fingerprint of what may not change between the shards of an arm."""
    fixed = {key: value for key, value in manifest.items() if key not in MUTABLE}
    return hashlib.sha256(json.dumps(fixed, sort_keys=True).encode()).hexdigest()[:16]


def manifest_versions(manifest: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The fingerprints under which an arm's shards may have been sampled, each with the record of what held then."""
    lasting = {key: value for key, value in manifest.items() if key not in CONTINUED}
    earlier = {
        manifest_hash(lasting | {key: record[key] for key in CONTINUED if key in record}): record
        for record in manifest.get("history", ())
    }
    return earlier | {manifest_hash(manifest): {key: manifest[key] for key in CONTINUED if key in manifest}}


def read_problems(arm: Path) -> list[dict[str, Any]]:
    """The problems of an arm, as they were stored beside its samples."""
    path = arm / PROBLEMS
    try:
        problems = [json.loads(line) for line in _read_text(path).splitlines()]
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"Cannot read '{path}' ({error}). Sample into a new folder.") from error
    try:
        return [fields_of(problem, StoredProblem) for problem in problems]
    except ValueError as error:
        raise InputError(f"Cannot read '{path}' (a line is no problem: {error}). Sample into a new folder.") from error


def read_prompts(arm: Path) -> dict[str, StoredPrompt]:
    """The prompts of an arm by problem, as they were sampled from; empty for a run of an older version.

    Raises
    ------
    InputError
        If they cannot be read.
    """
    path = arm / PROMPTS
    if not path.exists():
        return {}
    try:
        prompts = [StoredPrompt(**fields_of(json.loads(line), StoredPrompt)) for line in _read_text(path).splitlines()]
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"Cannot read '{path}' ({error}). Delete it: it is made again where it can be.") from error
    return {prompt.problem_id: prompt for prompt in prompts}


def _read_text(path: Path) -> str:
    """A file's text; a pipe or a device, which could go on for ever, is no file."""
    if path.exists() and not path.is_file():
        raise OSError("it is no ordinary file")
    return path.read_text(encoding="utf-8")


def shards(folder: Path) -> list[Path]:
    """Finished shards of a folder, sorted; those being written are hidden files."""
    paths = (path for path in folder.glob(f"*{SUFFIX}") if not path.name.startswith("."))
    return sorted(path for path in paths if path.is_file())


def sample_index(arm: Path) -> pd.DataFrame:
    """Which samples an arm holds, from the headers of its shards.

    Returns
    -------
    Columns problem_id, sample_index, text_hash, n_tokens, finish_reason, shard (file name) and manifest (its
    fingerprint when the sample was made); a row a sample.

    Raises
    ------
    InputError
        If two shards hold the same sample, or a shard belongs to samples of another manifest.
    """
    expected = manifest_versions(read_manifest(arm))
    rows: list[list[Any]] = []
    paths = shards(arm / SAMPLES)
    left = limits.most_unpacked(sum(path.stat().st_size for path in paths))
    for path in paths:
        header = read_header(path)
        left -= sum(limits.SAMPLE_ROW + len(str(row[0])) for row in header["samples"])
        if left < 0:
            raise InputError(f"'{path}' and the shards before it list more samples than they hold. Delete them.")
        if str(header.get("manifest")) not in expected:
            raise InputError(
                f"'{path}' was sampled under another manifest than {arm / MANIFEST} says, so it is not pooled with it. "
                "Move it to a run folder of its own."
            )
        rows += [[*row, path.name, header["manifest"]] for row in header["samples"]]
    table = pd.DataFrame(rows, columns=[*INDEX, "shard", "manifest"])
    _refuse_doubles(table, arm)
    return table


def _refuse_doubles(table: pd.DataFrame, arm: Path) -> None:
    doubled = table.duplicated(["problem_id", "sample_index"], keep=False)
    if doubled.any():
        row = table.loc[doubled].iloc[0]
        same = table.loc[(table["problem_id"] == row["problem_id"]) & (table["sample_index"] == row["sample_index"])]
        first, second = list(same["shard"])[:2]
        raise InputError(
            f"'{arm / SAMPLES}': {first} and {second} both hold sample {row['sample_index']} of problem "
            f"{row['problem_id']}. Delete one of the two; what it alone held is sampled again."
        )


def read_samples(arm: Path) -> Iterator[dict[str, Any]]:
    """The samples of an arm, a dict each with the fields of `StoredSample`; tokens is None where none are stored."""
    for path in shards(arm / SAMPLES):
        left = len(read_header(path)["samples"])
        for line in islice(read_lines(path), 1, None):
            left -= 1
            with plain_damage_errors(path):
                if left < 0:
                    raise ValueError("it holds more samples than it says")
                sample = fields_of(line, StoredSample)
            yield sample


def verdict_names(arm: Path) -> list[str]:
    """Verifiers whose verdicts an arm holds, as NAME-VERSION."""
    return sorted(path.name for path in (arm / VERDICTS).glob("*") if path.is_dir())


def read_verdicts(arm: Path, verifier: str, index: pd.DataFrame | None = None) -> pd.DataFrame:
    """Verdicts of a verifier on the texts that an arm holds now; of a text judged twice, the later one.

    A verdict holds for the text that was judged, by that text's hash. One on a text that is no longer stored, or that
    does not say which text it judged, is left out, so that its sample counts as not judged.

    Parameters
    ----------
    index
        The arm's `sample_index`, where it is at hand.

    Returns
    -------
    Columns problem_id, sample_index, outcome, answer, reason.
    """
    return verdicts_and_strays(arm, verifier, index)[0]


def verdicts_and_strays(arm: Path, verifier: str, index: pd.DataFrame | None = None) -> tuple[pd.DataFrame, int]:
    """What `read_verdicts` gives, and the number of samples whose verdict it leaves out: not on the text stored now."""
    lines = distinct_rows(shards(arm / VERDICTS / verifier), _verdict_row)
    rows = pd.DataFrame(lines, columns=VERDICT, dtype=object).astype({"sample_index": "int64"})
    stored = sample_index(arm) if index is None else index
    keyed = rows.dropna(subset=["text_hash"]).astype({"text_hash": "int64"})
    table = keyed.merge(stored[[*SAMPLE, "text_hash"]], on=[*SAMPLE, "text_hash"])
    table = table.drop_duplicates(SAMPLE, keep="last", ignore_index=True)
    return table[VERDICT[:-1]], len(rows[SAMPLE].drop_duplicates()) - len(table)


def _verdict_row(line: Any) -> tuple[Any, ...]:
    if not isinstance(line, list) or len(line) not in (len(VERDICT) - 1, len(VERDICT)):
        raise ValueError("a line is no verdict")
    try:
        cells: tuple[Any, ...] = msgspec.convert((*line, None)[: len(VERDICT)], StoredVerdict)
    except msgspec.ValidationError as error:
        raise ValueError("a line is no verdict") from error
    if cells[2] not in OUTCOMES:
        raise ValueError(f"{cells[2]!r:.40} is no outcome")
    return cells


def chosen_verifier(arm: Path, name: str | None = None) -> str:
    """The verifier whose verdicts count: the one named, or the manifest's.

    Parameters
    ----------
    name
        NAME-VERSION, or NAME alone where one version has judged.

    Raises
    ------
    InputError
        If it has not judged these samples, or several versions of it have.
    """
    have = verdict_names(arm)
    requested = name or read_manifest(arm).get("verifier") or (have[0] if len(have) == 1 else "")
    requested = requested.replace(":", ".")  # module:function is kept as module.function
    matching = [key for key in have if key == requested] or [key for key in have if key.rpartition("-")[0] == requested]
    if len(matching) == 1:
        return matching[0]
    if not have:
        raise InputError(f"'{arm}': its samples are not judged yet. Judge them with: boundary verify {arm}")
    which = f"'{requested}' is {'several' if matching else 'none'} of them" if requested else "name one"
    raise InputError(f"'{arm}': verdicts there are from {', '.join(have)}; {which}. Choose with --verifier.")
