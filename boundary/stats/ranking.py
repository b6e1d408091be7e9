"""Models ranked by pass@k: the rank of each, the probability that it is best, and that it is better than another."""

import numpy as np
import xarray as xr
from jaxtyping import Float
from scipy.stats import rankdata

from boundary.stats.budgets import Budgets
from boundary.stats.coverage import pass_at_k
from boundary.stats.solve_rates import SolveRates, Target


def rank(rates: SolveRates, k: Budgets, *, target: Target = "benchmark") -> xr.DataArray:
    """Rank of each model by pass@k, 1 for the best; models that tie share the mean of their ranks.

    Returns
    -------
    Draws in [1, M] for M models, dimensions (chain, draw[, k], model).
    """
    return ranks(pass_at_k(rates, k, target=target))


def best(rates: SolveRates, k: Budgets, *, target: Target = "benchmark") -> xr.DataArray:
    """1 where a model's pass@k is the highest, else 0: its mean is P(the model is best); those that tie share the 1.

    Returns
    -------
    Draws in [0, 1] that sum to 1 over the models, dimensions (chain, draw[, k], model).
    """
    return bests(pass_at_k(rates, k, target=target))


def better(rates: SolveRates, k: Budgets, *, target: Target = "benchmark") -> xr.DataArray:
    """P(pass@k of one model exceeds that of another), a tie counting one half.

    Returns
    -------
    Probabilities, dimensions ([k, ]model, reference): P(model > reference); one half on the diagonal.
    """
    return pairwise(pass_at_k(rates, k, target=target))


def ranks(coverage: xr.DataArray) -> xr.DataArray:
    """`rank` from draws of pass@k, any dimensions and `model`, of models fitted together or apart."""
    axis = coverage.get_axis_num("model")
    return coverage.copy(data=rankdata(-coverage.to_numpy(), axis=axis)).rename("rank")


def bests(coverage: xr.DataArray) -> xr.DataArray:
    """`best` from draws of pass@k, as for `ranks`."""
    highest = coverage == coverage.max("model")
    return (highest / highest.sum("model")).transpose(*coverage.dims).rename("best")


def pairwise(coverage: xr.DataArray) -> xr.DataArray:
    """`better` from draws of pass@k, as for `ranks`; draws run over `chain` and `draw`."""
    ordered = coverage.transpose("chain", "draw", ..., "model")
    values = ordered.to_numpy().reshape(-1, *ordered.shape[2:])
    wins = np.stack([_wins(values, values[..., m : m + 1]) for m in range(values.shape[-1])], axis=-1)
    others = ordered.rename(model="reference").coords["reference"]
    kept = [str(dim) for dim in ordered.dims[2:]]
    coords = {name: ordered.coords[name] for name in kept} | {"reference": others}
    return xr.DataArray(wins, dims=[*kept, "reference"], coords=coords, name="better")


def _wins(values: Float[np.ndarray, "draw *rest model"], other: np.ndarray) -> Float[np.ndarray, "*rest model"]:
    return ((values > other).mean(axis=0) + (values == other).mean(axis=0) * 0.5).astype(float)
