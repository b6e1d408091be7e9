"""Convergence of the sampler: R-hat and effective sample sizes of the reported quantities themselves."""

from typing import NamedTuple

import numpy as np
import xarray as xr

from boundary.stats.quiet_arviz import import_arviz

# Vehtari et al. 2021, arXiv 1903.08008: R-hat below 1.01, and at least 100 effective draws a chain for four chains.
MAX_R_HAT = 1.01
MIN_ESS = 400.0


class Convergence(NamedTuple):
    """Rank-normalised split R-hat, and effective draws in the bulk and in the tails."""

    r_hat: float
    ess_bulk: float
    ess_tail: float

    @property
    def ok(self) -> bool:
        """Whether the quantity may be reported without a mark."""
        return self.r_hat <= MAX_R_HAT and min(self.ess_bulk, self.ess_tail) >= MIN_ESS


def convergence(quantities: dict[str, xr.DataArray]) -> dict[str, Convergence]:
    """Convergence of each quantity, by name.

    Parameters
    ----------
    quantities
        Draws of each, dimensions (chain, draw).

    Returns
    -------
    R-hat and effective draws of each.

    Notes
    -----
    Draws that are all equal have converged. Infinite draws (a crossover that never comes) count as more than the
    largest finite value, which keeps their ranks; a quantity with undefined draws is judged on whether it is defined,
    where that varies.
    """
    if not quantities:
        return {}
    az = import_arviz()

    finite = {name: _finite(array) for name, array in quantities.items()}
    varying = xr.Dataset({name: array for name, array in finite.items() if float(array.std()) > 0})
    chains, draws = next(iter(quantities.values())).shape
    converged = Convergence(1.0, float(chains * draws), float(chains * draws))
    if not varying.data_vars:
        return dict.fromkeys(quantities, converged)
    with np.errstate(invalid="ignore", divide="ignore"):
        r_hat = az.rhat(varying, method="rank")
        undefined = [name for name in varying.data_vars if not np.isfinite(r_hat[name])]
        location = az.rhat(varying[undefined], method="z_scale") if undefined else {}
        bulk, tail = az.ess(varying, method="bulk"), az.ess(varying, method="tail")
    # Draws of two values have no spread around their median, and no tails: what is defined stands for what is not.
    return {
        name: Convergence(
            float(location[name] if name in location else r_hat[name]),
            float(bulk[name]),
            float(tail[name] if np.isfinite(tail[name]) else bulk[name]),
        )
        if name in varying
        else converged
        for name in quantities
    }


def _finite(array: xr.DataArray) -> xr.DataArray:
    values = array.to_numpy().astype(float)
    if np.isnan(values).any():
        values = np.isnan(values).astype(float) if not np.isnan(values).all() else np.zeros_like(values)
    elif np.isinf(values).any():
        largest = values[np.isfinite(values)].max(initial=0.0)
        values = np.where(np.isinf(values), 2 * largest + 1, values)
    return xr.DataArray(values, dims=("chain", "draw"))
