"""What training does to the set of solvable problems, as rates that papers use, and where a gain comes from."""

from typing import Any

import numpy as np
import xarray as xr

from boundary.stats.budgets import Budgets, Model, checked_budgets, mean_failures, over_k, rows_of, together_over_k
from boundary.stats.estimands.coverage import flows
from boundary.stats.powers import sums_by_level
from boundary.stats.solve_rates import SolveRates, Target


def support_rates(rates: SolveRates, k: Budgets, **pair: Any) -> xr.Dataset:
    """Rates of kept, gained and lost problems at budget k, base against RL.

    Parameters
    ----------
    rates
        Posterior of the solve rates.
    k
        Budget or budgets, each at least 1.
    **pair
        `base`, `rl` and `target`, as for `flows`.

    Returns
    -------
    `srr` (support retention, in [0, 1]), `ndr` (net discovery, in [0, 1]), `sds` (support dynamic score, in [0, 1])
    and `nscr` (net support change, in [-1, 1]); dimensions (chain, draw[, k]). NaN where no problem is in the
    denominator.

    Notes
    -----
    With P, E, S the problems kept, gained and lost: SRR = P / (P + S), NDR = E / (P + E), SDS = 2 SRR NDR /
    (SRR + NDR), NSCR = (E - S) / (P + E + S): Wu et al. 2025, arXiv 2507.14843, Sec. 3.

    Examples
    --------
    Of four problems one is kept, two are lost and one is gained:

    >>> from boundary import SolveRates, support_rates
    >>> rates = SolveRates.exact([[1.0, 1.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0]], models=("base", "rl"))
    >>> values = support_rates(rates, 1).mean()
    >>> {name: round(values[name].item(), 3) for name in values}
    {'srr': 0.333, 'ndr': 0.5, 'sds': 0.4, 'nscr': -0.25}
    """
    problems = flows(rates, k, **pair)
    kept = problems["kept"]
    values = rates_of_flows(*(problems[name].to_numpy() for name in ("kept", "lost", "gained")))
    return xr.Dataset({name: (kept.dims, of_name) for name, of_name in values.items()}, coords=kept.coords)


def rates_of_flows(kept: Any, lost: Any, gained: Any) -> dict[str, Any]:
    """The four support rates of numbers of problems kept, lost and gained; arrays of any one shape."""
    with np.errstate(divide="ignore", invalid="ignore"):
        srr, ndr = kept / (kept + lost), gained / (kept + gained)
        sds = 2 * srr * ndr / (srr + ndr)
        return {"srr": srr, "ndr": ndr, "sds": sds, "nscr": (gained - lost) / (kept + lost + gained)}


def srr(rates: SolveRates, k: Budgets, **pair: Any) -> xr.DataArray:
    """Support retention rate: of what the base solves within k samples, the share kept (see `support_rates`).

    Parameters
    ----------
    rates
        Posterior of the solve rates.
    k
        Budget or budgets, each at least 1.
    **pair
        `base`, `rl` and `target`, as for `support_rates`.

    Returns
    -------
    Draws in [0, 1], NaN where the base solves nothing, dimensions (chain, draw[, k]).

    Examples
    --------
    The base solves three problems, of which the RL model keeps one:

    >>> from boundary import SolveRates, srr
    >>> rates = SolveRates.exact([[1.0, 1.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0]], models=("base", "rl"))
    >>> round(srr(rates, 1).mean().item(), 3)
    0.333
    """
    return support_rates(rates, k, **pair)["srr"]


def ndr(rates: SolveRates, k: Budgets, **pair: Any) -> xr.DataArray:
    """Net discovery rate: of what the RL model solves within k samples, the share gained (see `support_rates`).

    Parameters
    ----------
    rates
        Posterior of the solve rates.
    k
        Budget or budgets, each at least 1.
    **pair
        `base`, `rl` and `target`, as for `support_rates`.

    Returns
    -------
    Draws in [0, 1], NaN where the RL model solves nothing, dimensions (chain, draw[, k]).

    Examples
    --------
    The RL model solves two problems, of which one is new:

    >>> from boundary import SolveRates, ndr
    >>> rates = SolveRates.exact([[1.0, 1.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0]], models=("base", "rl"))
    >>> round(ndr(rates, 1).mean().item(), 3)
    0.5
    """
    return support_rates(rates, k, **pair)["ndr"]


