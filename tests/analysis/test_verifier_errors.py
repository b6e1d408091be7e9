"""Misclassification rates of a verifier: constants, tables and audits, and what of them is refused."""

import numpy as np
import pandas as pd
import pytest

from boundary.analysis.verifier_errors import VerifierErrors, checked_misclassification_rates
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
    return checked_misclassification_rates(errors, counts).verdict_errors(arrays)


def test_constants_benchmarks_and_problems_in_order_of_precedence(tmp_path):
    path = tmp_path / "rates.csv"
    path.write_text("benchmark,problem_id,false_positive,guess_floor\nB/x,,.02,\nB/x,p3,.04,.5\n")
    errors = VerifierErrors({"A": 0.01}, 0.1, rates=path)
    rates = rates_of(errors, table())
    assert rates.false_positive.shape == (12, 2, 1)
    assert rates.false_positive[:6, 0, 0].tolist() == [0.01] * 6
    expected = [0.02] * 6
    expected[3] = 0.04 + (1 - 0.04 - 0.1) * 0.5  # a guess that is judged as any right answer is
    assert rates.false_positive[6:, 1, 0].tolist() == pytest.approx(expected)
    assert (rates.false_negative == 0.1).all()
    alone = rates_of(errors, table(), "B/x")
    np.testing.assert_array_equal(alone.false_positive, rates.false_positive[6:])


def test_no_rates_mean_no_errors():
    assert checked_misclassification_rates(None, table()) is None
    rates = rates_of(VerifierErrors(), table())
    assert (rates.false_positive == 0).all()


def test_an_audit_covers_the_rate_that_it_was_made_under():
    """1,000 verdicts "correct" audited, share w wrong: rates around f = w q / (1 - (1 - w) q)."""
    counts = table(("A",), problems=40)
    share = counts.table["n_correct"].sum() / counts.table["n_samples"].sum()
    rows = [("A", None, "false_positive", 100, 1000), ("A", None, "false_negative", 40, 1000)]
    audit = pd.DataFrame(rows, columns=["benchmark", "problem_id", "kind", "errors", "checked"])
    rates = rates_of(VerifierErrors(audit=audit), counts)
    assert rates.shared
    assert rates.prior_of_nodes.sum() == pytest.approx(1)
    right = 0.9 * share + 0.04 * (1 - share)
    positive, negative = (part[0, 0] for part in (rates.false_positive, rates.false_negative))
    assert positive @ rates.prior_of_nodes == pytest.approx(0.1 * share / (1 - right), rel=0.05)
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
        checked_misclassification_rates(errors, table())


def test_bad_audits_are_refused(tmp_path):
    head = "benchmark,kind,errors,checked\n"
    path = tmp_path / "audit.csv"
    path.write_text(head + "A,false_positive,1,50\n")
    with pytest.raises(InputError, match="no rows for B/x"):
        checked_misclassification_rates(VerifierErrors(audit=path), table())
    with pytest.raises(InputError, match="Both an audit and rates"):
        checked_misclassification_rates(VerifierErrors(0.1, audit=path), table(("A",)))
    path.write_text(head + "A,false_positive,51,50\n")
    with pytest.raises(InputError, match="51 errors of 50"):
        checked_misclassification_rates(VerifierErrors(audit=path), table(("A",)))
