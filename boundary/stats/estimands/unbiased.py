"""Unbiased estimates from counts alone, for budgets within the samples drawn (k <= n)."""

from collections.abc import Callable, Sequence

import numpy as np
import xarray as xr
from jaxtyping import Float, Int
from scipy.special import gammaln

from boundary.stats.chances import hypergeometric_pmf
from boundary.stats.distinct_counts import distinct_rows
from boundary.stats.estimands.reliability import HISTOGRAM_MIDDLES, histogram_shares, least_correct
from boundary.stats.estimands.support import rates_of_flows


def _log_choose(n: Float[np.ndarray, "..."], k: int) -> Float[np.ndarray, "..."]:
    return np.asarray(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1))


def _ratio_of_choices(top: np.ndarray, bottom: np.ndarray, k: int) -> np.ndarray:
    """C(top, k) / C(bottom, k) in log space; 0 where top < k; NaN where bottom < k."""
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k}.")
    top, bottom = np.broadcast_arrays(top, bottom)
    distinct, place = distinct_rows(np.stack([top.ravel(), bottom.ravel()], axis=1))
    return _ratio(distinct[:, 0].astype(float), distinct[:, 1].astype(float), k)[place].reshape(top.shape)


def _ratio(top: np.ndarray, bottom: np.ndarray, k: int) -> np.ndarray:
    ratio = np.where(bottom >= k, 0.0, np.nan)
    some = (top >= k) & (bottom >= k)
    ratio[some] = np.exp(_log_choose(top[some], k) - _log_choose(bottom[some], k))
    return np.clip(ratio, 0.0, 1.0)


def unbiased_pass_at_k(
    n_correct: Int[np.ndarray, "..."], n_samples: Int[np.ndarray, "..."], k: int
) -> Float[np.ndarray, "..."]:
    """Unbiased estimate of pass@k for each problem.

    Parameters
    ----------
    n_correct, n_samples
        Correct samples c and samples n; any shape.
    k
        Budget, at least 1.

    Returns
    -------
    Estimates in [0, 1], NaN where n < k.

    Raises
    ------
    ValueError
        If k < 1.

    Notes
    -----
    1 - C(n-c, k) / C(n, k): Chen et al. 2021, arXiv 2107.03374, eq. 1.

    Examples
    --------
    >>> unbiased_pass_at_k(np.array([1]), np.array([4]), 2)
    array([0.5])
    """
    n_correct, n_samples = np.asarray(n_correct), np.asarray(n_samples)
    return 1.0 - _ratio_of_choices(n_samples - n_correct, n_samples, k)


def unbiased_pass_at_budgets(
    n_correct: Int[np.ndarray, "*rows"], n_samples: Int[np.ndarray, "*rows"], budgets: Sequence[int]
) -> Float[np.ndarray, "*rows k"]:
    """`unbiased_pass_at_k` at many budgets, each at least 1, in one pass."""
    top, bottom = ((part[..., None]) for part in (n_samples - n_correct, n_samples))
    k = np.asarray(budgets)
    log_factorial = gammaln(np.arange(int(n_samples.max(initial=0)) + 2) + 1.0)

    def log_choose(n: np.ndarray) -> np.ndarray:
        return np.asarray(log_factorial[n] - gammaln(k + 1.0) - log_factorial[np.maximum(n - k, 0)])

    ratio = np.exp(log_choose(top) - log_choose(bottom))
    possible = np.where(top >= k, np.clip(ratio, 0.0, 1.0), 0.0)
    return np.where(bottom >= k, 1.0 - possible, np.nan)


def unbiased_pass_hat_k(
    n_correct: Int[np.ndarray, "..."], n_samples: Int[np.ndarray, "..."], k: int
) -> Float[np.ndarray, "..."]:
    """Unbiased estimate of pass^k, the probability that all k samples succeed, for each problem.

    Returns
    -------
    Estimates in [0, 1], NaN where n < k.

    Examples
    --------
    >>> unbiased_pass_hat_k(np.array([2]), np.array([4]), 2).round(3)
    array([0.167])

    Notes
    -----
    C(c, k) / C(n, k): Yao et al. 2024 (tau-bench), arXiv 2406.12045.
    """
    return _ratio_of_choices(np.asarray(n_correct), np.asarray(n_samples), k)


def unbiased_g_pass_at_k(
    n_correct: Int[np.ndarray, "..."], n_samples: Int[np.ndarray, "..."], k: int, tau: float
) -> Float[np.ndarray, "..."]:
    """Unbiased estimate of G-Pass@k, the probability that at least a share tau of k samples succeed, for each problem.

    Returns
    -------
    Estimates in [0, 1], NaN where n < k.

    Raises
    ------
    ValueError
        If k < 1 or tau lies outside [0, 1].

    Notes
    -----
    sum_{j >= max(1, ceil(tau k))} C(c, j) C(n-c, k-j) / C(n, k): Liu et al. 2024, arXiv 2412.13147, eq. 4.

    Examples
    --------
    >>> unbiased_g_pass_at_k(np.array([2]), np.array([4]), 2, 1.0).round(3)
    array([0.167])
    """
    chances = _right_of_k(n_correct, n_samples, k)
    return chances[..., least_correct(k, tau) :].sum(axis=-1)


