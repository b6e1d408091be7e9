"""Budgets k and thresholds tau: checked, with means over problems at each, and stacked into labelled arrays."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from jaxtyping import Float

from boundary.stats.powers import mean_binomials, mean_powers
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


def mean_failures(
    rates: SolveRates, k: Sequence[int], target: Target, models: Sequence[int] | None = None
) -> Float[np.ndarray, "k chain draw model"]:
    """Means over problems of (1 - p)^k, which is the share of problems that k samples do not solve.

    Parameters
    ----------
    rates
        Posterior of the solve rates; it keeps what is computed.
    k
        Budgets, each at least 1.
    target
        `benchmark` or `superpopulation`.
    models
        Columns of the models, other than which none is computed; all where not given, and of a pair then also the
        means that `mean_joint_failures` takes.
    """
    pair = (0, 1) if models is None and len(rates.models) == 2 else None
    columns = range(len(rates.models)) if models is None else models
    keys = [("failure", target, column) for column in columns]
    if pair is not None:
        values = _means(rates, [*keys, ("failure", target, *pair)], k)[:-1]
    else:
        values = np.concatenate([_means(rates, [key], k) for key in keys])
    return np.moveaxis(values, 0, -1)


def mean_joint_failures(
    rates: SolveRates, k: Sequence[int], base: int, rl: int, target: Target
) -> Float[np.ndarray, "mean k chain draw"]:
    """Means over problems of (1 - p)^k of the base, of RL, and of both at once, the columns of a pair."""
    if base == rl:
        base_fails = mean_failures(rates, k, target, [base])[..., 0]
        return np.stack([base_fails, base_fails, mean_failures(rates, [2 * b for b in k], target, [base])[..., 0]])
    first, second = sorted((base, rl))
    keys = [("failure", target, first), ("failure", target, second), ("failure", target, first, second)]
    values = _means(rates, keys, k)
    return values if base == first else values[[1, 0, 2]]


def mean_successes(rates: SolveRates, k: Sequence[int], target: Target) -> Float[np.ndarray, "k chain draw model"]:
    """Means over problems of p^k, which is the share of problems that k samples all solve."""
    values = [_means(rates, [("success", target, column)], k) for column in range(len(rates.models))]
    return np.moveaxis(np.concatenate(values), 0, -1)


def mean_binomials_of(rates: SolveRates, k: int, target: Target) -> Float[np.ndarray, "right chain draw model"]:
    """Means over problems of the probability that just j of k samples are right, j = 0..k."""
    p = rates.rates(target)
    kept = rates.means if p.shape[2] >= FEWEST_KEPT else {}
    by_model = []
    for column in range(p.shape[3]):
        by_right = kept.setdefault(("binomial", target, column, k), {})
        if not by_right:
            values = mean_binomials(rows_of(p, column), k).reshape(-1, *p.shape[:2])
            by_right.update(enumerate(values))
        by_model.append(list(by_right.values()))
    return np.moveaxis(np.array(by_model), 0, -1)


# Below so many problems the means are not few beside the draws, and are not kept.
FEWEST_KEPT = 8


def _means(rates: SolveRates, keys: Sequence[tuple[Any, ...]], k: Sequence[int]) -> Float[np.ndarray, "mean k *draw"]:
    """Means of one model, or of two and their product, by key and exponent; those that are new in one pass."""
    p = rates.rates(keys[0][1])
    kept = rates.means if p.shape[2] >= FEWEST_KEPT else {}
    by_key = [kept.setdefault(key, {}) for key in keys]
    missing = sorted({exponent for exponent in k if any(exponent not in means for means in by_key)})
    if missing:
        columns = [rows_of(p, column) for column in keys[-1][2:]]
        values = mean_powers(columns, missing, of_failures=keys[0][0] == "failure")
        for means, of_key in zip(by_key, values, strict=True):
            means.update(zip(missing, of_key.reshape(-1, *p.shape[:2]), strict=True))
    return np.array([[means[exponent] for exponent in k] for means in by_key])


def rows_of(p: Float[np.ndarray, "chain draw problem model"], column: int) -> Float[np.ndarray, "row problem"]:
    """The draws of one model as rows, without a copy."""
    return p[..., column].reshape(-1, p.shape[2])


def over_k(values: Iterable[np.ndarray], k: Budgets, name: str, models: Sequence[str] | None = None) -> xr.DataArray:
    """Stack one array (chain, draw[, model]) a budget; a single budget given as a number has no k dimension."""
    dims = ["chain", "draw", "k"] + (["model"] if models is not None else [])
    coords: dict[str, Any] = {"k": checked_budgets(k)} | ({"model": list(models)} if models is not None else {})
    stacked = xr.DataArray(np.stack(list(values), axis=2), dims=dims, coords=coords, name=name)
    return stacked if not isinstance(k, (int, np.integer)) else stacked.isel(k=0)


def together_over_k(parts: Mapping[str, Iterable[np.ndarray]], k: Budgets) -> xr.Dataset:
    """Several quantities at once, each as `over_k` stacks it; labels are made once."""
    dims = ("chain", "draw", "k")
    stacked = {name: (dims, np.stack(list(values), axis=2)) for name, values in parts.items()}
    together = xr.Dataset(stacked, coords={"k": checked_budgets(k)})
    return together if not isinstance(k, (int, np.integer)) else together.isel(k=0)


def over_tau(values: list[np.ndarray], tau: Thresholds, name: str, models: Sequence[str]) -> xr.DataArray:
    """Stack one array (chain, draw, model) a threshold; a single one given as a number has no tau dimension."""
    coords: dict[str, Any] = {"tau": checked_thresholds(tau), "model": list(models)}
    stacked = xr.DataArray(np.stack(values, axis=2), dims=("chain", "draw", "tau", "model"), coords=coords, name=name)
    return stacked if np.ndim(tau) else stacked.isel(tau=0)
