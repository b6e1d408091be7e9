"""The prior learned from published counts: its constants, the estimate behind them, and what each set counts."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.calibration.learn_prior import (
    FOLDER,
    LEARNED_BEND,
    MOST_TABLES,
    PARAMETERS,
    WIDE,
    hyperparameters,
    most_likely,
    predictive,
    prior_of,
    weights_of,
    with_hyperparameters,
)
from boundary.stats.population.densities import EMPIRICAL

N_PARAMETERS = len(PARAMETERS)


def test_the_constants_are_those_that_were_learned():
    rows = pd.read_csv(FOLDER / "learned-prior.csv", keep_default_na=False)
    (row,) = rows.to_dict("records")[:1]
    assert row["left_out"] == ""
    assert tuple(prior_of(pd.Series(row))) == pytest.approx(tuple(EMPIRICAL), rel=0.01)


def test_only_what_is_learned_differs_from_the_prior_chosen_by_hand():
    fields = {name for pair in PARAMETERS for name in pair[:2]}
    same = [name for name in EMPIRICAL._fields if getattr(EMPIRICAL, name) == getattr(LEARNED_BEND, name)]
    assert set(same) == set(EMPIRICAL._fields) - fields


def test_the_estimate_recovers_a_known_prior(seed):
    """Tables whose parameters are known exactly: their mean and standard deviation are the most likely prior."""
    rng = np.random.default_rng(seed)
    place, scale = np.array([-3.0, -5.0, -1.0, 0.5, 1.5, -0.5]), np.array([1.5, 1.0, 0.6, 1.5, 0.4, 0.5])
    of_tables = rng.normal(place, scale, (300, N_PARAMETERS))
    draws = of_tables[:, None] + 0.01 * rng.normal(size=(300, 50, N_PARAMETERS))
    best, log_scale, covariance = most_likely(draws, WIDE, np.ones(300))
    np.testing.assert_allclose(best, of_tables.mean(0), atol=0.05)
    np.testing.assert_allclose(np.exp(log_scale), of_tables.std(0), rtol=0.05)
    errors = np.sqrt(np.diag(covariance))
    np.testing.assert_allclose(errors[:N_PARAMETERS], of_tables.std(0) / 300**0.5, rtol=0.2)
    np.testing.assert_allclose(errors[N_PARAMETERS:], 600**-0.5, rtol=0.2)


def test_the_ratios_of_priors_were_well_behaved_and_shares_add_up():
    """Below .5, the mean of the ratios has a finite variance (Vehtari et al. 2024, arXiv 1507.02646)."""
    used = pd.read_csv(FOLDER / "learned-prior-sets.csv")
    assert used["pareto_k"].max() < 0.5
    assert used["share"].sum() == pytest.approx(1, abs=0.01)


def test_a_new_sets_prior_is_wider_the_less_is_known():
    place, scale = hyperparameters(LEARNED_BEND)
    sure, unsure = (
        hyperparameters(predictive(place, np.log(scale), variance * np.eye(2 * N_PARAMETERS)))[1]
        for variance in (1e-6, 0.2)
    )
    np.testing.assert_allclose(sure, scale, rtol=1e-3)
    assert (unsure > 1.15 * scale).all()


def test_a_set_counts_as_a_few_tables_at_most_and_one_left_out_as_none():
    sources = ["a"] * 20 + ["b"] * 2 + ["c"] * MOST_TABLES
    weights = pd.Series(weights_of(sources)).groupby(sources).sum()
    assert weights.to_dict() == pytest.approx({"a": MOST_TABLES, "b": 2, "c": MOST_TABLES})
    weights = pd.Series(weights_of(sources, "a")).groupby(sources).sum()
    assert weights.to_dict() == pytest.approx({"a": 0, "b": 2, "c": MOST_TABLES})


def test_hyperparameters_are_those_of_the_prior():
    place, scale = hyperparameters(EMPIRICAL)
    assert tuple(with_hyperparameters(place, scale)) == pytest.approx(tuple(EMPIRICAL))
