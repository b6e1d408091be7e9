"""What the counts say by themselves: unbiased estimates and plug-ins beside the posterior, without intervals."""

from collections.abc import Iterator, Sequence

import numpy as np

from boundary.analysis.estimates.posterior import Asked
from boundary.analysis.estimates.table import Observed
from boundary.stats.estimands.reliability import HISTOGRAM_MIDDLES, histogram_shares
from boundary.stats.estimands.support import rates_of_flows
from boundary.stats.estimands.unbiased import (
    unbiased_flows,
    unbiased_g_pass_at_k,
    unbiased_mg_pass_at_k,
    unbiased_pass_at_k,
    unbiased_pass_hat_k,
)
from boundary.stats.solve_rates import SolveRates


def observed(
    rates: SolveRates, models: Sequence[str], pairs: Sequence[tuple[str, str]], asked: Asked
) -> Iterator[Observed]:
    """Every estimand that has an estimate from the counts, at budgets within the samples of at least half the problems.

    Notes
    -----
    An estimate at k is that of the problems with k samples or more, and says how many these are. All are unbiased for
    them, but for the support rates and the tail exponent, which are ratios of unbiased estimates, and the histogram,
    which is that of c/n. cover@tau has no estimate of its own: see `boundary.stats.estimands.reliability`.
    """
    budgets = [k for k in asked.budgets if k <= rates.typical_k]
    for model in models:
        c, n = (part[:, rates.index(model)] for part in (rates.n_correct, rates.n_samples))
        halfway = max((k for k in budgets if 2 * k <= rates.reliable_k), default=0)
        steady = asked.steady(rates)
        of_model = [
            *(one for k in budgets for one in _at_k(model, *_enough(c, n, k), k)),
            *(_slope(model, *_enough(c, n, 2 * halfway), halfway) if halfway else ()),
            *(_reliability(model, *_enough(c, n, steady), steady, asked) if steady <= rates.typical_k else ()),
            *_histogram(model, *_enough(c, n, 1)),
        ]
        yield from (one for one in of_model if one.estimand in asked.estimands)
    for base, rl in pairs:
        columns = [rates.index(base), rates.index(rl)]
        c, n = rates.n_correct[:, columns], rates.n_samples[:, columns]
        compared = [one for k in budgets for one in _pair_at(rl, base, *_enough(c, n, k), k)]
        if budgets:
            compared.append(_gap(rl, base, *_enough(c, n, max(budgets)), max(budgets)))
        yield from (one for one in compared if one.estimand in asked.estimands)


def _enough(n_correct: np.ndarray, n_samples: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The counts of problems with at least k samples, of each model where there are two."""
    keep = n_samples >= k if n_samples.ndim == 1 else (n_samples >= k).all(axis=1)
    return n_correct[keep], n_samples[keep]


def _at_k(model: str, c: np.ndarray, n: np.ndarray, k: int) -> Iterator[Observed]:
    yield Observed("pass_at_k", float(unbiased_pass_at_k(c, n, k).mean()), len(n), model, k=k)
    yield Observed("pass_hat_k", float(unbiased_pass_hat_k(c, n, k).mean()), len(n), model, k=k)


def _slope(model: str, c: np.ndarray, n: np.ndarray, k: int) -> Iterator[Observed]:
    share, doubled = (unbiased_pass_at_k(c, n, budget).mean() for budget in (k, 2 * k))
    if 0 < share < 1 and doubled < 1:
        yield Observed("tail_exponent", float(np.log2(np.log(share) / np.log(doubled))), len(n), model, k=k)


def _reliability(model: str, c: np.ndarray, n: np.ndarray, k: int, asked: Asked) -> Iterator[Observed]:
    for tau in asked.taus:
        share = float(unbiased_g_pass_at_k(c, n, k, tau).mean())
        yield Observed("g_pass_at_k", share, len(n), model, k=k, tau=tau)
    yield Observed("mg_pass_at_k", float(unbiased_mg_pass_at_k(c, n, k).mean()), len(n), model, k=k)


def _histogram(model: str, c: np.ndarray, n: np.ndarray) -> Iterator[Observed]:
    if len(n):
        shares = histogram_shares((c / n)[:, None])[0]
        for middle, share in zip(HISTOGRAM_MIDDLES, shares, strict=True):
            yield Observed("accuracy_histogram", float(share), len(n), model, tau=float(middle))


def _pair_at(rl: str, base: str, c: np.ndarray, n: np.ndarray, k: int) -> Iterator[Observed]:
    moved = unbiased_flows(c, n, k)
    shares = rates_of_flows(*(np.float64(moved[name]) for name in ("kept", "lost", "gained")))
    for name, value in (moved | shares).items():
        yield Observed(name, float(value), len(n), rl, base, k)


def _gap(rl: str, base: str, c: np.ndarray, n: np.ndarray, k: int) -> Observed:
    gap = unbiased_pass_at_k(c[:, 0], n[:, 0], k).mean() - unbiased_pass_at_k(c[:, 1], n[:, 1], 1).mean()
    return Observed("delta_se", float(gap), len(n), rl, base, k)
