"""Verdicts that err at rates common to all problems and not known exactly: averaged over with the population.

The counts are informative about such rates: a verifier with a false-positive rate of 1 % does not call all 128 samples
wrong on three hundred problems. So each candidate (node) is fitted, the marginal likelihoods of all nodes are estimated
from all draws together, and each draw is taken from a node with its posterior probability.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy.special import logsumexp

from boundary.stats.population.count_tables import count_tables
from boundary.stats.population.fit import (
    Family,
    PopulationFit,
    chosen_posterior,
    fit_population,
    log_likelihood_of,
    posterior_of,
    rates_by_chain,
)
from boundary.stats.population.grid import Grid
from boundary.stats.solve_rates import SolveRates
from boundary.stats.verdict_errors import VerdictErrors

MOST_ROUNDS, TOLERANCE = 2000, 1e-8


class Nodes(NamedTuple):
    """The fit under each node, on one grid, and the log of each node's marginal likelihood, less that of the largest.

    `in_lumps` is whether problems were found to come in narrow lumps.
    """

    fits: list[PopulationFit]
    log_evidence: Float[np.ndarray, " node"]
    grid: Grid
    in_lumps: bool


def fit_nodes(
    family: Family,
    n_correct: np.ndarray,
    n_samples: np.ndarray,
    key: Array,
    settings: Mapping[str, int],
    errors: VerdictErrors,
) -> Nodes:
    """Fit the population under each node of the errors, and weigh the nodes.

    Whether problems come in narrow lumps is decided under the first node: all nodes need the same prior.
    """
    first = chosen_posterior(family, n_correct, n_samples, errors.node(0))
    grid = first.grid
    other_tables = [count_tables(n_correct, n_samples, grid, errors.node(j)) for j in range(1, errors.n_nodes)]
    posteriors = [first, *(posterior_of(first.family, tables, grid) for tables in other_tables)]
    fits = [fit_population(posterior, jax.random.fold_in(key, j), settings) for j, posterior in enumerate(posteriors)]
    crossed = [
        [log_likelihood_of(fit.weights, posterior.tables).sum(axis=1, dtype=np.float64) for fit in fits]
        for posterior in posteriors
    ]
    return Nodes(fits, log_evidences(np.array(crossed)), grid, in_lumps=first.family is not family)


def log_evidences(log_likelihood: Float[np.ndarray, "node of_node draw"]) -> Float[np.ndarray, " node"]:
    """Log marginal likelihood of each node, less the largest, from draws of the posterior under each.

    Parameters
    ----------
    log_likelihood
        Log likelihood under the first index, of draws of the posterior under the second; the prior is the same.

    Notes
    -----
    The multistate Bennett acceptance ratio (Shirts & Chodera 2008, arXiv 0801.1426, Eq. 11): with draws of all nodes
    pooled, Z_j = sum over draws of L_j / sum_l(S L_l / Z_l), solved by iteration.
    """
    n_nodes, _, n_draws = log_likelihood.shape
    pooled = log_likelihood.reshape(n_nodes, -1)
    log_evidence = np.zeros(n_nodes)
    for _ in range(MOST_ROUNDS):
        mixture = logsumexp(pooled - log_evidence[:, None], axis=0) + np.log(n_draws)
        new = logsumexp(pooled - mixture, axis=1)
        new -= new.max()
        change = np.abs(new - log_evidence).max()
        log_evidence = new
        if change < TOLERANCE:
            break
    return log_evidence


def fit_shared(
    family: Family,
    n_correct: np.ndarray,
    n_samples: np.ndarray,
    key: Array,
    name: str,
    new_problems: int,
    settings: Mapping[str, int],
    errors: VerdictErrors,
) -> SolveRates:
    """Solve rates with the errors' nodes averaged over by their posterior probabilities (see `fit_on_grid`)."""
    nodes = fit_nodes(family, n_correct, n_samples, key, settings, errors)
    weights = np.exp(nodes.log_evidence) * errors.prior_of_nodes
    weights /= weights.sum()
    errors = replace(errors, node_weights=weights)  # posterior probabilities of the nodes
    mixed = _mix(nodes.fits, weights, key)
    rates = rates_by_chain(mixed, n_correct, n_samples, nodes.grid, key, name, new_problems, settings, errors)
    return replace(rates, in_lumps=nodes.in_lumps)


def _mix(fits: Sequence[PopulationFit], weights: Float[np.ndarray, " node"], key: Array) -> PopulationFit:
    """Draws from several fits, each in exact proportion to its weight, in an order unrelated to the chains."""
    n_draws = len(fits[0].p)
    edges = np.cumsum(weights)
    level = (jax.random.permutation(key, n_draws) + 0.5) / n_draws
    node = np.minimum(np.searchsorted(edges, np.asarray(level)), len(fits) - 1)
    draw = np.arange(n_draws)
    weights_of_nodes, p = jnp.stack([fit.weights for fit in fits]), np.stack([fit.p for fit in fits])
    likelihoods = [fit.log_likelihood for fit in fits if fit.log_likelihood is not None]
    log_likelihood = np.stack(likelihoods)[node, draw] if likelihoods else None
    return PopulationFit(weights_of_nodes[node, draw], fits[0].cells, p[node, draw], log_likelihood)
