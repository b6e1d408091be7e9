"""The tables of estimates over k: coverage, and for each RL model what it kept, lost and gained."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from boundary.analysis.estimates.table import POSTERIOR, select
from boundary.analysis.figures.figure import MOST_CURVES
from boundary.analysis.figures.palette import FLOW_WORDS
from boundary.analysis.formatting import budget, heading
from boundary.analysis.report.tables import Heading, Record, Row, Table, cell_of, records_by
from boundary.analysis.result import Analysis
from boundary.stats.estimands import ESTIMANDS

Cells = Mapping[tuple[Any, ...], Sequence[Record]]
"""Rows of the estimates by estimand, model and budget."""

CHANGES = ("lost", "gained")


class Column(NamedTuple):
    """An estimate of a table: which rows of the estimates hold it."""

    heading: str
    estimand: str
    model: str


def estimates_section(analysis: Analysis, benchmark: str) -> dict[str, Any] | None:
    """The tables of one benchmark."""
    if analysis.base is None and len(analysis.models) > MOST_CURVES:
        return None
    rows = select(
        analysis.estimates, benchmark=benchmark, estimand=[*_of_pair("coverage"), *_of_pair("flows"), "pass_at_k"]
    )
    cells = records_by(rows, "estimand", "model", "k")
    if analysis.base is None:
        columns = [Column(model, "pass_at_k", model) for model in analysis.models]
        return {"tables": [table_over_k(heading("pass_at_k"), columns, cells)]}
    names = {model: f"{model} (RL)" if len(analysis.models) <= 2 else model for model in analysis.models}
    names[analysis.base] = f"{analysis.base} (base)"
    present = [model for model in analysis.models if model != analysis.base and (rows["model"] == model).any()]
    return {"tables": [table for model in present for table in tables_of_pair(cells, analysis.base, model, names)]}


def tables_of_pair(cells: Cells, base: str, model: str, names: dict[str, str]) -> list[Table]:
    """Shrinkage before the coverage of both models that it is made of, and the flows of problems, the changes first."""
    coverage = [Column(heading(name), name, model) for name in _of_pair("coverage")]
    coverage += [Column(f"{names[each_model]}, pass@k, %", "pass_at_k", each_model) for each_model in (base, model)]
    by_change = sorted(_of_pair("flows"), key=lambda name: name not in CHANGES)
    flows = [Column(FLOW_WORDS.get(name, heading(name)), name, model) for name in by_change]
    return [
        table_over_k(f"Shrinkage and pass@k: {model} against its base", coverage, cells),
        table_over_k(f"Problems kept, lost and gained: {model} against its base", flows, cells),
    ]


def table_over_k(caption: str, columns: Sequence[Column], cells: Cells) -> Table:
    """Fill one table, a row for each budget."""
    # The first column is the RL model's: another's may have budgets of its own, where its samples are more or fewer.
    own_rows = {
        k: row
        for (estimand, model, k), group in cells.items()
        if (estimand, model) == columns[0][1:]
        for row in group[::-1]
        if row["kind"] == POSTERIOR
    }
    lines = []
    for k, row in sorted(own_rows.items()):
        short, every = row["n_extrapolated"], row["n_problems"]
        mark = "" if not short else "extrapolated" if short == every else f"{short:,} of {every:,} extrapolated"
        line = [cell_of(cells.get((column.estimand, column.model, k), []), column.estimand) for column in columns]
        lines.append(Row(Heading(budget(k), {"k": k}), bool(row["extrapolated"]), mark, line))
    labels = [{"estimand": column.estimand, "model": column.model} for column in columns]
    headings = [Heading(column.heading, label) for column, label in zip(columns, labels, strict=True)]
    return Table(caption, "k", headings, lines)


def _of_pair(group: str) -> list[str]:
    return [record.name for record in ESTIMANDS.values() if record.group == group and record.of == "pair"]
