"""Bands over k: the published first-loss set, coverage where the truth is known, and what a band must contain."""

import numpy as np
import pytest

from boundary.data.catalog import load_counts
from boundary.stats.estimands.unbiased import unbiased_flows
from boundary.stats.prior_free.bands import Band, first_loss_set, posterior_band, sup_t_band

BASE, RL = "DeepSeek-R1-Distill-Qwen-1.5B", "DeepScaleR-1.5B-Preview"


@pytest.fixture(scope="module")
def shipped():
    arrays = load_counts("deepscaler-1.5b").arrays([BASE, RL])
    return arrays.n_correct, arrays.n_samples


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_published_first_loss_set(shipped, seed):
    """RL above base for k = 1 to 10, below from 61 on (arXiv 2609.22547), whatever the seed."""
    band = sup_t_band(*shipped, seed=seed)
    assert first_loss_set(band) == (11, 61)
    assert band.k.tolist() == list(range(1, 129))
    assert band.critical == pytest.approx(2.555, abs=0.03)


def test_the_band_surrounds_the_unbiased_curve(shipped):
    band = sup_t_band(*shipped)
    for k in (1, 16, 128):
        assert band.mean[k - 1] == pytest.approx(unbiased_flows(*shipped, k)["shrinkage"])
    assert (band.lower < band.mean).all()
    assert (band.mean < band.upper).all()


def test_sup_t_covers_the_whole_curve():
    """40 made-up pairs: a band of 90 % may miss 4 at 10 %; 10 misses have a probability below .01."""
    budgets = np.arange(1, 33)
    many = np.random.default_rng(99).beta(0.6, 0.8, 400_000)
    truth = ((1 - many**0.7) ** budgets[:, None] - (1 - many) ** budgets[:, None]).mean(axis=1)
    missed = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        base = rng.beta(0.6, 0.8, 200)
        n_samples = np.full((200, 2), 32)
        n_correct = rng.binomial(n_samples, np.stack([base, base**0.7], axis=1))
        band = sup_t_band(n_correct, n_samples, level=0.9, seed=seed)
        missed += not ((band.lower <= truth) & (truth <= band.upper)).all()
    assert missed < 10


def test_a_posterior_band_holds_its_share_of_whole_curves(seed):
    rng = np.random.default_rng(seed)
    curves = rng.normal(size=(4, 500, 12)).cumsum(axis=-1) * np.linspace(0.1, 3, 12)
    band = posterior_band(curves, range(1, 13), level=0.8)
    whole = ((band.lower <= curves) & (curves <= band.upper)).all(axis=-1).mean()
    assert whole == pytest.approx(0.8, abs=0.002)
    at_one_budget = ((band.lower <= curves) & (curves <= band.upper)).mean(axis=(0, 1))
    assert (at_one_budget > 0.8).all()


def test_a_curve_that_does_not_vary_keeps_its_place(seed):
    draws = np.stack([np.zeros(100), np.random.default_rng(seed).normal(size=100)], axis=1)
    band = posterior_band(draws, [1, 2])
    assert band.lower[0] == band.upper[0] == 0
    assert np.isfinite(band.critical)


def test_first_loss_set_is_open_where_the_band_shows_nothing():
    k = np.array([1, 2, 4])
    flat = np.zeros(3)
    assert first_loss_set(Band(k, flat, flat - 1, flat + 1, 2.0)) == (1, np.inf)
    assert first_loss_set(Band(k, flat - 2, flat - 3, flat - 1, 2.0)) == (5, np.inf)
    assert first_loss_set(Band(k, flat + 2, flat + 1, flat + 3, 2.0)) == (1, 1)


def test_problems_that_do_not_differ_leave_the_band_open():
    n_correct = np.tile([[4, 4]], (20, 1))
    band = sup_t_band(n_correct, np.full((20, 2), 4))
    assert (band.lower == -1).all()
    assert (band.upper == 1).all()
    assert first_loss_set(band) == (1, np.inf)


def test_many_samples_take_fewer_budgets(seed):
    rng = np.random.default_rng(seed)
    n_samples = np.full((40, 2), 5000)
    band = sup_t_band(rng.binomial(n_samples, rng.random((40, 2)) ** 3), n_samples)
    assert band.k[0] == 1
    assert band.k[-1] == 5000
    assert len(band.k) < 400
    assert (np.diff(band.k) > 0).all()


def test_no_band_goes_beyond_what_a_difference_of_shares_can_be():
    """One problem of 8 was gained: at a high level twenty standard errors reach out of [-1, 1]."""
    band = sup_t_band(np.array([[0, 0], [0, 1]]), np.full((2, 2), 8), level=0.999)
    assert band.lower.min() == -1
    assert band.upper.max() <= 1
    draws = np.random.default_rng(0).choice([0.1, 0.9, 1.0], size=(500, 3))
    assert posterior_band(draws, [1, 2, 4]).upper.max() > 1
    clipped = posterior_band(draws, [1, 2, 4], limits=(-1, 1))
    assert clipped.upper.max() == 1
    assert clipped.lower.tolist() == posterior_band(draws, [1, 2, 4]).lower.tolist()
