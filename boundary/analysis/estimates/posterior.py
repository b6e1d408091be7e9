"""Posterior estimates: from solve rates to the draws of every requested estimand, at its budgets and thresholds."""

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Any

import numpy as np
import xarray as xr

from boundary.analysis.estimates.table import Quantity
from boundary.analysis.request import EstimateOptions
from boundary.stats.estimands import Estimand
from boundary.stats.solve_rates import SolveRates


def model_quantities(rates: SolveRates, models: Sequence[str], options: EstimateOptions) -> list[Quantity]:
    """Draws of every estimand of each model: pass@k, pass^k, G-Pass@k, cover@tau, the histogram and the tail.

    Parameters
    ----------
    rates
        Posterior of the solve rates.
    models
        Which of its models to report.
    options
        Estimands, budgets and thresholds.

    Returns
    -------
    One quantity for each estimand, budget, threshold and model, in the order of `ESTIMANDS`.
    """
    quantities = _quantities(options.records("model"), rates, options, {"target": options.target})
    return [quantity for quantity in quantities if quantity.model in models]


def pair_quantities(rates: SolveRates, base: str, rl: str, options: EstimateOptions) -> list[Quantity]:
    """Draws of every estimand of an RL model against its base; DeltaSE at the largest budget within the samples.

    Parameters
    ----------
    rates
        Posterior of the solve rates.
    base, rl
        Names of the two models.
    options
        Estimands, budgets and thresholds.

    Returns
    -------
    One quantity for each estimand and budget, in the order of `ESTIMANDS`.
    """
    pair = {"base": base, "rl": rl, "target": options.target}
    return list(_quantities(options.records("pair"), rates, options, pair))


def _quantities(
    records: Sequence[Estimand], rates: SolveRates, options: EstimateOptions, arguments: dict[str, Any]
) -> Iterator[Quantity]:
    """Quantities of some estimands, from arguments by name; those that are computed together are computed once."""
    joint: dict[Callable[..., xr.Dataset], xr.Dataset] = {}
    for record in records:
        values = {"k": options.budgets_of(record, rates), "tau": options.taus, "max_k": options.max_k}
        positional = [values[name] for name in record.parameters]
        if record.joint is None:
            draws = record(rates, *positional, **arguments)
        else:
            if record.joint not in joint:
                joint[record.joint] = record.joint(rates, *positional, **arguments)
            draws = joint[record.joint][record.name]
        yield from _split(record, draws, rates, arguments.get("rl", ""), arguments.get("base", ""))


def _split(record: Estimand, draws: xr.DataArray, rates: SolveRates, model: str, reference: str) -> Iterator[Quantity]:
    """One quantity for each budget, threshold and model that the draws run over."""
    dims = [str(dim) for dim in draws.dims if dim not in ("chain", "draw")]
    values = draws.transpose(*dims, "chain", "draw").to_numpy()
    values = np.ascontiguousarray(values).reshape(-1, *values.shape[-2:])
    for labels, of_labels in zip(product(*(draws.coords[dim].to_numpy() for dim in dims)), values, strict=True):
        at = dict(zip(dims, labels, strict=True))
        k, tau = float(at.get("k", np.nan)), float(at.get("tau", np.nan))
        samples = _median_budget(of_labels) if record.is_budget else record.samples_needed(k)
        extrapolated = samples > rates.reliable_k
        name = str(at.get("model", model))
        yield Quantity(record.name, of_labels, name, reference, k, tau, extrapolated, rates.n_short(float(samples)))


def _median_budget(draws: np.ndarray) -> float:
    """Median of draws that are budgets; NaN where it is defined in none."""
    defined = draws[~np.isnan(draws)]
    return float(np.quantile(defined, 0.5, method="inverted_cdf")) if len(defined) else np.nan
