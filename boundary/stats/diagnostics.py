"""Convergence of the sampler: R-hat, effective draws and Monte Carlo errors of the reported quantities themselves."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped
from scipy.fft import next_fast_len
from scipy.special import betaincinv, ndtri

from boundary.stats.intervals import quantile_positions

# Vehtari et al. 2021, arXiv 1903.08008: R-hat below 1.01, and at least 100 effective draws a chain for four chains.
MAX_R_HAT = 1.01
MIN_ESS = 400.0
# Monte Carlo error of an interval's end, as a share of the interval's width.
MAX_INTERVAL_MC_ERROR = 0.04
TAILS = (0.05, 0.95)
# Quantiles of a normal distribution one standard error to either side, as ArviZ and posterior have them.
_ONE_STANDARD_ERROR = (0.1586553, 0.8413447)
# Draws of as many quantities are worked on at once as stay in a processor's cache.
_DRAWS_AT_ONCE = 2**15


class Convergence(NamedTuple):
    """R-hat, effective draws in the bulk and in the tails, and the Monte Carlo error of the interval, by quantity.

    `interval_mc_error` is the error of the less certain end of the interval as a share of its width; NaN where no
    interval was asked for, and of quantities whose ends are exact or a whole step away: see `convergence`.
    """

    r_hat: Float[np.ndarray, "*quantity"]
    ess_bulk: Float[np.ndarray, "*quantity"]
    ess_tail: Float[np.ndarray, "*quantity"]
    interval_mc_error: Float[np.ndarray, "*quantity"]

    @property
    def ok(self) -> Bool[np.ndarray, "*quantity"]:
        """Whether each quantity may be reported without a mark."""
        return np.asarray((self.r_hat <= MAX_R_HAT) & (np.minimum(self.ess_bulk, self.ess_tail) >= MIN_ESS))


def convergence(draws: Shaped[np.ndarray, "*quantity chain draw"], level: float | None = None) -> Convergence:
    """Convergence of many quantities at once.

    Parameters
    ----------
    draws
        Draws of each quantity; numbers or truth values.
    level
        Probability within the equal-tailed interval whose Monte Carlo error is wanted, in (0, 1); None for none.

    Returns
    -------
    R-hat (of two chains or more), effective draws and the Monte Carlo error of the interval, each of the shape of the
    quantities. All NaN with fewer than four draws a chain.

    Examples
    --------
    >>> draws = np.random.default_rng(0).normal(size=(3, 8, 200))
    >>> convergence(draws).ok
    array([ True,  True,  True])

    Notes
    -----
    Rank-normalised split R-hat of values and of distances from the median, whichever is larger; effective draws of
    rank-normalised values, and of the indicators of the quantiles 0.05 and 0.95, whichever are fewer; the error of an
    interval's end from the effective draws of the indicator of that quantile (Vehtari et al. 2021, arXiv 1903.08008,
    section 4). The numbers are ArviZ's, which computes them quantity by quantity.

    Draws that are all equal have converged. Infinite draws (a crossover that never comes) count as more than the
    largest finite value, which keeps their ranks; a quantity with undefined draws is judged on whether it is defined,
    where that varies. These have no Monte Carlo error of the interval, nor have draws of few different values (numbers
    of problems, budgets), nor an interval of no width.
    """
    *shape, chains, n_draws = draws.shape
    quantities = draws.reshape(-1, chains, n_draws)
    parts = np.full((len(Convergence._fields), len(quantities)), np.nan)
    at_once = max(1, _DRAWS_AT_ONCE // max(1, chains * n_draws))
    if n_draws >= 4:
        for start in range(0, len(quantities), at_once):
            part = slice(start, start + at_once)
            parts[:, part] = _convergence(quantities[part].astype(float), level)
    return Convergence(*(part.reshape(shape) for part in parts))


def _convergence(draws: Float[np.ndarray, "quantity chain draw"], level: float | None) -> Convergence:
    values, finite = _made_finite(draws)
    halves = _split_chains(values)
    order = np.argsort(halves.reshape(len(halves), -1), axis=1)
    ordered = np.take_along_axis(halves.reshape(len(halves), -1), order, axis=1)
    scores = _normal_scores(ordered, order).reshape(halves.shape)
    r_hat, ess_bulk = _r_hat(scores), _effective_draws(scores)
    r_hat_folded = _r_hat(_normal_scores(*_folded(ordered, order)).reshape(halves.shape))
    # Draws of two values may have no spread around their median: their R-hat is that of the values alone.
    r_hat = np.where(np.isfinite(r_hat_folded), np.maximum(r_hat, r_hat_folded), r_hat)
    if draws.shape[1] < 2:
        r_hat[:] = np.nan
    every = ordered if draws.shape[2] % 2 == 0 else np.sort(values.reshape(len(values), -1), axis=1)
    ess_tail = np.minimum(*(_ess_of_quantile(halves, every, prob) for prob in TAILS))
    error = np.full(len(draws), np.nan)
    if level is not None:
        many_values = 2 * np.count_nonzero(np.diff(every, axis=1), axis=1) >= every.shape[1]
        error = np.where(finite & many_values, _interval_mc_error(halves, every, level), np.nan)
    constant = every[:, 0] == every[:, -1]
    r_hat[constant] = 1.0
    ess_bulk[constant] = ess_tail[constant] = every.shape[1]
    return Convergence(r_hat, ess_bulk, ess_tail, error)


def _made_finite(
    draws: Float[np.ndarray, "quantity chain draw"],
) -> tuple[Float[np.ndarray, "quantity chain draw"], Bool[np.ndarray, " quantity"]]:
    """The draws with finite numbers for those that are infinite or undefined, and which quantities have neither."""
    finite = np.isfinite(draws).all(axis=(1, 2))
    for i in np.flatnonzero(~finite):
        values = draws[i]
        if np.isnan(values).any():
            draws[i] = np.isnan(values)
        else:
            largest = values[np.isfinite(values)].max(initial=0.0)
            values[np.isinf(values)] = 2 * largest + 1
    return draws, finite


def _split_chains(draws: np.ndarray) -> Float[np.ndarray, "quantity half draw"]:
    """Both halves of every chain; the draw in the middle of an odd number is left out."""
    quantities, chains, n_draws = draws.shape
    if n_draws % 2:
        draws = np.delete(draws, n_draws // 2, axis=2)
    return draws.reshape(quantities, 2 * chains, n_draws // 2)


@lru_cache(maxsize=16)
def _scores_of_ranks(n_draws: int) -> Float[np.ndarray, " twice_the_rank"]:
    """Normal scores of the ranks 1, 1.5, 2, ... n (Blom 1958)."""
    ranks = np.arange(2, 2 * n_draws + 1) / 2
    return np.asarray(ndtri((ranks - 3 / 8) / (n_draws + 1 / 4)))


def _normal_scores(
    ordered: Float[np.ndarray, "quantity draw"], order: Int[np.ndarray, "quantity draw"]
) -> Float[np.ndarray, "quantity draw"]:
    """Normal scores of the ranks of draws, tied ones sharing theirs; `order` says where each of the ordered was."""
    n_draws = ordered.shape[1]
    places = np.arange(n_draws)
    scores = np.empty_like(ordered)
    new = np.ones(ordered.shape, bool)
    np.not_equal(ordered[:, 1:], ordered[:, :-1], out=new[:, 1:])
    ties = ~new.all(axis=1)
    # Where nothing is tied the ranks are the places themselves.
    np.put_along_axis(scores, order, _scores_of_ranks(n_draws)[None, ::2], axis=1)
    if ties.any():
        new = new[ties]
        first = np.maximum.accumulate(np.where(new, places, 0), axis=1)
        ends = np.concatenate([new[:, 1:], np.ones((len(new), 1), bool)], axis=1)
        last = np.minimum.accumulate(np.where(ends, places, n_draws)[:, ::-1], axis=1)[:, ::-1]
        tied = np.empty(new.shape)
        np.put_along_axis(tied, order[ties], _scores_of_ranks(n_draws)[first + last], axis=1)
        scores[ties] = tied
    return scores


def _folded(ordered: np.ndarray, order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distances from the median in ascending order, and where each was: two ascending runs, merged."""
    middle = ordered.shape[1] // 2
    median = ordered[:, middle - 1 : middle + 1].mean(axis=1, keepdims=True)
    unfolded = [part.copy() for part in (np.abs(ordered - median), order)]
    for part in unfolded:
        part[:, :middle] = part[:, :middle][:, ::-1].copy()
    merged = np.argsort(unfolded[0], axis=1, kind="stable")
    distances, places = (np.take_along_axis(part, merged, axis=1) for part in unfolded)
    return distances, places


