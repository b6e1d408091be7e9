"""Ranking of several models on the same problems: rank and P(best) of each, P(better) of each pair, multiplicity."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from boundary.analysis.estimates.decisions import SURE
from boundary.analysis.estimates.table import POSTERIOR, EstimateTable, Quantity, select
from boundary.analysis.options import ENOUGH_MODELS, RANKINGS
from boundary.analysis.request import Request
from boundary.stats.estimands import pass_at_k
from boundary.stats.estimands.ranking import bests, pair_signs, ranks
from boundary.stats.intervals import Signs
from boundary.stats.solve_rates import SolveRates, Target


def ranking_rows(request: Request, benchmark: str, fits: Mapping[str, SolveRates]) -> list[dict[str, Any]]:
    """Rows that rank the models of one benchmark; none where there are too few, or where new problems are the target.

    Parameters
    ----------
    request
        Says which of `rank`, `best` and `better`, and at which budgets.
    benchmark
        The benchmark.
    fits
        Posterior of each model, the base first where there is one.
    """
    enough = 2 if request.base is None else ENOUGH_MODELS
    names = request.estimands & RANKINGS
    # New problems would be the same ones for all models, so that these are not independent.
    if len(fits) < enough or request.target != "benchmark" or not names:
        return []
    rates = min(fits.values(), key=lambda fit: fit.reliable_k)
    table = EstimateTable(benchmark, rates, request.target, request.level, request.margin)
    common = set.intersection(*(set(request.for_fit(fit).budgets) for fit in fits.values()))
    add_ranking(table, coverage_of(fits, sorted(common), request.target), rates.reliable_k, names)
    fewest = np.min([fit.fewest for fit in fits.values()], axis=0)
    return [row | {"n_extrapolated": int((fewest < row["k"]).sum())} for row in table.rows]


def coverage_of(fits: Mapping[str, SolveRates], budgets: Sequence[int], target: Target) -> xr.DataArray:
    """Draws of pass@k of several models, each from its own fit: dimensions (chain, draw, k, model).

    Given the counts, the solve rates of models fitted apart are independent, so draws of one number in each fit make a
    joint draw.
    """
    curves = [pass_at_k(rates, budgets, target=target).sel(model=[model]) for model, rates in fits.items()]
    return xr.concat(curves, "model")


def add_ranking(table: EstimateTable, coverage: xr.DataArray, n: int, names: frozenset[str]) -> None:
    """Add the rank of each model, P(best) and P(better) of each pair, at each budget.

    Parameters
    ----------
    table
        Where the rows go; models whose pass@k differ by no more than its margin tie.
    coverage
        Draws of pass@k, from `coverage_of`.
    n
        Largest budget within the samples of every model; beyond it the rows are marked extrapolated.
    names
        Which of `rank`, `best`, `better`.
    """
    models, budgets = ([*coverage.coords[name].to_numpy()] for name in ("model", "k"))
    for name, draws in (("rank", ranks(coverage, table.margin)), ("best", bests(coverage, table.margin))):
        if name in names:
            values = np.ascontiguousarray(draws.transpose("model", "k", "chain", "draw").to_numpy())
            table.add_posterior(
                [
                    Quantity(
                        name,
                        values[i, j],
                        str(model),
                        k=float(k),
                        extrapolated=bool(k > n),
                    )
                    for i, model in enumerate(models)
                    for j, k in enumerate(budgets)
                ]
            )
    if "better" in names:
        for k in budgets:
            _add_pairs(table, coverage.sel(k=k), int(k), bool(k > n))


def _add_pairs(table: EstimateTable, coverage: xr.DataArray, k: int, extrapolated: bool) -> None:
    """Add P(better) of each pair of models at one budget, with the signs of their difference."""
    models = [str(model) for model in coverage.coords["model"].to_numpy()]
    probabilities = pair_signs(coverage.transpose(..., "model").to_numpy().reshape(-1, len(models)), table.margin)
    above, ahead, equivalent = (part.tolist() for part in probabilities)
    for a, b in combinations(range(len(models)), 2):
        of = Signs(above[a][b], above[b][a], equivalent[a][b])
        better = ahead[a][b] + equivalent[a][b] / 2
        table.add_probability("better", models[a], models[b], k, better, extrapolated, of)


class Multiplicity(NamedTuple):
    """How many pairs of models are compared, how many are decided, and how many decisions are expected to be wrong.

    Parameters
    ----------
    pairs
        All pairs.
    different
        Pairs of which one model is ahead of the other by more than the margin, with probability .95 or more.
    equivalent
        Pairs that differ by no more than the margin, with that probability.
    expected_wrong
        Expected number of wrong statements among both: the sum of 1 less their probabilities.
    """

    pairs: int
    different: int
    equivalent: int
    expected_wrong: float


def multiplicity(rows: pd.DataFrame, k: float) -> Multiplicity | None:
    """Multiplicity of the comparisons at a budget: how many pairs there are, are decided, and are expected to be wrong.

    Parameters
    ----------
    rows
        Estimates of one benchmark.

    Returns
    -------
    None without pairs.
    """
    pairs = select(rows, estimand="better", k=k)
    if pairs.empty:
        return None
    prob_different = ahead_by_more(pairs).combine(ahead_by_more(pairs, other=True), max)
    different = prob_different.loc[prob_different >= SURE]
    equivalent = pairs.loc[pairs["prob_equivalent"] >= SURE, "prob_equivalent"]
    return Multiplicity(
        len(pairs), len(different), len(equivalent), float((1 - different).sum() + (1 - equivalent).sum())
    )


def ahead_by_more(pairs: pd.DataFrame, other: bool = False) -> "pd.Series[float]":
    """Probability that a model, or the other one, is ahead by more than the margin, from rows of `better`.

    The mean of such a row counts a tie, which is a difference within the margin, one half.
    """
    ahead: pd.Series[float] = (1 - pairs["mean"] if other else pairs["mean"]) - pairs["prob_equivalent"] / 2
    return ahead


def panel_rows(estimates: pd.DataFrame) -> pd.DataFrame:
    """The shrinkage of every panel (a benchmark and an RL model) at the largest budget within its samples.

    Returns
    -------
    Rows of the estimates, `all` left out, since it repeats the benchmarks.
    """
    rows = select(estimates, kind=POSTERIOR, estimand="shrinkage")
    rows = rows.loc[~rows["extrapolated"] & (rows["benchmark"] != "all")]
    return rows.loc[rows.groupby(["benchmark", "model"], sort=False)["k"].idxmax()]
