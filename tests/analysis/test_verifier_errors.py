import numpy as np
import pandas as pd
import pytest

from boundary.analysis.checks.tipping_point import CURVE_RATES, crossing, error_curves, turns, with_curve
from boundary.analysis.fitting import panels
from boundary.analysis.report.sections.verifier_errors import verifier_errors_parts
from boundary.analysis.verifier_errors import VerifierErrors, checked_errors
from boundary.data.counts import Counts
from boundary.errors import InputError


def table(benchmarks=("A", "B/x"), problems=6, n=32, seed=0):
    rng = np.random.default_rng(seed)
    rows = [
        (model, benchmark, f"p{i}", n, int(rng.integers(0, n + 1)))
        for model in ("base", "rl")
        for benchmark in benchmarks
        for i in range(problems)
    ]
    columns = ["model", "benchmark", "problem_id", "n_samples", "n_correct"]
    return Counts.from_frame(pd.DataFrame(rows, columns=columns))


def rates_of(errors, counts, benchmark="all"):
    arrays = counts.arrays(["base", "rl"], benchmark)
    return checked_errors(errors, counts).of(arrays)


def test_constants_benchmarks_and_problems_in_order_of_precedence(tmp_path):
    path = tmp_path / "rates.csv"
    path.write_text("benchmark,problem_id,false_positive,guess_floor\nB/x,,.02,\nB/x,p3,.04,.5\n")
    errors = VerifierErrors({"A": 0.01}, 0.1, rates=path)
    found = rates_of(errors, table())
    assert found.false_positive.shape == (12, 2, 1)
    assert found.false_positive[:6, 0, 0].tolist() == [0.01] * 6
    expected = [0.02] * 6
    expected[3] = 0.04 + (1 - 0.04 - 0.1) * 0.5  # a guess that is judged as any right answer is
    assert found.false_positive[6:, 1, 0].tolist() == pytest.approx(expected)
    assert (found.false_negative == 0.1).all()
    alone = rates_of(errors, table(), "B/x")
    np.testing.assert_array_equal(alone.false_positive, found.false_positive[6:])


def test_nothing_said_is_nothing_changed():
    assert checked_errors(None, table()) is None
    found = rates_of(VerifierErrors(), table())
    assert (found.false_positive == 0).all()


def test_an_audit_covers_the_rate_that_it_was_made_under():
    """1,000 verdicts "correct" audited, share w wrong: rates around f = w q / (1 - (1 - w) q)."""
    counts = table(("A",), problems=40)
    share = counts.table["n_correct"].sum() / counts.table["n_samples"].sum()
    rows = [("A", None, "false_positive", 100, 1000), ("A", None, "false_negative", 40, 1000)]
    audit = pd.DataFrame(rows, columns=["benchmark", "problem_id", "kind", "errors", "checked"])
    found = rates_of(VerifierErrors(audit=audit), counts)
    assert found.shared
    assert found.prior_of_nodes.sum() == pytest.approx(1)
    right = 0.9 * share + 0.04 * (1 - share)
    positive, negative = (part[0, 0] for part in (found.false_positive, found.false_negative))
    assert positive @ found.prior_of_nodes == pytest.approx(0.1 * share / (1 - right), rel=0.05)
    assert negative.mean() == pytest.approx(0.04 * (1 - share) / right, rel=0.05)
    assert positive.std() > 0
    one_kind = rates_of(VerifierErrors(audit=audit.iloc[:1]), counts)
    assert (one_kind.false_negative == 0).all()