def _r_hat(values: Float[np.ndarray, "quantity half draw"]) -> Float[np.ndarray, " quantity"]:
    n_draws = values.shape[2]
    within = values.var(axis=2, ddof=1).mean(axis=1)
    between = n_draws * values.mean(axis=2).var(axis=1, ddof=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.sqrt((between / within + n_draws - 1) / n_draws))


def _ess_of_quantile(halves: np.ndarray, every: np.ndarray, prob: float) -> Float[np.ndarray, " quantity"]:
    """Effective draws of the indicator of a quantile, which is interpolated between the ordered draws."""
    place = prob * (every.shape[1] - 1)
    below, share = int(place), place - int(place)
    low, high = every[:, below], every[:, min(below + 1, every.shape[1] - 1)]
    quantile = low + (high - low) * share if share < 0.5 else high - (high - low) * (1 - share)
    return _effective_draws((halves <= quantile[:, None, None]).astype(float))


def _effective_draws(values: Float[np.ndarray, "quantity half draw"]) -> Float[np.ndarray, " quantity"]:
    """Effective draws of the mean; as many as there are draws where these are all equal.

    Geyer's initial monotone sequence: autocorrelations are summed in pairs, as long as these are positive, and none
    counts for more than the one before.
    """
    _, halves, n_draws = values.shape
    n_all = halves * n_draws
    means = values.mean(axis=2, keepdims=True)
    length = next_fast_len(2 * n_draws, real=True)
    spectrum = np.fft.rfft(values - means, n=length, axis=2)
    power = (spectrum.real**2 + spectrum.imag**2).sum(axis=1)
    covariance = np.fft.irfft(power, n=length, axis=1)[:, :n_draws] / n_all
    within = covariance[:, :1] * n_draws / (n_draws - 1)
    total = covariance[:, :1] + means[:, :, 0].var(axis=1, ddof=1, keepdims=True)
    constant = total[:, 0] == 0
    total[constant] = 1.0
    correlation = 1 - (within - covariance) / total
    correlation[:, 0] = 1.0
    most = max((n_draws - 3) // 2, 0)
    pairs = correlation[:, : 2 * most + 2].reshape(len(values), most + 1, 2).sum(axis=2)
    positive = np.logical_and.accumulate(pairs[:, :most] > 0, axis=1).sum(axis=1)
    sums = np.cumsum(np.minimum.accumulate(pairs, axis=1), axis=1)
    rows = np.arange(len(values))
    # Of the first pair that does not count, the even lag still does where it is positive.
    even, last = correlation[rows, 2 * positive], pairs[rows, positive]
    summed = np.where(positive > 0, sums[rows, positive - 1], 0.0)
    time = -1 + 2 * summed + np.where((last >= 0) | (even > 0), even, 0.0)
    return np.where(constant, n_all, n_all / np.maximum(time, 1 / np.log10(n_all)))


def _interval_mc_error(halves: np.ndarray, every: np.ndarray, level: float) -> Float[np.ndarray, " quantity"]:
    """Monte Carlo error of the less certain end of an equal-tailed interval, as a share of its width."""
    n_draws = every.shape[1]
    ends = quantile_positions(n_draws, level)
    width = every[:, ends.upper] - every[:, ends.lower]
    tail = (1 - level) / 2
    errors = [_quantile_mc_error(halves, every, prob) for prob in (tail, 1 - tail)]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(width > 0, np.maximum(*errors) / width, np.nan)


def _quantile_mc_error(halves: np.ndarray, every: np.ndarray, prob: float) -> Float[np.ndarray, " quantity"]:
    """Half the distance between the quantiles a standard error to either side, by the Beta law of order statistics."""
    ess = _ess_of_quantile(halves, every, prob)[:, None]
    places = betaincinv(ess * prob + 1, ess * (1 - prob) + 1, _ONE_STANDARD_ERROR) * every.shape[1] - 1
    low, high = np.maximum(np.floor(places[:, 0]), 0), np.minimum(np.ceil(places[:, 1]), every.shape[1] - 1)
    rows = np.arange(len(every))
    return np.asarray(every[rows, high.astype(int)] - every[rows, low.astype(int)]) / 2
