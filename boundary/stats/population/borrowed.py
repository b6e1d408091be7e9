"""The population of a pair on a small benchmark, whose shape is borrowed from other benchmarks of the same pair.

Every parameter of a population is standard normal a priori. On two benchmarks of one pair the parameters are taken to
be correlated, all by the same amount, which the small benchmark's own counts tell: where its population is like those
of the others, their counts say much of it; where it is not, the prior is as it was.
"""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from boundary.stats.population.count_tables import count_tables
from boundary.stats.population.densities import COUNTED_PROBLEMS, atom_odds
from boundary.stats.population.fit import Family
from boundary.stats.population.grid import Grid
from boundary.stats.population.likelihood import count_data, log_posterior, posterior_data
from boundary.stats.population.pair_densities import (
    CORNERS_AND_EDGES,
    JOINT_DIM,
    JointPrior,
    PairBasis,
    joint_basis,
    joint_population,
)
from boundary.stats.sampler.mode import find_mode

# The correlation is the logistic function of a normal variable with mean 0 and this scale: half of it lies between .27
# and .73, and 95 % between .05 and .95.
CORRELATION_SCALE = 1.5
ATOMS = CORNERS_AND_EDGES
N_NODES = 41
LEAST_VARIANCE = 1e-6


class Shape(NamedTuple):
    """What the counts of other benchmarks say of the parameters of one of them, in standard normal coordinates.

    Parameters
    ----------
    mean
        Mean of each parameter.
    axes, variances
        Principal axes of their covariance, as columns, and the variance along each.
    """

    mean: Float[np.ndarray | Array, " dim"]
    axes: Float[np.ndarray | Array, "dim dim"]
    variances: Float[np.ndarray | Array, " dim"]


class BorrowingBasis(NamedTuple):
    """Constants of a population that borrows its shape on a grid."""

    n_problems: Float[np.ndarray, ""]
    pair: PairBasis
    shape: Shape


def shape_of(counts: Sequence[tuple[np.ndarray, np.ndarray]], family: Family) -> Shape:
    """The shape of the populations of some benchmarks of a pair.

    Parameters
    ----------
    counts
        Of each benchmark: n_correct and n_samples, (problem, model), the base in column 0.
    family
        Of pairs.

    Returns
    -------
    Mean and covariance of the parameters of one of these benchmarks, any of them with the same probability.

    Notes
    -----
    Of each benchmark the posterior is taken to be normal around its mode. Mean and covariance are those of the mixture
    with equal weights: where the benchmarks differ, variances are large and little is borrowed.
    """
    means, covariances = zip(*(_moments(*pair, family) for pair in counts), strict=True)
    mean = np.mean(means, axis=0)
    differences = np.asarray(means) - mean
    covariance = np.mean(covariances, axis=0) + differences.T @ differences / len(differences)
    variances, axes = np.linalg.eigh((covariance + covariance.T) / 2)
    return Shape(mean, axes, np.maximum(variances, LEAST_VARIANCE))