@pytest.mark.parametrize(
    ("errors", "why"),
    [
        (VerifierErrors(-0.1), "false-positive rate must be at least 0 and below 1, got -0.1"),
        (VerifierErrors(0.0, 1.0), "false-negative rate must be"),
        (VerifierErrors(guess_floor=2), "guess floor must be"),
        (VerifierErrors(float("nan")), "got nan"),
        (VerifierErrors(0.6, 0.4), "sum to 1 or more"),
        (VerifierErrors({"AA": 0.1}), "'AA', which is not there. Did you mean 'A'"),
        (VerifierErrors({"A": 3.0}), "rate of A must be"),
        (VerifierErrors(rates=pd.DataFrame({"benchmark": ["A"]})), "needs the column benchmark and at least one of"),
        (VerifierErrors(rates=pd.DataFrame({"benchmark": ["C"], "false_positive": [0.1]})), "no such benchmark"),
        (VerifierErrors(rates=pd.DataFrame({"benchmark": ["A"], "false_positive": ["x"]})), "it must be at least 0"),
        (VerifierErrors(rates=pd.DataFrame({"benchmark": ["A"] * 2, "false_positive": [0.1] * 2})), "twice"),
        (VerifierErrors(audit="nowhere.csv"), "nowhere"),
    ],
)
def test_bad_rates_are_refused(errors, why):
    with pytest.raises(InputError, match=why):
        checked_errors(errors, table())


def test_bad_audits_are_refused(tmp_path):
    head = "benchmark,kind,errors,checked\n"
    path = tmp_path / "audit.csv"
    path.write_text(head + "A,false_positive,1,50\n")
    with pytest.raises(InputError, match="no rows for B/x"):
        checked_errors(VerifierErrors(audit=path), table())
    with pytest.raises(InputError, match="Both an audit and rates"):
        checked_errors(VerifierErrors(0.1, audit=path), table(("A",)))
    path.write_text(head + "A,false_positive,51,50\n")
    with pytest.raises(InputError, match="51 errors of 50"):
        checked_errors(VerifierErrors(audit=path), table(("A",)))


def test_crossing_is_between_the_candidates():
    rates = np.array([0.0, 1e-3, 1e-2])
    assert crossing(rates, np.array([0.99, 0.97, 0.93]), 0.95) == pytest.approx(np.sqrt(1e-5))
    assert crossing(rates, np.array([0.97, 0.93, 0.9]), 0.95) == pytest.approx(5e-4)
    assert crossing(rates, np.array([0.97, 0.96, 0.96]), 0.95) == np.inf


def test_false_positives_of_the_wider_arm_turn_the_verdict():
    """The base is judged right once on each problem that RL is never right on: at 1 % that is the verifier."""
    rng, n, problems = np.random.default_rng(1), 64, 60
    rows = []
    for i in range(problems):
        easy = i % 2 == 0
        base = int(rng.binomial(n, 0.5)) if easy else 1
        rl = int(rng.binomial(n, 0.8)) if easy else int(i == 1)
        rows += [("base", "A", f"p{i}", n, base), ("rl", "A", f"p{i}", n, rl)]
    columns = ["model", "benchmark", "problem_id", "n_samples", "n_correct"]
    counts = Counts.from_frame(pd.DataFrame(rows, columns=columns))
    asked = with_curve(panels(counts, "base", ["rl"], ["A"], False))
    curves = error_curves(asked, 0.95, 0, lambda *told: None)
    assert len(curves) == 3 * len(CURVE_RATES)
    at_n = curves.loc[curves["k"] == n].set_index("false_positive_rate")
    assert at_n.loc[0.0, "prob_positive"] > 0.99
    assert at_n.loc[0.03, "mean"] < at_n.loc[0.0, "mean"] - 0.1
    said = {turn.k: turn for turn in turns(curves)}
    assert set(said) == {n, 8 * n}
    assert said[n].contradicted == 0.01  # 29 problems without a success: .99^(64 * 29) = 8e-9
    section = verifier_errors_parts(curves, {"false_positive": 0.01})
    assert 1e-3 < said[n].rate < 1e-2
    assert section["supposed"] == ["false positive 0.01"]
    assert "contradict rates from 0.01" in section["parts"][0]["sentences"][0]
    assert verifier_errors_parts(curves.iloc[:0], {}) is None
