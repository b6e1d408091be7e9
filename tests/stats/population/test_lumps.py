"""Pairs whose problems come in lumps are recognised, and fitted with a population that has them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import expit, logit

from boundary.stats.population import fit, lumps, shared_errors
from boundary.stats.population.count_tables import count_tables
from boundary.stats.population.grid import Grid
from boundary.stats.population.lumps import npmle_log_probability
from boundary.stats.population.lumpy_pair_densities import LUMPY_DIM, LUMPY_SPACING, WAVES
from boundary.stats.population.pair_densities import EMPIRICAL_PAIR, EXPECTED_PAIR, JOINT_DIM
from boundary.stats.priors.nonparametric import NonParametric, of_pair
from boundary.stats.verdict_errors import VerdictErrors

JOINT = of_pair(EXPECTED_PAIR)
N = 64


def in_lumps(rng, n_problems):
    """Three narrow groups, which RL moves."""
    kind = rng.choice(3, n_problems, p=[0.25, 0.35, 0.4])
    base = np.array([-6.9, -2.0, 1.5])[kind] + 0.3 * rng.normal(size=n_problems)
    return expit(np.stack([base, 1.2 * base + 2 + rng.normal(0, 0.5, n_problems)], axis=1))


def smooth(rng, n_problems):
    base = rng.beta(0.4, 0.7, n_problems)
    return np.stack([base, expit(logit(base) + rng.normal(1, 0.7, n_problems))], axis=1)


def recognised(n_correct, n_samples=N, errors=None):
    posterior = fit.chosen_posterior(JOINT, n_correct, np.full_like(n_correct, n_samples), errors)
    return posterior.family is JOINT.lumpy


@pytest.mark.parametrize(("n_samples", "seeds"), [(N, 2), (512, 1)])
def test_lumps_are_recognised_and_smooth_populations_are_not_taken_for_them(n_samples, seeds):
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        of_lumps, plain = (rng.binomial(n_samples, rates(rng, 400)) for rates in (in_lumps, smooth))
        assert recognised(of_lumps, n_samples)
        assert recognised(of_lumps[:, ::-1], n_samples), "of the RL model"
        assert not recognised(plain, n_samples)


@pytest.mark.parametrize(
    "counts",
    [[[0, 0]] * 40, [[N, N]] * 40, [[0, N]] * 30, [[3, 9]]],
    ids=["never", "always", "opposite", "one problem"],
)
def test_atoms_and_single_problems_are_no_lumps(counts):
    assert not recognised(np.array(counts))


def test_with_many_problems_a_small_misfit_is_no_lump(monkeypatch):
    """One thousandth of a nat a problem is beyond doubt with 100,000 problems, and does not matter."""
    grid = Grid.for_samples(N)
    n_correct = np.repeat(np.arange(N + 1), 100_000 // N)[:, None]
    (table,) = count_tables(n_correct, np.full_like(n_correct, N), grid, None)
    margin = np.full(grid.n_cells, 1 / grid.n_cells)
    log_probability = np.log(table.likelihood[: table.n_rows] @ margin) + table.log_largest
    for gain, expected in ((0.001, False), (0.02, True)):
        monkeypatch.setattr(lumps, "npmle_log_probability", lambda *_, gain=gain: log_probability + gain)
        assert lumps.has_lumps(table, margin, grid) == expected


def test_shared_error_rates_are_fitted_with_lumps_too():
    """At an error rate of 0 the curve over error rates starts from the same population as the estimates."""
    n_correct = np.random.default_rng(1).binomial(N, in_lumps(np.random.default_rng(1), 300))
    n_samples = np.full_like(n_correct, N)
    rates = np.broadcast_to([0.0, 0.01], (*n_correct.shape, 2))
    errors = VerdictErrors(rates, np.zeros_like(rates), shared=True)
    families = []

    def fitted(posterior, *_):
        families.append(posterior.family)
        weights = jnp.full((4, posterior.grid.n_cells**2), posterior.grid.n_cells**-2.0)
        return fit.PopulationFit(weights, np.zeros((1, 2), int), np.zeros((4, *n_correct.shape)), None)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shared_errors, "fit_population", fitted)
        shared_errors.fit_nodes(JOINT, n_correct, n_samples, jax.random.key(0), {}, errors)
    assert families == [JOINT.lumpy] * 2


def test_the_population_of_npmle_log_probability_is_the_most_likely_one():
    """At the maximum no cell would gain: its mean likelihood ratio is at most 1 (Lindsay 1983)."""
    rng = np.random.default_rng(0)
    n_correct = rng.binomial(N, smooth(rng, 200))
    grid = Grid.for_samples(N, LUMPY_SPACING)
    table, _ = count_tables(n_correct, np.full_like(n_correct, N), grid, None)
    problems = np.bincount(table.row).astype(float)
    log_probability = npmle_log_probability(table, grid, problems) - table.log_largest
    ratios = (problems / np.exp(log_probability)) @ table.likelihood[: table.n_rows] / problems.sum()
    # What is left to gain is at most log of the largest ratio, for each problem.
    assert 1 - 1e-6 < ratios.max() < 1 + 1 / problems.sum()


@pytest.mark.parametrize("prior", [EXPECTED_PAIR, EMPIRICAL_PAIR], ids=["default", "empirical"])
def test_without_bends_it_is_the_smooth_population(prior):
    """The same shares of corners and edges and nearly the same means; the bends alone have a prior of their own."""
    family = of_pair(prior)
    theta = 0.5 * jax.random.normal(jax.random.key(0), (LUMPY_DIM, 3))
    theta = theta.at[JOINT_DIM:].set(0)
    n_problems = np.array(300, np.float32)
    coarse, close = family.grid(N), family.lumpy.grid(N)
    assert len(close.knots) == 2 * len(coarse.knots) - 1
    np.testing.assert_allclose(close.knots[::2], coarse.knots)
    weights, log_prior = family.lumpy.population(theta, family.lumpy.basis(close)._replace(n_problems=n_problems))
    of_smooth, log_prior_of_smooth = family.population(
        theta[:JOINT_DIM], family.basis(coarse)._replace(n_problems=n_problems)
    )
    np.testing.assert_allclose(log_prior, log_prior_of_smooth, rtol=1e-5)
    np.testing.assert_allclose(weights.sum(axis=0), 1, rtol=1e-5)
    means = []
    for of_cells, grid in ((weights, close), (of_smooth, coarse)):
        table = of_cells.reshape(grid.n_cells, grid.n_cells, -1)
        rates = np.concatenate([[0], expit(grid.fine) @ grid.hat, [1]])
        means.append([rates @ table.sum(axis=1), rates @ table.sum(axis=0), table[0, 0], table[0].sum(axis=0)])
    np.testing.assert_allclose(*means, atol=0.02)


def test_bends_move_each_models_own_margin():
    # Without what is rarely solved by one model, which has no bend.
    theta = jnp.zeros((LUMPY_DIM, 1)).at[JOINT_DIM - 4 : JOINT_DIM - 2].set(-6.0)
    grid = JOINT.lumpy.grid(N)
    basis = JOINT.lumpy.basis(grid)
    flat, _ = JOINT.lumpy.population(theta, basis)
    bent, log_prior = JOINT.lumpy.population(theta.at[JOINT_DIM + WAVES : JOINT_DIM + WAVES + 3].set(1.0), basis)
    table, before = (np.asarray(w).reshape(grid.n_cells, -1) for w in (bent, flat))
    assert log_prior == pytest.approx(JOINT.lumpy.population(theta, basis)[1] - 1.5)
    assert (bent >= 0).all()
    # Given a base model's rate, that of RL is bent by one factor for all: ratios of ratios are 1.
    middle = slice(25, 45)
    ratio = table[middle, middle] / before[middle, middle]
    odds = ratio / ratio[:, :1]
    np.testing.assert_allclose(odds, np.broadcast_to(odds[:1], odds.shape), rtol=1e-3)
    assert np.abs(np.log(odds[0])).max() > 1
    # So is RL's along the edge where the base solves nothing; the base's along that where RL solves nothing is not.
    bent_edge, other_edge = (edge[middle] / edge[0] for edge in (table[0] / before[0], table[:, 0] / before[:, 0]))
    np.testing.assert_allclose(bent_edge / bent_edge[0], odds[0], rtol=1e-3)
    np.testing.assert_allclose(other_edge, other_edge[0], rtol=1e-4)


def test_pairs_in_lumps_are_fitted_with_them(monkeypatch):
    rng = np.random.default_rng(1)
    n_correct = rng.binomial(N, in_lumps(rng, 300))

    def stop(posterior, *_):
        raise InterruptedError(posterior.family)

    monkeypatch.setattr(fit, "fit_population", stop)
    with pytest.raises(InterruptedError) as error:
        NonParametric().posterior(n_correct, np.full_like(n_correct, N), jax.random.key(0))
    assert error.value.args == (JOINT.lumpy,)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_intervals_hold_the_truth_of_lumps(seed):
    """Of smooth populations pass@16 of the base was held 17 % of the time at 500 problems."""
    rng = np.random.default_rng([5, seed])
    rates = in_lumps(rng, 300)
    n_correct = rng.binomial(N, rates)
    rates_drawn = NonParametric().posterior(n_correct, np.full_like(n_correct, N), jax.random.key(seed)).p
    for k in (1, 4, 16, 64):
        pass_at_k = (1 - (1 - rates_drawn.astype(float)) ** k).mean(axis=2)
        low, high = np.quantile(pass_at_k[..., 0], [0.005, 0.995])
        assert low <= (1 - (1 - rates[:, 0]) ** k).mean() <= high
