"""Audits of verifiers: how many verdicts were checked by a stricter judge, and how many of them were wrong."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from boundary.data.records import FALSE_NEGATIVE, FALSE_POSITIVE, Audit
from boundary.data.tables.reading import read_table
from boundary.data.validation import LINE
from boundary.errors import InputError

KEY = ["benchmark", "problem_id", "kind"]
LARGEST = 10**9


def audit_table(audits: Iterable[Audit]) -> pd.DataFrame:
    """Audits, added up over files.

    Returns
    -------
    Columns benchmark, problem_id (None for a whole benchmark), kind, errors, checked: a row for each benchmark, problem
    and kind, in the order in which they came.
    """
    table = pd.DataFrame(list(audits), columns=[*KEY, "errors", "checked"])
    added = table.groupby(KEY, sort=False, as_index=False, dropna=False)[["errors", "checked"]].sum()
    problem = added["problem_id"].astype(object)
    return added.assign(problem_id=problem.where(problem.notna(), None))


def read_audits(path: str | Path) -> pd.DataFrame:
    """Read an audit file: CSV, TSV or Parquet.

    Parameters
    ----------
    path
        Its columns are benchmark, problem_id (which may be left out), kind, errors and checked.

    Returns
    -------
    What `audit_table` returns.

    Raises
    ------
    InputError
        With the first line that is wrong: another kind, no whole numbers, more errors than checked, a row twice.
    """
    table = read_table(Path(path))
    missing = {"benchmark", "kind", "errors", "checked"} - set(table.columns)
    if missing:
        raise InputError(
            f"'{path}' has no column {', '.join(sorted(missing))}. An audit has benchmark, kind, errors, checked."
        )
    rows = [
        _row(row, f"'{path}', line {row[LINE]}" if LINE in row else f"'{path}'") for row in table.to_dict("records")
    ]
    if not rows:
        raise InputError(f"'{path}' holds no audits. Give a row for each kind of error.")
    audits = audit_table(rows)
    if len(audits) < len(rows):
        raise InputError(
            f"'{path}' has a benchmark, problem and kind twice. Add their errors and checked up in one row."
        )
    return audits


def _row(row: dict[Any, Any], place: str) -> Audit:
    benchmark, kind = str(row["benchmark"]), str(row["kind"])
    if not benchmark.strip():
        raise InputError(f"{place}: no benchmark. Name it as in the counts.")
    if kind not in (FALSE_POSITIVE, FALSE_NEGATIVE):
        raise InputError(f"{place}: the kind {kind!r} is neither {FALSE_POSITIVE} nor {FALSE_NEGATIVE}.")
    errors, n_checked = (_count(name, row[name], place) for name in ("errors", "checked"))
    if errors > n_checked:
        raise InputError(f"{place}: {errors} errors of {n_checked} checked verdicts. Check the row.")
    problem = row.get("problem_id")
    has_problem = problem is not None and str(problem) not in ("", "nan")
    return Audit(benchmark, str(problem) if has_problem else None, kind, errors, n_checked)


def _count(name: str, value: object, place: str) -> int:
    try:
        number = float(str(value))
    except ValueError:
        number = -1.0
    if not (0 <= number <= LARGEST and number == int(number)):
        raise InputError(f"{place}: {name} is {str(value)[:40]!r}, not a whole number of at least 0.")
    return int(number)
