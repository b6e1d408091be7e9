"""The table of problems agrees with the draws, and flags what to look at twice."""

import numpy as np
import pandas as pd
import pytest

from boundary.analysis.estimates.problems import (
    ARTEFACT,
    ONE_SUCCESS,
    PROBLEM_COLUMNS,
    concatenated,
    flags,
    problem_table,
)
from boundary.stats.solve_rates import SolveRates

K = 64


@pytest.fixture(scope="module")
def rates():
    rng = np.random.default_rng(0)
    p = rng.beta(0.5, 0.8, size=(2, 400, 6, 2))
    p[:, :, 0, 0], p[:, :, 1, 1] = 0, 1
    counts = np.array([[0, 126], [1, 128], [1, 0], [0, 1], [5, 90], [0, 0]])
    return SolveRates(p, counts, np.full((6, 2), 128), "made up", models=("base", "rl"), problem_ids=tuple("abcdef"))


def test_rows_are_summaries_of_the_draws(rates):
    table = problem_table(rates, "B", "rl", "base", K)
    assert tuple(table.columns) == PROBLEM_COLUMNS
    assert list(table["problem_id"]) == list("abcdef")
    for column, prefix in ((0, "reference_"), (1, "")):
        p = rates.p[..., column].reshape(-1, 6)
        reach = 1 - (1 - p) ** K
        np.testing.assert_allclose(table[f"{prefix}p_mean"], p.mean(0))
        np.testing.assert_allclose(table[f"{prefix}reach_mean"], reach.mean(0))
        np.testing.assert_allclose(table[f"{prefix}prob_solvable"], (reach >= 0.5).mean(0))
        for name, draws in (("p", p), ("reach", reach)):
            bounds = np.quantile(draws, [(1 - 0.95) / 2, 1 - (1 - 0.95) / 2], axis=0, method="inverted_cdf")
            np.testing.assert_allclose(table[[f"{prefix}{name}_lower", f"{prefix}{name}_upper"]].to_numpy().T, bounds)
        np.testing.assert_array_equal(table[f"{prefix}n_correct"], rates.n_correct[:, column])


def test_lost_and_gained_sum_to_the_flows(rates):
    from boundary.stats.estimands import gained, lost

    table = problem_table(rates, "B", "rl", "base", K)
    assert table["prob_lost"].sum() == pytest.approx(lost(rates, K).mean().item(), abs=1e-4)
    assert table["prob_gained"].sum() == pytest.approx(gained(rates, K).mean().item(), abs=1e-4)
    assert table["prob_lost"][0] == 0  # a base that never solves it has nothing to lose


def test_flags(rates):
    flag = list(problem_table(rates, "B", "rl", "base", K)["flag"])
    assert flag == [ARTEFACT, "", ONE_SUCCESS, ONE_SUCCESS, "", ""]


@pytest.mark.parametrize(
    ("counts", "sizes", "flag"),
    [
        ((0, 8), (8, 8), ARTEFACT),
        ((128, 0), (128, 128), ARTEFACT),
        ((0, 7), (7, 7), ""),  # too few samples to be strange
        ((0, 100), (128, 128), ""),
        ((1, 1), (128, 128), ""),  # neither lost nor gained
        ((0, 0), (0, 0), ""),
    ],
)
def test_flags_at_the_edges(counts, sizes, flag):
    assert flags(np.array([counts]), np.array([sizes])) == [flag]


def test_one_model_alone_has_no_reference(rates):
    alone = SolveRates(rates.p[..., :1], rates.n_correct[:, :1], rates.n_samples[:, :1], "made up", models=("one",))
    table = problem_table(alone, "B", "one", None, 256)
    assert table["extrapolated"].all()
    assert table["reference_p_mean"].isna().all()
    assert (table["flag"] == "").all()
    assert len(concatenated([table, table])) == 12
    assert isinstance(concatenated([]), pd.DataFrame)