def _moments(n_correct: np.ndarray, n_samples: np.ndarray, family: Family) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance of the parameters in standard normal coordinates, from the mode and the curvature there.

    Notes
    -----
    The atoms have a coordinate of their own (`densities.atom_odds`), which is bent back: mean, variance and mean slope
    of a function of a normal variable by Gauss-Hermite quadrature; covariances by Stein's identity,
    Cov(f(x), y) = E f'(x) Cov(x, y), to first order between two atoms.
    """
    grid = family.grid(int(n_samples.max()))
    counts, _ = count_data(count_tables(n_correct, n_samples, grid, None))
    basis = family.basis(grid)._replace(n_problems=np.array(len(n_correct), np.float32))
    mode = find_mode(log_posterior(family.population), posterior_data(counts, basis), np.zeros(family.dim))
    covariance = mode.root @ mode.root.T
    nodes, weights = np.polynomial.hermite_e.hermegauss(N_NODES)
    weights = weights / weights.sum()
    deviations = np.sqrt(np.diag(covariance)[:ATOMS, None])
    values, slopes = _standard_atoms(mode.position[:ATOMS, None] + deviations * nodes, len(n_correct), basis.prior)
    mean, scale = mode.position.copy(), np.ones(family.dim)
    mean[:ATOMS], scale[:ATOMS] = values @ weights, slopes @ weights
    covariance = scale[:, None] * covariance * scale
    # What the first order leaves out of a variance is never negative (Cauchy-Schwarz).
    variances = ((values - mean[:ATOMS, None]) ** 2) @ weights
    covariance[range(ATOMS), range(ATOMS)] = np.maximum(variances, np.diag(covariance)[:ATOMS])
    return mean, covariance


def _standard_atoms(
    theta: Float[np.ndarray, "atom node"], n_problems: int, prior: JointPrior
) -> tuple[np.ndarray, np.ndarray]:
    """Atoms' log odds in units of their prior from the coordinates of `densities.atom_odds`, and the slope."""
    with jax.enable_x64(True):
        problems = np.array(n_problems, float)
        odds, slope = jax.jvp(
            lambda at: atom_odds(at, prior.odds, problems, prior.odds_scale)[0],
            (jnp.asarray(theta),),
            (jnp.ones(theta.shape),),
        )
    place, scale = (np.asarray(part)[:, None] for part in (prior.odds, prior.odds_scale))
    return (np.asarray(odds) - place) / scale, np.asarray(slope) / scale


def _atom_coordinates(
    standard: Float[Array, "atom chain"], n_problems: Float[Array | np.ndarray, ""], prior: JointPrior
) -> Float[Array, "atom chain"]:
    """The inverse of `_standard_atoms`."""
    place, scale = (jnp.asarray(part)[:, None] for part in (prior.odds, prior.odds_scale))
    log_four_n = jnp.log(4.0 * jnp.minimum(n_problems, COUNTED_PROBLEMS))
    root = jnp.exp(0.5 * (place + scale * standard + log_four_n))
    return root + jnp.log(-jnp.expm1(-root)) - jnp.log(jnp.expm1(jnp.exp(0.5 * (place + log_four_n))))


def borrowing_population(
    theta: Float[Array, "dim chain"], basis: BorrowingBasis
) -> tuple[Float[Array, "cells chain"], Float[Array, " chain"]]:
    """Weights of the pairs of cells of a population that borrows its shape, and the log prior density.

    Notes
    -----
    With a the parameters of `joint_population` in standard normal coordinates and a' those of another benchmark,
    a = r a' + (1 - r^2)^(1/2) e, e ~ N(0, I): whatever the correlation r, a is standard normal before any count. Given
    the others' counts a' ~ N(m, S), so that a = r m + (r^2 S + (1 - r^2) I)^(1/2) u, u ~ N(0, I), with r the logistic
    function of N(0, 1.5). Robust borrowing as in meta-analytic-predictive priors (Schmidli et al. 2014, doi
    10.1111/biom.12242), with a learned correlation in place of a mixture of two priors.
    """
    u, z = theta[:-1], theta[-1]
    shape = basis.shape
    correlation = jax.nn.sigmoid(CORRELATION_SCALE * z)
    root = jnp.sqrt(correlation**2 * shape.variances[:, None] + 1.0 - correlation**2)
    standard = correlation * shape.mean[:, None] + shape.axes @ (root * (shape.axes.T @ u))
    atoms = _atom_coordinates(standard[:ATOMS], basis.n_problems, basis.pair.prior)
    coordinates = jnp.concatenate([atoms, standard[ATOMS:]])
    weights, _ = joint_population(coordinates, basis.pair._replace(n_problems=basis.n_problems))
    return weights, -0.5 * (theta**2).sum(axis=0)


def borrowing_family(shape: Shape, prior: JointPrior) -> Family:
    """Populations of a pair that borrow a shape."""
    single = Shape(*(np.asarray(part, np.float32) for part in shape))

    def basis(grid: Grid) -> BorrowingBasis:
        return BorrowingBasis(np.array(1, np.float32), joint_basis(prior, grid), single)

    return Family(borrowing_population, basis, JOINT_DIM + 1)
