"""Counts that suggest a fault of the verifier or of the files rather than a property of the models."""

from collections.abc import Iterator, Sequence
from itertools import combinations

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
        for (first_model, first), (model, second) in combinations(parts.items(), 2):
            if _same_counts(first, second):
                text = (
                    f"{first_model} and {model} have the same counts on every problem. Are they one model under two "
                    "names?"
                )
                yield Note(str(benchmark), model, text, "alarm")


def _same_counts(first: pd.DataFrame, second: pd.DataFrame) -> bool:
    """Whether two models have equal counts, with enough problems that are neither all right nor all wrong."""
    counts, other_counts = (
        part.set_index("problem_id")[["n_samples", "n_correct"]].sort_index() for part in (first, second)
    )
    mixed = (counts["n_correct"] > 0) & (counts["n_correct"] < counts["n_samples"])
    return counts.equals(other_counts) and int(mixed.sum()) >= ENOUGH_PROBLEMS
