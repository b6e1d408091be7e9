"""Whether a model's problems come in lumps too narrow for a smooth population."""

from math import log

import numpy as np
from jaxtyping import Float

from boundary.stats.population.count_tables import CountTable
from boundary.stats.population.grid import Grid

# A population of any shape explains counts better than a smooth one by some nats in any case: of smooth populations by
# at most 3.2 log n (n = 64, 30 to 5,000 problems: 13; n = 8,192: 32), of three lumps and 300 problems by 5 log n and
# more, of published pairs by at most 2.3 log n (docs/decisions/028-pairs-in-lumps.md).
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
    gain = problems @ (any_shape(table, grid, problems) - np.log(table.likelihood[: table.n_rows] @ margin))
    gain -= problems @ table.log_largest
    least = LEAST_GAIN_BY_LOG_SAMPLES * log(max(table.largest_n, 2))
    return bool(gain > max(least, LEAST_GAIN_BY_PROBLEM * problems.sum()))


def any_shape(table: CountTable, grid: Grid, problems: Float[np.ndarray, " row"]) -> Float[np.ndarray, " row"]:
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