def unbiased_mg_pass_at_k(
    n_correct: Int[np.ndarray, "..."], n_samples: Int[np.ndarray, "..."], k: int
) -> Float[np.ndarray, "..."]:
    """Unbiased estimate of mG-Pass@k, the mean of G-Pass@k over tau from one half to 1, for each problem.

    Returns
    -------
    Estimates in [0, 1], NaN where n < k.

    Notes
    -----
    2 E max(X / k - 1/2, 0) with X the right ones among k of the n samples: Liu et al. 2024, arXiv
    2412.13147, eq. 6, as an integral (see `boundary.stats.estimands.reliability.mg_pass_at_k`).
    """
    weights = np.maximum(2 * np.arange(k + 1) / k - 1, 0)
    return _right_of_k(n_correct, n_samples, k) @ weights


def _right_of_k(n_correct: np.ndarray, n_samples: np.ndarray, k: int) -> Float[np.ndarray, "... right"]:
    """P(j of k samples drawn from the n are right), j = 0..k; NaN where n < k."""
    n_correct, n_samples = np.broadcast_arrays(n_correct, n_samples)
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k}.")
    distinct, place = distinct_rows(np.stack([n_correct.ravel(), n_samples.ravel()], axis=1))
    c, n = distinct[:, :1], distinct[:, 1:]
    chances = np.where(n >= k, hypergeometric_pmf(np.arange(k + 1), np.maximum(n, k), c, k), np.nan)
    return chances[place].reshape(*n_samples.shape, k + 1)


def unbiased_flows(
    n_correct: Int[np.ndarray, "problem 2"], n_samples: Int[np.ndarray, "problem 2"], k: int
) -> dict[str, float]:
    """Unbiased estimates of the four counts of problems, base in column 0 and RL in column 1.

    Returns
    -------
    kept, lost, gained, neither (counts of problems, in [0, N]) and shrinkage = (lost - gained) / N. At k = n these are
    the naive counts of problems with c > 0. NaN where some n < k.

    Notes
    -----
    Products of the two unbiased factors, which are independent given the solve rates.
    """
    reach = unbiased_pass_at_k(n_correct, n_samples, k)
    base, rl = reach[:, 0], reach[:, 1]
    counts = {
        "kept": float((base * rl).sum()),
        "lost": float((base * (1 - rl)).sum()),
        "gained": float(((1 - base) * rl).sum()),
        "neither": float(((1 - base) * (1 - rl)).sum()),
    }
    return counts | {"shrinkage": float((base - rl).mean())}


def mean_of(per_problem: Callable[..., Float[np.ndarray, " problem"]]) -> Callable[..., float]:
    """The estimate for a benchmark from one for each problem: their mean."""

    def estimate(n_correct: Int[np.ndarray, " problem"], n_samples: Int[np.ndarray, " problem"], *at: float) -> float:
        return float(per_problem(n_correct, n_samples, *at).mean())

    return estimate


def flow(name: str) -> Callable[..., float]:
    """The estimate of one of the numbers of `unbiased_flows`."""

    def estimate(n_correct: Int[np.ndarray, "problem 2"], n_samples: Int[np.ndarray, "problem 2"], k: int) -> float:
        return unbiased_flows(n_correct, n_samples, k)[name]

    return estimate


def support_rate(name: str) -> Callable[..., float]:
    """The estimate of one of the support rates: a ratio of unbiased numbers of problems; NaN where both are 0."""

    def estimate(n_correct: Int[np.ndarray, "problem 2"], n_samples: Int[np.ndarray, "problem 2"], k: int) -> float:
        flows = unbiased_flows(n_correct, n_samples, k)
        return float(rates_of_flows(*(np.float64(flows[part]) for part in ("kept", "lost", "gained")))[name])

    return estimate


def delta_se_of_counts(
    n_correct: Int[np.ndarray, "problem 2"], n_samples: Int[np.ndarray, "problem 2"], k: int
) -> float:
    """Unbiased estimate of the sampling-efficiency gap, base in column 0 and RL in column 1."""
    ceiling = unbiased_pass_at_k(n_correct[:, 0], n_samples[:, 0], k).mean()
    return float(ceiling - unbiased_pass_at_k(n_correct[:, 1], n_samples[:, 1], 1).mean())


def tail_exponent_of_counts(
    n_correct: Int[np.ndarray, " problem"], n_samples: Int[np.ndarray, " problem"], k: int
) -> float | None:
    """Slope of the unbiased curve from k to 2k; None where it is 0 or 1 at either."""
    share, doubled = (unbiased_pass_at_k(n_correct, n_samples, budget).mean() for budget in (k, 2 * k))
    return float(np.log2(np.log(share) / np.log(doubled))) if 0 < share < 1 and doubled < 1 else None


def histogram_of_counts(
    n_correct: Int[np.ndarray, " problem"], n_samples: Int[np.ndarray, " problem"]
) -> xr.DataArray | None:
    """Share of problems in each bin of the accuracy histogram, of c/n; dimension tau. None without problems."""
    if not len(n_samples):
        return None
    shares = histogram_shares((n_correct / n_samples)[:, None])[0]
    return xr.DataArray(shares, dims="tau", coords={"tau": HISTOGRAM_MIDDLES})
