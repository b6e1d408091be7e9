"""Tables of the distinct counts of a panel: their likelihood in each cell, and quantiles of the solve rate within."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from boundary.stats.distinct_counts import distinct_rows
from boundary.stats.population.grid import Errors, Grid
from boundary.stats.verdict_errors import VerdictErrors

# Distinct pairs of counts in a group that shares the base model's.
SLOTS = 8
# Sizes to which groups and rows of tables are padded, so that few shapes are ever compiled.
GROUP_SIZES = (40, 160, 640)
# A group of pairs costs as much as so many cells of the table of all pairs.
CELLS_A_GROUP = 64
# Counts of a bin differ by less than so many standard deviations of their observed rate: see `CountTable`.
BIN_WIDTH = 1.2
# Up to so many distinct counts are not binned.
FEW_COUNTS = 24
# Where all problems have so many samples at most, the rows of every count are computed once for all models.
MOST_KEPT_SAMPLES = 256


class CountTable(NamedTuple):
    """Tables of the distinct counts of one model, and the row of each problem in them.

    Parameters
    ----------
    likelihood, log_largest
        Of each cell, relative to the row's largest, and the log of that. The table is padded.
    quantiles
        Of the solve rate within each cell, padded.
    row
        Each problem's row.
    distinct
        Numbers of correct and of all samples of each row, and its errors of verdicts.
    bin
        Each row's bin: neighbouring counts of the same number of samples, in which likelihoods are nearly the same.
        A rate's arcsine square root has the standard deviation 1 / (2 sqrt(n)) wherever it is.
    largest_n
        Samples of the problem that has most.
    """

    likelihood: Float[np.ndarray, "row cell"]
    quantiles: Float[np.ndarray, "row cell quantile"]
    log_largest: Float[np.ndarray, " row"]
    row: Int[np.ndarray, " problem"]
    distinct: tuple[Int[np.ndarray, " row"], Int[np.ndarray, " row"], Errors]
    bin: Int[np.ndarray, " row"]
    largest_n: int

    @classmethod
    def of(cls, n_correct: np.ndarray, n_samples: np.ndarray, grid: Grid, errors: Errors) -> "CountTable":
        """Tables of counts (problem,) and of the errors of verdicts at each node."""
        counts = np.column_stack([n_correct, n_samples, *errors])
        _, first, row = np.unique(counts, axis=0, return_index=True, return_inverse=True)
        distinct = n_correct[first], n_samples[first], (errors[0][first], errors[1][first])
        size = padded_size(len(first))
        relative, log_largest, within = _rows(grid, *distinct)
        likelihood, quantiles = (padded(table, size) for table in (relative, within))
        bins = _bins(counts[first])
        return cls(likelihood, quantiles, log_largest, row.ravel(), distinct, bins, int(n_samples.max()))

    @property
    def n_rows(self) -> int:
        """Distinct counts, without the padding."""
        return len(self.log_largest)


Rows = tuple[Float[np.ndarray, "row cell"], Float[np.ndarray, " row"], Float[np.ndarray, "row cell quantile"]]
"""Likelihood, log of each row's largest, and quantiles of rows of counts."""


def _rows(grid: Grid, n_correct: np.ndarray, n_samples: np.ndarray, errors: Errors) -> Rows:
    n = int(n_samples[0])
    if n > MOST_KEPT_SAMPLES or (n_samples != n).any() or any(rates.any() for rates in errors):
        return _computed_rows(grid, n_correct, n_samples, errors)
    likelihood, log_largest, quantiles = _rows_of_every_count(grid, n)
    return likelihood[n_correct], log_largest[n_correct], quantiles[n_correct]


@lru_cache(maxsize=8)
def _rows_of_every_count(grid: Grid, n: int) -> Rows:
    n_correct = np.arange(n + 1)
    return _computed_rows(grid, n_correct, np.full_like(n_correct, n))


def _computed_rows(grid: Grid, n_correct: np.ndarray, n_samples: np.ndarray, errors: Errors | None = None) -> Rows:
    likelihood, log_largest = grid.likelihood(n_correct, n_samples, errors)
    return likelihood.astype(np.float32), log_largest, grid.quantiles(n_correct, n_samples, errors).astype(np.float32)


