"""Rows of results, each run one, written as they come; and their medians."""

import os
import platform
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from benchmarks.speed.processes import Row

# fmt: off
COLUMNS = (
    "item", "case", "phase", "version", "revision", "run", "problems", "panels", "population", "seconds",
    "cpu_seconds", "compile_seconds", "sampling_cpu_seconds", "estimates_cpu_seconds", "fit_peak_gb",
    "peak_gb", "max_r_hat", "min_ess_bulk", "min_ess_tail", "max_end_error", "quantities", "duality_gap",
    "page_mb", "posterior_mb", "exit_code", "same", "compared", "different", "largest", "root_mean_square",
    "worst", "note", "cores", "python", "quick",
)
# fmt: on
# How the runs of a case are summed up.
MEDIANS = ["seconds", "cpu_seconds", "sampling_cpu_seconds", "page_mb", "posterior_mb"]
GREATEST = ["peak_gb", "compile_seconds", "quantities", "max_r_hat", "max_end_error", "duality_gap"]
LEAST = ["min_ess_bulk", "min_ess_tail"]
BY = ["item", "case", "phase", "version"]


def read_rows(path: Path) -> pd.DataFrame:
    """Results of a file; a revision stays text, though all its digits may be decimal."""
    return pd.read_csv(path, dtype={"revision": str, "note": str, "worst": str})


def write_rows(path: Path, item: str, rows: Iterable[Row], quick: bool) -> pd.DataFrame:
    """Replace the rows of an item in a file of results, after each row anew, so that an interruption loses none."""
    other_rows = read_rows(path) if path.exists() else pd.DataFrame(columns=COLUMNS)
    other_rows = other_rows[other_rows["item"] != item]
    machine = {"item": item, "cores": os.cpu_count(), "python": platform.python_version(), "quick": quick}
    measured: list[Row] = []
    table = other_rows
    for row in rows:
        measured.append(row | machine)
        unknown = set(row) - set(COLUMNS)
        if unknown:
            raise ValueError(f"{item}: no column for {sorted(unknown)}.")
        frames = [other_rows, pd.DataFrame(measured)] if len(other_rows) else [pd.DataFrame(measured)]
        table = pd.concat(frames, ignore_index=True).reindex(columns=COLUMNS)
        table.to_csv(path, index=False, float_format="%.6g")
    return table


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """One row for each case, phase and version: medians of its runs, worst quality, and time over that of before.

    `seconds_ratio` and `cpu_seconds_ratio` are of medians within a case and phase.
    """
    rows = rows.assign(phase=rows["phase"].fillna(""))
    numbers = dict.fromkeys(MEDIANS, "median") | dict.fromkeys(GREATEST, "max") | dict.fromkeys(LEAST, "min")
    rows = rows.astype(dict.fromkeys(numbers, float))
    rows["fits_over_limit"] = (rows["max_r_hat"] > 1.01).astype(int)
    groups = rows.groupby(BY, sort=False)
    cells = groups.agg(numbers | {"fits_over_limit": "sum", "problems": "first", "panels": "first", "note": "first"})
    cells.insert(0, "runs", groups["seconds"].count())
    cells = cells.reset_index()
    before = cells[cells["version"] == "before"].set_index(["item", "case", "phase"])
    for measure in ("seconds", "cpu_seconds"):
        keys = cells.set_index(["item", "case", "phase"]).index
        cells[f"{measure}_ratio"] = cells[measure].to_numpy() / before[measure].reindex(keys).to_numpy()
    return cells
