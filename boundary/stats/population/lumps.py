"""Whether a model's problems come in lumps too narrow for a smooth population."""

from math import log

import numpy as np
from jaxtyping import Float

from boundary.stats.population.count_tables import CountTable
from boundary.stats.population.grid import Grid

# A population of any shape explains counts better than a smooth one by some nats in any case, the more the more solve
# rates samples tell apart: of smooth populations by at most 3.9 log n, of published pairs by at most 2.3 log n, of
# three lumps and 300 problems by 3 to 17 log n (docs/decisions/028-pairs-in-lumps.md).
LEAST_GAIN_BY_LOG_SAMPLES = 4.0
# With many problems the least misfit is beyond doubt, and need not matter.
LEAST_GAIN_BY_PROBLEM = 0.01
# Steps of the EM algorithm, which climbs: with fewer than it needs the gain is understated.
STEPS = 500


def has_lumps(table: CountTable, margin: Float[np.ndarray, " cell"], grid: Grid) -> bool:
    """Whether counts are explained far better by a population of any shape than by a smooth one.

    Parameters
    ----------
    table
        The counts of one model.
    margin
        Weights of the cells of the smooth population, on the table's own grid.
    grid
        With close knots, for the population of any shape.
    """
    problems = np.bincount(table.row).astype(float)
    n_samples = table.distinct[1]
    sampled = n_samples > 0
    if not sampled.any():
        return False
    gain = problems @ (npmle_log_probability(table, grid, problems) - np.log(table.likelihood[: table.n_rows] @ margin))
    gain -= problems @ table.log_largest
    # The usual number of samples: a single problem with many does not change what the others tell.
    usual = np.median(np.repeat(n_samples[sampled], problems[sampled].astype(int)))
    least = LEAST_GAIN_BY_LOG_SAMPLES * log(max(usual, 2))
    return bool(gain > max(least, LEAST_GAIN_BY_PROBLEM * problems[sampled].sum()))


def npmle_log_probability(
    table: CountTable, grid: Grid, problems: Float[np.ndarray, " row"]
) -> Float[np.ndarray, " row"]:
    """Log probability of each count under the mixture of a grid's cells that makes all of them most likely.

    Notes
    -----
    The nonparametric maximum likelihood estimate by the EM algorithm (Laird 1978, doi 10.1080/01621459.1978.10480103).
    """
    likelihood, log_largest = grid.likelihood(*table.distinct)
    weights = np.full(grid.n_cells, 1 / grid.n_cells)
    for _ in range(STEPS):
        weights *= (problems / (likelihood @ weights)) @ likelihood / problems.sum()
    return np.log(likelihood @ weights) + log_largest
