"""What must have converged before the sampler stops: pass@k, its joint values in a pair, and the shares at 0 and at 1.

Of a benchmark of few problems these are taken from drawn solve rates, as they are reported. To draw the rates of many
problems takes longer than a further round of draws; there the population's own values are nearly those of the problems.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from boundary.stats.powers import mean_powers

# Budgets: k = 1 and these multiples of the largest n.
MULTIPLES = (1, 8)
# Up to so many problems the solve rates are drawn each time the sampler may stop.
FEW_PROBLEMS = 2000


def monitored_budgets(largest_n: int) -> list[int]:
    """Budgets k at which pass@k must have converged."""
    return sorted({1, *(multiple * max(largest_n, 1) for multiple in MULTIPLES)})  # n = 0: the prior itself


def of_benchmark(
    p: Float[np.ndarray, "draw problem model"], budgets: Sequence[int]
) -> Float[np.ndarray, "quantity draw"]:
    """Quantities of these very problems, from their drawn solve rates."""
    columns = list(np.moveaxis(p, -1, 0))
    failures = mean_powers(columns, budgets, of_failures=True)
    shares = [(column == end).mean(axis=1) for column in columns for end in (0.0, 1.0)]
    return np.concatenate([_with_differences(failures), shares])


def of_population(
    weights: Float[np.ndarray, "draw cell ..."], failures: Float[np.ndarray, "cell k"]
) -> Float[np.ndarray, "quantity draw"]:
    """Quantities of new problems of each drawn population, from its weights.

    Parameters
    ----------
    weights
        Of the cells, or of the pairs of cells, base first.
    failures
        Mean of (1 - p)^k within each cell; the first cell is p = 0, the last p = 1.
    """
    if weights.ndim == 2:
        margins, means = [weights], [weights @ failures]
    else:
        margins = [weights.sum(axis=2), weights.sum(axis=1)]
        both_fail = np.einsum("dik,ik->dk", weights @ failures, failures)
        means = [*(margin @ failures for margin in margins), both_fail]
    shares = [margin[:, end] for margin in margins for end in (0, -1)]
    return np.concatenate([_with_differences(np.moveaxis(np.array(means), 2, 1)), shares])


def _with_differences(failures: Float[np.ndarray, "mean k draw"]) -> Float[np.ndarray, "quantity draw"]:
    """P(k samples all fail), and of a pair also: of both models, of one and not of the other, and of neither."""
    parts = list(failures)
    if len(parts) > 1:
        base, rl, both_fail = parts
        parts += [base - rl, rl - both_fail, base - both_fail, base + rl - both_fail]
    return np.concatenate(parts)
