"""Small benchmarks that borrow the shape of their population: which ones, from which, and what the report says."""

import html
import json

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

import boundary as bd
from boundary.analysis.borrowed_shape import with_lenders
from boundary.analysis.fitting import make_panels
from boundary.data.catalog import load_counts
from boundary.errors import InputError

SIZES = {"large": 80, "other": 60, "small": 20, "tiny": 5}
N = 32


def counts(benchmarks=tuple(SIZES), models=("base", "rl")):
    rng = np.random.default_rng(0)
    parts = []
    for benchmark in benchmarks:
        logits = rng.normal(-1.5, 2.0, SIZES[benchmark])
        for model in models:
            p = expit(logits + (model != "base"))
            labels = {"model": model, "benchmark": benchmark, "problem_id": range(len(p)), "n_samples": N}
            parts.append(pd.DataFrame(labels | {"n_correct": rng.binomial(N, p)}))
    return pd.concat(parts, ignore_index=True)


def analysed(table, **options):
    return bd.analyze(table, "base", k=[1, N, 4 * N], estimands=["lost"], **options)


@pytest.fixture(scope="module")
def plain():
    return analysed(counts())


@pytest.fixture(scope="module")
def borrowing():
    return analysed(counts(), borrow_shape=True)


def shrinkage(analysis, benchmark):
    rows = analysis.estimates.query("estimand == 'shrinkage' and kind == 'posterior' and benchmark == @benchmark")
    return rows.set_index("k")[["mean", "lower", "upper"]]


def test_a_lender_does_not_lend_the_borrowers_own_problems():
    table = counts(["small", "large"])
    small = table.loc[table["benchmark"] == "small"].assign(
        problem_id=lambda rows: "own " + rows["problem_id"].astype(str)
    )
    collection = pd.concat([small, table.loc[table["benchmark"] == "large"].astype({"problem_id": str})])
    table_of_all = load_counts(pd.concat([small, collection.assign(benchmark="collection")]))
    panels = make_panels(table_of_all, "base", ["rl"], ["small", "collection", "all"], False)
    lenders = {panel.benchmark: panel.lenders for panel in with_lenders(panels)}
    ((name, n_correct, n_samples),) = lenders["small"]
    assert (name, len(n_correct), len(n_samples)) == ("collection", SIZES["large"], SIZES["large"])
    large = next(p for p in make_panels(load_counts(table), "base", ["rl"], ["large"], False))
    np.testing.assert_array_equal(np.sort(n_correct, axis=0), np.sort(large.counts.n_correct, axis=0))


def test_small_benchmarks_borrow_from_larger_ones_of_the_same_models():
    table = load_counts(counts(models=("base", "rl", "other-rl")))
    panels = make_panels(table, "base", ["rl", "other-rl"], [*SIZES, "all"], False)
    for panel in with_lenders(panels):
        # Those with 60 problems or more lend; 60 problems are few too, and 80 are more than 60.
        names = {"large": (), "other": ("large",), "all": ()}.get(panel.benchmark, ("large", "other"))
        assert tuple(lender.benchmark for lender in panel.lenders) == names
        for lender in panel.lenders:
            of_it = next(p for p in panels if (p.benchmark, p.arm) == (lender.benchmark, panel.arm))
            assert (lender.n_correct == of_it.counts.n_correct).all()


def test_only_small_benchmarks_change(plain, borrowing):
    for benchmark in ("large", "all"):
        pd.testing.assert_frame_equal(shrinkage(borrowing, benchmark), shrinkage(plain, benchmark))
    for benchmark in ("small", "tiny"):
        now, before = shrinkage(borrowing, benchmark), shrinkage(plain, benchmark)
        widths = (now["upper"] - now["lower"]) / (before["upper"] - before["lower"])
        assert (now["mean"] != before["mean"]).all()
        assert widths.between(0.6, 1.15).all()
        # At k = 1 the counts say nearly all there is to know.
        assert now.loc[1, "mean"] == pytest.approx(before.loc[1, "mean"], abs=0.01)
    assert borrowing.ok


def test_it_is_said_from_what(plain, borrowing, tmp_path):
    texts = {note.benchmark: note.text for note in borrowing.arms.remarks if "borrows" in note.text}
    assert set(texts) == {"other", "small", "tiny"}
    assert "large (80 problems) and other (60 problems)" in texts["small"]
    assert not any("borrows" in note.text for note in plain.arms.remarks)
    borrowing.write(tmp_path, figures="none")
    page = html.unescape((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert texts["tiny"] in page
    assert "fewer than 100 problems are correlated" in page
    assert json.loads((tmp_path / "summary.json").read_text())["settings"]["borrow_shape"] is True


def test_kept_fits_know_what_they_borrowed(borrowing, tmp_path):
    few = counts(("small", "other"))
    options = {"keep_fits": tmp_path, "borrow_shape": True}
    first = analysed(few, **options)
    n_fits = len(list(tmp_path.iterdir()))
    again = analysed(few, **options)
    pd.testing.assert_frame_equal(first.estimates, again.estimates)
    assert len(list(tmp_path.iterdir())) == n_fits
    analysed(few.assign(n_correct=lambda t: np.where(t["benchmark"] == "other", N - t["n_correct"], t["n_correct"])))
    changed = few.copy()
    is_lender = changed["benchmark"] == "other"
    changed.loc[is_lender, "n_correct"] = N - changed.loc[is_lender, "n_correct"]
    other = analysed(changed, **options)
    assert (shrinkage(other, "small")["mean"] != shrinkage(first, "small")["mean"]).any()


@pytest.mark.parametrize(
    ("benchmarks", "options", "why"),
    [
        (("small", "other"), {"prior": "beta_binomial"}, "goes with the prior 'nonparametric', not with 'beta_bin"),
        (("small", "other"), {"verifier": bd.VerifierErrors(false_positive=0.1)}, "takes every verdict for the truth"),
        (("small", "other"), {"error_curve": True}, "takes every verdict for the truth"),
        (("small",), {}, "would change nothing"),
        (("small", "tiny"), {}, "would change nothing"),
    ],
)
def test_where_nothing_can_be_borrowed(benchmarks, options, why, monkeypatch):
    monkeypatch.setattr("boundary.analysis.analyze._fitted_analysis", None)
    with pytest.raises(InputError, match=why):
        analysed(counts(benchmarks), borrow_shape=True, **options)


def test_models_that_stand_alone_borrow_nothing():
    with pytest.raises(InputError, match="is for pairs"):
        bd.analyze(counts(models=("one", "two")), rank=True, borrow_shape=True)
