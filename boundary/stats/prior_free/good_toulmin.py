"""Smoothed Good-Toulmin estimates of pass@k beyond n: the counting of unseen species, with problems for species."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from scipy.special import bdtrc, ndtri

from boundary.stats.budgets import checked_budgets
from boundary.stats.chances import hypergeometric_pmf
from boundary.stats.distinct_counts import distinct_rows
from boundary.stats.sample_sizes import MOST, samples_of_share


class GoodToulmin(NamedTuple):
    """Estimates at each budget, with an interval.

    `furthest` is the largest budget at which they may be relied on, `n_problems` how many problems they are made of.
    """

    mean: Float[np.ndarray, " k"]
    lower: Float[np.ndarray, " k"]
    upper: Float[np.ndarray, " k"]
    furthest: int
    n_problems: int


def good_toulmin(
    n_correct: Int[np.ndarray, "problem model"],
    n_samples: Int[np.ndarray, "problem model"],
    k: Sequence[int],
    level: float = 0.95,
) -> GoodToulmin:
    """pass@k of one model beyond n or, with two columns, shrinkage: column 0 (base) less column 1 (RL).

    Parameters
    ----------
    n_correct, n_samples
        Correct samples and samples of each problem; problems that some model has no samples of are left out, and those
        with fewer than nine of ten of the others have.
    k
        Budgets. Beyond `furthest` there is no estimate, and within n there is a better one (`unbiased_pass_at_k`).
    level
        Confidence of the interval, in (0, 1).

    Returns
    -------
    Estimates, clipped to what is possible; NaN at budgets up to n, beyond `furthest`, and with fewer than two problems.

    Notes
    -----
    With t = (k - n) / n and Q_j problems of j successes, problems newly solved are estimated by
    -sum_{j >= 1} (-t)^j P(L >= j) Q_j, with L ~ Binomial(m, 2 / (2 + t)) and m = log_3(S t^2 / (t - 1)) / 2, S the
    successes in all (Good & Toulmin 1956; Orlitsky, Suresh & Wu 2016, PNAS 113(47)); t below 2 counts as 2 in m. They
    show that this is reliable up to k of about n log n, and that nothing is beyond. With unequal n the counts are
    thinned to the smallest n left, on average over how. The interval is normal, from the spread over problems: it is
    one for problems like these, and wide for these very ones. Its coverage is in docs/bounds.md.

    Examples
    --------
    >>> result = good_toulmin(np.array([[0]] * 6 + [[1]] * 2 + [[9]] * 12), np.full((20, 1), 10), [20])
    >>> result.mean.round(2), result.furthest
    (array([0.8]), 23)
    """
    budgets, fewest = checked_budgets(k), n_samples.min(axis=1)
    enough = fewest >= max(samples_of_share(fewest[fewest > 0], MOST), 1)
    c, n_drawn = n_correct[enough], n_samples[enough]
    n = int(n_drawn.min()) if enough.sum() > 1 else 0
    furthest = int(n * max(math.log(max(n, 1)), 1.0))
    spread = float(ndtri((1 + level) / 2)) / math.sqrt(max(int(enough.sum()), 1))
    estimates = np.full((3, len(budgets)), np.nan)
    for i, budget in enumerate(budgets):
        if n < budget <= furthest:
            terms = [_terms(*columns, n, budget) for columns in zip(c.T, n_drawn.T, strict=True)]
            # No model solves fewer problems in k > n samples than in n, but for chance.
            shares = [max(estimate.mean(), (own > 0).mean()) for estimate, own in zip(terms, c.T, strict=True)]
            mean, margin = _difference(np.clip(shares, 0, 1)), spread * _difference(terms).std(ddof=1)
            estimates[:, i] = np.clip([mean, mean - margin, mean + margin], 1.0 - len(terms), 1.0)
    return GoodToulmin(estimates[0], estimates[1], estimates[2], furthest, int(enough.sum()))


def _difference(models: Sequence[np.ndarray] | np.ndarray) -> np.ndarray:
    """The column of one model itself; of two models the first column minus the second."""
    return np.asarray(models[0] if len(models) == 1 else models[0] - models[1])


def _terms(n_correct: np.ndarray, n_samples: np.ndarray, n: int, budget: int) -> Float[np.ndarray, " problem"]:
    """Each problem's term of the estimate: 0 for none right, near 1 for many, far from either for a few."""
    t = (budget - n) / n
    total = max((n_correct * (n / n_samples)).sum(), 2.0)
    trials = int(np.rint(np.log(total * max(t, 2.0) ** 2 / (max(t, 2.0) - 1)) / np.log(3) / 2))
    few = np.arange(1, min(trials, n) + 1)
    change = -((-t) ** few.astype(float)) * bdtrc(few - 1, trials, 2 / (2 + t))
    distinct, place = distinct_rows(np.stack([n_correct, n_samples], axis=1))
    c, sizes = distinct[:, :1], distinct[:, 1:]
    chance = hypergeometric_pmf(few, sizes, c, n)
    none = hypergeometric_pmf(0, sizes, c, n)[:, 0]
    return np.asarray(1.0 - none + chance @ change)[place]
