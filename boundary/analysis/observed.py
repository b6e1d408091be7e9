"""What the counts say by themselves: unbiased estimates and plug-ins beside the posterior, without intervals."""

from collections.abc import Iterator, Sequence

import numpy as np

from boundary.analysis.estimates import Observed
from boundary.analysis.quantities import Asked
from boundary.stats.closed_form import (
    unbiased_flows,
    unbiased_g_pass_at_k,
    unbiased_mg_pass_at_k,
    unbiased_pass_at_k,
    unbiased_pass_hat_k,
)
from boundary.stats.reliability import HISTOGRAM_MIDDLES, histogram_shares
from boundary.stats.solve_rates import SolveRates
from boundary.stats.support import rates_of_flows


def observed(
    rates: SolveRates, models: Sequence[str], pairs: Sequence[tuple[str, str]], asked: Asked
) -> Iterator[Observed]:
    """Every estimand that has an estimate from the counts, at budgets within the samples of every problem.

    Notes
    -----
    Unbiased, but for the support rates and the tail exponent, which are ratios of unbiased estimates, and the
    histogram, which is that of c/n. cover@tau has no estimate of its own: see `boundary.stats.reliability`.
    """
    budgets = [k for k in asked.budgets if k <= rates.reliable_k]
    for model in models:
        c, n = (part[:, rates.index(model)] for part in (rates.n_correct, rates.n_samples))
        found = [*_over_k(model, c, n, budgets), *_at_steady_k(model, c, n, asked.steady(rates), asked)]
        yield from (one for one in found if one.estimand in asked.estimands)
    for base, rl in pairs:
        columns = [rates.index(base), rates.index(rl)]
        c, n = rates.n_correct[:, columns], rates.n_samples[:, columns]
        compared = [Observed(name, value, rl, base, k) for k in budgets for name, value in _pair_at(c, n, k).items()]
        if budgets:
            ceiling = max(budgets)
            gap = unbiased_pass_at_k(c[:, 0], n[:, 0], ceiling).mean() - unbiased_pass_at_k(c[:, 1], n[:, 1], 1).mean()
            compared.append(Observed("delta_se", float(gap), rl, base, ceiling))
        yield from (one for one in compared if one.estimand in asked.estimands)


def _over_k(model: str, c: np.ndarray, n: np.ndarray, budgets: Sequence[int]) -> Iterator[Observed]:
    for k in budgets:
        yield Observed("pass_at_k", float(unbiased_pass_at_k(c, n, k).mean()), model, k=k)
        yield Observed("pass_hat_k", float(unbiased_pass_hat_k(c, n, k).mean()), model, k=k)
    halfway = max((k for k in budgets if 2 * k <= n.min()), default=0)
    if halfway:
        share, doubled = (unbiased_pass_at_k(c, n, k).mean() for k in (halfway, 2 * halfway))
        if 0 < share < 1 and doubled < 1:
            yield Observed("tail_exponent", float(np.log2(np.log(share) / np.log(doubled))), model, k=halfway)


def _at_steady_k(model: str, c: np.ndarray, n: np.ndarray, k: int, asked: Asked) -> Iterator[Observed]:
    if k <= n.min():
        for tau in asked.taus:
            yield Observed("g_pass_at_k", float(unbiased_g_pass_at_k(c, n, k, tau).mean()), model, k=k, tau=tau)
        yield Observed("mg_pass_at_k", float(unbiased_mg_pass_at_k(c, n, k).mean()), model, k=k)
    if n.min() > 0:
        shares = histogram_shares((c / n)[:, None])[0]
        for middle, share in zip(HISTOGRAM_MIDDLES, shares, strict=True):
            yield Observed("accuracy_histogram", float(share), model, tau=float(middle))


def _pair_at(c: np.ndarray, n: np.ndarray, k: int) -> dict[str, float]:
    moved = unbiased_flows(c, n, k)
    shares = rates_of_flows(*(np.float64(moved[name]) for name in ("kept", "lost", "gained")))
    return moved | {name: float(value) for name, value in shares.items()}
