"""Trajectories: the walk against closed forms, parts of errors against simulation, peaks and onsets."""

import numpy as np
import pytest
from scipy.special import gammaln

from boundary.stats.intervals import probabilities_of_largest
from boundary.stats.trajectory import (
    Measurements,
    error_parts,
    fall_onset,
    from_scale,
    shrinkage_spread,
    to_scale,
    walk_posterior,
)
from boundary.stats.trajectory.walk import INFLATION, on_scale

STEPS = np.array([0.0, 100, 200, 300, 400])


def measured(values, spread=0.2, shared=0.0, steps=STEPS):
    return Measurements(steps, np.asarray(values, float), np.full(len(steps), spread**2), np.full(len(steps), shared))


def test_scale_and_its_inverse():
    share = np.linspace(0, 1, 21)
    np.testing.assert_allclose(from_scale(to_scale(share, 30), 30), share, atol=1e-12)
    assert np.isfinite(to_scale(share, 30)).all()


def test_sure_checkpoints_are_kept_and_unsure_ones_borrow():
    values = [0.0, 0.5, 0.9, 1.1, 1.2]
    sure = walk_posterior(measured(values, 0.001)).draws
    np.testing.assert_allclose(sure.mean(axis=0), values, atol=0.01)
    unsure = walk_posterior(measured([0, 1, 1, 1, 1], 0.5)).draws[:, 1:]
    assert (unsure.std(axis=0) < np.sqrt(INFLATION) * 0.5).all()


def test_errors_that_are_shared_leave_the_level_unsure():
    independent, together = (
        walk_posterior(measured([0, 1, 1, 1, 1], 0.5, shared)).draws[:, 1:] for shared in (0, 0.99)
    )
    assert independent.mean(axis=1).std() < 0.75 * together.mean(axis=1).std()
    assert (together[:, 0] - together[:, -1]).std() < (independent[:, 0] - independent[:, -1]).std()


def test_steps_between_lie_between_and_are_less_sure():
    posterior = walk_posterior(measured([0, 0.5, 1.0, 1.5, 2.0], 0.05), between=[150.0])
    own, between = posterior.draws[:, 1:3], posterior.draws[:, 5]
    assert 0.5 < between.mean() < 1.0
    assert between.std() > own.std(axis=0).max()
    assert posterior.weights.sum() == pytest.approx(1)
    assert sum(posterior.weight_of_scale(name) for name in ("linear", "root", "logarithm")) == pytest.approx(1)


def test_equal_seeds_give_equal_draws_and_place_does_not_matter():
    first, again, other = (walk_posterior(measured([0, 1, 1, 1, 1]), seed=seed).draws for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    shifted = walk_posterior(measured([2, 3, 3, 3, 3]), seed=1).draws
    np.testing.assert_allclose(shifted, first + 2, atol=1e-8)


def test_exact_algebra_is_that_of_the_joint_normal():
    """One setting by hand: condition the joint normal of true and measured values."""
    from boundary.stats.trajectory import walk

    data = measured([0.1, 0.4, 0.2, 0.6, 0.5], 0.3, 0.5)
    posterior = walk_posterior(data, draws=200_000)
    mean, square = 0.0, 0.0
    for weight, setting in zip(posterior.weights, posterior.settings, strict=True):
        prior = walk._prior_covariance(data, STEPS, setting)
        errors = walk._error_covariance(data, setting.part)
        precision = np.linalg.inv(prior) + np.linalg.inv(errors)
        centre = data.values.mean()
        conditional = centre + np.linalg.solve(precision, np.linalg.solve(errors, data.values - centre))
        mean = mean + weight * conditional
        square = square + weight * (np.diag(np.linalg.inv(precision)) + conditional**2)
    np.testing.assert_allclose(posterior.draws.mean(axis=0), mean, atol=0.005)
    np.testing.assert_allclose(posterior.draws.var(axis=0), square - mean**2, rtol=0.02)


def test_scales_run_from_zero_to_one():
    for scale in ("linear", "root", "logarithm"):
        u = on_scale(STEPS, STEPS[1], scale)
        assert u[0] == 0
        assert u[-1] == 1
        assert (np.diff(u) > 0).all()


def test_spread_of_another_design_is_that_of_the_draws_today_and_never_grows():
    data = measured([0, 0.5, 0.4, 0.6, 0.5], 0.2, 0.4)
    posterior = walk_posterior(data, draws=20_000)
    today = shrinkage_spread(data, posterior)
    assert today <= (posterior.draws[:, 0] - posterior.draws[:, 4]).std() * 1.05
    assert shrinkage_spread(data, posterior, errors=0.5) < today
    assert shrinkage_spread(data, posterior, [50.0, 150.0, 250.0, 350.0]) <= today * (1 + 1e-9)


@pytest.mark.parametrize(("n", "k"), [(8, 1), (8, 8), (200, 200)])
def test_parts_of_errors_are_those_of_simulated_samples(n, k):
    rng = np.random.default_rng(3)
    population = rng.beta(0.4, 0.7, 4000)
    parts = error_parts(population[:, None], np.array([n]), k)
    c = np.arange(n + 1)
    pmf = np.exp(
        (gammaln(n + 1) - gammaln(c + 1) - gammaln(n - c + 1))[:, None]
        + c[:, None] * np.log(population)
        + (n - c)[:, None] * np.log1p(-population)
    )
    f = 1 - (1 - population) ** k
    mean = pmf @ f / pmf.sum(axis=1)
    counts = rng.binomial(n, population)
    assert parts.variance == pytest.approx(np.mean((f - mean[counts]) ** 2), rel=0.15)
    independent = (pmf * mean[:, None] ** 2).sum(axis=0) - (pmf * mean[:, None]).sum(axis=0) ** 2
    assert parts.independent == pytest.approx(independent.mean(), rel=0.1)
    assert 0 <= parts.shared <= 1


def test_errors_without_spread_are_none():
    assert error_parts(np.full((10, 3), 0.5), np.array([4, 4, 8]), 1).shared == pytest.approx(0, abs=1e-6)


def test_peaks_and_onsets():
    rng = np.random.default_rng(0)
    draws = rng.normal([0.5, 0.6, 0.9, 0.4], 0.01, (500, 4))
    assert probabilities_of_largest(draws).argmax() == 2
    onset = fall_onset(draws[:, :1] - draws, 0.005)
    assert onset.sum() == pytest.approx(1)
    assert onset[3] > 0.99
    assert fall_onset(draws[:, :1] - draws[:, :3], 0.005)[-1] > 0.99


def test_steps_between_do_not_change_what_the_measured_ones_say():
    values = np.array([0.0, 0.4, 0.5, 0.9, 0.7])
    data = Measurements(np.array([0.0, 5, 10, 200, 1000]), values, np.full(5, 0.01), np.full(5, 0.3))
    alone, with_band = walk_posterior(data), walk_posterior(data, [1.0, 2.0, 100.0])
    np.testing.assert_allclose(with_band.weights, alone.weights, rtol=1e-9)
