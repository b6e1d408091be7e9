"""Mean tokens of the samples of each problem: of all, of those judged correct, and of the others."""

import numpy as np
from jaxtyping import Bool, Float, Int

# Columns of a counts table. The last is of all samples that were not judged correct, truncated ones among them.
MEAN_TOKENS = ("mean_tokens", "mean_tokens_correct", "mean_tokens_wrong")


def token_means(
    problem: Int[np.ndarray, " sample"],
    correct: Bool[np.ndarray, " sample"],
    tokens: Float[np.ndarray, " sample"],
    n_problems: int,
) -> Float[np.ndarray, "mean problem"]:
    """Means over the samples of each problem whose tokens are known, in the order of `MEAN_TOKENS`.

    Parameters
    ----------
    problem
        Number of each sample's problem, from 0.
    correct
        Whether it was judged correct.
    tokens
        Not a number where unknown.
    n_problems
        How many problems there are.

    Returns
    -------
    Not a number where no sample is known, or where all have no token at all: a mean of 0 would make attempts free.

    Examples
    --------
    >>> token_means(np.array([0, 0]), np.array([True, False]), np.array([10.0, 30.0]), 1).ravel().tolist()
    [20.0, 10.0, 30.0]
    """
    has_tokens = ~np.isnan(tokens)
    means = []
    for samples in (has_tokens, has_tokens & correct, has_tokens & ~correct):
        n = np.bincount(problem[samples], minlength=n_problems)
        total = np.bincount(problem[samples], tokens[samples], minlength=n_problems)
        means.append(np.divide(total, n, out=np.full(n_problems, np.nan), where=total > 0))
    return np.stack(means)
