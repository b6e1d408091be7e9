"""Joint posterior draws of solved problems and lengths of attempts, from draws of the solve rates."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from boundary.stats.cost.attempts import attempt_means, solved_within
from boundary.stats.cost.lengths import ObservedLengths, length_draws, mean_length_draws

# Draws of the lengths; the draws of the solve rates share them in turn. They average out over many problems.
REPLICATES, REPLICATES_OF_MANY, MANY_PROBLEMS = 64, 32, 200
# Numbers (draw, problem) of a fit; of more problems fewer draws are used, but no fewer than LEAST_DRAWS.
MOST_NUMBERS, LEAST_DRAWS = 1_500_000, 640


class CostDraws(NamedTuple):
    """Draws of one model.

    Parameters
    ----------
    solved
        Share of the problems solved within each budget.
    attempts
        Mean cost of an attempt over problems: of any, of a wrong one, of a right one.
    """

    solved: Float[np.ndarray, "chain draw budget"]
    attempts: Float[np.ndarray, "kind chain draw"]


def cost_draws(
    p: Float[np.ndarray, "chain draw problem"],
    observed: ObservedLengths,
    budgets: Float[np.ndarray, " budget"],
    rng: np.random.Generator,
) -> CostDraws:
    """Draws of what one model solves within budgets, and of what an attempt costs.

    Parameters
    ----------
    p
        Posterior draws of the solve rates.
    observed
        What is known of the lengths, in the unit of the budgets.
    budgets
        Ascending, above 0.
    rng
        Random numbers.

    Returns
    -------
    CostDraws
        Of some of the draws where these are many, in their order: two models of one fit and number of draws keep them
        joint.

    Notes
    -----
    Solve rates and lengths are independent given the samples: lengths tell right attempts from wrong ones, and how many
    there are of each says nothing more of how long they are.
    """
    parts = _by_replicate(p)
    log_mean = mean_length_draws(observed, parts.shape[0], parts.shape[1], rng)
    chains = p.shape[0]
    solved = _by_chain(solved_within(parts, length_draws(observed, log_mean), budgets, rng), chains)
    means = [_by_chain(part[..., None], chains)[..., 0] for part in attempt_means(parts, log_mean)]
    return CostDraws(solved, np.stack(means))


def _by_replicate(p: Float[np.ndarray, "chain draw problem"]) -> Float[np.ndarray, "replicate part_draw problem"]:
    """Draws of the solve rates in as many parts as there are draws of the lengths, each with draws of every chain."""
    chains, n_draws, n_problems = p.shape
    replicates = REPLICATES if n_problems <= MANY_PROBLEMS else REPLICATES_OF_MANY
    most = max(MOST_NUMBERS // max(n_problems, 1), LEAST_DRAWS)
    thinned = p[:, :: max(1, chains * n_draws // most)]
    if thinned.shape[1] < replicates:  # the quickest fits
        thinned = np.repeat(thinned, int(np.ceil(replicates / thinned.shape[1])), axis=1)
    rows = thinned.shape[1] // replicates
    parts = thinned[:, : rows * replicates].reshape(chains, rows, replicates, n_problems)
    return np.ascontiguousarray(np.moveaxis(parts, 2, 0).reshape(replicates, chains * rows, n_problems))


def _by_chain(
    values: Float[np.ndarray, "replicate draw budget"], chains: int
) -> Float[np.ndarray, "chain draw_of_chain budget"]:
    """The inverse of `_by_replicate`."""
    replicates, draws, size = values.shape
    rows = draws // chains
    parts = values.reshape(replicates, chains, rows, size).transpose(1, 2, 0, 3)
    return np.ascontiguousarray(parts).reshape(chains, rows * replicates, size)
