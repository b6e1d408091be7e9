"""Optional stopping: whether the number of samples of a problem depends on their outcomes."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Int

# Fewer problems, or fewer different numbers of samples, could look like a stopping rule by chance.
FEWEST_PROBLEMS, FEWEST_SIZES = 5, 3
# Where n is chosen without regard to the outcome, c/n and n are unrelated; stopping makes them nearly opposite.
OPPOSITE = -0.5


class StoppingRule(NamedTuple):
    """Sampling that went on, `block` samples at a time, until `successes` of them were correct, or up to `most`."""

    successes: int
    block: int
    most: int


def stopping_rule(
    n_correct: Int[np.ndarray, " problem"], n_samples: Int[np.ndarray, " problem"]
) -> StoppingRule | None:
    """The stopping rule of one model's sampling, inferred from its counts.

    Parameters
    ----------
    n_correct, n_samples
        Correct samples c and samples n of each problem.

    Returns
    -------
    None where the counts look as if n had been chosen without regard to the outcome.

    Notes
    -----
    Stopping at the r-th success in blocks of b leaves three traces, all of which are required here: a problem with
    fewer than r successes has the largest n; no problem has more than r + b - 1, b being the greatest common divisor
    of the n below the largest; and c/n falls as n grows (Spearman's rank correlation of at most -.5). Counts of a rule
    that stops otherwise look different, and must be declared.

    Examples
    --------
    >>> stopping_rule(np.array([1, 1, 1, 1, 0, 0]), np.array([3, 17, 5, 40, 64, 64]))
    StoppingRule(successes=1, block=1, most=64)
    """
    c, n = np.asarray(n_correct), np.asarray(n_samples)
    if len(n) < FEWEST_PROBLEMS or n.min() < 1 or len(np.unique(n)) < FEWEST_SIZES:
        return None
    most = int(n.max())
    early = n < most
    successes, block = int(c[early].min()), int(np.gcd.reduce(n[early]))
    if successes < 1 or c.max() > successes + block - 1:
        return None
    from scipy.stats import spearmanr  # slow to import, and seldom needed

    if spearmanr(c / n, n).statistic > OPPOSITE:
        return None
    return StoppingRule(successes, block, most)
