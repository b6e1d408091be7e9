"""What responses of one model say of another's solve rate: a certain bound, an expected bound, importance sampling."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Array, Bool, Float, Int

from boundary.stats.pareto_smoothing import pareto_fit
from boundary.stats.random_keys import numpy_rng

# Log-probabilities of one text in batches of other shapes differ by less than this, in nats.
SAME_SCORE = 0.01
# Importance sampling is reported where the Pareto shape of its weights is at most this (Vehtari et al. 2024, arXiv
# 1507.02646) and so large a share of the right responses is effective. The shape alone does not see a tail from which
# nothing was drawn. In simulations (docs/likelihood.md) intervals at .3 to .65 held the truth in 96 to 99 of 100 cases
# where log ratios were normal or had a tail to the left, and in 60 to 85 where they had one to the right; hardly any of
# the latter had a skewness of 0 or less.
MOST_PARETO_K, LEAST_EFFECTIVE = 0.7, 0.65
LEAST_EFFECTIVE_UNSKEWED, MOST_SKEWNESS = 0.3, 0.0
# Fewer responses have no tail (a fifth of them) that a shape could be fitted to.
FEWEST_RESPONSES = 30
# So few weights above the others have no shape.
FEWEST_IN_TAIL = 5


def distinct_bound(
    log_probability: Float[np.ndarray, " response"],
    problem: Int[np.ndarray, " response"],
    size: Int[np.ndarray, "response feature"],
    n_problems: int,
) -> Float[np.ndarray, " problem"]:
    """Lower bound of the probability of a set of texts: the sum of those of distinct ones.

    Parameters
    ----------
    log_probability
        Of each response in the set, nats.
    problem
        Of each, numbered from 0.
    size
        Features that equal texts have in common, such as their numbers of tokens and bytes.
    n_problems
        How many there are.

    Returns
    -------
    For each problem, at most 1; 0 without responses.

    Examples
    --------
    Of two responses that are scored alike, one counts:

    >>> import numpy as np
    >>> distinct_bound(np.log([0.25, 0.25, 0.125]), np.zeros(3, dtype=int), np.array([[3], [3], [4]]), 1).tolist()
    [0.375]

    Notes
    -----
    Responses of equal size whose log-probabilities are within SAME_SCORE of each other are taken for one text, and the
    least likely of them counts: the sum stays a lower bound where they are several.
    """
    order = np.lexsort((log_probability, *size.T, problem))
    features = np.column_stack([problem, size])[order]
    ordered = log_probability[order]
    new = np.ones(len(order), dtype=bool)
    new[1:] = (features[1:] != features[:-1]).any(axis=1) | (np.diff(ordered) > SAME_SCORE)
    sums = np.bincount(features[new, 0], weights=np.exp(ordered[new]), minlength=n_problems)
    return np.minimum(sums, 1.0)


class ImportanceEstimate(NamedTuple):
    """Importance-sampling estimate of the solve rate of a model from another's responses, by problem.

    Parameters
    ----------
    draws
        Of the estimate's uncertainty; NaN where it is withheld.
    effective
        Effective number of responses, (sum w)^2 / sum w^2 of the right ones.
    pareto_k
        Shape of the tail of the weights; infinite where there are too few responses to tell.
    """

    draws: Float[np.ndarray, "chain draw problem"]
    effective: Float[np.ndarray, " problem"]
    pareto_k: Float[np.ndarray, " problem"]

    @property
    def reliable(self) -> Bool[np.ndarray, " problem"]:
        """Where the estimate is not withheld."""
        return np.asarray(~np.isnan(self.draws[0, 0]))


def importance_estimate(
    log_weight: Float[np.ndarray, " response"],
    right: Bool[np.ndarray, " response"],
    problem: Int[np.ndarray, " response"],
    n_problems: int,
    key: Array,
    chains: int,
    draws: int,
) -> ImportanceEstimate:
    """Estimate a model's solve rate as the mean over another's responses of the ratio of probabilities, where right.

    Parameters
    ----------
    log_weight
        Log-probability of each response under the model less that under the one that drew it, nats; minus infinity
        where the model never draws it.
    right
        Whether it is right.
    problem
        Of each response, numbered from 0.
    n_problems
        How many there are.
    key
        JAX key.
    chains, draws
        Shape of the draws.

    Notes
    -----
    p_base = E_RL[w 1(right)], w = p_base(y) / p_RL(y): unbiased where the RL model may draw all that the base may.
    Withheld where the Pareto shape of the weights of all responses or of the right ones is above MOST_PARETO_K, where
    there are too few to fit it, or where less than LEAST_EFFECTIVE of the right ones are effective
    (LEAST_EFFECTIVE_UNSKEWED where the logarithms of their weights have no tail to the right). The interval is the
    wider at each end of two: one of the mean weight by its standard error (on a log scale, Student-t), right where the
    tail of the weights is short, and one that takes them for log-normal, which reckons with a tail from which nothing
    was drawn.
    """
    rng = numpy_rng(key)
    order = np.argsort(problem, kind="stable")
    ends = np.searchsorted(problem[order], np.arange(n_problems + 1))
    estimates = np.full((n_problems, chains * draws), np.nan)
    effective, shape = np.zeros(n_problems), np.full(n_problems, np.inf)
    for i in range(n_problems):
        responses = order[ends[i] : ends[i + 1]]
        log_ratio, correct = log_weight[responses], right[responses]
        log_ratio_right = log_ratio[correct & np.isfinite(log_weight[responses])]
        if not len(log_ratio_right):
            continue
        weights = np.exp(log_ratio_right - log_ratio_right.max())
        effective[i] = weights.sum() ** 2 / (weights**2).sum()
        shape[i] = max(pareto_shape(log_ratio), pareto_shape(log_ratio[correct]))
        is_skewed = skewness(log_ratio_right) > MOST_SKEWNESS
        least = (LEAST_EFFECTIVE if is_skewed else LEAST_EFFECTIVE_UNSKEWED) * correct.sum()
        if shape[i] <= MOST_PARETO_K and effective[i] >= least:
            estimates[i] = importance_draws(log_ratio_right, len(responses), rng, chains * draws)
    return ImportanceEstimate(estimates.T.reshape(chains, draws, n_problems), effective, shape)


def skewness(values: Float[np.ndarray, " response"]) -> float:
    """Skewness of some values; 0 where all are about equal.

    Examples
    --------
    >>> import numpy as np
    >>> round(skewness(np.array([0.0, 0.0, 3.0])), 2), skewness(np.ones(4))
    (0.71, 0.0)
    """
    spread = float(values.std())
    return float(((values - values.mean()) ** 3).mean()) / spread**3 if spread > 1e-6 else 0.0


def pareto_shape(log_weight: Float[np.ndarray, " response"]) -> float:
    """Pareto shape of the upper tail of weights; infinite where there are too few, -1 where all are about equal.

    Examples
    --------
    >>> import numpy as np
    >>> pareto_shape(np.zeros(30)), pareto_shape(np.zeros(10))
    (-1.0, inf)
    """
    n = len(log_weight)
    if n < FEWEST_RESPONSES or not np.isfinite(log_weight.max()):
        return np.inf
    ratio = np.sort(np.exp(log_weight - log_weight.max()))
    if ratio[-1] - ratio[0] < 1e-3:
        return -1.0
    n_tail = int(3 * n**0.5) if n > 225 else n // 5
    cutoff = ratio[n - n_tail - 1]
    # Equal texts have equal weights: those that tie with the cutoff are no part of the tail.
    excess = ratio[ratio > cutoff] - cutoff
    shape = np.nan
    if len(excess) >= FEWEST_IN_TAIL and np.ptp(excess) > 0:
        with np.errstate(invalid="ignore", divide="ignore"):  # of a few values only, drawn again and again
            shape = pareto_fit(excess[None])[0][0]
    if np.isfinite(shape):
        return float(shape)
    # Too few, or equal ones, have no shape: the tail is short where it ends within twice its start.
    return -1.0 if ratio[-1] <= 2 * cutoff else np.inf


def importance_draws(
    log_ratio: Float[np.ndarray, " right"], n: int, rng: np.random.Generator, size: int
) -> Float[np.ndarray, " draw"]:
    """Draws of the mean over n responses of the weights of the right ones: the wider of two laws at either end.

    Parameters
    ----------
    log_ratio
        Logarithmic weights of the right responses, at least two of them.
    n
        Responses in all.
    rng
        For the draws.
    size
        How many.
    """
    right = len(log_ratio)
    weights = np.exp(log_ratio)
    estimate = weights.sum() / n
    error = np.sqrt(max(float((weights**2).sum()) / n - estimate**2, 0.0) / (n - 1)) / estimate
    by_error = estimate * np.exp(error * rng.standard_t(right - 1, size))
    variance = log_ratio.var() * right / rng.chisquare(right - 1, size)
    mean = log_ratio.mean() + np.sqrt(variance / right) * rng.standard_normal(size) + variance / 2
    share = rng.beta(right + 0.5, n - right + 0.5, size)
    ordered = np.sort([by_error, share * np.exp(mean)], axis=1)
    middle = size // 2
    envelope = np.concatenate([ordered[:, :middle].min(axis=0), ordered[:, middle:].max(axis=0)])
    return np.asarray(np.minimum(rng.permutation(envelope), 1.0))
