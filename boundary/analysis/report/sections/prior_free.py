"""What the report says without a prior: what counts allow beyond n, and what holds at all budgets at once."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from boundary.analysis.estimates.table import BOUNDS, GOOD_TOULMIN, SIMULTANEOUS, SUP_T, of_posterior
from boundary.analysis.formatting import interval, number, points, short
from boundary.stats.intervals import MARGIN

# Estimates that lie so far out of the range that counts allow are no rounding.
SLACK = 1e-3


def beyond(rows: pd.DataFrame, n: int, margin: float = MARGIN) -> list[tuple[str, bool]]:
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
    said = [(sentence, False) for sentence in (*_allowed(rows, n), *_at_once(rows, n, margin))]
    return [(sentence, True) for sentence in _contradicted(rows)] + said


def witnesses(found: dict[str, dict[Any, Any]], scale: float, digits: int) -> str:
    """Write the range that counts allow and the Good-Toulmin estimate for a table's cell; nothing where neither is."""
    parts = []
    if BOUNDS in found:
        parts.append(interval(found[BOUNDS], scale, digits) or "none agrees")
    if GOOD_TOULMIN in found:
        parts.append(f"GT {number(found[GOOD_TOULMIN]['mean'], scale, digits)}")
    return ", ".join(parts)


def _allowed(rows: pd.DataFrame, n: int) -> Iterator[str]:
    ranges = rows.loc[rows["kind"] == BOUNDS]
    if ranges.empty:
        return
    yield (
        f"Beyond n = {n:,} the columns 'observed' hold, in brackets, the range over all populations of solve rates "
        f"that the counts do not contradict ({ranges['level'].iloc[0]:.0%} confidence); figures show it faintly. Where "
        "in it the truth lies is for the prior to say."
    )
    reliable = rows.loc[rows["kind"] == GOOD_TOULMIN, "k"]
    if len(reliable):
        yield (
            "GT is the smoothed Good-Toulmin estimate, which needs no prior either; it is reliable up to n log n "
            f"{f'= {n * np.log(n):,.0f} ' if n > 1 else ''}at most, and left out beyond [4]. Its interval is in "
            "estimates.csv."
        )
    if ranges["lower"].isna().any():
        names = ", ".join(dict.fromkeys(map(short, ranges.loc[ranges["lower"].isna(), "model"])))
        yield f"No population of solve rates agrees with the counts of {names}: its samples are hardly independent."


def _contradicted(rows: pd.DataFrame) -> Iterator[str]:
    """Posterior means out of the range that counts allow."""
    keys = ["estimand", "model", "reference", "k", "target"]
    ranges = rows.loc[rows["kind"] == BOUNDS, [*keys, "lower", "upper"]]
    both = rows.loc[of_posterior(rows), [*keys, "mean"]].merge(ranges, on=keys)
    for row in both.loc[(both["mean"] < both["lower"] - SLACK) | (both["mean"] > both["upper"] + SLACK)].itertuples():
        what = f"shrinkage at k = {row.k:.0f}" if row.estimand == "shrinkage" else f"pass@{row.k:.0f}"
        yield (
            f"The posterior mean of {what} of {short(str(row.model))} lies outside of what the "
            "counts allow: the prior does not fit."
        )


def _at_once(rows: pd.DataFrame, n: int, margin: float) -> Iterator[str]:
    """Where the whole curve of shrinkage is out of the margin, by the posterior and by the bootstrap."""
    shrinkage = rows.loc[rows["estimand"] == "shrinkage"]
    for model in dict.fromkeys(shrinkage.loc[shrinkage["kind"].isin([SIMULTANEOUS, SUP_T]), "model"]):
        mine = shrinkage.loc[shrinkage["model"] == model]
        band = mine.loc[mine["kind"] == SIMULTANEOUS]
        if len(band):
            level = band["level"].iloc[0]
            yield f"All budgets at once ({level:.0%} posterior band): {short(model)} {_sides(band, margin)}."
        crossing = rows.loc[(rows["estimand"] == "crossover") & (rows["kind"] == SUP_T) & (rows["model"] == model)]
        for row in crossing.itertuples():
            if row.lower <= 1 and not np.isfinite(row.upper):
                continue  # it may lie anywhere: nothing is known
            last = f"{row.upper:.0f}" if np.isfinite(row.upper) else f"none up to {n:,}"
            yield (
                f"Without a prior, for problems like these ({row.level:.0%} bootstrap band over problems and all k up "
                f"to n [3]): the first budget at which {short(model)} is behind lies in [{row.lower:.0f}, {last}]."
            )


def _sides(band: pd.DataFrame, margin: float) -> str:
    """Budgets at which a band shows RL ahead by more than the margin, and those at which it shows RL behind by more."""
    band = band.sort_values("k")
    sides = {"ahead": band["upper"] < -margin, "behind": band["lower"] > margin}
    by = f"by more than {points(margin)}"
    runs = [f"{side} {by} at k = {_runs(list(band['k']), list(there))}" for side, there in sides.items() if there.any()]
    return f"is {' and '.join(runs)}" if runs else f"is neither ahead nor behind {by} at any budget"


def _runs(budgets: Sequence[float], there: Sequence[bool]) -> str:
    """Write the budgets marked, neighbours among those reported joined."""
    runs: list[list[float]] = []
    for i, budget in enumerate(budgets):
        if there[i] and i and there[i - 1]:
            runs[-1].append(budget)
        elif there[i]:
            runs.append([budget])
    return ", ".join(f"{run[0]:.0f}" + (f" to {run[-1]:.0f}" if len(run) > 1 else "") for run in runs)
