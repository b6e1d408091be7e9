"""The stratum of each problem, from a column of the counts."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

from boundary.analysis.strata.record import NO_VALUE
from boundary.data.counts import Counts
from boundary.errors import InputError, did_you_mean

DEFAULT_COLUMN = "stratum"
# More numbers or dates than this are cut into so many groups; of other values the largest groups stay.
MOST_VALUES, NUMBER_GROUPS = 8, 4
EPOCH = pd.Timestamp(0, tz="UTC")
OTHER = "other"
# Columns that say nothing of a problem, or everything.
NOT_STRATA = ("model", "benchmark", "problem_id", "n_samples", "n_correct")


class Groups(NamedTuple):
    """The strata of a column.

    Parameters
    ----------
    column
        Its name.
    of_problem
        Stratum by (benchmark, problem_id).
    order
        The strata in the order in which they are shown.
    remark
        How they were made where that is not plain; empty otherwise.
    """

    column: str
    of_problem: dict[tuple[str, str], str]
    order: tuple[str, ...]
    remark: str = ""


def strata_columns(counts: Counts, columns: tuple[str, ...]) -> tuple[str, ...]:
    """The columns to group by: those named, or `stratum` where the counts have it.

    Raises
    ------
    InputError
        If the counts do not have a column, or it is one of counts or names.
    """
    have = [str(name) for name in counts.table.columns if name not in NOT_STRATA]
    for column in columns:
        if column in NOT_STRATA:
            raise InputError(f"'{column}' cannot make strata. Name a column that is constant for each problem.")
        if column not in have:
            hint = did_you_mean(column, have)
            raise InputError(
                f"{counts.source}: no column '{column}' to make strata of.{hint} It has: {', '.join(have) or 'none'}."
            )
    return columns or ((DEFAULT_COLUMN,) if DEFAULT_COLUMN in have else ())


def groups_of(counts: Counts, column: str) -> Groups:
    """The stratum of each problem.

    Raises
    ------
    InputError
        If two models have different values for one problem.

    Examples
    --------
    >>> table = pd.DataFrame({"model": "m", "benchmark": "B", "problem_id": list("abc"), "clean": [True, False, True]})
    >>> groups_of(Counts(table), "clean").order
    ('False', 'True')
    """
    values = counts.table[["benchmark", "problem_id", column]].drop_duplicates()
    values[column] = values[column].mask(values[column].astype(str).str.strip() == "")
    values = values.drop_duplicates()
    # A model's empty cell takes the value that other models have for the problem.
    is_known = values[["benchmark", "problem_id"]].duplicated(keep=False) & values[column].isna()
    values = values.loc[~is_known]
    repeated = values.loc[values[["benchmark", "problem_id"]].duplicated()]
    if len(repeated):
        benchmark, problem = repeated.iloc[0][["benchmark", "problem_id"]]
        raise InputError(
            f"{counts.source}: the column '{column}' has several values for problem '{problem}' of '{benchmark}'. "
            "Strata are of problems: give each problem one value, the same for every model."
        )
    labels, order, remark = _labels(values[column], column)
    keys = zip(values["benchmark"].astype(str), values["problem_id"].astype(str), strict=True)
    return Groups(column, dict(zip(keys, labels, strict=True)), order, remark)


def _labels(values: pd.Series, column: str) -> tuple[list[str], tuple[str, ...], str]:
    """Labels, their order, and how they were made."""
    present = values.dropna()
    numbers = pd.to_numeric(present, errors="coerce") if present.dtype != bool else pd.Series([np.nan])
    if len(present) > 1 and present.nunique() == len(present) <= MOST_VALUES:
        return _largest(values, column)
    if present.nunique() > MOST_VALUES:
        if not numbers.isna().any():
            return _cut(values, numbers.astype(float), column, "numbers", lambda value: f"{value:.6g}")
        dates = pd.to_datetime(present, errors="coerce", format="ISO8601", utc=True)
        if not dates.isna().any():
            seconds = (dates - EPOCH).dt.total_seconds()
            return _cut(values, seconds, column, "dates", lambda value: str(pd.Timestamp(value, unit="s").date()))
        return _largest(values, column)
    labels = [NO_VALUE if pd.isna(value) else _text(value) for value in values]
    ranks = dict(zip(present.map(_text), numbers, strict=False)) if not numbers.isna().any() else {}
    order = sorted(set(labels) - {NO_VALUE}, key=lambda label: (ranks.get(label, 0.0), label))
    return labels, (*order, *([NO_VALUE] if NO_VALUE in labels else [])), ""


def _cut(
    values: pd.Series, numbers: pd.Series, column: str, kind: str, text: Callable[[float], str]
) -> tuple[list[str], tuple[str, ...], str]:
    """Groups of about the same number of problems, cut at quantiles that are values."""
    edges = np.unique(np.quantile(numbers, np.arange(1, NUMBER_GROUPS) / NUMBER_GROUPS, method="lower"))
    place = np.searchsorted(edges, numbers.to_numpy(), side="left")
    names = {}
    for group in np.unique(place):
        inside = numbers.to_numpy()[place == group]
        low, high = (text(end) for end in (inside.min(), inside.max()))
        names[int(group)] = low if low == high else f"{low} to {high}"
    by_index = dict(zip(numbers.index, place.tolist(), strict=True))
    labels = [names[by_index[i]] if i in by_index else NO_VALUE for i in values.index]
    order = tuple(dict.fromkeys(names.values()))
    remark = (
        f"The {kind} in {column} were cut into {len(order)} groups of about as many problems: {', '.join(order)}. "
        "Other cuts give other strata."
    )
    return labels, (*order, *([NO_VALUE] if NO_VALUE in labels else [])), remark


def _largest(values: pd.Series, column: str) -> tuple[list[str], tuple[str, ...], str]:
    """The largest groups, and the problems of all others together."""
    texts = values.map(lambda value: NO_VALUE if pd.isna(value) else _text(value))
    sizes = texts.value_counts().sort_index().sort_values(ascending=False, kind="stable")
    kept = sizes.index[sizes > 1][: MOST_VALUES - 1].tolist()
    if not kept:
        remark = f"{column} has a value of its own for every problem: there are no strata to compare."
        return [OTHER] * len(texts), (OTHER,), remark
    remainder = OTHER if OTHER not in sizes.index else f"({OTHER})"  # which may be a value of the column
    labels = [text if text in kept else remainder for text in texts]
    remark = (
        f"{column} has {texts.nunique():,} values: the {len(kept)} with the most problems are strata, all others are "
        f"'{remainder}'."
    )
    return labels, (*sorted(map(str, kept)), remainder), remark


def _text(value: object) -> str:
    return f"{value:.0f}" if isinstance(value, float) and value.is_integer() else str(value)
