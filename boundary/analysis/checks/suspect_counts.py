"""Counts that suggest a fault of the verifier or of the files rather than a property of the models."""

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from boundary.analysis.notes import Note
from boundary.data.counts import Counts

# With fewer samples, or fewer problems that are neither all right nor all wrong, equal verdicts may be chance.
ENOUGH_SAMPLES, ENOUGH_PROBLEMS = 16, 10


def suspect_count_notes(counts: Counts, benchmarks: Sequence[str]) -> Iterator[Note]:
    """Notes on verdicts that are all the same, on two models with the same counts, and on rows that were left out."""
    for remark in counts.remarks:
        yield Note(remark.benchmark, remark.model, remark.text, "remark")
    table = counts.table.loc[counts.table["benchmark"].isin(list(benchmarks))]
    for benchmark, rows in table.groupby("benchmark", sort=False):
        parts = {str(model): part for model, part in rows.groupby("model", sort=False)}
        for model, part in parts.items():
            n, c = int(part["n_samples"].sum()), int(part["n_correct"].sum())
            if n >= ENOUGH_SAMPLES and c in (0, n):
                finding = (
                    f"All {n} samples of {model} are correct"
                    if c
                    else f"Not one of the {n} samples of {model} is correct"
                )
                yield Note(str(benchmark), model, f"{finding}. Did the verifier run?", "alarm")
        in_order = {model: _mixed_counts(part) for model, part in parts.items()}
        for (first_model, first), (model, second) in combinations(in_order.items(), 2):
            if first is not None and first == second:
                text = (
                    f"{first_model} and {model} have the same counts on every problem. Are they one model under two "
                    "names?"
                )
                yield Note(str(benchmark), model, text, "alarm")


def _mixed_counts(part: pd.DataFrame) -> tuple[tuple[str, ...], bytes, bytes] | None:
    """Problems of one model in order, and their counts; None with few that are neither all right nor all wrong."""
    n_samples, n_correct = (part[name].to_numpy() for name in ("n_samples", "n_correct"))
    if int(((n_correct > 0) & (n_correct < n_samples)).sum()) < ENOUGH_PROBLEMS:
        return None
    problems = part["problem_id"].to_numpy(dtype=object)
    order = np.argsort(problems)
    return tuple(problems[order]), n_samples[order].tobytes(), n_correct[order].tobytes()
