"""Ranks, P(best) and pairwise probabilities."""

import numpy as np
import xarray as xr
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import arrays

from boundary.stats.estimands import best, better, pass_at_k, rank
from boundary.stats.estimands.ranking import bests, pair_signs, pairwise, ranks
from boundary.stats.intervals import signs
from boundary.stats.solve_rates import SolveRates

# Few values, so that ties occur.
COVERAGE = arrays(float, (2, 5, 3, 4), elements=st.sampled_from([0.0, 0.25, 0.5, 1.0]))


def labelled(values):
    coords = {"k": [1, 8, 64], "model": list("abcd")}
    return xr.DataArray(values, dims=("chain", "draw", "k", "model"), coords=coords)


@given(COVERAGE)
def test_ranks_and_shares_of_best_are_complete(values):
    coverage = labelled(values)
    np.testing.assert_allclose(ranks(coverage).sum("model"), 10)
    np.testing.assert_allclose(bests(coverage).sum("model"), 1)
    assert (ranks(coverage).where(bests(coverage) == 1, 1) == 1).all()


@given(COVERAGE)
def test_pairs_are_complementary_and_make_up_the_mean_rank(values):
    coverage = labelled(values)
    wins = pairwise(coverage)
    assert wins.dims == ("k", "model", "reference")
    mirrored = wins.rename(model="reference", reference="model").transpose(*wins.dims)
    np.testing.assert_allclose(wins + mirrored, 1)
    # Rank of a model: 1 for itself, one for each better model and half a one for each equal.
    expected = 0.5 + (1 - wins).sum("reference")
    np.testing.assert_allclose(ranks(coverage).mean(("chain", "draw")), expected.transpose("k", "model"))


def test_of_solve_rates():
    p = np.zeros((1, 4, 3, 3))
    p[..., 0], p[..., 1], p[..., 2] = 0.2, 0.5, 0.4
    p[0, 3, :, 0] = 0.9
    rates = SolveRates(p, np.zeros((3, 3), int), np.ones((3, 3), int), "made up", models=("a", "b", "c"))
    np.testing.assert_array_equal(rank(rates, 1)[0, 0], [3, 1, 2])
    np.testing.assert_array_equal(best(rates, [1, 8]).sel(k=1).mean(("chain", "draw")), [0.25, 0.75, 0])
    assert better(rates, 1).sel(model="b", reference="a").item() == 0.75
    assert pass_at_k(rates, 1).dims[-1] == "model"


@given(COVERAGE, st.sampled_from([0.0, 0.25, 0.3, 0.5]))
def test_signs_of_all_pairs_are_those_of_each(values, margin):
    curves = values[:, :, 0].reshape(-1, 4)
    probabilities = pair_signs(curves, margin)
    wins = pairwise(labelled(values), margin).isel(k=0).to_numpy()
    for a in range(4):
        for b in range(4):
            lead = curves[:, a] - curves[:, b]
            of = signs(lead, margin)
            assert (probabilities.above[a, b], probabilities.above[b, a]) == (of.positive, of.negative)
            assert np.isclose(probabilities.equivalent[a, b], of.equivalent)
            assert np.isclose(wins[a, b], (lead > margin + 1e-9).mean() + of.equivalent / 2)
