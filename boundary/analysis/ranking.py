"""Several models on the same problems: ranks, P(best), and every pair, with a word on how many pairs there are."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import pandas as pd
import xarray as xr

from boundary.analysis.estimates import EstimateTable, Quantity, of_posterior
from boundary.analysis.numerals import number
from boundary.analysis.verdict import SURE, Verdict, short
from boundary.stats.estimands import pass_at_k
from boundary.stats.ranking import bests, pairwise, ranks
from boundary.stats.solve_rates import SolveRates, Target

RANKINGS = frozenset({"rank", "best", "better"})
# Models are ranked where there are so many.
ENOUGH_MODELS = 3


def coverage_of(fits: Mapping[str, SolveRates], budgets: Sequence[int], target: Target) -> xr.DataArray:
    """Draws of pass@k of several models, each from its own fit: dimensions (chain, draw, k, model).

    Given the counts, the solve rates of models fitted apart are independent, so draws of one number in each fit make a
    joint draw.
    """
    curves = [pass_at_k(rates, budgets, target=target).sel(model=[model]) for model, rates in fits.items()]
    return xr.concat(curves, "model")


def ranking_rows(table: EstimateTable, coverage: xr.DataArray, n: int, wanted: frozenset[str]) -> None:
    """Add the rank of each model, P(best) and P(better) of each pair, at each budget.

    Parameters
    ----------
    table
        Where the rows go.
    coverage
        Draws of pass@k, from `coverage_of`.
    n
        Largest budget within the samples of every model; beyond it the rows are marked extrapolated.
    wanted
        Which of `rank`, `best`, `better`.
    """
    models, budgets = ([*coverage.coords[name].to_numpy()] for name in ("model", "k"))
    for name, draws in (("rank", ranks(coverage)), ("best", bests(coverage))):
        if name in wanted:
            table.add_posterior(
                [
                    Quantity(name, draws.sel(model=model, k=k), str(model), k=float(k), extrapolated=bool(k > n))
                    for model in models
                    for k in budgets
                ]
            )
    if "better" in wanted:
        wins = pairwise(coverage)
        for k in budgets:
            values = wins.sel(k=k).to_numpy()
            for a, b in combinations(range(len(models)), 2):
                table.add_probability("better", str(models[a]), str(models[b]), int(k), float(values[a, b]), k > n)


def multiplicity(rows: pd.DataFrame, k: float) -> dict[str, Any] | None:
    """How many pairs of models there are at a budget, how many are told apart, and how many of these to expect wrong.

    Parameters
    ----------
    rows
        Estimates of one benchmark.

    Returns
    -------
    `pairs`, `told_apart` (P of one direction at least .95) and `expected_wrong` (the sum over these of 1 - P); None
    without pairs.
    """
    mine = rows.loc[(rows["estimand"] == "better") & (rows["k"] == k), "mean"]
    return directions(mine) if len(mine) else None


def directions(probabilities: pd.Series) -> dict[str, Any]:
    """Of probabilities that something is positive: how many there are, are sure of either sign, and may be wrong."""
    surest = probabilities.where(probabilities >= 0.5, 1 - probabilities)
    sure = surest.loc[surest >= SURE]
    return {"pairs": len(probabilities), "told_apart": len(sure), "expected_wrong": float((1 - sure).sum())}


def ranking_verdict(estimates: pd.DataFrame, benchmark: str, n: int) -> Verdict | None:
    """Say which model is best at k = 1 and at n, how surely, and how many pairs are told apart."""
    rows = estimates.loc[(estimates["benchmark"] == benchmark) & of_posterior(estimates)]
    best = rows.loc[rows["estimand"] == "best"]
    if best.empty:
        return None
    budgets = [k for k in dict.fromkeys((1.0, float(n))) if (best["k"] == k).any()] or [float(best["k"].min())]
    said = [_best_at(rows, k) for k in budgets]
    names = list(dict.fromkeys(best["model"]))
    text = f"Of {len(names)} models, {'; '.join(said)}."
    counted = multiplicity(rows, budgets[0])
    if counted is not None:
        text += " " + multiplicity_text(counted, f"k = {budgets[0]:.0f}")
    leader = best.loc[best["k"] == budgets[0]].sort_values("mean")["model"].iloc[-1]
    return Verdict(benchmark, str(leader), None, text)


def multiplicity_text(counted: Mapping[str, Any], where: str) -> str:
    """Write what `multiplicity` counted."""
    pairs = counted["pairs"]
    wrong = number(counted["expected_wrong"], 1, 1)
    return (
        f"{counted['told_apart']:,} of {pairs:,} pair{'s' * (pairs != 1)} are told apart at {where} "
        f"(P of {SURE:.2f} or more for each by itself; {wrong} of them expected to be wrong)."
    )


def _best_at(rows: pd.DataFrame, k: float) -> str:
    best = rows.loc[(rows["estimand"] == "best") & (rows["k"] == k)].sort_values("mean", kind="stable").iloc[-1]
    curve = rows.loc[(rows["estimand"] == "pass_at_k") & (rows["k"] == k) & (rows["model"] == best["model"])].iloc[0]
    share, lower, upper = (number(curve[name], 100, 1) for name in ("mean", "lower", "upper"))
    mark = ", extrapolated" if bool(best["extrapolated"]) else ""
    return (
        f"{short(str(best['model']))} is likeliest to be the best at k = {k:.0f} (P = {number(best['mean'], 1, 2)}, "
        f"pass@{k:.0f} {share} % [{lower}, {upper}]{mark})"
    )


def panel_rows(estimates: pd.DataFrame) -> pd.DataFrame:
    """Every panel (a benchmark and an RL model) with its shrinkage at the largest budget within its samples.

    Returns
    -------
    Rows of the estimates, `all` left out, since it repeats the benchmarks.
    """
    rows = estimates.loc[
        (estimates["estimand"] == "shrinkage")
        & of_posterior(estimates)
        & ~estimates["extrapolated"]
        & (estimates["benchmark"] != "all")
    ]
    return rows.loc[rows.groupby(["benchmark", "model"], sort=False)["k"].idxmax()]


def panel_sentences(estimates: pd.DataFrame) -> Iterator[str]:
    """What to bear in mind where several panels are compared."""
    rows = panel_rows(estimates)
    if len(rows) < 2:
        return
    counted = directions(rows["prob_positive"])
    yield (
        f"{len(rows)} panels (a benchmark and an RL model each) are compared at k = n. In {counted['told_apart']} of "
        f"them the sign of the shrinkage is sure (P of {SURE:.2f} or more by itself); "
        f"{number(counted['expected_wrong'], 1, 2)} of these are expected to be wrong."
    )
    if rows.duplicated(["benchmark", "reference"]).any():
        yield (
            "Panels of one benchmark and base share their base model's samples: an unlucky draw of these moves all of "
            "their shrinkages the same way."
        )
