"""Tables of estimates: each cell has the estimate from the counts alone, and the posterior beside it."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd
from markupsafe import Markup, escape

from boundary.analysis.estimates.table import BOUNDS, GOOD_TOULMIN, OBSERVED, POSTERIOR
from boundary.analysis.formatting import fewer_problems_suffix, format_of, interval, middle_column, number
from boundary.plain_text import printable
from boundary.stats.estimands import ESTIMANDS

Record = Mapping[Any, Any]
"""A row of the estimates."""

# What cells of tables are made of.
CELL_COLUMNS = (
    "estimand",
    "model",
    "k",
    "tau",
    "kind",
    "mean",
    "median",
    "lower",
    "upper",
    "extrapolated",
    "n_problems",
    "n_extrapolated",
)


class Cell(NamedTuple):
    """One estimate: from the counts alone (bounds beyond n), and the posterior with its interval."""

    observed: str
    posterior: str
    interval: str


class Heading(NamedTuple):
    """What heads a row or a column, and which rows of the estimates it stands for: their values in some columns."""

    text: str
    labels: Mapping[str, Any]


class Row(NamedTuple):
    """A line of a table; `mark` says for how many problems it is beyond the samples."""

    heading: Heading
    extrapolated: bool
    mark: str
    cells: list[Cell]


class Table(NamedTuple):
    """Estimates in rows and columns; `corner` heads the headings of the rows."""

    caption: str
    corner: str
    columns: list[Heading]
    rows: list[Row]


def data_attributes(**labels: Any) -> Markup:
    """Attributes that name the estimate of a cell by its columns in estimates.csv; empty ones are left out.

    Examples
    --------
    >>> str(data_attributes(estimand="shrinkage", k=128.0, model=None))
    ' data-estimand="shrinkage" data-k="128"'
    """
    parts = []
    for name, value in labels.items():
        if value is not None and value == value:
            text = f"{value:g}" if isinstance(value, float) else str(value)
            parts.append(f' data-{name}="{escape(printable(text))}"')
    return Markup("".join(parts))


def cell_of(rows: Sequence[Record], estimand: str) -> Cell:
    """Write one estimate from its rows of each kind.

    Parameters
    ----------
    rows
        Of one estimand, model, budget and threshold; they may be none.
    estimand
        Its name: its unit says how numbers are written.
    """
    by_kind = {row["kind"]: dict(row) for row in rows}
    scale, digits, _ = format_of(estimand)
    posterior, observed = by_kind.get(POSTERIOR, {}), by_kind.get(OBSERVED, {})
    from_counts = number(observed.get("mean"), scale, digits)
    middle = "median" if ESTIMANDS[estimand].is_budget else middle_column(posterior)
    return Cell(
        from_counts + fewer_problems_suffix(observed, posterior)
        if from_counts
        else prior_free_words(by_kind, scale, digits),
        number(posterior.get(middle), scale, digits),
        interval(posterior, scale, digits) if ESTIMANDS[estimand].unit != "probability" else "",
    )


def prior_free_words(by_kind: Mapping[str, dict[Any, Any]], scale: float, digits: int) -> str:
    """Write the bounds and the Good-Toulmin estimate for a table's cell; empty where there is neither."""
    parts = []
    if BOUNDS in by_kind:
        parts.append(interval(by_kind[BOUNDS], scale, digits) or "none agrees")
    if GOOD_TOULMIN in by_kind:
        parts.append(f"GT {number(by_kind[GOOD_TOULMIN]['mean'], scale, digits)}")
    return ", ".join(parts)


def records(rows: pd.DataFrame) -> list[dict[Any, Any]]:
    """Rows as dicts."""
    return rows.to_dict(orient="records")


def records_by(rows: pd.DataFrame, *columns: str) -> dict[tuple[Any, ...], list[dict[Any, Any]]]:
    """Rows as dicts, by their values in some columns: one pass, since to pick rows of a table takes long."""
    groups: dict[tuple[Any, ...], list[dict[Any, Any]]] = {}
    for row in records(rows[[column for column in CELL_COLUMNS if column in rows]]):
        groups.setdefault(tuple(row[column] for column in columns), []).append(row)
    return groups
