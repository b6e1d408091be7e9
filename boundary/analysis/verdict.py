"""A sentence that a person understands at once, from the table of estimates."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from boundary.analysis.estimates import of_posterior
from boundary.analysis.numerals import number

# Probabilities above which a direction is stated without hedging, and below which nothing is claimed.
SURE, LEANING = 0.95, 0.8


@dataclass(frozen=True)
class Verdict:
    """One benchmark's answer in words."""

    benchmark: str
    model: str
    reference: str | None
    text: str


def verdict(estimates: pd.DataFrame, benchmark: str, model: str, reference: str | None, n: int) -> Verdict:
    """State what the estimates of one benchmark say about one model, or about an RL model against its base.

    Parameters
    ----------
    estimates
        Rows of this benchmark and model.
    n
        Largest budget within the samples drawn of every problem.
    """
    rows = estimates.loc[of_posterior(estimates)]
    if reference is None:
        return Verdict(benchmark, model, None, _alone(rows, short(model), n))
    parts = [_lead(rows, short(model), short(reference), n), _coverage(rows, n), _beyond(rows, n)]
    return Verdict(benchmark, model, reference, "; ".join(part for part in parts if part) + ".")


def short(model: str) -> str:
    """A model's name without the organisation."""
    return model.rsplit("/", 1)[-1]


def _row(rows: pd.DataFrame, estimand: str, k: float | None = None) -> pd.Series | None:
    chosen = rows.loc[(rows["estimand"] == estimand) & (True if k is None else rows["k"] == k)]
    return None if chosen.empty else chosen.iloc[0]


def _alone(rows: pd.DataFrame, model: str, n: int) -> str:
    curve = rows.loc[rows["estimand"] == "pass_at_k"]
    within = curve.loc[~curve["extrapolated"]]
    if within.empty:
        text = f"{model}: every budget asked for lies beyond the samples"
    else:
        ends = [row for _, row in within.iloc[[0, -1]].iterrows()]
        said = [f"{_share(row)} of the problems with k = {row['k']:.0f}" for row in ends]
        text = f"{model} solves " + " and ".join(dict.fromkeys(said))
    further = curve.loc[curve["extrapolated"]]
    if len(further):
        last = further.iloc[-1]
        text += f"; beyond n = {n} the data alone cannot say (extrapolated: {_share(last)} at k = {last['k']:.0f})"
    return text + "."


def _share(row: pd.Series) -> str:
    mean, lower, upper = (number(row[name], 100, 1) for name in ("mean", "lower", "upper"))
    return f"{mean} % [{lower}, {upper}]"


def _lead(rows: pd.DataFrame, model: str, reference: str, n: int) -> str:
    """Who leads at k = 1, and until when."""
    first = _row(rows, "shrinkage", 1)
    crossing, never = _row(rows, "crossover"), _row(rows, "no_crossover")
    behind = float(first["prob_positive"]) if first is not None else np.nan
    if behind >= SURE:
        return f"{reference} leads {model} already at k = 1, where {model} covers {_points(first)}"
    if behind > 0.5:
        return f"{reference} probably leads {model} already at k = 1 (P = {behind:.2f})"
    if crossing is None or never is None or not np.isfinite(never["mean"]):
        return f"{model} against {reference}"
    until = _until(crossing, float(never["mean"]), int(never["k"]), n)
    doubt = f" (P = {1 - behind:.2f} that it leads at k = 1)" if behind > 1 - SURE else ""
    return f"{model} leads {until}{doubt}"


def _until(crossing: pd.Series, never: float, furthest: int, n: int) -> str:
    if never > 0.5:
        return f"at every k up to {furthest} (P = {never:.2f} that {furthest} is not enough to catch up)"
    upper = f"{crossing['upper']:.0f}" if np.isfinite(crossing["upper"]) else f"beyond {furthest}"
    mark = " (extrapolated)" if crossing["median"] > n else ""
    chance = f", P(never up to {furthest}) = {never:.2f}" if never >= 0.005 else ""
    return f"up to k of about {crossing['median']:.0f} [{crossing['lower']:.0f}, {upper}]{chance}{mark}"


def _coverage(rows: pd.DataFrame, n: int) -> str:
    """The difference in coverage at the largest budget within the samples."""
    row = _row(rows, "shrinkage", n)
    return "" if row is None or n == 1 else f"at k = {n} it covers {_points(row)}"


def _beyond(rows: pd.DataFrame, n: int) -> str:
    """What holds beyond the samples: nothing from the data alone, and the extrapolation with its name."""
    further = rows.loc[(rows["estimand"] == "shrinkage") & rows["extrapolated"]]
    if further.empty:
        return ""
    last = further.iloc[-1]
    return f"beyond n = {n} the data alone cannot say (extrapolated to k = {last['k']:.0f}: {_points(last)})"


def _points(row: pd.Series | None) -> str:
    """A shrinkage as percentage points fewer or more, with its interval and the probability of that direction."""
    assert row is not None
    if max(abs(row["lower"]), abs(row["upper"])) < 0.0005:
        return "as much to within 0.1 points"
    # Where the mean is as good as 0, its sign says nothing and the more probable direction is named.
    fewer = row["mean"] > 0 if abs(row["mean"]) >= 0.0005 else row["prob_positive"] >= 0.5
    sign = 1 if fewer else -1
    mean, *bounds = (number(sign * row[name], 100, 1) for name in ("mean", "lower", "upper"))
    lower, upper = bounds if fewer else reversed(bounds)
    probability = row["prob_positive"] if fewer else 1 - row["prob_positive"]
    word = "less" if fewer else "more"
    return f"{mean} points {word} [{lower}, {upper}], P = {probability:.2f}"