def sds(rates: SolveRates, k: Budgets, **pair: Any) -> xr.DataArray:
    """Support dynamic score: the harmonic mean of retention and discovery (see `support_rates`).

    Parameters
    ----------
    rates
        Posterior of the solve rates.
    k
        Budget or budgets, each at least 1.
    **pair
        `base`, `rl` and `target`, as for `support_rates`.

    Returns
    -------
    Draws in [0, 1], NaN where either is not defined or both are 0, dimensions (chain, draw[, k]).

    Examples
    --------
    Retention of 1/3 and discovery of 1/2:

    >>> from boundary import SolveRates, sds
    >>> rates = SolveRates.exact([[1.0, 1.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0]], models=("base", "rl"))
    >>> round(sds(rates, 1).mean().item(), 3)
    0.4
    """
    return support_rates(rates, k, **pair)["sds"]


def nscr(rates: SolveRates, k: Budgets, **pair: Any) -> xr.DataArray:
    """Net support change rate: gained less lost, of all that either solves (see `support_rates`).

    Parameters
    ----------
    rates
        Posterior of the solve rates.
    k
        Budget or budgets, each at least 1.
    **pair
        `base`, `rl` and `target`, as for `support_rates`.

    Returns
    -------
    Draws in [-1, 1], NaN where neither model solves anything, dimensions (chain, draw[, k]).

    Examples
    --------
    One of four problems is gained and two are lost:

    >>> from boundary import SolveRates, nscr
    >>> rates = SolveRates.exact([[1.0, 1.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0]], models=("base", "rl"))
    >>> round(nscr(rates, 1).mean().item(), 3)
    -0.25
    """
    return support_rates(rates, k, **pair)["nscr"]


def gains(rates: SolveRates, k: Budgets, *, base: Model = 0, rl: Model = 1, target: Target = "benchmark") -> xr.Dataset:
    """The RL model's gain in pass@1, split by whether the base's reach at budget k is at least one half.

    Parameters
    ----------
    rates
        Posterior of the solve rates.
    k
        Budget or budgets, each at least 1.
    base, rl
        The two models, by name or column.
    target
        `benchmark` or `superpopulation`.

    Returns
    -------
    `amplified` (from problems that k samples of the base are likelier than not to solve) and `discovered` (from the
    others), both in [-1, 1], which sum to pass@1 of RL less pass@1 of the base; dimensions (chain, draw[, k]).

    Notes
    -----
    mean over problems of (p_rl - p_base) 1[R_base >= 1/2], and of the rest, with R = 1 - (1 - p)^k.

    Examples
    --------
    pass@1 rises by .4. Half of the rise is on a problem that the base solves one time in a hundred: out of reach of
    8 samples, within reach of 128.

    >>> from boundary import SolveRates, gains
    >>> rates = SolveRates.exact([[0.4, 0.8], [0.01, 0.41]], models=("base", "rl"))
    >>> gains(rates, [8, 128])["amplified"].mean(["chain", "draw"]).round(3).values.tolist()
    [0.2, 0.4]
    >>> gains(rates, [8, 128])["discovered"].mean(["chain", "draw"]).round(3).values.tolist()
    [0.2, 0.0]
    """
    p, budgets = rates.rates(target), checked_budgets(k)
    base_rows, rl_rows = (rows_of(p, rates.index(model)) for model in (base, rl))
    # The base's reach at k is one half at this solve rate, and falls as k does.
    descending = sorted(budgets, reverse=True)
    half = -np.expm1(-np.log(2) / np.array(descending))
    gain_by_level = sums_by_level(base_rows, half, rl_rows) - sums_by_level(base_rows, half, base_rows)
    gain_by_level = gain_by_level.reshape(*p.shape[:2], -1) / p.shape[2]
    out_of_reach = np.cumsum(gain_by_level, axis=-1)
    within = np.cumsum(gain_by_level[..., ::-1], axis=-1)[..., ::-1]
    places = [descending.index(budget) for budget in budgets]
    amplified, discovered = [within[..., i + 1] for i in places], [out_of_reach[..., i] for i in places]
    return together_over_k({"amplified": amplified, "discovered": discovered}, k)