def _bins(counts: Float[np.ndarray, "row column"]) -> Int[np.ndarray, " row"]:
    """Bin of each row of counts, samples and errors."""
    if len(counts) <= FEW_COUNTS:
        return np.arange(len(counts))
    n_correct, n_samples = counts[:, 0], np.maximum(counts[:, 1], 1)
    deviations = 2 * np.sqrt(n_samples) * np.arcsin(np.sqrt(n_correct / n_samples))
    keys = np.column_stack([np.floor(deviations / BIN_WIDTH), counts[:, 1:]])
    return np.unique(keys, axis=0, return_inverse=True)[1].ravel()


def count_tables(
    n_correct: np.ndarray, n_samples: np.ndarray, grid: Grid, errors: VerdictErrors | None
) -> list[CountTable]:
    """Tables of each model's counts, (problem, model), under the errors of verdicts."""
    no_errors = np.zeros((*n_correct.shape, 1))
    positive, negative = (no_errors, no_errors) if errors is None else (errors.false_positive, errors.false_negative)
    return [
        CountTable.of(n_correct[:, m], n_samples[:, m], grid, (positive[:, m], negative[:, m]))
        for m in range(n_correct.shape[1])
    ]


class Pairs(NamedTuple):
    """Distinct pairs of counts, by rows of the base's table and slots of rows of the RL model's.

    Parameters
    ----------
    base
        Row of the base's table of each group.
    rl
        Rows of the RL model's table: of each group, or the same of all groups.
    problems
        How many problems have each pair.
    place
        Each problem's pair, flattened.
    """

    base: Int[np.ndarray, " group"]
    rl: Int[np.ndarray, "group slot"] | Int[np.ndarray, " slot"]
    problems: Float[np.ndarray, "group slot"]
    place: Int[np.ndarray, " problem"]


def paired(tables: Sequence[CountTable]) -> Pairs:
    """The distinct pairs of counts of two models: in groups, or where there are many as a table of all pairs.

    The product of the base's likelihood with a population is most of a gradient's work, and a group shares it. Groups
    cost less where few of the possible pairs occur; a table of all pairs costs the same for a thousand problems and a
    million (docs/decisions/016-many-short-chains.md).
    """
    rows = np.column_stack([table.row for table in tables])
    distinct, pair = distinct_rows(rows)
    _, first, in_row = np.unique(distinct[:, 0], return_index=True, return_counts=True)
    slot = (np.arange(len(distinct)) - np.repeat(first, in_row)) % SLOTS
    group = np.cumsum(slot == 0) - 1
    n_groups = next((size for size in GROUP_SIZES if size > group[-1]), _doubled(GROUP_SIZES[-1], int(group[-1]) + 1))
    n_base, n_rl = (padded_size(table.n_rows) for table in tables)
    if n_base * n_rl < CELLS_A_GROUP * n_groups:
        of_base, of_rl, (group, slot) = np.arange(n_base), np.arange(n_rl), distinct.T
    else:
        # Empty slots repeat a pair that occurs: one that does not may have no chance at all.
        of_base, of_rl = np.full(n_groups, distinct[0, 0]), np.full((n_groups, SLOTS), distinct[0, 1])
        of_base[group], of_rl[group] = distinct[:, 0], distinct[:, 1:]
        of_rl[group, slot] = distinct[:, 1]
    n_problems = np.zeros((len(of_base), of_rl.shape[-1]), np.float32)
    n_problems[group, slot] = np.bincount(pair)
    return Pairs(of_base, of_rl, n_problems, (group * of_rl.shape[-1] + slot)[pair])


def _doubled(size: int, least: int) -> int:
    while size < least:
        size *= 2
    return size


def padded_size(rows: int, least: int = 128) -> int:
    """The least size of the form 2^m + 8, at least 136, that holds so many rows: all counts of 2^m samples fit."""
    return _doubled(least, rows - 8) + 8


def padded(table: np.ndarray, size: int) -> np.ndarray:
    """The table with its first row repeated at the end, up to a size."""
    return np.concatenate([table, np.repeat(table[:1], size - len(table), axis=0)])
