"""Tipping-point analysis: at which rate of false positives the verdict on a shrinkage changes."""

import numpy as np
import pandas as pd
import pytest

from boundary.analysis.checks import tipping_point
from boundary.analysis.checks.tipping_point import (
    crossing,
    tipping_point_curves,
    tipping_point_panels,
    tipping_points,
)
from boundary.analysis.fitting import make_panels
from boundary.analysis.report.sections.verifier_errors import verifier_errors_parts
from boundary.data.counts import Counts
from boundary.stats.priors import NonParametric


def test_crossing_is_between_the_candidates():
    rates = np.array([0.0, 1e-3, 1e-2])
    assert crossing(rates, np.array([0.99, 0.97, 0.93]), 0.95) == pytest.approx(np.sqrt(1e-5))
    assert crossing(rates, np.array([0.97, 0.93, 0.9]), 0.95) == pytest.approx(5e-4)
    assert crossing(rates, np.array([0.97, 0.96, 0.96]), 0.95) == np.inf


def test_false_positives_of_the_wider_arm_turn_the_verdict(monkeypatch):
    """The base is judged right once on each problem that RL is never right on: at 3 % that is the verifier."""
    rng, n, problems = np.random.default_rng(1), 64, 60
    rows = []
    for i in range(problems):
        easy = i % 3 == 0
        base, rl = rng.binomial(n, rng.beta([4, 8], [4, 2])).tolist() if easy else (1, 0)
        rows += [("base", "A", f"p{i}", n, base), ("rl", "A", f"p{i}", n, rl)]
    columns = ["model", "benchmark", "problem_id", "n_samples", "n_correct"]
    counts = Counts.from_frame(pd.DataFrame(rows, columns=columns))
    pairs = tipping_point_panels(make_panels(counts, "base", ["rl"], ["A"], False))
    # The chains of such counts are lengthened: few of them, at few rates, or the test takes minutes.
    monkeypatch.setattr(tipping_point, "CURVE_PRIOR", NonParametric(chains=32, draws=24, warmup=24, new_problems=0))
    monkeypatch.setattr(tipping_point, "CURVE_RATES", (0.0, 3e-3, 3e-2))
    curves = tipping_point_curves(pairs, 0.95, 0, lambda *steps: None)
    assert len(curves) == 3 * 3
    at_n = curves.loc[curves["k"] == n].set_index("false_positive_rate")
    assert at_n.loc[0.0, "prob_positive"] > 0.99
    assert at_n.loc[0.03, "mean"] < at_n.loc[0.0, "mean"] - 0.1
    points = {point.k: point for point in tipping_points(curves)}
    assert set(points) == {n, 8 * n}
    assert points[n].contradicted == 0.003  # 40 problems without a success: .997^(64 * 40) = 5e-4
    section = verifier_errors_parts(curves, {"false_positive": 0.01})
    assert 3e-3 < points[n].rate < 3e-2
    assert section["supposed"] == ["false positive 0.01"]
    assert "contradict rates from 0.003" in section["parts"][0]["sentences"][0]
    assert verifier_errors_parts(curves.iloc[:0], {}) is None
