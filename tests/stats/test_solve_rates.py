"""The posterior type itself: exact solve rates, for simulations and examples."""

import numpy as np
import pytest

from boundary.stats.estimands import g_pass_at_k, pass_at_k
from boundary.stats.solve_rates import SolveRates


def test_exact_solve_rates_are_one_draw_without_counts():
    p = np.array([[0.5, 1.0], [0.2, 0.0], [0.0, 0.1]])
    rates = SolveRates.exact(p, models=("base", "rl"), problem_ids=("a", "b", "c"))
    assert np.array_equal(rates.p, p[None, None])
    assert (rates.prior, rates.models, rates.problem_ids) == ("exact", ("base", "rl"), ("a", "b", "c"))
    assert not (rates.n_samples | rates.n_correct).any()
    expected = (1 - (1 - p) ** 3).mean(axis=0)
    np.testing.assert_allclose(pass_at_k(rates, 3).to_numpy()[0, 0], expected, atol=1e-6)


def test_exact_solve_rates_are_numbered_where_they_have_no_labels():
    rates = SolveRates.exact([[1, 0]])
    assert (rates.models, rates.problem_ids) == (("model 0", "model 1"), ("0",))


@pytest.mark.parametrize(
    ("p", "message"),
    [([0.5, 0.2], "shape"), ([[0.5, 1.2]], "between 0 and 1"), ([[float("nan")]], "between 0 and 1")],
)
def test_exact_solve_rates_refuse_what_is_no_table_of_rates(p, message):
    with pytest.raises(ValueError, match=message):
        SolveRates.exact(p)


def test_forgotten_means_are_computed_anew():
    rates = SolveRates(np.full((1, 2, 9, 1), 0.5), np.zeros((9, 1), int), np.ones((9, 1), int), "independent")
    before = pass_at_k(rates, [1, 2, 4])
    rates.forget_means_except([2])
    assert [set(values) for values in rates.means.values()] == [{2}]
    assert pass_at_k(rates, [1, 2, 4]).equals(before)


def test_binomial_means_are_whole_after_others_were_forgotten():
    p = np.random.default_rng(0).random((2, 10, 20, 2))
    rates = SolveRates(p, np.zeros((20, 2), int), np.full((20, 2), 16), "made up", models=("base", "rl"))
    before = g_pass_at_k(rates, 16, 0.5)
    rates.forget_means_except([1, 2, 4, 8, 16])
    np.testing.assert_array_equal(g_pass_at_k(rates, 16, 0.5), before)
