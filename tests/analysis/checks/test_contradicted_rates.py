"""Rates of false positives and guesses that are too high for the counts."""

import numpy as np
import pandas as pd
import pytest

from boundary.analysis.checks.contradicted_rates import contradicted_rate_notes
from boundary.analysis.fitting import make_panels
from boundary.data.counts import Counts
from boundary.stats.verdict_errors import VerdictErrors

N_PROBLEMS, N = 40, 32


def notes(rates, false_positive, shared=False):
    rng = np.random.default_rng(0)
    rows = [
        (model, "b", f"p{i}", N, int(rng.binomial(N, p)))
        for model in ("base", "rl")
        for i, p in enumerate(np.broadcast_to(rates, N_PROBLEMS))
    ]
    table = pd.DataFrame(rows, columns=["model", "benchmark", "problem_id", "n_samples", "n_correct"])
    panels = make_panels(Counts.from_frame(table), "base", ["rl"], ["b"], False)
    false_positives = np.full((N_PROBLEMS, 2, 1), false_positive)
    errors = VerdictErrors(false_positives, 0 * false_positives, shared=shared)
    return contradicted_rate_notes([panel._replace(errors=errors) for panel in panels])


def test_more_false_positives_than_samples_judged_right():
    for_base, for_rl = notes(0.3, 0.9)
    assert (for_base.model, for_rl.model, for_rl.severity) == ("base", "rl", "alarm")
    assert "against at least 90.0 %" in for_rl.text


def test_problems_below_the_floor_of_guesses():
    half_at_zero = np.where(np.arange(N_PROBLEMS) % 2, 0.9, 0.0)
    (note, _) = notes(half_at_zero, 0.25)
    assert "20 problems have fewer" in note.text
    assert "p0 with 0 of 32 for a rate of 0.25" in note.text


@pytest.mark.parametrize(("rates", "false_positive"), [(0.05, 0.05), (0.3, 0.02), (0.0, 0.0)])
def test_possible_rates_are_not_remarked_on(rates, false_positive):
    assert not notes(rates, false_positive)


def test_audited_rates_are_learned_and_left_out():
    assert not notes(0.3, 0.9, shared=True)
