"""Model checks of a prior family: leave-one-out prediction, stacking weights and posterior predictive checks."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from scipy.special import gammaln, xlog1py, xlogy

from boundary.stats.distinct_counts import distinct_rows
from boundary.stats.pareto_smoothing import leave_one_out
from boundary.stats.powers import dots
from boundary.stats.solve_rates import SolveRates
from boundary.stats.verdict_errors import judged_correct

# Vehtari et al. 2024, arXiv 1507.02646: above this, importance sampling of one left-out problem is not reliable.
LARGEST_PARETO_K = 0.7
# A family fails a check where the replicated statistic is as extreme as the observed one with less than this chance.
LEAST_P_VALUE = 0.01
# Populations from which a whole benchmark is replicated: a p-value of .05 is then right to .01.
REPLICATES = 400
# Of many problems fewer: so many problems in all, but enough populations for `LEAST_P_VALUE`, since the chance of lying
# outside of 200 is 1 %.
MOST_REPLICATED, FEWEST_REPLICATES = 20_000_000, 200
# From so many problems on, with at most so many different counts, a table of them is replicated.
MANY_PROBLEMS, MOST_CELLS = 20_000, 1 << 17
# Counts replicated before their statistics are taken.
TOGETHER = 1 << 18

Statistics = dict[str, Float[np.ndarray, " replicate"]]
"""Statistics of replicated benchmarks, by name."""


class Loo(NamedTuple):
    """Leave-one-out prediction of each problem's counts: expected log predictive density and Pareto k, per problem."""

    elpd: Float[np.ndarray, " problem"]
    pareto_k: Float[np.ndarray, " problem"]

    @property
    def max_pareto_k(self) -> float:
        """Largest Pareto k of those that are defined."""
        defined = self.pareto_k[~np.isnan(self.pareto_k)]
        return float(defined.max()) if len(defined) else float("nan")

    @property
    def total(self) -> float:
        """Expected log predictive density of all problems."""
        return float(self.elpd.sum())

    @property
    def standard_error(self) -> float:
        """Standard error of the total."""
        return float(np.sqrt(len(self.elpd) * self.elpd.var(ddof=1))) if len(self.elpd) > 1 else float("nan")


class Check(NamedTuple):
    """A statistic of the counts, observed and replicated (median and central 95 %), and its two-sided p-value."""

    statistic: str
    observed: float
    replicated: float
    lower: float
    upper: float
    p_value: float

    @property
    def ok(self) -> bool:
        """Whether the family reproduces the statistic."""
        return self.p_value >= LEAST_P_VALUE


def loo(rates: SolveRates) -> Loo | None:
    """Leave one problem out, by Pareto-smoothed importance sampling.

    Returns
    -------
    Of each problem; None where the prior gives no likelihood.

    Notes
    -----
    Vehtari, Gelman & Gabry 2017, arXiv 1507.04544, with each problem's solve rates integrated out, so that a problem is
    predicted from the population as the others inform about it.
    """
    if rates.log_likelihood is None:
        return None
    distinct, place = distinct_rows(np.concatenate([rates.n_correct, rates.n_samples], axis=1))
    first = np.empty(len(distinct), dtype=int)
    first[place[::-1]] = np.arange(len(place))[::-1]
    elpd, pareto_k = leave_one_out(rates.log_likelihood[:, :, first].reshape(-1, len(first)))
    return Loo(elpd[place], pareto_k[place])


def stacking_weights(elpd: Float[np.ndarray, "family problem"]) -> Float[np.ndarray, " family"]:
    """Weights of a mixture of families that predicts left-out problems best.

    Returns
    -------
    Weights that sum to 1.

    Examples
    --------
    >>> stacking_weights(np.log([[0.5, 0.5], [0.1, 0.1]])).round(2)
    array([1., 0.])

    Notes
    -----
    Maximises sum_i log sum_f w_f exp(elpd_fi) (Yao et al. 2018, arXiv 1704.02030), a concave problem, by
    expectation-maximisation.
    """
    density = np.exp(elpd - elpd.max(axis=0))
    weights = np.full(len(elpd), 1.0 / len(elpd))
    for _ in range(10_000):
        share = weights[:, None] * density
        new = (share / share.sum(axis=0)).mean(axis=1)
        if np.abs(new - weights).max() < 1e-9:
            break
        weights = new
    return np.asarray(new)


