"""Models ranked by pass@k: the rank of each, the probability that it is best, and that it is better than another."""

from typing import NamedTuple

import numpy as np
import xarray as xr
from jaxtyping import Float

from boundary.stats.budgets import Budgets
from boundary.stats.estimands.coverage import pass_at_k
from boundary.stats.intervals import TIE
from boundary.stats.powers import row_blocks
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
    rows = values.reshape(-1, values.shape[-1])
    # 1 for itself, one for each better model and half a one for each that ties, itself left out.
    twice = np.ones(rows.shape, dtype=np.int32)
    for block in row_blocks(*rows.shape):
        for model in range(rows.shape[1]):
            lead = rows[block, model, None] - rows[block]
            twice[block] += lead > margin + TIE
            twice[block] += lead >= -(margin + TIE)
    standing = (twice / 2).reshape(values.shape)
    return ordered.copy(data=standing).transpose(*coverage.dims).rename("rank")


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
    curves = values.reshape(len(values), -1, values.shape[-1])
    wins = np.array([_wins(curves[:, i], margin) for i in range(curves.shape[1])])
    references = ordered.rename(model="reference").coords["reference"]
    kept = [str(dim) for dim in ordered.dims[2:]]
    coords = {name: ordered.coords[name] for name in kept} | {"reference": references}
    wins = wins.reshape(*values.shape[1:], values.shape[-1])
    return xr.DataArray(wins, dims=[*kept, "reference"], coords=coords, name="better")


def _wins(values: Float[np.ndarray, "draw model"], margin: float) -> Float[np.ndarray, "model reference"]:
    """Probability that a model is ahead of another by more than the margin, and half of that of a tie."""
    ahead = pair_signs(values, margin).ahead
    tied = 1.0 - ahead - ahead.T
    np.fill_diagonal(tied, 1.0)
    return ahead + tied / 2


class PairSigns(NamedTuple):
    """Probabilities of the difference of each model (row) and each other (column).

    `above`: that it is above 0; `ahead`: above the margin; `equivalent`: within the margin of 0. A model is equivalent
    to itself.
    """

    above: Float[np.ndarray, "model model"]
    ahead: Float[np.ndarray, "model model"]
    equivalent: Float[np.ndarray, "model model"]


def pair_signs(values: Float[np.ndarray, "draw model"], margin: float) -> PairSigns:
    """Signs of the differences of all pairs of models, from joint draws, a block of draws at a time.

    Examples
    --------
    >>> pair_signs(np.array([[0.5, 0.2], [0.5, 0.5]]), 0.1).above
    array([[0. , 0.5],
           [0. , 0. ]])
    """
    n_models = values.shape[1]
    counts = np.zeros((4, n_models, n_models))
    least = margin + TIE
    for rows in row_blocks(*values.shape):
        columns = np.ascontiguousarray(values[rows].T)
        for model in range(n_models):
            lead = columns[model] - columns[model + 1 :]
            for count, met in zip(counts, (lead > TIE, lead < -TIE, lead > least, lead < -least), strict=True):
                count[model, model + 1 :] += np.count_nonzero(met, axis=1)
    above, below, ahead, behind = counts / len(values)
    equivalent = 1.0 - ahead - behind
    lower = np.tril_indices(n_models, -1)
    equivalent[lower] = equivalent.T[lower]
    return PairSigns(above + below.T, ahead + behind.T, equivalent)
