"""Models ranked by pass@k: the rank of each, the probability that it is best, and that it is better than another."""

import numpy as np
import xarray as xr
from jaxtyping import Float

from boundary.stats.budgets import Budgets
from boundary.stats.estimands.coverage import pass_at_k
from boundary.stats.intervals import TIE
from boundary.stats.solve_rates import SolveRates, Target


def rank(rates: SolveRates, k: Budgets, *, target: Target = "benchmark", margin: float = 0.0) -> xr.DataArray:
    """Rank of each model by pass@k, 1 for the best; models that tie share the mean of their ranks.

    Parameters
    ----------
    rates
        Posterior of the solve rates.
    k
        Budget or budgets, each at least 1.
    target
        `benchmark` or `superpopulation`.
    margin
        Models tie where their pass@k differ by no more than this.

    Returns
    -------
    Draws in [1, M] for M models, dimensions (chain, draw[, k], model).

    Examples
    --------
    With one sample the first two tie; with many the model that solves nothing of the second problem is last:

    >>> from boundary import SolveRates, rank
    >>> rates = SolveRates.exact([[0.5, 1.0, 0.1], [0.5, 0.0, 0.1]], models=("even", "split", "weak"))
    >>> rank(rates, [1, 64]).sel(k=1).values.ravel().tolist()
    [1.5, 1.5, 3.0]
    >>> rank(rates, [1, 64]).sel(k=64).values.ravel().tolist()
    [1.0, 3.0, 2.0]
    """
    return ranks(pass_at_k(rates, k, target=target), margin)


def best(rates: SolveRates, k: Budgets, *, target: Target = "benchmark", margin: float = 0.0) -> xr.DataArray:
    """1 where a model's pass@k is the highest, else 0: its mean is P(the model is best); those that tie share the 1.

    Parameters
    ----------
    rates
        Posterior of the solve rates.
    k
        Budget or budgets, each at least 1.
    target
        `benchmark` or `superpopulation`.
    margin
        Models tie with the highest where they are below it by no more than this.

    Returns
    -------
    Draws in [0, 1] that sum to 1 over the models, dimensions (chain, draw[, k], model).

    Examples
    --------
    >>> from boundary import SolveRates, best
    >>> rates = SolveRates.exact([[0.5, 1.0, 0.1], [0.5, 0.0, 0.1]], models=("even", "split", "weak"))
    >>> best(rates, 1).values.ravel().tolist()
    [0.5, 0.5, 0.0]
    >>> best(rates, 64).values.ravel().tolist()
    [1.0, 0.0, 0.0]
    """
    return bests(pass_at_k(rates, k, target=target), margin)


def better(rates: SolveRates, k: Budgets, *, target: Target = "benchmark", margin: float = 0.0) -> xr.DataArray:
    """P(pass@k of one model exceeds that of another), a tie counting one half.

    Parameters
    ----------
    rates
        Posterior of the solve rates.
    k
        Budget or budgets, each at least 1.
    target
        `benchmark` or `superpopulation`.
    margin
        Models tie where their pass@k differ by no more than this.

    Returns
    -------
    Probabilities, dimensions ([k, ]model, reference): P(model > reference); one half on the diagonal.

    Examples
    --------
    With one sample the models tie, and both are better than the third:

    >>> from boundary import SolveRates, better
    >>> rates = SolveRates.exact([[0.5, 1.0, 0.1], [0.5, 0.0, 0.1]], models=("even", "split", "weak"))
    >>> better(rates, 1).sel(model="even").values.tolist()
    [0.5, 0.5, 1.0]
    >>> better(rates, 64).sel(model="split", reference="weak").item()
    0.0
    """
    return pairwise(pass_at_k(rates, k, target=target), margin)


def ranks(coverage: xr.DataArray, margin: float = 0.0) -> xr.DataArray:
    """`rank` from draws of pass@k, any dimensions and `model`, of models fitted jointly or each by itself.

    Returns
    -------
    Ranks in [1, M], of the same dimensions.

    Examples
    --------
    >>> ranks(xr.DataArray([0.2, 0.5, 0.2], dims="model")).to_numpy()
    array([2.5, 1. , 2.5])
    """
    ordered = coverage.transpose(..., "model")
    values = ordered.to_numpy()
    # 1 for itself, one for each better model and half a one for each that ties.
    standing = [0.5 + _wins(values[..., m : m + 1], values, margin).sum(axis=-1) for m in range(values.shape[-1])]
    return ordered.copy(data=np.stack(standing, axis=-1)).transpose(*coverage.dims).rename("rank")


def bests(coverage: xr.DataArray, margin: float = 0.0) -> xr.DataArray:
    """`best` from draws of pass@k, as for `ranks`.

    Returns
    -------
    Shares in [0, 1] that sum to 1 over the models, of the same dimensions.

    Examples
    --------
    >>> bests(xr.DataArray([0.2, 0.5, 0.5], dims="model")).to_numpy()
    array([0. , 0.5, 0.5])
    """
    highest = coverage >= coverage.max("model") - margin - TIE
    return (highest / highest.sum("model")).transpose(*coverage.dims).rename("best")


def pairwise(coverage: xr.DataArray, margin: float = 0.0) -> xr.DataArray:
    """`better` from draws of pass@k, as for `ranks`; draws run over `chain` and `draw`.

    Returns
    -------
    Probabilities, dimensions (..., model, reference).
    """
    ordered = coverage.transpose("chain", "draw", ..., "model")
    values = ordered.to_numpy().reshape(-1, *ordered.shape[2:])
    wins = [_wins(values[..., m : m + 1], values, margin).mean(axis=0) for m in range(values.shape[-1])]
    references = ordered.rename(model="reference").coords["reference"]
    kept = [str(dim) for dim in ordered.dims[2:]]
    coords = {name: ordered.coords[name] for name in kept} | {"reference": references}
    return xr.DataArray(np.stack(wins, axis=-1), dims=[*kept, "reference"], coords=coords, name="better")


def _wins(
    reference: Float[np.ndarray, "*draw 1"], values: Float[np.ndarray, "*draw model"], margin: float
) -> Float[np.ndarray, "*draw model"]:
    """1 where a model is ahead of the reference by more than the margin, 1/2 where they tie, 0 where it is behind."""
    lead = values - reference
    return (np.sign(np.where(np.abs(lead) <= margin + TIE, 0.0, lead)) + 1) / 2
