"""Tests whether samples are exchangeable, as the likelihood assumes: drift, dependence, unlike or repeated runs."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isnan
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from boundary.analysis.formatting import joined, number
from boundary.analysis.notes import Note
from boundary.data.tables.reading import read_table
from boundary.errors import InputError
from boundary.stats.exchangeability import (
    ABSENT,
    Repeats,
    compare_groups,
    halves,
    repeats_at_lags,
    repeats_between_runs,
)

# All tests of a report together raise a false alarm with at most this probability (Bonferroni): half of the 1 % that is
# promised, since normal approximations understate p-values up to twofold where most problems are hard (docs/drift.md).
FALSE_ALARM = 0.005
# Runs compared two by two: the time grows with their square.
MOST_RUNS_IN_PAIRS = 16
# So many problems, each all right or all wrong in so many samples, are hardly chance where a model solves only some.
ENOUGH_PROBLEMS, ENOUGH_SAMPLES = 10, 4
COPIES = "copies"
CORRECT = ("correct", "1", "true", "True")  # as written in a table of text
REQUIRED_COLUMNS = ("model", "benchmark", "problem_id", "sample_index", "outcome")


@dataclass(frozen=True)
class _Test:
    """One test: the departure from exchangeability that it looks for, its p-value, and the finding as a sentence."""

    departure: str
    p_value: float
    finding: str


def check_samples(samples: Any) -> list[Note]:
    """Notes on drift, unlike runs and repeated samples, for each benchmark and model.

    Parameters
    ----------
    samples
        A DataFrame, or the path of a CSV, TSV or Parquet file, with one row a sample: model, benchmark, problem_id,
        sample_index (a whole number), outcome (`correct` or another class; or 1 and 0), and where known run and
        text_hash.

    Raises
    ------
    InputError
        If the file cannot be read, a column is missing, or a sample_index is not a whole number.

    Notes
    -----
    The tests are those of `boundary.stats.exchangeability`. A finding is alarming where its p-value times the number of
    tests is below 0.005. False alarms and power were measured: docs/drift.md.
    """
    parts = {
        (str(benchmark), str(model)): list(_tests(part))
        for (benchmark, model), part in _table(samples).groupby(["benchmark", "model"], sort=True)
    }
    n_tests = sum(not isnan(test.p_value) for tests in parts.values() for test in tests)
    return [note for (benchmark, model), tests in parts.items() for note in _notes(benchmark, model, tests, n_tests)]


def _table(samples: Any) -> pd.DataFrame:
    """Read the samples where a path is given, and check that the columns are there."""
    table = samples if isinstance(samples, pd.DataFrame) else read_table(Path(samples))
    source = "The samples" if isinstance(samples, pd.DataFrame) else f"'{samples}'"
    missing = [name for name in REQUIRED_COLUMNS if name not in table.columns]
    if missing:
        raise InputError(
            f"{source}: no column {missing[0]}. Samples need {', '.join(REQUIRED_COLUMNS)}, and run where known."
        )
    index = pd.to_numeric(table["sample_index"], errors="coerce")
    if not (index % 1 == 0).all():
        wrong = table["sample_index"].loc[~(index % 1 == 0)].iloc[0]
        raise InputError(f"{source}, column sample_index: '{wrong}' is no whole number. Number samples in order.")
    return table.assign(sample_index=index.astype("int64"))


def _notes(benchmark: str, model: str, tests: list[_Test], n_tests: int) -> Iterator[Note]:
    significant = [test for test in tests if test.p_value * n_tests < FALSE_ALARM]
    for test in significant:
        evidence = "" if test.departure == COPIES else f" ({_p_value_text(test.p_value)})"
        yield Note(benchmark, model, f"{test.finding}{evidence}.", "alarm")
    passed = [
        f"{test.departure} ({_p_value_text(test.p_value)})"
        for test in tests
        if test not in significant and not isnan(test.p_value)
    ]
    if passed:
        yield Note(benchmark, model, f"No sign of {joined(passed, 'or')}.", "remark")
    if all(isnan(test.p_value) for test in tests):
        yield Note(benchmark, model, "Too few samples of mixed outcome to tell drift or dependence.", "remark")


def _p_value_text(value: float) -> str:
    return "p < 0.0001" if value < 0.0001 else f"p = {value:.2g}"


def _tests(part: pd.DataFrame) -> Iterator[_Test]:
    """Test the samples of one model on one benchmark."""
    problem = pd.factorize(part["problem_id"])[0]
    labels = part["run"] if "run" in part else pd.Series(0, index=part.index)
    run, runs = pd.factorize(labels if pd.api.types.is_integer_dtype(labels) else labels.astype(str), sort=True)
    index = part["sample_index"].to_numpy()
    ordered = np.lexsort((index, run, problem))
    problem, run = problem[ordered], run[ordered]
    outcome = _correct(part["outcome"])[ordered]
    # Runs of one sample each have no order within; the order of the runs is then that of the samples.
    single = len(runs) > 1 and len(np.unique(np.stack([problem, run]), axis=1).T) == len(part)
    row = problem if single else problem * len(runs) + run
    in_order = _matrix(outcome, row)
    yield _copies_test(_matrix(outcome, problem))
    yield _drift_test(in_order)
    yield _lag_test(repeats_at_lags(in_order), "outcomes")
    if "text_hash" in part and part["text_hash"].notna().all():
        text = pd.factorize(part["text_hash"])[0][ordered]
        yield _lag_test(repeats_at_lags(_matrix(text, row)), "texts")
    if len(runs) > 1:
        yield _unlike_runs_test(_matrix(outcome, problem), _matrix(run, problem), [str(name) for name in runs])
    if len(runs) > 1 and not single:
        few = min(len(runs), MOST_RUNS_IN_PAIRS)
        width = in_order.shape[1]
        layers = [_matrix(np.where(run == r, outcome, ABSENT), problem, run == r, width) for r in range(few)]
        yield _repeated_runs_test(repeats_between_runs(np.stack(layers)), [str(name) for name in runs])


def _correct(outcome: pd.Series) -> np.ndarray:
    """1 where correct, 0 for every other class."""
    if pd.api.types.is_bool_dtype(outcome) or pd.api.types.is_numeric_dtype(outcome):
        return np.asarray(outcome == 1, dtype=int)
    return np.asarray(outcome.astype(str).isin(CORRECT), dtype=int)


def _matrix(values: np.ndarray, row: np.ndarray, use: np.ndarray | None = None, width: int | None = None) -> np.ndarray:
    """Lay values out, a line for each row number, in their order from the left; ABSENT where a line ends."""
    rows = int(row.max(initial=-1)) + 1
    if use is not None:
        values, row = values[use], row[use]
    starts = np.searchsorted(row, np.arange(rows))
    position = np.arange(len(row)) - starts[row]
    laid = np.full((rows, width or int(position.max(initial=-1)) + 1), ABSENT)
    laid[row, position] = values
    return laid


def _copies_test(outcomes: np.ndarray) -> _Test:
    """Whether all samples of each problem look like copies of one; the p-value is only 0 or NaN."""
    n, c = (outcomes != ABSENT).sum(axis=1), (outcomes == 1).sum(axis=1)
    enough = len(n) >= ENOUGH_PROBLEMS and n.min() >= ENOUGH_SAMPLES
    all_or_none = enough and bool(np.all((c == 0) | (c == n))) and 0 < c.sum() < n.sum()
    words = "Every problem is right in all of its samples or in none: they look like copies of one sample"
    return _Test(COPIES, 0.0 if all_or_none else float("nan"), f"{words} (temperature 0, or one seed for all)")


def _drift_test(outcomes: np.ndarray) -> _Test:
    test = compare_groups(outcomes, halves(outcomes))
    change = 100 * float(np.diff(test.excess)[0]) if len(test.excess) == 2 else 0.0
    difference = f"{number(abs(change), 1, 1)} points {'more' if change > 0 else 'less'}"
    words = f"Samples drift: the later half is right {difference} often"
    return _Test("drift", test.p_value, f"{words} than the earlier half of the same problems")


def _lag_test(test: Repeats, column: str) -> _Test:
    lag = test.place[0] if test.place else 0
    pairs = "neighbouring samples" if lag == 1 else f"samples {lag} apart"
    words = f"Samples depend on each other: {pairs} have equal {column} {test.matches:.0f} times"
    departure = "dependence between samples" if column == "outcomes" else "texts that repeat at some distance"
    return _Test(
        departure, test.p_value, f"{words} where {test.expected:.0f} are expected, as where a seed is used again"
    )


def _unlike_runs_test(outcomes: np.ndarray, groups: np.ndarray, names: list[str]) -> _Test:
    test = compare_groups(outcomes, groups)
    low, high = int(test.excess.argmin()), int(test.excess.argmax())
    above, below = (number(value, 100, 1) for value in (test.excess[high], -test.excess[low]))
    words = f"Runs are not alike: on the same problems, run {names[high]} is right {above} points"
    words += f" more often than all runs together, run {names[low]} {below} points less often"
    return _Test("unlike runs", test.p_value, words)


def _repeated_runs_test(test: Repeats, names: list[str]) -> _Test:
    first, second = test.place or (0, 0)
    words = f"Runs {names[first]} and {names[second]} repeat each other: sample by sample they agree"
    return _Test(
        "runs that repeat each other",
        test.p_value,
        f"{words} {test.matches:.0f} times where {test.expected:.0f} are expected, as where one run is filed twice",
    )
