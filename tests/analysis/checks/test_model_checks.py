"""Model checks of an analysis: a family that cannot fit is named, and families are compared on request."""

import json

import numpy as np
import pandas as pd
import pytest

import boundary as bd
from boundary.analysis.checks.model_checks import _disagreements
from boundary.analysis.report.page import report_html


def two_kinds(n_problems=40, n=16):
    """Half of the problems are never solved and half nearly always: no Beta population gives that and the rest too."""
    rng = np.random.default_rng(0)
    rows = []
    for model, high in (("base", 0.55), ("rl", 0.6)):
        # Not exactly the same for all: chains would be lengthened to the last stage, and the tests take a minute more.
        p = np.where(np.arange(n_problems) % 2, rng.beta(10 * high, 10 * (1 - high), n_problems), 0.0)
        for i, c in enumerate(rng.binomial(n, p)):
            rows.append({"model": model, "benchmark": "b", "problem_id": str(i), "n_samples": n, "n_correct": int(c)})
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def analysis():
    return bd.analyze(two_kinds(), base="base", k=[1, 16, 64], compare_priors=True)


def test_every_family_is_judged_and_weights_sum_to_one(analysis):
    families = analysis.model_checks.families
    assert list(families["prior"]) == ["nonparametric", "logit_normal", "beta_binomial", "inflated_beta_binomial"]
    assert families["weight"].sum() == pytest.approx(1)
    assert families["elpd_difference"].max() == 0
    assert set(analysis.model_checks.checks["prior"]) == set(families["prior"])


def test_a_family_that_cannot_fit_is_named(analysis):
    families = analysis.model_checks.families.set_index("prior")
    assert not families.loc["beta_binomial", "ok"]
    assert families.loc["nonparametric", "ok"]
    misfits = [remark for remark in analysis.model_checks.remarks if "beta_binomial does not reproduce" in remark.text]
    assert misfits
    assert not misfits[0].alarming  # it is not the family in use


def test_report_and_files_show_it(analysis, tmp_path):
    page = report_html(analysis, pictures={"b": {}})
    assert "Does the population fit?" in page
    assert "The same estimates under each family" in page
    analysis.write(tmp_path)
    assert set(pd.read_csv(tmp_path / "sensitivity.csv")["prior"]) == set(analysis.model_checks.families["prior"])
    assert len(pd.read_csv(tmp_path / "families.csv")) == 4
    assert json.loads((tmp_path / "summary.json").read_text())["families"][0]["prior"] == "nonparametric"


def test_families_apart_by_more_than_the_interval_are_an_alarm():
    about = {"benchmark": "b", "model": "rl", "estimand": "shrinkage", "k": 64.0}
    sensitivity = pd.DataFrame(
        [
            about | {"prior": "nonparametric", "mean": 0.01, "lower": 0.0, "upper": 0.02},
            about | {"prior": "logit_normal", "mean": 0.05, "lower": 0.04, "upper": 0.06},
        ]
    )
    families = pd.DataFrame(
        [{"benchmark": "b", "model": "rl", "prior": name, "ok": True} for name in ("nonparametric", "logit_normal")]
    )
    (remark,) = _disagreements(sensitivity, families, "nonparametric")
    assert remark.alarming
    assert "1.0 points under nonparametric and 5.0 under logit_normal" in remark.text
    families.loc[1, "ok"] = False
    assert not list(_disagreements(sensitivity, families, "nonparametric"))


def test_a_misfit_of_the_family_in_use_is_an_alarm():
    result = bd.analyze(two_kinds(), base="base", k=[1, 16], prior="beta_binomial")
    assert any(remark.alarming for remark in result.model_checks.remarks)
