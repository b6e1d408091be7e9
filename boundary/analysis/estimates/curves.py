"""Curves over k: pass@k and shrinkage at about sixty budgets, so that figures draw curves and not polygons."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float

from boundary.analysis.estimates.table import without_minus_zero
from boundary.analysis.fitting import Panel
from boundary.analysis.request import Request
from boundary.stats.budgets import mean_failures
from boundary.stats.estimands.crossing import scan_budgets
from boundary.stats.intervals import quantile_positions
from boundary.stats.solve_rates import SolveRates, Target

CURVE_COLUMNS = (
    "benchmark",
    "estimand",
    "model",
    "reference",
    "k",
    "mean",
    "lower",
    "upper",
    "level",
    "extrapolated",
)
N_BUDGETS = 60
# Budgets whose logarithm is so near to that of a reported one add nothing.
NEAR = 0.03


def curve_budgets(estimate_budgets: Sequence[int]) -> list[int]:
    """About sixty budgets, evenly spread over the logarithm of k, and the reported ones among them.

    Parameters
    ----------
    estimate_budgets
        The budgets of the estimates, each at least 1.

    Notes
    -----
    They are taken from those at which a crossover is looked for, since the means over problems are known there.

    Examples
    --------
    >>> curve_budgets([1, 5, 8]), len(curve_budgets([1, 16, 128, 1024]))
    ([1, 2, 3, 4, 5, 6, 7, 8], 62)
    """
    scan = [
        budget
        for budget in scan_budgets(max(estimate_budgets))
        if budget > min(estimate_budgets)
        and all(abs(np.log(budget / k)) >= NEAR or budget == k for k in estimate_budgets)
    ]
    ratio, budgets = 1.0, [min(estimate_budgets), *scan]
    while len(budgets) > N_BUDGETS:
        ratio += 0.01
        budgets = [min(estimate_budgets)]
        for budget in scan:
            if budget >= budgets[-1] * ratio:
                budgets.append(budget)
    return sorted({*budgets, *estimate_budgets})


def panel_curves(request: Request, panel: Panel, rates: SolveRates) -> pd.DataFrame:
    """Pass@k of the models of one fit, and shrinkage where it is a pair, at about sixty budgets.

    Parameters
    ----------
    request
        Budgets, target and level.
    panel
        The counts that were fitted; the curve of the base is that of the first panel of its benchmark.
    rates
        Its posterior.

    Returns
    -------
    Columns `CURVE_COLUMNS`; at the budgets of the estimates the values are those of the estimates.
    """
    budgets = curve_budgets(request.for_fit(rates).budgets)
    parts = [
        _curve(draws, budgets, request.level).assign(estimand=estimand, model=model, reference=reference)
        for estimand, model, reference, draws in _curve_draws(panel, rates, budgets, request.target)
    ]
    table = pd.concat(parts, ignore_index=True)
    table = table.assign(benchmark=panel.benchmark, level=request.level, extrapolated=table["k"] > rates.reliable_k)
    return without_minus_zero(table[list(CURVE_COLUMNS)])


def _curve_draws(
    panel: Panel, rates: SolveRates, budgets: Sequence[int], target: Target
) -> Iterator[tuple[str, str, str, Float[np.ndarray, "k draw"]]]:
    """Estimand, model, reference and draws of each curve of a fit."""
    fails = {
        model: mean_failures(rates, budgets, target, [rates.index(model)])[..., 0].reshape(len(budgets), -1)
        for model in rates.models
    }
    for model, failure in fails.items():
        if model != panel.base or panel.first:
            yield "pass_at_k", model, "", 1.0 - failure
    if panel.base is not None:
        yield "shrinkage", panel.arm, panel.base, fails[panel.arm] - fails[panel.base]


def _curve(draws: Float[np.ndarray, "k draw"], budgets: Sequence[int], level: float) -> pd.DataFrame:
    """Mean and interval at each budget; the ends are order statistics, as everywhere."""
    places = quantile_positions(draws.shape[1], level)
    ordered = np.partition(draws, sorted({places.lower, places.upper}), axis=1)
    ends = {"lower": ordered[:, places.lower], "upper": ordered[:, places.upper]}
    return pd.DataFrame({"k": np.array(budgets, dtype=float), "mean": draws.mean(axis=1)} | ends)


def joined_curves(curves: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The curves of several fits as one table; an empty one with the same columns where there are none."""
    return pd.concat(curves, ignore_index=True) if curves else pd.DataFrame(columns=list(CURVE_COLUMNS))
