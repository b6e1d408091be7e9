"""The prior of a pair learned from published counts: its constants, and the estimate behind them."""

import numpy as np
import pandas as pd

from benchmarks.calibration.learn_pair_prior import (
    BASES,
    FOLDER,
    N_PARAMETERS,
    PARAMETERS,
    Learned,
    hyperparameters,
    improved,
    predictive,
    prior_of,
    with_hyperparameters,
)
from boundary.stats.population.pair_densities import EMPIRICAL_PAIR, EXPECTED_PAIR


def test_the_constants_are_those_that_were_learned():
    rows = pd.read_csv(FOLDER / "learned-pair-prior.csv", keep_default_na=False)
    assert set(rows["left_out"]) == {"", "own models", *BASES}
    learned = rows.loc[rows["left_out"] == ""]
    assert tuple(learned["parameter"]) == PARAMETERS
    for used, expected in zip(hyperparameters(EMPIRICAL_PAIR), hyperparameters(prior_of(learned)), strict=True):
        np.testing.assert_allclose(used, expected, rtol=0.01)


def test_the_estimate_recovers_a_known_prior(seed):
    """Pairs whose parameters are known exactly: their mean and standard deviation are the most likely prior."""
    rng = np.random.default_rng(seed)
    usual_place, usual_scale = hyperparameters(EXPECTED_PAIR)
    place, scale = usual_place + usual_scale * rng.uniform(-1, 1, N_PARAMETERS), usual_scale * rng.uniform(0.5, 1.5)
    of_pairs = rng.normal(place, scale, (300, N_PARAMETERS))
    draws = of_pairs[:, None] + 1e-3 * scale * rng.normal(size=(300, 50, N_PARAMETERS))
    prior = EXPECTED_PAIR
    for _ in range(12):
        learned = improved(prior, draws, np.ones(300))
        prior = with_hyperparameters(learned.place, np.exp(learned.log_scale))
    np.testing.assert_allclose((learned.place - of_pairs.mean(0)) / scale, 0, atol=0.03)
    np.testing.assert_allclose(np.exp(learned.log_scale), of_pairs.std(0), rtol=0.03)
    errors = np.sqrt(np.diag(learned.covariance))
    np.testing.assert_allclose(errors[:N_PARAMETERS], of_pairs.std(0) / 300**0.5, rtol=0.1)
    np.testing.assert_allclose(errors[N_PARAMETERS:], 600**-0.5, rtol=0.1)


def test_draws_that_say_nothing_leave_the_prior_chosen_by_hand():
    rng = np.random.default_rng(1)
    place, scale = hyperparameters(EXPECTED_PAIR)
    learned = improved(EXPECTED_PAIR, rng.normal(place, scale, (4, 100_000, N_PARAMETERS)), np.ones(4))
    np.testing.assert_allclose((learned.place - place) / scale, 0, atol=0.05)
    np.testing.assert_allclose(np.exp(learned.log_scale) / scale, 1, atol=0.05)


def test_a_new_sets_prior_is_wider_the_less_is_known():
    place, scale = hyperparameters(EXPECTED_PAIR)
    sure, unsure = (
        hyperparameters(predictive(Learned(place, np.log(scale), variance * np.eye(2 * N_PARAMETERS))))[1]
        for variance in (1e-6, 0.2)
    )
    np.testing.assert_allclose(sure, scale, rtol=1e-3)
    assert (unsure > 1.15 * scale).all()


def test_hyperparameters_are_those_of_the_prior():
    assert with_hyperparameters(*hyperparameters(EMPIRICAL_PAIR)) == EMPIRICAL_PAIR
