"""One fit of one draw: does each interval hold the truth?"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import xarray as xr

from benchmarks.calibration.truths import Draw
from boundary.stats.diagnostics import convergence
from boundary.stats.estimands import crossover, flows, pass_at_k
from boundary.stats.solve_rates import SolveRates

LEVEL = 0.95
FLOWS = ("shrinkage", "lost", "gained")


def coverage_rows(rates: SolveRates, draw: Draw, budgets: Iterable[int]) -> list[dict[str, Any]]:
    """Rows of estimand, k, truth, mean, lower, upper, r_hat, ess of a fit of one model or a pair."""
    budgets = list(budgets)
    n_models = draw.rates.shape[1]
    curve = pass_at_k(rates, budgets)
    rows = []
    for model in range(n_models):
        for k in budgets:
            name = "pass_at_k" if n_models == 1 else ("pass_at_k base", "pass_at_k rl")[model]
            rows.append(_row(name, k, draw.truth(k)[model], curve.isel(model=model).sel(k=k)))
    if n_models == 2:
        rows += _pair_rows(rates, draw, budgets)
    return rows


def _pair_rows(rates: Any, draw: Draw, budgets: list[int]) -> list[dict[str, Any]]:
    flow_draws = flows(rates, budgets)
    rows = []
    for k in budgets:
        base, rl = (1 - (1 - draw.rates) ** k).T
        truths = {
            "shrinkage": (base - rl).mean(),
            "lost": (base * (1 - rl)).sum(),
            "gained": ((1 - base) * rl).sum(),
        }
        rows += [_row(name, k, truths[name], flow_draws[name].sel(k=k)) for name in FLOWS]
    truth = true_crossover(draw.rates, max(budgets))
    return [*rows, _row("crossover", max(budgets), truth, crossover(rates, max(budgets)))]


def true_crossover(rates: np.ndarray, max_k: int) -> float:
    """Smallest k > 1 with pass@k of base >= that of RL; inf where none; NaN where RL does not lead at 1."""
    budgets = np.unique(np.concatenate([np.arange(1, 513), np.geomspace(512, max_k, 2000).round()])).astype(int)
    budgets = budgets[budgets <= max_k]
    base, rl = ((1 - (1 - column) ** budgets[:, None]).mean(1) for column in rates.T)
    if rl[0] <= base[0]:
        return np.nan
    caught = np.flatnonzero(base >= rl)
    return float(budgets[caught[0]]) if len(caught) else np.inf


def _row(name: str, k: int, truth: float, draws: xr.DataArray) -> dict[str, Any]:
    values = draws.to_numpy().ravel()
    tails = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
    if np.isnan(values).all() or np.isnan(truth):
        lower = upper = mean = np.nan
    else:
        lower, upper = np.nanquantile(values, tails, method="inverted_cdf")
        mean = np.nanmedian(values) if np.isinf(values).any() else np.nanmean(values)
    r_hat, ess_bulk, ess_tail, _ = map(float, convergence(draws.to_numpy()))
    return {
        "estimand": name,
        "k": k,
        "truth": truth,
        "mean": mean,
        "lower": lower,
        "upper": upper,
        "r_hat": r_hat,
        "ess": min(ess_bulk, ess_tail),
    }
