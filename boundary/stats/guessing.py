"""Guess floors: how often answers to other problems hit a problem's right answer.

What a model answers to other problems of the same kind is what it might answer if it knew nothing of this one. The
share of such answers that equal this problem's right answer is the chance of a lucky hit.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from scipy.special import betaln, gammaln, stdtrit

# The grid of populations of floors: means from far below one hit in all samples to 1, concentrations from floors that
# are nearly all 0 or 1 to equal ones.
MEANS, CONCENTRATIONS = 60, 24
LOWEST_MEAN, MOST_CONCENTRATED, LEAST_CONCENTRATED = 1e-6, 1e4, 0.02
DRAWS = 1000
# Correlation of two samples of a problem; and the largest share that luck makes right: at 1 no count says anything.
LEAST_CORRELATED, MOST_CORRELATED, LARGEST_SHARE = 1e-6, 0.999, 0.99


class GuessFloors(NamedTuple):
    """Posterior of the guess floors of the problems of one answer type.

    Parameters
    ----------
    draws
        Draws of each problem's floor.
    mean, lower, upper
        Mean over problems of the floors, with its interval.
    worth
        How many independent guesses the samples of one problem are worth, at least 1 (`guess_floors`, Notes);
        NaN where nothing was hit.
    """

    draws: Float[np.ndarray, "problem draw"]
    mean: float
    lower: float
    upper: float
    worth: float

    def nodes(self, n_nodes: int, n_samples: float, rng: np.random.Generator) -> Float[np.ndarray, "problem node"]:
        """Equally likely values of the share of a problem's own samples that luck makes right.

        Parameters
        ----------
        n_nodes
            How many.
        n_samples
            Samples of a problem, at least 1.
        rng
            For the shares.

        Returns
        -------
        Means of as many equal parts of the share's distribution, below 1; their mean is that of the floor's draws.

        Notes
        -----
        The samples of one problem repeat each other: of a problem with the floor g the chance of a hit is not g but
        differs from one problem to the next, as the shares that hit it from other problems do. It is Beta around g with
        the variance r g (1 - g), r being the correlation of two samples of a problem: n samples that are worth e
        guesses have 1 / e = r + (1 - r) / n. Where nothing was hit, r is not known and taken for 1.
        """
        n = max(n_samples, 1 + 1e-9)
        correlation = 1.0 if np.isnan(self.worth) else (n / min(self.worth, n) - 1) / (n - 1)
        concentration = 1 / np.clip(correlation, LEAST_CORRELATED, MOST_CORRELATED) - 1
        floor = np.clip(self.draws, 1e-12, 1 - 1e-12)
        shares = np.sort(rng.beta(floor * concentration, (1 - floor) * concentration), axis=1)
        parts = np.stack([part.mean(axis=1) for part in np.array_split(shares, n_nodes, axis=1)], axis=1)
        # Draws of seldom hits are few: their mean is made that of the floor.
        parts *= (floor.mean(axis=1) / np.maximum(parts.mean(axis=1), 1e-12))[:, None]
        return np.asarray(np.minimum(parts, LARGEST_SHARE))


def hit_shares(
    problem: Int[np.ndarray, " answer"],
    answer: Int[np.ndarray, " answer"],
    times: Int[np.ndarray, " answer"],
    n_samples: Int[np.ndarray, " problem"],
    right_answer: Int[np.ndarray, " problem"],
) -> Float[np.ndarray, "problem problem"]:
    """Share of the samples of each problem (column) that hit the right answer of each problem (row).

    Parameters
    ----------
    problem, answer, times
        Of each answer to a problem: the problem's place, the answer's number, how many samples gave it.
    n_samples
        Samples of each problem, at least 1.
    right_answer
        The number of each problem's right answer, in the numbering of the answers.

    Returns
    -------
    Shares in [0, 1]; NaN on the diagonal, since a problem's own samples say nothing of luck.

    Examples
    --------
    The second problem's right answer, 8, was given once in four samples of the first.

    >>> problem, answer, times = np.array([0, 0, 1]), np.array([7, 8, 8]), np.array([3, 1, 4])
    >>> hit_shares(problem, answer, times, np.array([4, 4]), np.array([7, 8])).tolist()
    [[nan, 0.0], [0.25, nan]]
    """
    n = len(n_samples)
    shares = np.zeros((n, n))
    rows_of: dict[int, list[int]] = {}
    for row, number in enumerate(right_answer.tolist()):
        rows_of.setdefault(number, []).append(row)
    for column, number, count in zip(problem.tolist(), answer.tolist(), times.tolist(), strict=True):
        for row in rows_of.get(number, ()):
            shares[row, column] += count / n_samples[column]
    np.fill_diagonal(shares, np.nan)
    return shares


def lucky_chances(
    shares: Float[np.ndarray, "problem problem"],
    n_samples: Int[np.ndarray, " problem"],
    n: Int[np.ndarray, " problem"],
) -> Float[np.ndarray, " problem"]:
    """Probability that at least one of n samples hits a problem's right answer by luck.

    Parameters
    ----------
    shares
        From `hit_shares`, of at least two problems.
    n_samples
        Samples of each problem, at least 1.
    n
        Samples of each problem that might be lucky, at least 0.

    Returns
    -------
    The mean over the other problems of the probability that n of their samples, drawn without replacement, hit the
    right answer. Of a problem with fewer samples all are taken, so that the mean may be too small then.

    Notes
    -----
    Samples of one problem repeat each other: 1 - (1 - g)^n of a floor g, as of independent guesses, is too large.

    Examples
    --------
    Two of three other problems hit the first one's right answer: one with every sample, one with one in four.

    >>> shares = np.array([[np.nan, 1.0, 0.25, 0.0], *np.zeros((3, 4))])
    >>> [lucky_chances(shares, np.full(4, 4), np.full(4, n))[0].round(3).item() for n in (4, 2)]
    [0.667, 0.5]
    """
    hits = np.rint(np.nan_to_num(shares) * n_samples)
    sample_size = np.minimum(np.asarray(n)[:, None], n_samples)
    # C(N - hits, n) / C(N, n): no sample of n is a hit.
    log_none = (
        gammaln(n_samples - hits + 1)
        - gammaln(np.maximum(n_samples - hits - sample_size, 0) + 1)
        - gammaln(n_samples + 1)
        + gammaln(n_samples - sample_size + 1)
    )
    some = np.where(hits + sample_size > n_samples, 1.0, -np.expm1(log_none)) * (hits > 0)
    np.fill_diagonal(some, 0.0)
    return np.asarray(some.sum(axis=1) / (len(shares) - 1))


def guess_floors(shares: Float[np.ndarray, "problem problem"], level: float, rng: np.random.Generator) -> GuessFloors:
    """Posterior of the guess floors of problems of one answer type, partially pooled.

    Parameters
    ----------
    shares
        From `hit_shares`, of at least three problems.
    level
        Probability within the interval of the mean floor, in (0, 1).
    rng
        For the draws.

    Returns
    -------
    Draws of each problem's floor, and their mean over problems with its interval.

    Notes
    -----
    Each other problem counts once. Its samples are not independent guesses, so m other problems are worth m e guesses,
    with e = sum_i g_i (1 - g_i) / sum_i s_i^2 over the problems i, g_i the mean and s_i^2 the variance of the shares
    that hit i: e = 1 where a problem's samples all hit or all miss, and 1 where nothing was hit at all. Hits in that
    many guesses are beta-binomial, the floors of a type from one Beta, whose mean (Jeffreys) and concentration (uniform
    in its logarithm) are averaged over on a grid. The mean over problems is a U-statistic of pairs of problems; its
    interval is the jackknife's over problems on the log scale (Arvesen 1969, Ann. Math. Stat. 40(6)), joined with that
    of the draws, which takes the hits of one other problem on several for independent.
    """
    n_others = len(shares) - 1
    hit = np.nan_to_num(shares)
    mean = hit.sum(axis=1) / n_others
    variance = np.maximum((hit**2).sum(axis=1) / n_others - mean**2, 0.0) * n_others / max(n_others - 1, 1)
    worth = max(float((mean * (1 - mean)).sum() / variance.sum()), 1.0) if variance.sum() > 0 else 1.0
    draws = _posterior_draws(n_others * worth * mean, n_others * worth, rng)
    tails = [(1 - level) / 2, (1 + level) / 2]
    lower, upper = np.quantile(draws.mean(axis=0), tails)
    value = float(mean.mean())
    if value == 0:  # the answers of one other problem hit one right answer at most: n_others trials in all
        upper = max(upper, (1 - tails[0] ** (1 / n_others)) / len(shares))
    else:
        factor = np.exp(_log_error(hit) * float(stdtrit(n_others, tails[1])))
        lower, upper = min(lower, value / factor), max(upper, value * factor)
    known_worth = worth if variance.sum() > 0 else np.nan
    mean_floor = value if value > 0 else float(draws.mean())
    return GuessFloors(draws, mean_floor, float(lower), min(float(upper), 1.0), known_worth)


def _posterior_draws(hits: np.ndarray, n: float, rng: np.random.Generator) -> Float[np.ndarray, "problem draw"]:
    """Draws of each problem's chance of a hit, given its hits in n guesses."""
    means = np.geomspace(LOWEST_MEAN, 0.9, MEANS)
    concentrations = np.geomspace(LEAST_CONCENTRATED, MOST_CONCENTRATED, CONCENTRATIONS)
    mu, size = (part.ravel() for part in np.meshgrid(means, concentrations))
    a, b = mu * size, (1 - mu) * size
    # Jeffreys' prior of the mean, of which the grid is even in the logarithm.
    log_weight = 0.5 * np.log(mu) - 0.5 * np.log1p(-mu)
    values, numbers = np.unique(hits, return_counts=True)
    for value, number in zip(values, numbers, strict=True):
        log_weight = log_weight + number * (betaln(a + value, b + n - value) - betaln(a, b))
    weight = np.exp(log_weight - log_weight.max())
    cells = rng.choice(len(weight), DRAWS, p=weight / weight.sum())
    return np.asarray(rng.beta(a[cells] + hits[:, None], b[cells] + n - hits[:, None]))


def _log_error(hit: Float[np.ndarray, "problem problem"]) -> float:
    """Standard error of the logarithm of the mean over pairs of problems, by leaving out problems one at a time."""
    n, total = len(hit), hit.sum()
    without = (total - hit.sum(axis=0) - hit.sum(axis=1)) / ((n - 1) * (n - 2))
    return float(np.sqrt((n - 1) / n * ((without - without.mean()) ** 2).sum()) / (total / (n * (n - 1))))
