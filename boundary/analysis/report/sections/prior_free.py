"""The section without a prior: bounds beyond n from the counts, and statements on all budgets at once."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from boundary.analysis.estimates.table import BOUNDS, GOOD_TOULMIN, POSTERIOR, SIMULTANEOUS, SUP_T, select
from boundary.analysis.formatting import Shorten, by_over, level_text, short_name
from boundary.analysis.report.references import cite
from boundary.analysis.report.rows import uninformative_pairs
from boundary.analysis.report.tables import records
from boundary.analysis.result import Analysis
from boundary.stats.intervals import MARGIN

# Estimates that lie so far out of the range that counts allow are no rounding.
SLACK = 1e-3


def prior_free_section(analysis: Analysis, benchmark: str) -> dict[str, Any]:
    """Sentences, each with whether it is an alarm."""
    rows, n = select(analysis.estimates, benchmark=benchmark), analysis.sample_sizes[benchmark].reliable_k
    uninformative = [model for at, model in uninformative_pairs(analysis) if at == benchmark]
    rows = rows.loc[~(rows["kind"].eq(SIMULTANEOUS) & rows["model"].isin(uninformative))]
    return {"sentences": prior_free_sentences(rows, n, analysis.request.margin, shorten=analysis.shorten)}


def prior_free_sentences(
    rows: pd.DataFrame, n: int, margin: float = MARGIN, *, shorten: Shorten = short_name
) -> list[tuple[str, bool]]:
    """Sentences for one benchmark, each with whether it is an alarm.

    Parameters
    ----------
    rows
        Estimates of the benchmark.
    n
        Samples of every problem and model.
    margin
        Difference of pass@k that matters.
    """
    alarms = [(sentence, True) for sentence in _contradictions(rows, shorten)]
    return [
        *alarms,
        *((sentence, False) for sentence in (*_bounds(rows, n, shorten), *_all_budgets(rows, n, margin, shorten))),
    ]


def _bounds(rows: pd.DataFrame, n: int, shorten: Shorten) -> Iterator[str]:
    ranges = select(rows, kind=BOUNDS)
    if ranges.empty:
        return
    yield (
        f"Beyond n = {n:,} the columns 'observed' hold, in brackets, the range over all populations of solve rates "
        f"that the counts do not contradict ({level_text(ranges['level'].iloc[0])} confidence); figures show it "
        "faintly. Where in it the truth lies is for the prior to say."
    )
    if len(select(rows, kind=GOOD_TOULMIN)):
        yield (
            "GT is the smoothed Good-Toulmin estimate, which needs no prior either; it is reliable up to n log n "
            f"{f'= {n * np.log(n):,.0f} ' if n > 1 else ''}at most, and left out beyond {cite('orlitsky2016')}. Its "
            "interval is in estimates.csv."
        )
    if ranges["lower"].isna().any():
        names = ", ".join(dict.fromkeys(map(shorten, ranges.loc[ranges["lower"].isna(), "model"])))
        yield f"No population of solve rates agrees with the counts of {names}: its samples are hardly independent."


def _contradictions(rows: pd.DataFrame, shorten: Shorten) -> Iterator[str]:
    """Posterior means out of the range that counts allow."""
    keys = ["estimand", "model", "reference", "k", "target"]
    bounds = select(rows, kind=BOUNDS)[[*keys, "lower", "upper"]]
    means = select(rows, kind=POSTERIOR)[[*keys, "mean"]].merge(bounds, on=keys)
    outside = (means["mean"] < means["lower"] - SLACK) | (means["mean"] > means["upper"] + SLACK)
    for row in means.loc[outside].itertuples():
        estimate = f"shrinkage at k = {row.k:.0f}" if row.estimand == "shrinkage" else f"pass@{row.k:.0f}"
        yield (
            f"The posterior mean of {estimate} of {shorten(str(row.model))} lies outside of what the "
            "counts allow: the prior does not fit."
        )


def _all_budgets(rows: pd.DataFrame, n: int, margin: float, shorten: Shorten) -> Iterator[str]:
    """Where the whole curve of shrinkage is out of the margin, by the posterior and by the bootstrap."""
    bands = select(rows, kind=(SIMULTANEOUS, SUP_T), estimand="shrinkage")
    for model in dict.fromkeys(bands["model"]):
        band = select(bands, kind=SIMULTANEOUS, model=model)
        if len(band):
            level = level_text(band["level"].iloc[0])
            yield f"All budgets at once ({level} posterior band): {_sides(band, shorten(model), margin)}."
        for row in records(select(rows, kind=SUP_T, estimand="crossover", model=model)):
            if row["lower"] <= 1 and not np.isfinite(row["upper"]):
                continue  # it may lie anywhere: nothing is known
            last = f"{row['upper']:.0f}" if np.isfinite(row["upper"]) else f"none up to {n:,}"
            level = level_text(row["level"])
            yield (
                f"Without a prior, for problems like these ({level} bootstrap band over problems and all k "
                f"up to n {cite('yang2026')}): the first budget at which {shorten(model)} is behind lies in "
                f"[{row['lower']:.0f}, {last}]."
            )


def _sides(band: pd.DataFrame, name: str, margin: float) -> str:
    """Budgets at which a band shows RL ahead, or behind, by more than the margin; or whether it lies within it."""
    k, lower, upper = (band.sort_values("k")[column].to_numpy(dtype=float) for column in ("k", "lower", "upper"))
    sides = {"ahead": upper < -margin, "behind": lower > margin}
    by = by_over(margin)
    runs = [f"{side}{by} at k = {_runs(k.tolist(), at.tolist())}" for side, at in sides.items() if at.any()]
    if runs:
        return f"{name} is {' and '.join(runs)}"
    neither = f"neither ahead nor behind{by} at any budget"
    if (lower >= -margin).all() and (upper <= margin).all():
        return f"{name} is {neither}"
    return f"the band shows {name} {neither}, but is too wide to show that they differ by less"


def _runs(budgets: Sequence[float], marked: Sequence[bool]) -> str:
    """Write the budgets marked, neighbours among those reported joined."""
    runs: list[list[float]] = []
    for i, budget in enumerate(budgets):
        if marked[i] and i and marked[i - 1]:
            runs[-1].append(budget)
        elif marked[i]:
            runs.append([budget])
    return ", ".join(f"{run[0]:.0f}" + (f" to {run[-1]:.0f}" if len(run) > 1 else "") for run in runs)
