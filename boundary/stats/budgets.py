"""Budgets k and thresholds tau: checked, and stacked into labelled arrays."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from boundary.stats.solve_rates import SolveRates, Target

Budgets = int | Sequence[int]
Thresholds = float | Sequence[float]
Model = str | int


def checked_budgets(k: Budgets) -> list[int]:
    """Budgets as a list.

    Examples
    --------
    >>> checked_budgets(8), checked_budgets([1, 16])
    ([8], [1, 16])

    Raises
    ------
    ValueError
        For a budget that is no whole number of at least 1.
    """
    budgets = [k] if isinstance(k, (int, np.integer)) else list(k)
    for budget in budgets:
        if int(budget) != budget or budget < 1:
            raise ValueError(f"A budget k must be a whole number of at least 1, got {budget}.")
    return [int(budget) for budget in budgets]


def checked_thresholds(tau: Thresholds) -> list[float]:
    """Thresholds on a solve rate as a list.

    Raises
    ------
    ValueError
        For a threshold outside [0, 1].
    """
    thresholds = [float(t) for t in np.ravel(tau)]
    for threshold in thresholds:
        if not 0 <= threshold <= 1:
            raise ValueError(f"A threshold tau must lie between 0 and 1, got {threshold}.")
    return thresholds


def failure(rates: SolveRates, k: int, target: Target) -> np.ndarray:
    """(1 - p)^k for every draw, problem and model."""
    return np.exp(np.float32(k) * rates.log_failure(target))


def over_k(values: list[np.ndarray], k: Budgets, name: str, models: Sequence[str] | None = None) -> xr.DataArray:
    """Stack one array (chain, draw[, model]) a budget; a single budget given as a number has no k dimension."""
    dims = ["chain", "draw", "k"] + (["model"] if models is not None else [])
    coords: dict[str, Any] = {"k": checked_budgets(k)} | ({"model": list(models)} if models is not None else {})
    stacked = xr.DataArray(np.stack(values, axis=2), dims=dims, coords=coords, name=name)
    return stacked if not isinstance(k, (int, np.integer)) else stacked.isel(k=0)


def over_tau(values: list[np.ndarray], tau: Thresholds, name: str, models: Sequence[str]) -> xr.DataArray:
    """Stack one array (chain, draw, model) a threshold; a single one given as a number has no tau dimension."""
    coords: dict[str, Any] = {"tau": checked_thresholds(tau), "model": list(models)}
    stacked = xr.DataArray(np.stack(values, axis=2), dims=("chain", "draw", "tau", "model"), coords=coords, name=name)
    return stacked if np.ndim(tau) else stacked.isel(tau=0)
