"""Answers of the workers against the truth, summed into one table and one page."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.peers.truths import PROBLEMS, SAMPLES

Truth = dict[tuple[str, int], float]
BY = ["truth", "package", "version", "estimand", "k"]


def scored(truth: str, answers: Path, truth_of_draws: Sequence[Truth], population: Truth) -> Iterator[dict[str, Any]]:
    """A row for each draw, estimand and budget: what was answered, and whether it holds the truth."""
    for text in answers.read_text(encoding="utf-8").splitlines()[: len(truth_of_draws)]:
        line = json.loads(text)
        shared = {"truth": truth, **{name: line[name] for name in ("package", "version", "draw", "first")}}
        # Time on the processor: others may use the machine too.
        shared["seconds"] = line.get("cpu_seconds")
        for estimand, k, value in line["found"]:
            row = shared | {"estimand": estimand, "k": k, "true": truth_of_draws[line["draw"]][estimand, k]}
            row["population"] = population[estimand, k]
            if isinstance(value, str):
                yield row | {"note": value}
            else:
                yield row | dict(zip(("mean", "lower", "upper"), value, strict=True))


def summed(rows: pd.DataFrame) -> pd.DataFrame:
    """Coverage of these problems and of the population, with Monte Carlo error; width, error, and time a pair."""
    rows = rows.reindex(columns=[*rows.columns, *({"note", "lower", "upper", "mean"} - set(rows.columns))])
    answered = rows[["lower", "upper"]].notna().all(axis=1)
    rows = rows.assign(
        answered=answered,
        holds=_inside(rows, "true").where(answered),
        holds_population=_inside(rows, "population").where(answered),
        width=rows["upper"] - rows["lower"],
        error=(rows["mean"] - rows["true"]).abs(),
        warm=rows["seconds"].astype(float).where(~rows["first"].astype(bool)),
        cold=rows["seconds"].astype(float).where(rows["first"].astype(bool)),
    )
    cells = rows.groupby(BY, sort=False).agg(
        draws=("draw", "size"),
        intervals=("answered", "sum"),
        coverage=("holds", "mean"),
        coverage_population=("holds_population", "mean"),
        width=("width", "mean"),
        error=("error", "mean"),
        seconds=("warm", "median"),
        seconds_first=("cold", "max"),
        note=("note", "first"),
    )
    spread = cells["coverage"] * (1 - cells["coverage"]) / cells["intervals"]
    cells.insert(3, "coverage_error", np.sqrt(spread))
    return cells.reset_index()


def _inside(rows: pd.DataFrame, truth: str) -> pd.Series:
    return ((rows["lower"] <= rows[truth]) & (rows[truth] <= rows["upper"])).astype(float)


def page(cells: pd.DataFrame) -> str:
    """docs/peers.md."""
    return "\n".join([_INTRODUCTION.format(problems=PROBLEMS, samples=SAMPLES), *_tables(cells), _END])


def _tables(cells: pd.DataFrame) -> Iterator[str]:
    for truth, part in cells.groupby("truth", sort=False):
        yield f"## {str(truth).capitalize()}\n"
        yield "| package | estimand | k | draws | coverage | width | mean abs. error | coverage of the population |"
        yield "|---|---|---|---|---|---|---|---|"
        for row in part.to_dict(orient="records"):
            yield _line(row)
        yield ""
    yield "## Time\n"
    yield "| package | CPU seconds a pair, median | first pair of a process, at most |"
    yield "|---|---|---|"
    for (package, number), part in cells.groupby(["package", "version"], sort=False):
        yield f"| {package} {number} | {part['seconds'].median():.2g} | {part['seconds_first'].max():.2g} |"
    yield ""


def _line(row: dict[str, Any]) -> str:
    start = f"| {row['package']} | {row['estimand']} | {row['k']} | {row['draws']} | "
    if row["intervals"]:
        held = f"{row['coverage']:.2f} ± {row['coverage_error']:.2f}"
        return f"{start}{held} | {row['width']:.3f} | {row['error']:.3f} | {row['coverage_population']:.2f} |"
    if pd.notna(row["error"]):
        return f"{start}an estimate, no interval | | {row['error']:.3f} | |"
    return f"{start}{row['note']} | | | |"


_INTRODUCTION = """# Other packages on the same counts

`python -m benchmarks.peers --docs docs/peers.md` makes a virtual environment for each package, gives all of them the
same counts, and writes this page; no number here is typed in. Draws of {problems} problems and {samples}
samples for each of two models; 95 % intervals; coverage is that of the truth of these very problems, ± its Monte Carlo
error, and in the last column that of the population that they are drawn from, which is passk-inference's target alone.

- **boundary-stats**: both models jointly under the default prior (`nonparametric`); target: these problems.
- **scorio**: `pass_at_k_ci`, and beyond n the discovery of `tailpass`, the same quantity: a Beta(1, 1) prior for each
  problem by itself; target: these problems.
- **passk-inference**: `compare`, a band over all k up to n at once, so wider than an interval for one k; target: the
  population.
- **PyMC**: the beta-binomial model that its users write, a Beta population for each model; target: these problems.

Truths: *like the shipped set* draws pairs of solve rates from the maximum-likelihood mixture of `deepscaler-1.5b`
(early iterates; neither a prior of this project nor one of a peer is in it). *Lost and gained* is `pair` of
`benchmarks/calibration/truths.py`: logit-normal rates with some problems lost, gained or dead at exactly 0.
"""
_END = """Time is that of the processor, for both models and all estimands; the first pair of a process pays for
compiling. A line for each draw lies in `benchmarks/peers/results/`.
"""
