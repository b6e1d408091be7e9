"""Summaries of draws: order statistics, and many at once as one by one."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from boundary.stats.intervals import TIE, quantile_positions, signs, summaries, summarise


def test_summary_keeps_infinity_and_leaves_out_the_undefined():
    summary = summarise(np.array([2.0, 3.0, np.inf, np.nan]), 0.5)
    assert summary.median == 3.0
    assert summary.upper == np.inf
    assert summary.prob_positive == 1.0
    assert np.isnan(summarise(np.array([np.nan]), 0.95).mean)


ELEMENTS = st.one_of(
    st.sampled_from([0.0, -0.0, 1.0, TIE, -TIE, 0.005, -0.005, 0.005 + TIE, np.inf, np.nan]),
    st.floats(-1e6, 1e6, allow_subnormal=False),
)


@given(
    draws=arrays(float, array_shapes(min_dims=2, max_dims=2, max_side=40), elements=ELEMENTS),
    level=st.sampled_from([0.5, 0.8, 0.9, 0.95, 0.999]),
    margin=st.sampled_from([None, 0.0, 0.005]),
)
def test_many_summaries_are_those_of_one_after_another(draws, level, margin):
    margins = [margin if i % 2 else None for i in range(len(draws))]
    for values, own_margin, summary in zip(draws, margins, summaries(draws, level, margins), strict=True):
        values = values[~np.isnan(values)]
        if not len(values):
            assert np.isnan(summary).all()
            continue
        tail = (1 - level) / 2
        lower, median, upper = np.quantile(values, [tail, 0.5, 1 - tail], method="inverted_cdf")
        assert summary[:4] == (values.mean(), median, lower, upper)
        if own_margin is None:
            assert summary.prob_positive == np.mean(values > 0)
            assert np.isnan([summary.prob_negative, summary.prob_equivalent]).all()
        else:
            assert summary[4:] == signs(values, own_margin)


def test_means_of_single_precision_are_summed_in_double():
    draws = np.full(100_000, 0.1, np.float32)
    draws[0] = 1e4
    assert summarise(draws, 0.95).mean == draws.astype(float).mean()


@pytest.mark.parametrize("level", [0.0, 1.0, 95])
def test_a_level_is_a_probability(level):
    with pytest.raises(ValueError, match="between 0 and 1"):
        quantile_positions(100, level)
