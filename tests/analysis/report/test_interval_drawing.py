"""Drawn intervals share one axis, and stay on it."""

import re

import pytest

from boundary.analysis.report.interval_drawing import WIDTH, IntervalAxis


def row(lower, mean, upper):
    return {"lower": lower, "mean": mean, "upper": upper}


def test_positions_are_linear_between_the_ends():
    axis = IntervalAxis(-0.1, 0.1)
    assert [axis.position(value) for value in (-0.1, 0.0, 0.05, 0.1)] == [0, WIDTH / 2, 0.75 * WIDTH, WIDTH]
    assert (axis.position(-1), axis.position(1)) == (0, WIDTH)


def test_the_axis_holds_zero_the_margin_and_the_intervals():
    axis = IntervalAxis.of([row(0.02, 0.03, 0.04), row(0.01, 0.02, 0.05)], margin=0.005)
    assert axis.lower < -0.005
    assert axis.upper > 0.05
    assert 0 in axis.ticks()
    assert 3 <= len(axis.ticks()) <= 6


def test_an_interval_much_wider_than_the_others_ends_in_arrows():
    rows = [row(0.01, 0.02, 0.03)] * 5 + [row(-0.9, 0.0, 0.9)]
    axis = IntervalAxis.of(rows, margin=0.005)
    assert axis.upper < 0.2
    assert axis.interval_svg(rows[-1]).count("L") == 4
    assert axis.interval_svg(rows[0]).count("L") == 0


@pytest.mark.parametrize("missing", [{}, row(float("nan"), float("nan"), float("nan"))])
def test_without_an_interval_only_the_ground_is_drawn(missing):
    svg = IntervalAxis.of([missing], margin=0.005).interval_svg(missing)
    assert "whisker" not in svg
    assert 'class="zero"' in svg


def test_numbers_of_the_axis_are_written():
    texts = re.findall(">([^<]+)</text>", IntervalAxis.of_shares().axis_svg())
    assert texts[0] == "0"
    assert texts[-1] == "100"
