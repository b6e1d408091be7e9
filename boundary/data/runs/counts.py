"""The counts of a run folder: its samples, judged, per model, benchmark and problem."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from boundary.data.records import CORRECT, WRONG
from boundary.data.runs.folder import (
    LONG_TEXT,
    MANY_REPEATS,
    MUTABLE,
    SAMPLE,
    SAMPLES,
    arms_of,
    chosen_verifier,
    manifest_hash,
    model_name,
    read_manifest,
    read_problems,
    sample_index,
    shards,
    verdicts_and_strays,
)
from boundary.data.settings.columns import manifest_settings
from boundary.data.token_means import MEAN_TOKENS, token_means
from boundary.data.validation import CountNote, refuse_other_problems
from boundary.errors import InputError
from boundary.plain_text import count_text


def run_table(folders: Path | Sequence[Path], verifier: str | None = None) -> pd.DataFrame:
    """Counts of run folders; arms of one model and benchmark that differ in their seed alone are pooled.

    Parameters
    ----------
    folders
        Run folders, or arms of them.
    verifier
        Whose verdicts count; by default what each manifest says.

    Returns
    -------
    Columns model, benchmark, problem_id, n_samples, n_correct, n_OUTCOME for the other outcomes that occur, mean_tokens
    (generated tokens of a sample in the mean, its stop token included), mean_tokens_correct and mean_tokens_wrong (of
    the samples judged correct, and of all others), and how it was sampled and judged
    (`boundary.data.settings.columns.SETTINGS`).

    Raises
    ------
    InputError
        If samples are not judged, shards overlap, manifests disagree, one run is there twice, or models were sampled on
        different problems of one benchmark.
    """
    return _count_arms(folders, verifier)[0]


def count_runs(
    folders: Path | Sequence[Path], verifier: str | None = None
) -> tuple[pd.DataFrame, tuple[CountNote, ...]]:
    """Counts of run folders, and notes on what they leave out: problems without samples, verdicts on other texts.

    Parameters
    ----------
    folders, verifier
        As for `run_table`.

    Returns
    -------
    The table of `run_table`, and the notes, in the order of the arms.

    Raises
    ------
    InputError
        As `run_table` does.
    """
    table, arms = _count_arms(folders, verifier)
    return table, tuple(note for arm in arms for note in _omission_notes(arm))


class _CountedArm(NamedTuple):
    """An arm whose samples were counted: its problems with samples, and the verdicts on texts that are not stored."""

    folder: Path
    sampled: set[str]
    stray: int


def _count_arms(folders: Path | Sequence[Path], verifier: str | None) -> tuple[pd.DataFrame, list[_CountedArm]]:
    """The table of `run_table`, and the arms in it; the samples and verdicts of each are read once."""
    run_arms = arms_of([folders] if isinstance(folders, Path) else folders)
    groups: dict[tuple[str, str], list[Path]] = {}
    for arm in run_arms:
        manifest = read_manifest(arm)
        groups.setdefault((model_name(manifest), str(manifest["benchmark"])), []).append(arm)
    parts = []
    arms: dict[Path, _CountedArm] = {}
    for same in groups.values():
        _refuse_unlike(same)
        judge = _one_verifier(same, verifier)
        outcomes_of_arms = []
        for arm in same:
            outcomes, stray = _sample_outcomes(arm, judge)
            outcomes_of_arms.append(outcomes)
            arms[arm] = _CountedArm(arm, set(outcomes["problem_id"]), stray)
        samples = pd.concat(outcomes_of_arms, ignore_index=True)
        parts.append(_arm_counts(samples, [read_manifest(arm) for arm in same], judge))
    table = pd.concat(parts, ignore_index=True)
    refuse_other_problems(table)
    columns = [name for name in table.columns if name.startswith("n_")]
    table[columns] = table[columns].fillna(0).astype("int64")
    return table, [arms[arm] for arm in run_arms]


def _omission_notes(arm: _CountedArm) -> Iterator[CountNote]:
    manifest, sampled, stray = read_manifest(arm.folder), arm.sampled, arm.stray
    model, benchmark = model_name(manifest), str(manifest["benchmark"])
    skipped = [problem for problem in manifest.get("skipped", {}) if problem not in sampled]
    empty = [str(line["problem_id"]) for line in read_problems(arm.folder) if line["problem_id"] not in sampled]
    empty = [problem for problem in empty if problem not in skipped]
    sentences = {
        f"{_problems(skipped)} skipped, since the prompt leaves no room for a sample. "
        "Not in the counts: missing, not wrong.": skipped,
        f"{_problems(empty)} without samples. Not in the counts: missing, not wrong.": empty,
        f"{stray} samples were judged whose texts are no longer stored. They do not count.": stray,
    }
    for sentence, applies in sentences.items():
        if applies:
            yield CountNote(benchmark, model, f"{model} on {benchmark}: {sentence}")


def _problems(names: Sequence[str]) -> str:
    return f"{count_text(len(names), 'problem')} ({', '.join(names[:5])}{', ...' * (len(names) > 5)})"


def _one_verifier(same: Sequence[Path], verifier: str | None) -> str:
    """The verifier that judged all of the arms that are pooled."""
    for arm in same:
        if not shards(arm / SAMPLES):
            raise InputError(f"'{arm}' holds no samples yet. Sample with: boundary sample")
    names = [chosen_verifier(arm, verifier) for arm in same]
    for arm, name in zip(same, names, strict=True):
        if name != names[0]:
            raise InputError(
                f"'{same[0]}' was judged by {names[0]} and '{arm}' by {name}, so they are not pooled. Judge both "
                "alike: boundary verify FOLDER --verifier NAME --use"
            )
    return names[0]


def _sample_outcomes(arm: Path, verifier: str) -> tuple[pd.DataFrame, int]:
    """Outcome of every sample of an arm, and the number of verdicts on texts that are not stored."""
    samples = sample_index(arm)
    verdicts, stray = verdicts_and_strays(arm, verifier, samples)
    joined = samples.merge(verdicts[[*SAMPLE, "outcome"]], on=SAMPLE, how="left")
    unjudged = int(joined["outcome"].isna().sum())
    if unjudged:
        why = f" ({stray} verdicts of {verifier} are not on the texts stored now)" if stray else ""
        raise InputError(
            f"'{arm}': {unjudged} of {len(joined)} samples are not judged yet{why}. Run: boundary verify {arm}"
        )
    return joined, stray


def _refuse_unlike(same: Sequence[Path]) -> None:
    """Refuse to pool arms that differ in more than their seed, or that are one run twice."""
    if len(same) == 1:
        return
    manifests = [read_manifest(arm) for arm in same]
    # An engine's version may change within an arm, and so it may between arms.
    any_version = {"engine_version": None}
    any_seed = [{name: value for name, value in m.get("settings", {}).items() if name != "seed"} for m in manifests]
    without = [
        manifest_hash(manifest | {"settings": settings} | any_version)
        for manifest, settings in zip(manifests, any_seed, strict=True)
    ]
    for arm, manifest, fingerprint in zip(same, manifests, without, strict=True):
        if fingerprint != without[0]:
            raise InputError(
                f"'{same[0]}' and '{arm}' are samples of {model_name(manifest)} under different manifests "
                f"({', '.join(differing_settings(manifests[0], manifest))}), so they are not pooled. Count them apart."
            )
    for number, arm in enumerate(same):
        for other in same[:number]:
            _refuse_same_run(arm, other)


def _refuse_same_run(arm: Path, other: Path) -> None:
    """Refuse two arms that share their seed, or more of their longer texts than samples of one arm share.

    A sure model repeats itself, whatever the seed: only what goes beyond that says that one run is there twice.
    """
    seeds = [read_manifest(folder).get("settings", {}).get("seed") for folder in (arm, other)]
    texts, other_texts = (table.loc[table["n_tokens"] >= LONG_TEXT] for table in map(sample_index, (arm, other)))
    text = ["problem_id", "text_hash"]
    again = len(texts.merge(other_texts[text].drop_duplicates(), on=text))
    by_itself = int(texts.duplicated(text, keep=False).sum())
    if seeds[0] == seeds[1] or again - by_itself > MANY_REPEATS * max(len(texts), 1):
        raise InputError(
            f"'{other}' and '{arm}' look like one run twice: seeds {seeds[1]} and {seeds[0]}, "
            f"{again} of {len(texts)} longer texts in both. Leave one out."
        )


def differing_settings(first: dict[str, Any], second: dict[str, Any]) -> list[str]:
    """Names of what two manifests disagree on, settings one by one."""
    flat = [
        manifest | {f"settings.{key}": value for key, value in manifest.get("settings", {}).items()}
        for manifest in (first, second)
    ]
    names = sorted((flat[0].keys() | flat[1].keys()) - {"settings", *MUTABLE})
    return [name for name in names if flat[0].get(name) != flat[1].get(name)]


def _arm_counts(samples: pd.DataFrame, manifests: Sequence[dict[str, Any]], verifier: str) -> pd.DataFrame:
    table = pd.crosstab(samples["problem_id"], samples["outcome"]).reset_index()
    outcomes = [name for name in table.columns if name != "problem_id"]
    counts = pd.DataFrame(
        {
            "model": model_name(manifests[0]),
            "benchmark": manifests[0]["benchmark"],
            "problem_id": table["problem_id"],
            "n_samples": table[outcomes].sum(axis=1),
            "n_correct": table[CORRECT] if CORRECT in outcomes else 0,
        }
    )
    for name in outcomes:
        if name not in (CORRECT, WRONG):
            counts[f"n_{name}"] = table[name]
    place = pd.Index(table["problem_id"]).get_indexer(samples["problem_id"])
    correct = (samples["outcome"] == CORRECT).to_numpy()
    means = token_means(place, correct, samples["n_tokens"].to_numpy(float), len(table))
    counts = counts.assign(**dict(zip(MEAN_TOKENS, means, strict=True)))
    return counts.assign(**manifest_settings(manifests, verifier))
