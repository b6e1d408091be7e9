"""Which estimands are reported, and at which budgets and thresholds: from solve rates to rows to be."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from boundary.analysis.estimates.table import Quantity
from boundary.stats import estimands
from boundary.stats.intervals import MARGIN
from boundary.stats.solve_rates import SolveRates, Target

# G-Pass@k is about reliability, which its paper reports at k = 16 (arXiv 2412.13147, Sec. 4).
RELIABILITY_K = 16
# Draws of these are budgets themselves.
BUDGETS_THEMSELVES = ("crossover", "sampling_speedup")

Makers = Mapping[tuple[str, ...], Callable[[], xr.DataArray | xr.Dataset]]


class Asked(NamedTuple):
    """What to report of a fit: budgets k, thresholds tau, how far a crossing is looked for, estimands, margin."""

    budgets: list[int]
    taus: tuple[float, ...]
    furthest: int
    target: Target
    estimands: frozenset[str]
    margin: float = MARGIN

    def within(self, limit: float) -> int:
        """The largest budget up to a limit, or the smallest there is."""
        return max([k for k in self.budgets if k <= limit], default=min(self.budgets))

    def steady(self, rates: SolveRates) -> int:
        """The budget at which reliability is reported."""
        return self.within(min(RELIABILITY_K, rates.reliable_k))


def of_models(rates: SolveRates, models: Sequence[str], asked: Asked) -> list[Quantity]:
    """What is reported of each model: pass@k, pass^k, G-Pass@k, cover@tau, the histogram and the tail of the curve."""
    steady, halfway = asked.steady(rates), asked.within(rates.reliable_k / 2)
    to: dict[str, Any] = {"target": asked.target}
    makers: Makers = {
        ("pass_at_k",): lambda: estimands.pass_at_k(rates, asked.budgets, **to),
        ("pass_hat_k",): lambda: estimands.pass_hat_k(rates, asked.budgets, **to),
        ("g_pass_at_k",): lambda: estimands.g_pass_at_k(rates, [steady], asked.taus, **to),
        ("mg_pass_at_k",): lambda: estimands.mg_pass_at_k(rates, [steady], **to),
        ("cover_at_tau",): lambda: estimands.cover_at_tau(rates, asked.taus, **to),
        ("accuracy_histogram",): lambda: estimands.accuracy_histogram(rates, **to),
        ("tail_exponent",): lambda: estimands.tail_exponent(rates, [halfway], **to),
    }
    return [quantity for quantity in _made(makers, rates, asked) if quantity.model in models]


def of_pair(rates: SolveRates, base: str, rl: str, asked: Asked) -> list[Quantity]:
    """What is reported of an RL model against its base; DeltaSE at the largest budget within the samples."""
    pair: dict[str, Any] = {"base": base, "rl": rl, "target": asked.target}
    ceiling = asked.within(rates.reliable_k)
    makers: Makers = {
        ("kept", "lost", "gained", "neither", "shrinkage"): lambda: estimands.flows(rates, asked.budgets, **pair),
        ("crossover", "no_crossover"): lambda: _crossing(rates, asked.furthest, pair),
        ("delta_se",): lambda: estimands.delta_se(rates, [ceiling], **pair),
        ("sampling_speedup",): lambda: estimands.sampling_speedup(rates, asked.furthest, **pair),
        ("srr", "ndr", "sds", "nscr"): lambda: estimands.support_rates(rates, asked.budgets, **pair),
        ("amplified", "discovered"): lambda: estimands.gains(rates, asked.budgets, **pair),
    }
    return list(_made(makers, rates, asked, rl, base))


def _crossing(rates: SolveRates, furthest: int, pair: dict[str, Any]) -> xr.Dataset:
    crossing = estimands.crossover(rates, furthest, **pair)
    never = estimands.uncrossed(crossing).expand_dims(k=[furthest], axis=2)
    return xr.Dataset({"crossover": crossing, "no_crossover": never})


def _made(makers: Makers, rates: SolveRates, asked: Asked, model: str = "", reference: str = "") -> Iterator[Quantity]:
    """Rows of the estimands that are asked for; what is not asked for is not computed."""
    for names, make in makers.items():
        if asked.estimands.isdisjoint(names):
            continue
        made = make()
        for name in names:
            draws = made[name] if isinstance(made, xr.Dataset) else made
            if name in asked.estimands:
                yield from _each(name, draws, rates, model, reference)


def _each(estimand: str, draws: xr.DataArray, rates: SolveRates, model: str, reference: str) -> Iterator[Quantity]:
    """One row for each budget, threshold and model that the draws run over."""
    over = [str(dim) for dim in draws.dims if dim not in ("chain", "draw")]
    for labels in product(*(draws.coords[dim].to_numpy() for dim in over)):
        at = dict(zip(over, labels, strict=True))
        k, tau = float(at.get("k", np.nan)), float(at.get("tau", np.nan))
        mine = draws.sel(at)
        needed = _needed(estimand, mine, k)
        beyond = needed > rates.reliable_k
        named = str(at.get("model", model))
        yield Quantity(estimand, mine, named, reference, k, tau, beyond, rates.n_short(float(needed)))


def _needed(estimand: str, draws: xr.DataArray, k: float) -> float:
    """Samples of a problem that a quantity speaks of; NaN where it speaks of no number of them."""
    if estimand in BUDGETS_THEMSELVES:
        defined = draws.to_numpy()[~np.isnan(draws.to_numpy())]
        return float(np.quantile(defined, 0.5, method="inverted_cdf")) if len(defined) else np.nan
    # The slope of the curve at k is taken from k to 2k.
    return 2 * k if estimand == "tail_exponent" else k
