"""Numbers and headings as readers see them."""

import pytest

from boundary.analysis.estimates.decisions import SURE
from boundary.analysis.formatting import (
    DECISION_PROBABILITY,
    UNIT_FORMATS,
    heading,
    interval,
    level_text,
    number,
    probability_text,
)
from boundary.stats.estimands import ESTIMANDS


@pytest.mark.parametrize(
    ("value", "scale", "digits", "text"),
    [
        (0.12345, 100, 1, "12.3"),
        (-0.02, 100, 1, "\N{MINUS SIGN}2.0"),
        (-0.0001, 100, 1, "0.0"),
        (1234.0, 1, 0, "1,234"),
        (float("inf"), 1, 0, "none"),
        (float("nan"), 1, 0, ""),
        (None, 1, 0, ""),
    ],
)
def test_numbers(value, scale, digits, text):
    assert number(value, scale, digits) == text


def test_interval_without_ends_is_nothing():
    assert interval({"lower": float("nan"), "upper": float("nan")}, 1, 0) == ""
    assert interval({"lower": 16, "upper": float("inf")}, 1, 0) == "[16, none]"


def test_levels_are_not_rounded_to_whole_per_cent():
    assert [level_text(level) for level in (0.9, 0.975, 0.999)] == ["90 %", "97.5 %", "99.9 %"]


@pytest.mark.parametrize("record", ESTIMANDS.values(), ids=lambda record: record.name)
def test_every_estimand_has_a_heading_and_a_format(record):
    assert record.unit in UNIT_FORMATS
    text = heading(record.name, "8", 0.5)
    assert text
    assert not set("{}") & set(text)


def test_probabilities_that_decide_nothing_are_not_rounded_to_one_that_does():
    assert DECISION_PROBABILITY == SURE
    assert [probability_text(p) for p in (0.9499, 0.945, 0.95, 0.955001)] == ["0.94", "0.94", "0.95", "0.96"]
