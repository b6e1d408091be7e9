"""The table of one estimand: a row for each benchmark and model, a column for each budget."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from boundary.analysis.estimates.table import ESTIMATE_COLUMNS, POSTERIOR, select
from boundary.analysis.formatting import (
    benchmark_name,
    budget,
    format_of,
    heading,
    interval,
    level_text,
    middle_column,
    number,
    shortener,
    upper_first,
)
from boundary.analysis.tables.result_table import Cell, ResultTable
from boundary.errors import InputError, did_you_mean
from boundary.stats.estimands import ESTIMANDS

# Of more budgets the smallest, the largest within the samples and the largest of all are shown.
MOST_BUDGETS = 6
# Its rows are all of one kind, and the draws' convergence stands in `Analysis.estimates`.
LEFT_OUT = ("kind", "prior", "r_hat", "ess_bulk", "ess_tail")
FRAME_COLUMNS = tuple(column for column in ESTIMATE_COLUMNS if column not in LEFT_OUT)


def estimate_table(
    estimates: pd.DataFrame,
    estimand: str,
    k: int | Sequence[int] | None,
    crossover_words: Mapping[tuple[str, str], str | None] | None = None,
) -> ResultTable:
    """The posterior of one estimand as a table.

    Parameters
    ----------
    estimates
        The estimates of an analysis.
    estimand
        A key of `ESTIMANDS`.
    k
        Budgets; None for all, or where these are more than six, for the smallest, the largest within the samples and
        the largest.
    crossover_words
        By benchmark and model what stands in place of a crossover that is not spoken of
        (`Verdict.no_crossover_word`): None where it is spoken of, and a dash of pairs that are not there.

    Raises
    ------
    InputError
        If there is no such estimand, or none at that budget.
    """
    rows = select(estimates, kind=POSTERIOR, estimand=estimand)
    if rows.empty:
        raise InputError(_missing(estimates, estimand))
    rows = _at_budgets(rows, estimand, k)
    record = ESTIMANDS[estimand]
    columns = list(dict.fromkeys(zip(map(_or_none, rows["k"]), map(_or_none, rows["tau"]), strict=True)))
    with_reference = record.of == "models" and bool(rows["reference"].astype(bool).any())
    lines: dict[tuple[str, ...], dict[tuple[float | None, float | None], Cell]] = {}
    for row in rows.to_dict("records"):
        labels = (str(row["benchmark"]), str(row["model"]), str(row["reference"]) if with_reference else "")
        at = (_or_none(row["k"]), _or_none(row["tau"]))
        word = (crossover_words or {}).get(labels[:2], "\N{EN DASH}") if estimand == "crossover" else None
        lines.setdefault(labels, {})[at] = _cell(row, estimand) if word is None else Cell(word)
    empty = Cell("")
    shorten = shortener(map(str, estimates["model"].unique()))
    return ResultTable(
        caption=_caption(rows, estimand),
        headings=(
            "benchmark",
            "model",
            *["compared with"] * with_reference,
            *(_heading(estimand, *at) for at in columns),
        ),
        n_labels=2 + with_reference,
        rows=tuple(
            (
                Cell(benchmark_name(benchmark)),
                *(Cell(shorten(model)) for model in models if model),
                *(cells.get(at, empty) for at in columns),
            )
            for (benchmark, *models), cells in lines.items()
        ),
        frame=rows[[column for column in FRAME_COLUMNS if column in rows.columns]].reset_index(drop=True),
    )


def interval_text(row: dict[Any, Any], estimand: str) -> str:
    """An estimate with its interval, as `1.8 [1.0, 2.7]`; a probability has none."""
    record, (scale, digits, _) = ESTIMANDS[estimand], format_of(estimand)
    middle = number(row["median" if record.is_budget else middle_column(row)], scale, digits)
    return middle if record.unit == "probability" else " ".join(filter(None, (middle, interval(row, scale, digits))))


def _cell(row: dict[Any, Any], estimand: str) -> Cell:
    return Cell(interval_text(row, estimand), bool(row["extrapolated"]))


def _at_budgets(rows: pd.DataFrame, estimand: str, k: int | Sequence[int] | None) -> pd.DataFrame:
    budgets = sorted(set(rows["k"].dropna()))
    if not budgets:
        return rows
    if k is None:
        within = sorted(set(rows.loc[~rows["extrapolated"].astype(bool), "k"].dropna()))
        ends = dict.fromkeys([budgets[0], *within[-1:], budgets[-1]])
        return rows if len(budgets) <= MOST_BUDGETS else select(rows, k=list(ends))
    chosen_budgets = [float(value) for value in np.atleast_1d(k)]
    for value in chosen_budgets:
        if value not in budgets:
            raise InputError(
                f"There is no {estimand} at k = {budget(value)}. It was estimated at k = "
                f"{', '.join(map(budget, budgets))}; give k=[{budget(value)}, ...] to boundary.analyze for others."
            )
    return select(rows, k=chosen_budgets)


def _missing(estimates: pd.DataFrame, estimand: str) -> str:
    """Why there is no such estimand, and what would mend it."""
    present = sorted(set(select(estimates, kind=POSTERIOR)["estimand"]))
    if estimand in ESTIMANDS:
        return (
            f"{estimand} was not estimated. Give estimands=['{estimand}'] to boundary.analyze, or choose one of: "
            f"{', '.join(present)}."
        )
    hint = did_you_mean(estimand, ESTIMANDS)
    return f"There is no estimand '{estimand}'.{hint} This analysis has: {', '.join(present)}."


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else value


def _heading(estimand: str, k: float | None, tau: float | None) -> str:
    record, words = ESTIMANDS[estimand], format_of(estimand).words
    if record.label_at and k is not None:
        return heading(estimand, budget(k), np.nan if tau is None else tau)
    if record.is_budget:
        return f"{record.label}, k"
    places = [] if k is None else [f"k = {budget(k)}"]
    places += [] if tau is None else [f"tau = {tau:.2g}"]
    return ", ".join(places) + words if places else heading(estimand)


def _caption(rows: pd.DataFrame, estimand: str) -> str:
    record = ESTIMANDS[estimand]
    if record.unit == "probability":
        return f"{upper_first(heading(estimand))}."
    middle = "median" if record.is_budget else "mean"
    level = level_text(float(rows["level"].iloc[0]))
    none = " (none: it is not reached)" if record.is_budget else ""
    of_target = target_words(str(rows["target"].iloc[0]))
    return f"{upper_first(heading(estimand))}: posterior {middle} and {level} interval{none}.{of_target}"


def target_words(target: str) -> str:
    """What a caption adds where estimates are of new problems; empty where they are of the problems at hand."""
    return " On new problems like these." if target == "superpopulation" else ""
