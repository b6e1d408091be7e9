"""Curves of about sixty budgets are those of the estimates, where the two share a budget."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

import boundary as bd
from boundary.analysis.estimates.curves import CURVE_COLUMNS, N_BUDGETS, curve_budgets

SHARED = ["benchmark", "estimand", "model", "reference", "k"]


@pytest.fixture(scope="module", params=["benchmark", "superpopulation"])
def analysis(request, seed):
    """Two benchmarks of a base and two RL models, with few and unequal samples."""
    rng = np.random.default_rng(seed)
    labels = [(model, name, i) for name in ("A", "B") for model in ("base", "rl", "rl-2") for i in range(12)]
    counts = pd.DataFrame(labels, columns=["model", "benchmark", "problem_id"]).assign(n_samples=32)
    counts.loc[counts["problem_id"] == 3, "n_samples"] = 8
    counts["n_correct"] = rng.binomial(counts["n_samples"], rng.beta(0.5, 1, len(counts)))
    k = [1, 7, 32, 300]
    return bd.analyze(counts, "base", k=k, target=request.param, level=0.9, estimands=["lost"], error_curve=False)


def test_curves_equal_the_estimates_at_shared_budgets(analysis):
    posterior = analysis.estimates.query("kind == 'posterior' and estimand in ('pass_at_k', 'shrinkage')")
    values = ["mean", "lower", "upper", "level", "extrapolated"]
    shared = posterior.merge(analysis.curves, on=SHARED, suffixes=("", "_of_curve"))
    assert len(shared) == len(posterior) > 0
    for value in values:
        np.testing.assert_allclose(
            shared[f"{value}_of_curve"].astype(float), shared[value].astype(float), rtol=1e-13, atol=1e-15
        )


def test_every_curve_has_all_budgets_once_and_pass_at_k_rises(analysis):
    assert tuple(analysis.curves.columns) == CURVE_COLUMNS
    for (_, estimand, *_), curve in analysis.curves.groupby(SHARED[:-1]):
        assert curve["k"].tolist() == curve_budgets([1, 7, 32, 300])
        if estimand == "pass_at_k":
            assert (np.diff(curve["mean"]) >= 0).all()
        assert (curve["lower"] <= curve["upper"]).all()
    assert set(analysis.curves["benchmark"]) == {"A", "B", "all"}


@given(st.sets(st.integers(1, 2_000_000), min_size=1, max_size=20))
def test_budgets_are_about_sixty_and_keep_the_estimate_ones(estimate_budgets):
    budgets = curve_budgets(sorted(estimate_budgets))
    assert set(estimate_budgets) <= set(budgets)
    assert budgets == sorted(set(budgets))
    assert (budgets[0], budgets[-1]) == (min(estimate_budgets), max(estimate_budgets))
    assert len(budgets) <= N_BUDGETS + len(estimate_budgets) + 1
