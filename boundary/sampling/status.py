"""How far a run is: samples stored and judged, and what stands out among them."""

from pathlib import Path
from typing import Any

from boundary.data.runs import (
    LONG_TEXT,
    MANY_REPEATS,
    arms_of,
    model_name,
    read_manifest,
    read_problems,
    read_verdicts,
    sample_index,
    verdict_names,
)
from boundary.data.shared_texts import shared_texts, texts_of


def run_status(folder: Path) -> list[dict[str, Any]]:
    """Facts of every arm of a run folder.

    Returns
    -------
    For each arm: folder, model, benchmark, n_problems, n_wanted (samples a problem), n_stored, n_missing, n_tokens,
    n_truncated, repeated (share of longer texts that another sample of the same problem has too), verdicts: for each
    verifier the number of samples judged and how often each outcome was given, and shared_texts: the other arms of the
    benchmark whose texts it shares (`boundary.data.shared_texts.SharedTexts`).

    Raises
    ------
    InputError
        If it is no run folder, or a shard is damaged or held twice.
    """
    shared = shared_texts(texts_of(folder))
    statuses = [_arm_status(arm) for arm in arms_of([folder])]
    for arm in statuses:
        here = [each for each in shared if each.benchmark == arm["benchmark"] and arm["model"] in each.models]
        arm["shared_texts"] = [each._asdict() | {"text": each.text} for each in here]
    return statuses


def sentences(status: dict[str, Any]) -> list[str]:
    """What an arm's status says, a line each; what should be looked at comes last."""
    wanted = status["n_problems"] * status["n_wanted"]
    lines = [
        f"{status['model']} on {status['benchmark']} ({status['folder']})",
        f"  stored {status['n_stored']:,} of {wanted:,} samples ({status['n_problems']} problems), "
        f"{status['n_tokens']:,} tokens, {status['n_truncated']:,} truncated",
    ]
    for name, outcomes in status["verdicts"].items():
        judged = sum(outcomes.values())
        parts = ", ".join(f"{outcome} {count:,}" for outcome, count in sorted(outcomes.items()))
        lines.append(f"  {name}: judged {judged:,}; {parts}")
        if judged < status["n_stored"]:
            lines.append(f"  {status['n_stored'] - judged:,} samples are not judged by it yet: boundary verify")
    if not status["verdicts"]:
        lines.append("  not judged yet: boundary verify")
    lines += [f"  LOOK: {each['text']}" for each in status["shared_texts"]]
    if status["repeated"] > MANY_REPEATS:
        lines.append(
            f"  LOOK: {status['repeated']:.0%} of the longer texts repeat another sample of the same problem; "
            "were samples given one seed?"
        )
    return lines


def _arm_status(arm: Path) -> dict[str, Any]:
    manifest, table = read_manifest(arm), sample_index(arm)
    n_problems, wanted = len(read_problems(arm)), int(manifest.get("n_samples") or 0)
    long = table.loc[table["n_tokens"] >= LONG_TEXT]
    # Samples beyond the number wanted fill no gap.
    held = int((table["sample_index"] < wanted).sum()) if wanted else len(table)
    return {
        "folder": str(arm),
        "model": model_name(manifest),
        "benchmark": manifest["benchmark"],
        "n_problems": n_problems,
        "n_wanted": wanted,
        "n_stored": len(table),
        "n_missing": max(0, n_problems * wanted - held),
        "n_tokens": int(table["n_tokens"].sum()),
        "n_truncated": int((table["finish_reason"] == "length").sum()),
        "repeated": float(long.duplicated(["problem_id", "text_hash"]).mean()) if len(long) else 0.0,
        "verdicts": {
            name: {str(key): int(count) for key, count in read_verdicts(arm, name)["outcome"].value_counts().items()}
            for name in verdict_names(arm)
        },
    }
