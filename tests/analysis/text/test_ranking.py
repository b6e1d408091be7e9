"""Sentences on several models at once."""

import pytest

from boundary.analysis.estimates.ranking import Multiplicity
from boundary.analysis.text.ranking import multiplicity_text

SURELY = "each by itself with probability 0.95 or more"


@pytest.mark.parametrize(
    ("counts", "margin", "text"),
    [
        (
            Multiplicity(1, 0, 0, 0.0),
            0.005,
            "0 of 1 pair differs by more than 0.5 points at k = 8 with probability 0.95 or more.",
        ),
        (Multiplicity(6, 0, 0, 0.0), 0.0, "0 of 6 pairs differ at k = 8 with probability 0.95 or more."),
        (
            Multiplicity(6, 1, 1, 0.04),
            0.01,
            "1 of 6 pairs differs by more than 1 point at k = 8, and 1 differs by no more than that "
            f"({SURELY}; under 0.1 of these are expected to be wrong).",
        ),
        (
            Multiplicity(6, 3, 2, 0.05),
            0.0,
            f"3 of 6 pairs differ at k = 8, and 2 are the same ({SURELY}; 0.1 of these are expected to be wrong).",
        ),
    ],
)
def test_pairs_are_counted_in_plain_words(counts, margin, text):
    assert multiplicity_text(counts, 8, margin) == text
