"""What users read stays what it is: tables, summary and page of two small analyses, against the kept ones.

`python tests/golden/golden_run.py` keeps them anew; the difference is then there to be read before it is committed.
Words, rows and labels are compared exactly, and so is every number that is computed from counts alone. Draws differ a
little between processors, so numbers of a posterior are compared within their Monte Carlo error.
"""

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

_SPEC = importlib.util.spec_from_file_location("golden_run", Path(__file__).with_name("golden_run.py"))
golden_run = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(golden_run)

NAMES = ("checkpoints", "errors")
NUMBERS = ("mean", "median", "lower", "upper", "prob_positive", "prob_negative", "prob_equivalent")
# A mean of ess draws has a standard error of sd / sqrt(ess), a quantile one of up to three times that.
ERRORS = {"mean": 5, "median": 8, "lower": 15, "upper": 15}
LEAST_ESS = 400
WHOLE_NUMBERS = ("rank", "crossover", "cot_crossover", "sampling_speedup", "no_crossover")


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("golden")
    for name, analysis in golden_run.analyses().items():
        analysis.write(folder / name)
        golden_run.keep(folder / name, folder / "kept" / name)
    return folder / "kept"


@pytest.mark.parametrize("name", NAMES)
def test_rows_and_labels_are_the_same(outputs, name):
    kept = golden_run.KEPT / name
    assert sorted(path.name for path in (outputs / name).iterdir()) == sorted(path.name for path in kept.iterdir())
    for path in kept.glob("*.csv"):
        before, after = (
            pd.read_csv(table_path).select_dtypes(exclude="number") for table_path in (path, outputs / name / path.name)
        )
        pd.testing.assert_frame_equal(after, before)


@pytest.mark.parametrize("name", NAMES)
def test_numbers_are_the_same_within_their_monte_carlo_error(outputs, name):
    before, after = (pd.read_csv(folder / name / "estimates.csv") for folder in (golden_run.KEPT, outputs))
    exact = (before["kind"] == "observed") | (before["kind"] == "bounds") | (before["kind"] == "good_toulmin")
    np.testing.assert_allclose(after.loc[exact, list(NUMBERS)], before.loc[exact, list(NUMBERS)], rtol=1e-6, atol=1e-9)
    posterior = before["lower"].notna() & (before["kind"] == "posterior")
    before, after = before[posterior], after[posterior]
    spread = (before["upper"] - before["lower"]).replace(np.inf, np.nan) / 4 / np.sqrt(LEAST_ESS)
    step = np.where(before["estimand"].isin(WHOLE_NUMBERS), 1, 1e-6)  # the next whole number may be the median
    for column, errors in ERRORS.items():
        near = (after[column] - before[column]).abs() <= errors * spread.fillna(0) + step
        assert (near | (after[column] == before[column])).all(), column  # infinity is equal to itself
    chances = (after["prob_positive"] - before["prob_positive"]).abs()
    assert chances.max() <= 5 * 0.5 / np.sqrt(LEAST_ESS)


@pytest.mark.parametrize("name", NAMES)
def test_the_summary_says_the_same(outputs, name):
    before, after = (
        golden_run.summary_skeleton(folder / name / "summary.json") for folder in (golden_run.KEPT, outputs)
    )
    assert after == before


@pytest.mark.parametrize("name", NAMES)
def test_the_page_says_the_same(outputs, name):
    assert golden_run.page_skeleton(outputs / name) == golden_run.page_skeleton(golden_run.KEPT / name)
