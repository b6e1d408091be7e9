"""How far a run is: samples stored and judged, and what stands out among them."""

from pathlib import Path
from typing import Any

import pandas as pd

from boundary.data.runs.folder import (
    LONG_TEXT,
    MANY_REPEATS,
    arms_of,
    manifest_versions,
    model_name,
    read_manifest,
    read_problems,
    sample_index,
    verdict_names,
    verdicts_and_strays,
)
from boundary.data.shared_texts import shared_texts, texts_of

SHOWN = 5


def run_status(folder: Path) -> list[dict[str, Any]]:
    """Facts of every arm of a run folder.

    Returns
    -------
    For each arm: folder, model, benchmark, n_problems, n_wanted (samples a problem), n_stored, n_missing, n_tokens,
    n_truncated, repeated (share of longer texts that another sample of the same problem has too), verdicts: for each
    verifier how often each outcome was given; stray_verdicts: for each verifier the number of samples that it judged
    whose text is no longer stored; verifier: the one whose verdicts count;
    skipped: problems whose prompt is too long, with its tokens; versions: for each
    engine version and problem set under which the arm was sampled, until when, and the number of samples; and
    shared_texts: the other arms of the benchmark whose texts it shares (`boundary.data.shared_texts.SharedTexts`).

    Raises
    ------
    InputError
        If it is no run folder, or a shard is damaged or held twice.
    """
    shared = shared_texts(texts_of(folder))
    statuses = [_arm_status(arm) for arm in arms_of([folder])]
    for arm in statuses:
        shared_by_arm = [
            texts for texts in shared if texts.benchmark == arm["benchmark"] and arm["model"] in texts.models
        ]
        arm["shared_texts"] = [texts._asdict() | {"text": texts.text} for texts in shared_by_arm]
    return statuses


def sentences(status: dict[str, Any]) -> list[str]:
    """What an arm's status says, a line each; what should be looked at comes last."""
    n_skipped = len(status["skipped"])
    n_expected = (status["n_problems"] - n_skipped) * status["n_wanted"]
    lines = [
        f"{status['model']} on {status['benchmark']} ({status['folder']})",
        f"  stored {status['n_stored']:,} of {n_expected:,} samples ({status['n_problems']} problems), "
        f"{status['n_tokens']:,} tokens, {status['n_truncated']:,} truncated",
    ]
    if n_skipped:
        few = ", ".join(list(status["skipped"])[:SHOWN]) + ", ..." * (n_skipped > SHOWN)
        lines.append(f"  skipped, since their prompts are too long: {n_skipped} problems ({few})")
    if len(status["versions"]) > 1:
        lines += [f"  sampled {_version(version)}" for version in status["versions"]]
    for name, outcomes in status["verdicts"].items():
        n_judged = sum(outcomes.values())
        parts = ", ".join(f"{outcome} {count:,}" for outcome, count in sorted(outcomes.items()))
        lines.append(f"  {name}: judged {n_judged:,}; {parts}")
        if n_judged < status["n_stored"]:
            lines.append(f"  {status['n_stored'] - n_judged:,} samples are not judged by it yet: boundary verify")
        if status["stray_verdicts"][name]:
            lines.append(
                f"  LOOK: it judged {status['stray_verdicts'][name]:,} samples whose texts are no longer stored; these "
                "verdicts do not count"
            )
    if len(status["verdicts"]) > 1 and status["verifier"]:
        lines.append(f"  counts and analyze use the verdicts of {status['verifier']}; others: boundary verify --use")
    if not status["verdicts"]:
        lines.append("  not judged yet: boundary verify")
    lines += [f"  LOOK: {texts['text']}" for texts in status["shared_texts"]]
    if status["repeated"] > MANY_REPEATS:
        lines.append(
            f"  LOOK: {status['repeated']:.0%} of the longer texts repeat another sample of the same problem; "
            "were samples given one seed?"
        )
    return lines


def _version(version: dict[str, Any]) -> str:
    until = f"until {version['until']}" if version["until"] else "now"
    return (
        f"{until} with {version['engine_version']}, {version['n_problems']} problems: {version['n_samples']:,} samples"
    )


def _versions(manifest: dict[str, Any], table: pd.DataFrame) -> list[dict[str, Any]]:
    """Under which engine versions and problem sets an arm was sampled, in order."""
    stored = table["manifest"].value_counts()
    return [
        {
            "engine_version": record.get("engine_version"),
            "n_problems": record.get("n_problems"),
            "until": record.get("until"),
            "n_samples": int(stored.get(fingerprint, 0)),
        }
        for fingerprint, record in manifest_versions(manifest).items()
    ]


def _arm_status(arm: Path) -> dict[str, Any]:
    manifest, table = read_manifest(arm), sample_index(arm)
    problems = [line["problem_id"] for line in read_problems(arm)][: manifest.get("n_problems")]
    skipped = {name: size for name, size in manifest.get("skipped", {}).items() if name in problems}
    n_problems, n_wanted = len(problems), int(manifest.get("n_samples") or 0)
    verdict_tables = {name: verdicts_and_strays(arm, name, table) for name in verdict_names(arm)}
    long = table.loc[table["n_tokens"] >= LONG_TEXT]
    # Samples beyond the number wanted fill no gap.
    filling = (table["sample_index"] < n_wanted) & ~table["problem_id"].isin(list(skipped))
    held = int(filling.sum()) if n_wanted else len(table)
    return {
        "folder": str(arm),
        "model": model_name(manifest),
        "benchmark": manifest["benchmark"],
        "n_problems": n_problems,
        "n_wanted": n_wanted,
        "n_stored": len(table),
        "n_missing": max(0, (n_problems - len(skipped)) * n_wanted - held),
        "n_tokens": int(table["n_tokens"].sum()),
        "n_truncated": int((table["finish_reason"] == "length").sum()),
        "repeated": float(long.duplicated(["problem_id", "text_hash"]).mean()) if len(long) else 0.0,
        "verdicts": {
            name: {str(key): int(n) for key, n in verdicts["outcome"].value_counts().items()}
            for name, (verdicts, _) in verdict_tables.items()
        },
        "stray_verdicts": {name: stray for name, (_, stray) in verdict_tables.items()},
        "skipped": skipped,
        "verifier": manifest.get("verifier"),
        "versions": _versions(manifest, table),
    }
