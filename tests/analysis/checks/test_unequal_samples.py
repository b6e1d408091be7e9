"""Problems with fewer samples than the others do not set n for all: they are counted, named, and left out once."""

import re

import numpy as np
import pandas as pd
import pytest

import boundary as bd
from boundary.analysis.checks.unequal_samples import unequal_samples
from boundary.analysis.estimates.sample_sizes import SampleSizes
from boundary.analysis.estimates.table import BOUNDS, OBSERVED, POSTERIOR, SUP_T, select
from boundary.analysis.options import default_budgets
from boundary.analysis.report.page import report_html
from boundary.analysis.report.summary import summary
from boundary.stats.estimands.unbiased import unbiased_pass_at_k
from boundary.stats.prior_free.bounds import pass_at_k_bounds
from boundary.stats.prior_free.good_toulmin import good_toulmin

COLUMNS = ["model", "benchmark", "problem_id", "n_samples", "n_correct"]
N, SHORT = 16, 4


def table_of(sizes, benchmark="b"):
    """Counts of two models; `sizes` are the samples of each problem of the RL model, the base has N of each."""
    rng = np.random.default_rng(2)
    rows = []
    for i, size in enumerate(sizes):
        for model, n in (("base", N), ("rl", size)):
            rows.append((model, benchmark, f"p{i}", n, rng.binomial(n, (i % 10) / 10)))
    return pd.DataFrame(rows, columns=COLUMNS)


def analysed(sizes, **options):
    return bd.analyze(table_of(sizes), base="base", prior="independent", seed=0, **options)


@pytest.fixture(scope="module")
def one_short():
    return analysed([N] * 29 + [SHORT], claims=["shrinkage(16) > 0", "shrinkage(4) > 0", "shrinkage(17) > 0"])


def rows_of(analysis, estimand, **columns):
    rows = analysis.estimates.loc[analysis.estimates["estimand"] == estimand]
    for column, value in columns.items():
        rows = rows.loc[rows[column] == value]
    return rows


def test_one_short_problem_does_not_set_n(one_short):
    assert one_short.settings["reliable_k"] == {"b": N}
    assert set(rows_of(one_short, "pass_at_k")["k"]) == {1, 2, 4, 8, 16, 32, 64, 128}
    posterior = select(one_short.estimates, kind=POSTERIOR)
    over_k = posterior.loc[posterior["estimand"] == "shrinkage"].set_index("k")
    assert over_k["extrapolated"].to_dict() == {k: k > N for k in over_k.index}
    assert over_k["n_extrapolated"].to_dict() == {k: 0 if k <= SHORT else 1 if k <= N else 30 for k in over_k.index}
    assert (over_k["n_problems"] == 30).all()
    assert f"t k = {N} rl solves " in one_short.verdicts[0].sentence


def test_unbiased_estimates_are_of_the_problems_with_enough_samples(one_short):
    counts = one_short.counts.table
    rl = counts.loc[counts["model"] == "rl"]
    for k, problems in ((SHORT, 30), (8, 29), (N, 29)):
        row = rows_of(one_short, "pass_at_k", model="rl", k=k, kind=OBSERVED).iloc[0]
        enough = rl.loc[rl["n_samples"] >= k]
        assert row["n_problems"] == problems == len(enough)
        c, n = (enough[name].to_numpy() for name in ("n_correct", "n_samples"))
        assert row["mean"] == pytest.approx(unbiased_pass_at_k(c, n, k).mean())
        flows = [rows_of(one_short, name, k=k, kind=OBSERVED).iloc[0] for name in ("kept", "lost", "gained", "neither")]
        assert {row["n_problems"] for row in flows} == {problems}
        assert sum(row["mean"] for row in flows) == pytest.approx(problems)
        # The base has N samples of every problem.
        assert rows_of(one_short, "pass_at_k", model="base", k=k, kind=OBSERVED)["n_problems"].item() == 30


def test_the_report_shows_the_range_names_the_problem_and_what_it_changes(one_short):
    (remark,) = one_short.unequal_samples
    assert remark.alarming
    assert remark.text.startswith(
        "1 of 30 problems has fewer than 16 samples: p29 (4 of rl). Without it, the shrinkage"
    )
    rates = one_short.rates["b"]
    reach = 1 - (1 - rates.p[:, :, :29]) ** N
    without = 100 * (reach[..., 0] - reach[..., 1]).mean()
    assert f"at k = 16 would be {without:.1f} [".replace("-", "\N{MINUS SIGN}") in remark.text
    page = report_html(one_short)
    assert "base: n = 16 samples each; rl: 4 to 16 samples a problem, 16 for 29 of 30" in page
    assert "<small>1 of 30 extrapolated</small>" in page
    assert re.search(r"\(of 29\)\s*<t[dr]", page)
    assert remark.text in page
    assert {"benchmark": "b", "model": "rl", "text": remark.text, "alarming": True} in summary(one_short)["counting"]