def predictive_checks(rates: SolveRates, seed: int = 0) -> list[Check]:
    """The counts of whole benchmarks replicated from drawn populations, against those observed.

    Statistics, for each model: the shares of problems with no success, with one to three and with nothing but
    successes, and the standard deviation of c / n; for a pair also the correlation of c / n and the shares solved by
    one model only.

    Returns
    -------
    One check a statistic; none where the prior has no population.

    Notes
    -----
    Replicates are new problems of the population, so that the check is of the population and not of solve rates that
    were fitted to these very counts (Gelman, Meng & Stern 1996; mixed predictive checks).
    """
    if rates.new_p is None:
        return []
    rng = np.random.default_rng(seed)
    new = rates.new_p.reshape(-1, *rates.new_p.shape[2:])
    n_replicates = int(np.clip(MOST_REPLICATED // rates.n_problems, FEWEST_REPLICATES, REPLICATES))
    draws = rng.integers(len(new), size=n_replicates)
    replicate = _replicated_tables if _fits_in_table(rates) else _replicated_problems
    replicated = replicate(rates, new, draws, rng)
    observed = _statistics(rates.n_correct[None], rates.n_samples, rates.models)
    return [_check(name, float(value[0]), replicated[name]) for name, value in observed.items()]


def replicated_counts(
    rates: SolveRates, model: str | int, n_replicates: int, seed: int = 0
) -> Int[np.ndarray, "replicate problem"] | None:
    """Numbers of right samples of one model on new problems of the population, as many samples each as there were.

    Parameters
    ----------
    rates
        Posterior, with the counts that it rests on.
    model
        Name or column.
    n_replicates
        How many benchmarks to replicate, each from a drawn population.
    seed
        The same seed gives the same counts.

    Returns
    -------
    None where the prior has no population.
    """
    if rates.new_p is None:
        return None
    rng, column = np.random.default_rng(seed), rates.index(model)
    new = rates.new_p.reshape(-1, *rates.new_p.shape[2:])
    n_correct = np.empty((n_replicates, rates.n_problems), dtype=np.int64)
    for counts in n_correct:
        population = new[rng.integers(len(new))]
        p = _judged_rates(rates, population[rng.integers(len(population), size=rates.n_problems)], rng)
        counts[:] = rng.binomial(rates.n_samples[:, column], p[:, column])
    return n_correct


def _replicated_problems(
    rates: SolveRates,
    new: Float[np.ndarray, "draw new_problem model"],
    draws: Int[np.ndarray, " replicate"],
    rng: np.random.Generator,
) -> Statistics:
    """Statistics of benchmarks whose problems are replicated one by one."""
    step = max(TOGETHER // rates.n_correct.size, 1)
    parts = []
    for first in range(0, len(draws), step):
        n_correct = np.empty((len(draws[first : first + step]), *rates.n_correct.shape), dtype=np.int64)
        for counts, draw in zip(n_correct, draws[first : first + step], strict=True):
            p = _judged_rates(rates, new[draw, rng.integers(new.shape[1], size=rates.n_problems)], rng)
            counts[:] = rng.binomial(rates.n_samples, p)
        parts.append(_statistics(n_correct, rates.n_samples, rates.models))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _fits_in_table(rates: SolveRates) -> bool:
    """Whether there are many more problems than different counts that they can have, all with as many samples."""
    same_n = rates.errors is None and (rates.n_samples == rates.n_samples[0]).all()
    cells = math.prod(int(n) + 1 for n in rates.n_samples[0])
    return bool(same_n) and len(rates.models) <= 2 and rates.n_problems >= MANY_PROBLEMS and cells <= MOST_CELLS


def _replicated_tables(
    rates: SolveRates,
    new: Float[np.ndarray, "draw new_problem model"],
    draws: Int[np.ndarray, " replicate"],
    rng: np.random.Generator,
) -> Statistics:
    """The same in distribution: how many problems have each count, drawn at once, since problems are independent."""
    sizes = rates.n_samples[0]
    rows = np.stack(np.meshgrid(*(np.arange(n + 1) for n in sizes), indexing="ij"), axis=-1).reshape(-1, len(sizes))
    repeated = np.empty((len(draws), len(rows)))
    for counts, draw in zip(repeated, draws, strict=True):
        chances = [_binomial_chances(p, int(n)) for p, n in zip(new[draw].T, sizes, strict=True)]
        table = chances[0].sum(axis=0) if len(chances) == 1 else (chances[0].T @ chances[1]).ravel()
        counts[:] = rng.multinomial(rates.n_problems, table / table.sum())
    return _statistics(rows[None], np.broadcast_to(sizes, rows.shape), rates.models, repeated)


def _binomial_chances(p: Float[np.ndarray, " problem"], n: int) -> Float[np.ndarray, "problem right"]:
    right, rate = np.arange(n + 1), p.astype(np.float64)[:, None]
    log_choose = gammaln(n + 1) - gammaln(right + 1) - gammaln(n - right + 1)
    return np.asarray(np.exp(log_choose + xlogy(right, rate) + xlog1py(n - right, -rate)))


def _judged_rates(rates: SolveRates, p: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Rates of verdicts "correct", where verdicts err."""
    if rates.errors is None:
        return p
    node = rng.choice(rates.errors.n_nodes, p=rates.errors.prior_of_nodes)
    return judged_correct(p, rates.errors.false_positive[..., node], rates.errors.false_negative[..., node])


def _check(name: str, observed: float, replicated: np.ndarray) -> Check:
    # Ties count half: shares of a few problems take few values.
    below = (replicated < observed).mean() + 0.5 * (replicated == observed).mean()
    lower, middle, upper = np.quantile(replicated, [0.025, 0.5, 0.975])
    return Check(name, observed, float(middle), float(lower), float(upper), float(2 * min(below, 1 - below)))


def _statistics(
    n_correct: Int[np.ndarray, "#replicate problem model"],
    n_samples: Int[np.ndarray, "problem model"],
    models: Sequence[str],
    repeated: Float[np.ndarray, "replicate problem"] | None = None,
) -> Statistics:
    """Statistics by name; with `repeated`, of the same rows in every replicate, but so many times each."""
    sampled = n_samples > 0
    share = n_correct / np.maximum(n_samples, 1)
    few = (n_correct >= 1) & (n_correct <= 3)
    statistics = {}
    for column, model in enumerate(models):
        rows = sampled[:, column]
        if not rows.any():
            continue
        shares = share[:, rows, column]
        statistics[f"{model}: share with no success"] = _mean(shares == 0, repeated)
        statistics[f"{model}: share with one to three successes"] = _mean(few[:, rows, column], repeated)
        statistics[f"{model}: share with successes only"] = _mean(shares == 1, repeated)
        statistics[f"{model}: spread of c/n"] = np.sqrt(np.maximum(_covariance(shares, shares, repeated), 0.0))
    sampled_by_both = sampled.all(axis=1)
    if len(models) == 2 and sampled_by_both.sum() > 2:
        base, rl = share[:, sampled_by_both, 0], share[:, sampled_by_both, 1]
        variances = [_covariance(part, part, repeated) for part in (base, rl)]
        spread = np.sqrt(np.maximum(variances[0] * variances[1], 0.0))
        # A constant column correlates with nothing.
        correlation = np.divide(_covariance(base, rl, repeated), spread, out=np.zeros(len(spread)), where=spread > 0)
        statistics["correlation of c/n"] = correlation
        statistics[f"solved by {models[0]} only"] = _mean((base > 0) & (rl == 0), repeated)
        statistics[f"solved by {models[1]} only"] = _mean((base == 0) & (rl > 0), repeated)
    return statistics


def _mean(x: np.ndarray, repeated: np.ndarray | None) -> Float[np.ndarray, " replicate"]:
    """Mean over the problems of each replicate."""
    if repeated is None:
        return np.asarray(x.mean(axis=1))
    return np.asarray(repeated @ x[0].astype(float)) / repeated.sum(axis=1)


def _covariance(a: np.ndarray, b: np.ndarray, repeated: np.ndarray | None) -> Float[np.ndarray, " replicate"]:
    """Covariance over the problems of each replicate."""
    if repeated is None:
        return dots(a - a.mean(axis=1, keepdims=True), b - b.mean(axis=1, keepdims=True)) / a.shape[1]
    return _mean(a * b, repeated) - _mean(a, repeated) * _mean(b, repeated)