def amplified(rates: SolveRates, k: Budgets, **pair: Any) -> xr.DataArray:
    """Gain in pass@1 on problems that the base is likelier than not to solve within k samples (see `gains`).

    Parameters
    ----------
    rates
        Posterior of the solve rates.
    k
        Budget or budgets, each at least 1.
    **pair
        `base`, `rl` and `target`, as for `gains`.

    Returns
    -------
    Draws in [-1, 1], dimensions (chain, draw[, k]).

    Examples
    --------
    A problem that the base solves one time in a hundred is within reach of 128 samples, but not of 8:

    >>> from boundary import SolveRates, amplified
    >>> rates = SolveRates.exact([[0.4, 1.0], [0.01, 0.21]], models=("base", "rl"))
    >>> amplified(rates, [8, 128]).mean(["chain", "draw"]).round(3).values.tolist()
    [0.3, 0.4]
    """
    return gains(rates, k, **pair)["amplified"]


def discovered(rates: SolveRates, k: Budgets, **pair: Any) -> xr.DataArray:
    """Gain in pass@1 on problems that the base is likelier than not to miss within k samples (see `gains`).

    Parameters
    ----------
    rates
        Posterior of the solve rates.
    k
        Budget or budgets, each at least 1.
    **pair
        `base`, `rl` and `target`, as for `gains`.

    Returns
    -------
    Draws in [-1, 1], dimensions (chain, draw[, k]).

    Examples
    --------
    A problem that the base solves one time in a hundred is within reach of 128 samples, but not of 8:

    >>> from boundary import SolveRates, discovered
    >>> rates = SolveRates.exact([[0.4, 1.0], [0.01, 0.21]], models=("base", "rl"))
    >>> discovered(rates, [8, 128]).mean(["chain", "draw"]).round(3).values.tolist()
    [0.1, 0.0]
    """
    return gains(rates, k, **pair)["discovered"]


def tail_exponent(rates: SolveRates, k: Budgets, *, target: Target = "benchmark") -> xr.DataArray:
    """Exponent b of the power law -log pass@k ~ k^-b, as the slope of the curve from k to 2k, for each model.

    Parameters
    ----------
    rates
        Posterior of the solve rates.
    k
        Budget or budgets, each at least 1.
    target
        `benchmark` or `superpopulation`.

    Returns
    -------
    Draws of at least 0, dimensions (chain, draw[, k], model); NaN where pass@k is 0 or 1.

    Notes
    -----
    b = log2(log pass@k / log pass@2k). Where the density of the solve rates near 0 behaves as p^(b - 1), this tends to
    b as k grows: Schaeffer et al. 2025, arXiv 2502.17578. It tends to 0 where some problems are never solved: their
    curve levels off and follows no power law.

    Examples
    --------
    Solve rates spread evenly over [0, 1] have b = 1; where the lowest tenth is never solved the curve levels off:

    >>> import numpy as np
    >>> from boundary import SolveRates, tail_exponent
    >>> even = (np.arange(1000) + 0.5) / 1000
    >>> spiked = np.where(even < 0.1, 0.0, even)
    >>> rates = SolveRates.exact(np.stack([even, spiked], axis=1), models=("even", "spiked"))
    >>> tail_exponent(rates, 16).values.round(2).ravel().tolist()
    [0.98, 0.13]
    """
    budgets = checked_budgets(k)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs, doubled = (np.log1p(-mean_failures(rates, [times * b for b in budgets], target)) for times in (1, 2))
        slopes = np.log2(logs / doubled)
    return over_k([np.where(np.isfinite(s), s, np.nan) for s in slopes], k, "tail_exponent", rates.models)