def test_problems_and_claims_say_what_is_extrapolated(one_short):
    problems = one_short.problems.set_index("problem_id")
    assert problems.index[problems["extrapolated"]].tolist() == ["p29"]
    claims = one_short.claims.set_index("claim")
    assert claims["extrapolated"].tolist() == [False, False, True]
    assert "1 of 30 problems have fewer than 16 samples" in claims["note"].iloc[0]
    assert "fewer" not in claims["note"].iloc[1]


def test_bands_and_ranges_go_as_far_as_the_other_problems(one_short):
    band = rows_of(one_short, "shrinkage", kind=SUP_T)
    assert set(band["k"]) == {1, 2, 4, 8, N}
    assert set(band["n_problems"]) == {29}
    assert rows_of(one_short, "pass_at_k", kind=BOUNDS)["k"].min() == 2 * N


def test_where_every_fifth_problem_is_short_n_is_theirs_and_the_curve_goes_on(tmp_path):
    analysis = analysed([N] * 24 + [SHORT] * 6, k=[1, 4, N])
    assert analysis.settings["reliable_k"] == {"b": SHORT}
    posterior = rows_of(analysis, "shrinkage", kind="posterior").set_index("k")
    assert posterior["extrapolated"].tolist() == [False, False, True]
    assert posterior["n_extrapolated"].tolist() == [0, 0, 6]
    assert rows_of(analysis, "shrinkage", kind=OBSERVED, k=N)["n_problems"].item() == 24
    assert "p24 (4 of rl)" in analysis.unequal_samples[0].text
    assert "and 1 more" in analysis.unequal_samples[0].text


def test_no_estimate_from_counts_where_most_problems_are_short():
    """One problem of 30 with more samples says nothing of the others."""
    analysis = analysed([SHORT] * 29 + [N], k=[1, 4, N])
    assert set(rows_of(analysis, "pass_at_k", kind=OBSERVED)["k"]) == {1, 4}
    assert analysis.unequal_samples == ()


@pytest.mark.parametrize(
    ("sizes", "text"),
    [
        ({"a": [8, 8, 8], "b": [8, 8, 8]}, "n = 8 samples each"),
        ({"org/a": [8, 8, 8], "b": [4, 4, 4]}, "a: n = 8 samples each; b: n = 4 samples each"),
        ({"a": [4, 8, 8]}, "4 to 8 samples a problem, 8 for 2 of 3"),
        ({"a": [1, 2, 3, 4, 5, 6]}, "1 to 6 samples a problem, 4 or more for 3 of 6"),
        ({str(i): [i, 8] for i in range(5)}, "0 to 8 samples a problem"),
        ({"a": [0, 2000]}, "0 to 2,000 samples a problem, 0 for 1 of 2"),
    ],
)
def test_samples_in_words(sizes, text):
    assert SampleSizes({model: np.array(n) for model, n in sizes.items()}, reliable_k=1).in_words == text


def test_default_budgets_reach_the_typical_number_of_samples():
    assert default_budgets(64, 64, None) == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]
    assert default_budgets(6, 48, None) == [1, 2, 4, 6, 8, 16, 32, 48, 96, 192, 384]
    assert default_budgets(0, 0, None) == [1, 2, 4, 8]
    assert default_budgets(6, 48, 10) == [1, 2, 4, 6, 8]


def test_one_short_problem_hardly_widens_what_counts_allow():
    """Thinned to the shortest alone, the ranges of all problems would be those of n = 1."""
    rng = np.random.default_rng(0)
    p = rng.beta(0.4, 0.7, 100)
    n = np.full(100, 64)
    c = rng.binomial(n, p)
    whole = pass_at_k_bounds(c, n, [128, 512])
    short_n, short_c = np.r_[n[:-1], 1], np.r_[c[:-1], c[-1] > 0]
    short = pass_at_k_bounds(short_c, short_n, [128, 512])
    assert (np.diff(short) < np.diff(whole) + 0.04).all()
    truth = 1 - (1 - p)[:, None] ** [128, 512]
    assert ((short[:, 0] <= truth.mean(0)) & (truth.mean(0) <= short[:, 1])).all()
    with_short, without_short = (
        good_toulmin(*(part[:, None] for part in parts), [128]) for parts in ((short_c, short_n), (c, n))
    )
    assert (with_short.n_problems, without_short.n_problems) == (99, 100)
    assert with_short.mean == pytest.approx(without_short.mean, abs=0.03)


def test_of_new_problems_the_note_says_that_it_is_of_these_and_an_extrapolation_is_marked():
    arguments = (*("b", "rl", "base"), 0.95)
    analysis = analysed([N] * 24 + [SHORT] * 6, k=[1, N])
    of_new = unequal_samples(analysis.rates["b"], *arguments, "superpopulation")
    assert "Without them, on these problems rather than new ones, the shrinkage at k = 16 would be " in of_new.text
    assert of_new.text.endswith("] (extrapolated).")
    assert unequal_samples(analysis.rates["b"], *arguments).text.endswith("] (extrapolated).")
