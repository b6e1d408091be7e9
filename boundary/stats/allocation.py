"""Where further samples tell most about sums over problems, and how much they would tell."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

Weights = Float[np.ndarray, " margin"]
# Solve rates of a group are summed up in so many bins of equal probability where one model's samples are weighed, with
# so many simulated counts for each; in so many joint draws where both models' samples are.
BINS, COUNTS_PER_BIN, ATOMS = 64, 8, 256
# A step that takes less than this share of the variance that was there at first is not worth a sample.
LEAST_GAIN = 1e-6
# Groups that hold less than this share of all the spread are left alone.
STILL = 1e-4


class Margins(NamedTuple):
    """Quantities that are sums over problems, in posterior draws.

    Parameters
    ----------
    p
        Draws of the solve rates.
    parts
        What each problem adds to each margin, in each draw.
    constant
        Added to each sum.
    """

    p: Float[np.ndarray, "draw problem model"]
    parts: Float[np.ndarray, "draw problem margin"]
    constant: Float[np.ndarray, " margin"]

    @property
    def values(self) -> Float[np.ndarray, "draw margin"]:
        """Draws of the margins."""
        total: np.ndarray = self.parts.sum(axis=1) + self.constant
        return total

    def thinned(self, most: int) -> "Margins":
        """At most so many of the draws, evenly spaced."""
        step = max(1, -(-len(self.p) // most))
        return self._replace(p=self.p[::step], parts=self.parts[::step])


class Step(NamedTuple):
    """A step of a plan: problems that get samples of a model, up to `more` in all, and what the plan costs then."""

    problems: Int[np.ndarray, " problem"]
    model: int
    more: int
    cost: int


def alike(
    n_correct: Int[np.ndarray, "problem model"], n_samples: Int[np.ndarray, "problem model"], most: int
) -> list[Int[np.ndarray, " member"]]:
    """Groups of problems with the same counts, which are exchangeable in the posterior; at most so many in each."""
    _, group = np.unique(np.hstack([n_correct, n_samples]), axis=0, return_inverse=True)
    members = [np.flatnonzero(group.ravel() == g) for g in range(int(group.max()) + 1)]
    return [part for whole in members for part in np.array_split(whole, -(-len(whole) // most))]


def greedy_steps(
    margins: Margins,
    groups: Sequence[Int[np.ndarray, " member"]],
    weights: Weights,
    sizes: Sequence[int],
    models: Sequence[int],
    most: int,
) -> list[Step]:
    """Which problems to sample further, of which model and how often, the most telling per sample first.

    Parameters
    ----------
    margins, groups
        What is to be known better, and problems that are treated alike.
    weights
        How much a unit of variance of each margin matters, at least 0.
    sizes
        Numbers of further samples that a problem may get, ascending.
    models
        Columns of the models that can be sampled.
    most
        The plan ends at this cost.

    Notes
    -----
    A group's sum S_g of its problems' parts is learnt through its samples as through a measurement of S_g with noise,
    whose variance is such that a problem by itself would have its variance lowered by what is expected of its samples:
    E Var(h | c') with c' ~ Binomial(m, p) over the posterior. Steps go by the expected decrease of the variance of the
    margins per sample, cov(S_g, margin)^2 / (var S_g + noise), with the covariance of the groups as drawn and as
    lowered by the steps before: what problems tell of each other through their population counts too.
    """
    precision = _precisions(margins, groups, sizes, models)
    fields = [_covariance(margins.parts[..., j], groups) for j in range(len(weights))]
    at_first = sum(w * field.sum() for w, field in zip(weights, fields, strict=True))
    members = np.array([len(group) for group in groups])
    reached = np.full((len(groups), len(models)), -1)
    held = np.zeros((len(weights), len(groups), len(models)))
    steps: list[Step] = []
    cost = 0
    sized = np.array(sizes)
    while cost < most and at_first > 0:
        before = np.where(reached >= 0, sized[reached], 0)
        price = members[:, None, None] * (sized - before[..., None])
        added = precision - held[..., None]
        gain = sum(w * _gain(field, added[j]) for j, (w, field) in enumerate(zip(weights, fields, strict=True)))
        rate = np.where(price > 0, gain / np.maximum(price, 1), -np.inf)
        g, m, size = (int(i) for i in np.unravel_index(int(np.argmax(rate)), rate.shape))
        if gain[g, m, size] < LEAST_GAIN * at_first:
            break
        for j, field in enumerate(fields):
            _measure(field, g, float(added[j, g, m, size]))
        held[:, g, m] = precision[:, g, m, size]
        reached[g, m] = size
        cost += int(price[g, m, size])
        steps.append(Step(groups[g], models[m], sizes[size], cost))
    return steps


def allocated(steps: Sequence[Step], shape: tuple[int, int], most: int) -> Int[np.ndarray, "problem model"]:
    """Further samples of each problem and model after the steps that cost no more than `most`."""
    more = np.zeros(shape, dtype=np.int64)
    for step in steps:
        if step.cost > most:
            break
        more[step.problems, step.model] = step.more
    return more


def foreseen(
    margins: Margins,
    groups: Sequence[Int[np.ndarray, " member"]],
    more: Int[np.ndarray, "problem model"],
    rng: np.random.Generator,
) -> Float[np.ndarray, "draw margin"]:
    """What would be expected of each margin after further samples, one simulated outcome for each posterior draw.

    Returns
    -------
    E[margin | c'] up to what the problems tell of each other through their population, for c' ~ Binomial(more, p).
    """
    found: np.ndarray = np.tile(margins.parts.sum(axis=1).mean(axis=0) + margins.constant, (len(margins.p), 1))
    for g in _moving(margins, groups):
        if more[groups[g]].any():
            found += _group_foreseen(margins, groups[g], more[groups[g][0]], rng)
    return found


def prospects(
    margins: Float[np.ndarray, "draw margin"], expected: Float[np.ndarray, "draw margin"]
) -> tuple[Float[np.ndarray, " draw"], Float[np.ndarray, "draw margin"]]:
    """Probability, after the samples of each simulated outcome, that all margins are above 0; and what stays open.

    Returns
    -------
    The probabilities, and the residuals of the margins: their spread is that of the posterior after the samples.

    Notes
    -----
    Each margin is regressed on what is expected of all after the samples, and its residual is taken to have one law
    whatever the outcome: Strong, Oakley and Brennan 2015, Medical Decision Making 35:570, with a linear regression.
    """
    design = np.column_stack([np.ones(len(margins)), expected])
    fitted = design @ np.linalg.lstsq(design, margins, rcond=None)[0]
    residual = margins - fitted
    true = np.ones((len(margins), len(margins)), dtype=bool)
    for j in range(margins.shape[1]):
        true &= fitted[:, j, None] + residual[None, :, j] > 0
    return true.mean(axis=1), residual


def _precisions(
    margins: Margins, groups: Sequence[np.ndarray], sizes: Sequence[int], models: Sequence[int]
) -> Float[np.ndarray, "margin group model size"]:
    """Precision with which further samples of one model measure a group's sum."""
    rng = np.random.default_rng(0)
    n_margins = margins.parts.shape[2]
    found = np.zeros((n_margins, len(groups), len(models), len(sizes)))
    for g in _moving(margins, groups):
        group = groups[g]
        for m, model in enumerate(models):
            p, parts = margins.p[:, group, model].ravel(), margins.parts[:, group].reshape(-1, n_margins)
            variance = parts.var(axis=0)
            told = _explained(p, parts, sizes, rng)
            told = np.minimum(told, 0.999 * variance)
            noise = variance * (variance - told) / np.maximum(told, 1e-300)
            found[:, g, m] = np.where(told > 0, 1 / np.maximum(len(group) * noise, 1e-300), 0.0).T
    return found


def _moving(margins: Margins, groups: Sequence[np.ndarray]) -> list[int]:
    """Numbers of the groups that hold any part of the spread worth speaking of."""
    total, spread = margins.parts.sum(axis=1).std(axis=0), margins.parts.std(axis=0)
    return [g for g, group in enumerate(groups) if (spread[group].sum(axis=0) > STILL * total).any()]


def _explained(
    p: Float[np.ndarray, " draw"],
    parts: Float[np.ndarray, "draw margin"],
    sizes: Sequence[int],
    rng: np.random.Generator,
) -> Float[np.ndarray, "size margin"]:
    """Variance of E[part | c'] for c' ~ Binomial(size, p), for each size; it never falls with the size."""
    bins = np.array_split(np.argsort(p, kind="stable"), min(BINS, len(p)))
    rate = np.clip([p[b].mean() for b in bins], 1e-12, 1 - 1e-12)
    mean = np.array([parts[b].mean(axis=0) for b in bins])
    found = []
    for size in sizes:
        c = rng.binomial(size, np.repeat(rate, COUNTS_PER_BIN))
        found.append((_weights(c[:, None], np.array([size]), rate[:, None]) @ mean).var(axis=0))
    return np.maximum.accumulate(np.array(found), axis=0)


def _weights(
    c: Int[np.ndarray, "outcome model"], size: Int[np.ndarray, " model"], p: Float[np.ndarray, "atom model"]
) -> Float[np.ndarray, "outcome atom"]:
    """Posterior weights of equally probable rates, given counts."""
    p = np.clip(p, 1e-12, 1 - 1e-12)
    logs = c @ np.log(p).T + (size - c) @ np.log1p(-p).T
    weights = np.exp(logs - logs.max(axis=1, keepdims=True))
    normal: np.ndarray = weights / weights.sum(axis=1, keepdims=True)
    return normal


def _group_foreseen(margins: Margins, group: np.ndarray, more: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Change of what is expected of a group's sum, for each draw."""
    n_draws, _, n_margins = margins.parts.shape
    drawn = np.flatnonzero(more)
    rates, parts = margins.p[:, group], margins.parts[:, group].reshape(-1, n_margins)
    chosen = np.linspace(0, len(parts) - 1, min(ATOMS, len(parts))).astype(int)
    atoms = rates.reshape(len(parts), -1)[np.ix_(chosen, drawn)]
    c = rng.binomial(more[drawn], rates[..., drawn]).reshape(-1, len(drawn))
    outcomes, which = np.unique(c, axis=0, return_inverse=True)
    learnt = _weights(outcomes, more[drawn], atoms) @ parts[chosen] - parts[chosen].mean(axis=0)
    change: np.ndarray = learnt[which.ravel()].reshape(n_draws, len(group), n_margins).sum(axis=1)
    return change


def _covariance(parts: Float[np.ndarray, "draw problem"], groups: Sequence[np.ndarray]) -> np.ndarray:
    sums = np.stack([parts[:, group].sum(axis=1) for group in groups], axis=1)
    return np.atleast_2d(np.cov(sums, rowvar=False))


def _gain(field: Float[np.ndarray, "group group"], added: Float[np.ndarray, "group model size"]) -> np.ndarray:
    """Expected decrease of the variance of the total by measuring a group more precisely."""
    told, variance = field.sum(axis=1)[:, None, None], np.diag(field)[:, None, None]
    gain: np.ndarray = told**2 * added / (1 + np.maximum(added, 0) * variance)
    return gain


def _measure(field: Float[np.ndarray, "group group"], g: int, added: float) -> None:
    """Lower a covariance, in place, by a measurement of one group."""
    row = field[g].copy()
    field -= np.outer(row, row) * (added / (1 + added * row[g]))
