"""The samples of run folders with their texts and verdicts, to be read, audited or trained on."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from boundary.data.runs.folder import (
    SAMPLE,
    arms_of,
    chosen_verifier,
    model_name,
    read_manifest,
    read_problems,
    read_samples,
    read_verdicts,
    sample_index,
)
from boundary.errors import InputError


def judged_samples(folders: Sequence[Path], verifier: str | None = None) -> Iterator[dict[str, Any]]:
    """The judged samples of run folders, one after the other: their texts need not fit into memory.

    Parameters
    ----------
    folders
        Run folders, or arms of them.
    verifier
        Whose verdicts are given; by default what each manifest says.

    Yields
    ------
    A sample: model, benchmark, problem_id, sample_index, outcome, answer (as extracted), reference (the right one),
    reason, finish_reason, n_tokens, problem and text.

    Raises
    ------
    InputError
        If no folder is a run, its samples are not judged, or a file of it cannot be read.
    """
    for arm in arms_of(folders):
        yield from _of_arm(arm, verifier)


def samples_table(folders: Path | Sequence[Path], verifier: str | None = None) -> pd.DataFrame:
    """The judged samples of run folders without their texts, a row a sample.

    Parameters
    ----------
    folders, verifier
        As for `judged_samples`.

    Returns
    -------
    Columns model, benchmark, problem_id, sample_index, outcome, n_tokens, finish_reason, answer (as extracted),
    reference (the right one), text_hash and run (the seed: arms that are pooled number their samples alike).

    Raises
    ------
    InputError
        As `judged_samples` does.
    """
    arms = arms_of([folders] if isinstance(folders, Path) else folders)
    return pd.concat([_arm_table(arm, verifier) for arm in arms], ignore_index=True)


def _arm_table(arm: Path, verifier: str | None) -> pd.DataFrame:
    manifest, index = read_manifest(arm), sample_index(arm)
    verdicts = read_verdicts(arm, chosen_verifier(arm, verifier), index)[[*SAMPLE, "outcome", "answer"]]
    table = index.sort_values(SAMPLE).drop(columns=["shard", "manifest"]).merge(verdicts, on=SAMPLE, how="left")
    if table["outcome"].isna().any():
        raise InputError(f"'{arm}': some samples are not judged yet. Run: boundary verify {arm}")
    references = {str(problem["problem_id"]): problem["answer"] for problem in read_problems(arm)}
    return table.assign(
        model=model_name(manifest),
        benchmark=str(manifest["benchmark"]),
        reference=table["problem_id"].map(references),
        run=str(manifest.get("settings", {}).get("seed", "")),
    )


def _of_arm(arm: Path, verifier: str | None) -> Iterator[dict[str, Any]]:
    manifest = read_manifest(arm)
    verdicts = read_verdicts(arm, chosen_verifier(arm, verifier)).set_index(["problem_id", "sample_index"])
    by_sample = dict(zip(verdicts.index, verdicts.itertuples(index=False), strict=True))
    problems = {str(problem["problem_id"]): problem for problem in read_problems(arm)}
    names = {"model": model_name(manifest), "benchmark": manifest["benchmark"]}
    for sample in read_samples(arm):
        verdict = by_sample.get((sample["problem_id"], sample["sample_index"]))
        if verdict is None:
            raise InputError(f"'{arm}': some samples are not judged yet. Run: boundary verify {arm}")
        problem = problems.get(sample["problem_id"])
        if problem is None:
            raise InputError(f"'{arm}': sampled problem {sample['problem_id']} is none of its problems. Sample anew.")
        yield {
            **names,
            "problem_id": sample["problem_id"],
            "sample_index": sample["sample_index"],
            "outcome": verdict.outcome,
            "answer": verdict.answer,
            "reference": problem["answer"],
            "reason": verdict.reason,
            "finish_reason": sample["finish_reason"],
            "n_tokens": sample["n_tokens"],
            "problem": problem["prompt"],
            "text": sample["text"],
        }
