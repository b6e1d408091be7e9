"""The part of an analysis about strata, and problems that may have been chosen because the base failed."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from boundary.analysis.estimates.table import without_minus_zero
from boundary.analysis.fitting import Panel
from boundary.analysis.notes import Note
from boundary.analysis.request import Request
from boundary.analysis.strata.groups import OTHER, Groups, groups_of, strata_columns
from boundary.analysis.strata.record import MISSING, STRATA_COLUMNS, Strata
from boundary.analysis.strata.rows import Partition, has_unbiased_counts, partition_rows, shared_budget
from boundary.data.counts import ALL, Counts
from boundary.stats.solve_rates import SolveRates

# Fewer problems than this are said to be few; fewer zeros than this are no sign of a choice.
FEW_PROBLEMS, LEAST_ZEROS = 10, 5
TYPES = {"extrapolated": bool, "n_problems": int, "k": float}
NEW_PROBLEMS = "Strata are about these problems: intervals for new ones are not given."


def strata_of_problems(counts: Counts, columns: tuple[str, ...]) -> list[Groups]:
    """The strata of each column; before the fits, so that a fault in them shows at once."""
    return [groups_of(counts, column) for column in strata_columns(counts, columns)]


def analyse_strata(request: Request, groups: Sequence[Groups], fits: Sequence[tuple[Panel, SolveRates]]) -> Strata:
    """Pass@k and shrinkage in the strata of each column, and the note on zeros of the base.

    Parameters
    ----------
    request
        Level, margin, seed.
    groups
        The strata of each column.
    fits
        The panel of each fit and its posterior.

    Returns
    -------
    Strata
        With `missing`, and without rows, where no column makes strata.
    """
    rows: list[dict[str, Any]] = []
    notes = [Note(ALL, "", group.remark, "note") for group in groups if group.remark]
    for panel, rates in fits:
        if panel.first:
            notes += _zero_notes(panel, None)
        for group in groups:
            partition = partition_of(panel, group)
            if len(partition.names) > 1:
                rows += partition_rows(request, panel, rates, partition)
                notes += _notes(panel, rates, partition)
            elif panel.first and partition.names != [OTHER]:  # else its remark says it
                text = f"{group.column} has one value on these problems: there are no strata to compare."
                notes.append(Note(panel.benchmark, "", text, "note"))
    if rows and request.target != "benchmark":
        notes.append(Note(ALL, "", NEW_PROBLEMS, "note"))
    unique = tuple(dict.fromkeys(notes))
    if not rows:
        return Strata(notes=unique, missing="" if groups else MISSING)
    table = pd.DataFrame(rows, columns=list(STRATA_COLUMNS))
    table[["reference", "other_stratum"]] = table[["reference", "other_stratum"]].fillna("")
    return Strata(without_minus_zero(table.astype(TYPES)), unique)


def partition_of(panel: Panel, group: Groups) -> Partition:
    """The strata that have problems of a fit."""
    labels = [group.of_problem[pair] for pair in panel.counts.pairs]
    names = [name for name in group.order if name in set(labels)]
    number = {name: i for i, name in enumerate(names)}
    return Partition(group.column, names, np.array([number[label] for label in labels]))


def _notes(panel: Panel, rates: SolveRates, partition: Partition) -> Iterator[Note]:
    """What strata of a fit rest on, where it is less than usual."""
    few = [
        f"{name} ({size})" for name, size in zip(partition.names, partition.sizes, strict=True) if size < FEW_PROBLEMS
    ]
    if few:
        text = (
            f"Few problems in strata of {partition.column}: {', '.join(few)}. What is said of them rests on the others."
        )
        yield Note(panel.benchmark, "", text, "note")
    if shared_budget(rates) < rates.reliable_k:
        text = (
            f"Strata are compared at k = {shared_budget(rates):,}, the smallest number of samples of a problem, since "
            "larger budgets cannot be counted everywhere."
        )
        yield Note(panel.benchmark, "", text, "note")
    if not has_unbiased_counts(panel):
        text = (
            "Strata come from the common fit alone, since counts of adaptive sampling or with known verifier errors "
            "are no unbiased estimates: intervals are too narrow where strata differ much."
        )
        yield Note(panel.benchmark, panel.arm, text, "remark")
    yield from _zero_notes(panel, partition)


def _zero_notes(panel: Panel, partition: Partition | None) -> Iterator[Note]:
    """A note where the base solved no problem of a benchmark or of strata: they may have been chosen for that."""
    if panel.base is None:
        return
    zeros = panel.counts.n_correct[:, 0] == 0
    if partition is None:
        sizes = {"": len(zeros)} if zeros.all() else {}
    elif zeros.all():  # said of the benchmark
        sizes = {}
    else:
        solved = set(partition.stratum[~zeros].tolist())
        pairs = enumerate(zip(partition.names, partition.sizes, strict=True))
        sizes = {f"{partition.column} = {name}": size for i, (name, size) in pairs if i not in solved}
    for name, size in sizes.items():
        if size >= LEAST_ZEROS:
            yield Note(panel.benchmark, "", zero_text(size, name), "remark")


def zero_text(n_problems: int, stratum: str) -> str:
    """What failures of the base on every problem mean if the problems were chosen for them."""
    place = f"with {stratum}" if stratum else "here"
    return (
        f"The base solved none of the {n_problems:,} problems {place}. If they were chosen because it failed, some of "
        "them were failed by bad luck (regression to the mean): sampled again the base would solve more than these "
        "samples can tell, and shrinkage there is estimated too low. Sample the base again on them."
    )
