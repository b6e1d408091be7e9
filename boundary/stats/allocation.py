"""Allocation of further samples: of which problems and models they are most informative about sums over problems."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

Weights = Float[np.ndarray, " sum"]
# A group's solve rates are summarised by BINS bins of equal probability where one model is sampled further, with
# COUNTS_PER_BIN simulated counts for each, and by ATOMS joint draws where both models are.
BINS, COUNTS_PER_BIN, ATOMS = 64, 8, 256
# A step that takes less than this share of the variance that was there at first is not worth a sample.
LEAST_GAIN = 1e-6
# Groups that hold less than this share of all the spread get no samples.
LEAST_SPREAD = 1e-4


class ProblemSums(NamedTuple):
    """Quantities that are sums over problems, in posterior draws.

    Parameters
    ----------
    p
        Draws of the solve rates.
    contributions
        What each problem adds to each sum, in each draw.
    constant
        Added to each sum.
    """

    p: Float[np.ndarray, "draw problem model"]
    contributions: Float[np.ndarray, "draw problem sum"]
    constant: Float[np.ndarray, " sum"]

    @property
    def values(self) -> Float[np.ndarray, "draw sum"]:
        """Draws of the sums."""
        total: np.ndarray = self.contributions.sum(axis=1) + self.constant
        return total

    def thinned(self, most: int) -> "ProblemSums":
        """At most so many of the draws, evenly spaced."""
        step = max(1, -(-len(self.p) // most))
        return self._replace(p=self.p[::step], contributions=self.contributions[::step])


class Step(NamedTuple):
    """A step of a plan: problems that get samples of a model, up to `more` in all, and what the plan costs then."""

    problems: Int[np.ndarray, " problem"]
    model: int
    more: int
    cost: int


def exchangeable_groups(
    n_correct: Int[np.ndarray, "problem model"], n_samples: Int[np.ndarray, "problem model"], most: int
) -> list[Int[np.ndarray, " member"]]:
    """Groups of problems with the same counts, which are exchangeable in the posterior.

    Parameters
    ----------
    n_correct, n_samples
        The counts.
    most
        Problems in a group at most; larger ones are split.

    Returns
    -------
    The problems of each group, by number.

    Examples
    --------
    >>> exchangeable_groups(np.array([[0], [3], [0]]), np.array([[8], [8], [8]]), 10)
    [array([0, 2]), array([1])]
    """
    _, group = np.unique(np.hstack([n_correct, n_samples]), axis=0, return_inverse=True)
    members = [np.flatnonzero(group.ravel() == g) for g in range(int(group.max()) + 1)]
    return [part for whole in members for part in np.array_split(whole, -(-len(whole) // most))]


def greedy_steps(
    sums: ProblemSums,
    groups: Sequence[Int[np.ndarray, " member"]],
    weights: Weights,
    sizes: Sequence[int],
    models: Sequence[int],
    most: int,
) -> list[Step]:
    """Steps of a plan: which problems to sample further, of which model and how often, the most informative first.

    Parameters
    ----------
    sums
        Sums over problems that further samples are to inform about.
    groups
        Problems that get the same numbers of samples, by number (`exchangeable_groups`).
    weights
        How much a unit of variance of each sum matters, at least 0.
    sizes
        Numbers of further samples that a problem may get, ascending.
    models
        Columns of the models that can be sampled.
    most
        The plan costs no more than this.

    Returns
    -------
    The steps, each with what the plan costs after it.

    Notes
    -----
    A group's sum S_g of its problems' contributions is learnt through its samples as through a measurement of S_g with
    noise, whose variance is such that a problem by itself would have its variance lowered by what is expected of its
    samples: E Var(h | c') with c' ~ Binomial(m, p) over the posterior. Steps go by the expected decrease of the
    variance of the sums per sample, cov(S_g, sum)^2 / (var S_g + noise), with the covariance of the groups as drawn
    and as lowered by the steps before: what problems imply about each other through their population counts too.
    """
    precision = _precisions(sums, groups, sizes, models)
    covariances = [_covariance(sums.contributions[..., j], groups) for j in range(len(weights))]
    variance_at_first = sum(w * covariance.sum() for w, covariance in zip(weights, covariances, strict=True))
    members = np.array([len(group) for group in groups])
    size_at = np.full((len(groups), len(models)), -1)  # number of the size that a group has come to; -1: none
    present_precision = np.zeros((len(weights), len(groups), len(models)))
    steps: list[Step] = []
    cost = 0
    sized = np.array(sizes)
    while cost < most and variance_at_first > 0:
        before = np.where(size_at >= 0, sized[size_at], 0)
        price = members[:, None, None] * (sized - before[..., None])
        added = precision - present_precision[..., None]
        gain = sum(w * _variance_decrease(*pair) for w, *pair in zip(weights, covariances, added, strict=True))
        is_possible = (price > 0) & (price <= most - cost)
        if not is_possible.any():
            break
        gain_per_sample = np.where(is_possible, gain / np.maximum(price, 1), -np.inf)
        g, m, size = (int(i) for i in np.unravel_index(int(np.argmax(gain_per_sample)), gain_per_sample.shape))
        if gain[g, m, size] < LEAST_GAIN * variance_at_first:
            break
        for j, covariance in enumerate(covariances):  # lower it, in place, by a measurement of this group
            row, extra = covariance[g].copy(), float(added[j, g, m, size])
            covariance -= np.outer(row, row) * (extra / (1 + extra * row[g]))
        present_precision[:, g, m] = precision[:, g, m, size]
        size_at[g, m] = size
        cost += int(price[g, m, size])
        steps.append(Step(groups[g], models[m], sizes[size], cost))
    return steps


def allocated(steps: Sequence[Step], shape: tuple[int, int], most: int) -> Int[np.ndarray, "problem model"]:
    """Further samples of each problem and model after the steps that cost no more than `most`.

    Returns
    -------
    Numbers of samples, of the given shape.
    """
    more = np.zeros(shape, dtype=np.int64)
    for step in steps:
        if step.cost > most:
            break
        more[step.problems, step.model] = step.more
    return more


def preposterior_means(
    sums: ProblemSums,
    groups: Sequence[Int[np.ndarray, " member"]],
    more: Int[np.ndarray, "problem model"],
    rng: np.random.Generator,
) -> Float[np.ndarray, "draw sum"]:
    """Preposterior means: what would be expected of each sum after further samples, an outcome for each posterior draw.

    Parameters
    ----------
    sums
        Draws of today's posterior, each taken for the truth once.
    groups
        Problems that get the same numbers of samples.
    more
        Further samples of each problem and model.
    rng
        Simulates the outcomes.

    Returns
    -------
    E[sum | c'] up to what the problems imply about each other through their population, for c' ~ Binomial(more, p).
    """
    means: np.ndarray = np.tile(sums.contributions.sum(axis=1).mean(axis=0) + sums.constant, (len(sums.p), 1))
    for g in _varying_groups(sums, groups):
        if more[groups[g]].any():
            means += _group_change(sums, groups[g], more[groups[g][0]], rng)
    return means


def assurance(
    values: Float[np.ndarray, "draw sum"], expected: Float[np.ndarray, "draw sum"]
) -> tuple[Float[np.ndarray, " draw"], Float[np.ndarray, "draw sum"]]:
    """Assurance: the probability, after the samples of each simulated outcome, that all sums are above 0.

    Parameters
    ----------
    values
        Draws of the sums.
    expected
        Their preposterior means.

    Returns
    -------
    The probabilities, and the residuals of the sums: their spread is that of the posterior after the samples.

    Notes
    -----
    Each sum is regressed on what is expected of all after the samples, and its residual is taken to have one law
    whatever the outcome: Strong, Oakley and Brennan 2015, Medical Decision Making 35:570, with a linear regression.
    """
    design = np.column_stack([np.ones(len(values)), expected])
    fitted = design @ np.linalg.lstsq(design, values, rcond=None)[0]
    residual = values - fitted
    true = np.ones((len(values), len(values)), dtype=bool)
    for j in range(values.shape[1]):
        true &= fitted[:, j, None] + residual[None, :, j] > 0
    return true.mean(axis=1), residual


def _precisions(
    sums: ProblemSums, groups: Sequence[np.ndarray], sizes: Sequence[int], models: Sequence[int]
) -> Float[np.ndarray, "sum group model size"]:
    """Precision with which further samples of one model measure a group's sum."""
    rng = np.random.default_rng(0)
    n_sums = sums.contributions.shape[2]
    precision = np.zeros((n_sums, len(groups), len(models), len(sizes)))
    for g in _varying_groups(sums, groups):
        group = groups[g]
        for m, model in enumerate(models):
            p, parts = sums.p[:, group, model].ravel(), sums.contributions[:, group].reshape(-1, n_sums)
            variance = parts.var(axis=0)
            explained = np.minimum(_explained_variance(p, parts, sizes, rng), 0.999 * variance)
            noise = variance * (variance - explained) / np.maximum(explained, 1e-300)
            precision[:, g, m] = np.where(explained > 0, 1 / np.maximum(len(group) * noise, 1e-300), 0.0).T
    return precision


def _varying_groups(sums: ProblemSums, groups: Sequence[np.ndarray]) -> list[int]:
    """Numbers of the groups that hold a material share of the spread."""
    total, spread = sums.contributions.sum(axis=1).std(axis=0), sums.contributions.std(axis=0)
    return [g for g, group in enumerate(groups) if (spread[group].sum(axis=0) > LEAST_SPREAD * total).any()]


def _explained_variance(
    p: Float[np.ndarray, " draw"],
    parts: Float[np.ndarray, "draw sum"],
    sizes: Sequence[int],
    rng: np.random.Generator,
) -> Float[np.ndarray, "size sum"]:
    """Variance of E[part | c'] for c' ~ Binomial(size, p), for each size; it never falls with the size."""
    bins = np.array_split(np.argsort(p, kind="stable"), min(BINS, len(p)))
    rate = np.clip([p[b].mean() for b in bins], 1e-12, 1 - 1e-12)
    mean = np.array([parts[b].mean(axis=0) for b in bins])
    variances = []
    for size in sizes:
        c = rng.binomial(size, np.repeat(rate, COUNTS_PER_BIN))
        variances.append((_weights(c[:, None], np.array([size]), rate[:, None]) @ mean).var(axis=0))
    return np.maximum.accumulate(np.array(variances), axis=0)


def _weights(
    c: Int[np.ndarray, "outcome model"], size: Int[np.ndarray, " model"], p: Float[np.ndarray, "atom model"]
) -> Float[np.ndarray, "outcome atom"]:
    """Posterior weights of equally probable rates, given counts."""
    p = np.clip(p.astype(float), 1e-12, 1 - 1e-12)  # in single precision the upper end would be 1
    logs = c @ np.log(p).T + (size - c) @ np.log1p(-p).T
    weights = np.exp(logs - logs.max(axis=1, keepdims=True))
    normal: np.ndarray = weights / weights.sum(axis=1, keepdims=True)
    return normal


def _group_change(sums: ProblemSums, group: np.ndarray, more: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Change of a group's preposterior mean from its mean today, for each draw."""
    n_draws, _, n_sums = sums.contributions.shape
    sampled = np.flatnonzero(more)  # the models that get samples
    rates, parts = sums.p[:, group], sums.contributions[:, group].reshape(-1, n_sums)
    picks = np.linspace(0, len(parts) - 1, min(ATOMS, len(parts))).astype(int)
    atoms = rates.reshape(len(parts), -1)[np.ix_(picks, sampled)]
    c = rng.binomial(more[sampled], rates[..., sampled]).reshape(-1, len(sampled))
    outcomes, outcome_of = np.unique(c, axis=0, return_inverse=True)
    learnt = _weights(outcomes, more[sampled], atoms) @ parts[picks] - parts[picks].mean(axis=0)
    change: np.ndarray = learnt[outcome_of.ravel()].reshape(n_draws, len(group), n_sums).sum(axis=1)
    return change


def _covariance(parts: Float[np.ndarray, "draw problem"], groups: Sequence[np.ndarray]) -> np.ndarray:
    sums = np.stack([parts[:, group].sum(axis=1) for group in groups], axis=1)
    return np.atleast_2d(np.cov(sums, rowvar=False))


def _variance_decrease(
    covariance: Float[np.ndarray, "group group"], added: Float[np.ndarray, "group model size"]
) -> np.ndarray:
    """Expected decrease of the variance of the total by measuring a group more precisely."""
    with_total, variance = covariance.sum(axis=1)[:, None, None], np.diag(covariance)[:, None, None]
    gain: np.ndarray = with_total**2 * added / (1 + np.maximum(added, 0) * variance)
    return gain
