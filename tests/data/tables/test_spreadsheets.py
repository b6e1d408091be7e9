"""Names that a spreadsheet would run: no cell of a CSV begins as a formula, and every name comes back as it was."""

import csv
import io

import pandas as pd
import pytest
from hypothesis import assume, given, strategies as st

from boundary.data.audits import read_audits
from boundary.data.confusable_names import confusable
from boundary.data.counts import Counts
from boundary.data.tables.reading import read_table
from boundary.data.tables.spreadsheets import guarded, unguarded
from boundary.data.tables.writing import csv_text, write_csv
from boundary.sampling.targets import read_plan

FORMULAS = (
    '=HYPERLINK("http://x","y")',
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    "\uff1d1",
)
PLAIN = ("-1", "+2", "-1.5e3", "+.5", "-", "=", "o1-mini", "a=b", "'quoted'", "'-1", "p'", "1e5", "", "a+b", "'")
NAMES = st.one_of(
    st.sampled_from([*FORMULAS, *PLAIN]),
    st.text(st.sampled_from("'=+-@ \t\r\n1.eaA\uff1d\u200b"), max_size=6),
    st.text(st.characters(exclude_characters="\0"), max_size=20),
)


@pytest.mark.parametrize("name", FORMULAS)
def test_a_formula_is_written_as_text(name):
    assert guarded(name) == f"'{name}"
    assert guarded(f"'{name}") == f"''{name}"


@pytest.mark.parametrize("name", PLAIN)
def test_numbers_and_other_names_stay_as_they_are(name):
    assert guarded(name) == unguarded(name) == name


@given(NAMES)
def test_every_name_comes_back(name):
    assert unguarded(guarded(name)) == name
    cell = guarded(name).lstrip()
    if cell[1:] and cell[0] in "=+-@":  # a sign alone is no formula
        float(name)


@given(st.lists(NAMES, min_size=1, max_size=4), NAMES, NAMES)
def test_counts_come_back_from_csv(tmp_path_factory, problems, model, stratum):
    names = list(dict.fromkeys(" ".join(f"{name}".split()) or "p" for name in problems))
    assume(confusable(names) is None)  # such names are refused
    cells = {"model": model if model.split() else "m", "benchmark": "b", "problem_id": names, "stratum": stratum}
    table = pd.DataFrame(cells, dtype=object)  # pandas keeps no half characters in columns of its own type for texts
    counts = Counts.from_frame(table.assign(n_samples=4, n_correct=1))
    path = tmp_path_factory.mktemp("counts") / "counts.csv"
    counts.to_csv(path)
    again = Counts.from_file(path)
    for name in ("model", "problem_id", "stratum"):
        # A file holds no half characters.
        assert again.table[name].tolist() == [
            cell.encode("utf-8", "backslashreplace").decode() for cell in counts.table[name]
        ]


def test_headings_numbers_and_gaps(tmp_path):
    table = pd.DataFrame({"=a": ["=1", None], "b": [-1.5, float("nan")], "c": pd.Categorical(["@x", "y"])})
    rows = list(csv.reader(io.StringIO(csv_text(table))))
    assert rows == [["'=a", "b", "c"], ["'=1", "-1.5", "'@x"], ["", "", "y"]]
    write_csv(table, tmp_path / "a.csv.gz")
    assert read_table(tmp_path / "a.csv.gz")[["=a", "c"]].to_numpy().tolist() == [["=1", "@x"], ["", "y"]]


def test_what_else_is_read_back_comes_back(tmp_path):
    plan = pd.DataFrame({"model": ["=m"], "benchmark": ["+b"], "problem_id": ["-2+3"], "n_more": [4]})
    write_csv(plan, tmp_path / "plan.csv")
    (row,) = read_plan(tmp_path / "plan.csv")
    assert row == ("=m", "+b", "-2+3", 4) or vars(row) == {
        "model": "=m",
        "benchmark": "+b",
        "problem_id": "-2+3",
        "n_more": 4,
    }
    audits = pd.DataFrame(
        {"benchmark": ["=b"], "problem_id": ["@p"], "kind": ["false_positive"], "errors": [1], "checked": [2]}
    )
    write_csv(audits, tmp_path / "audits.csv")
    assert read_audits(tmp_path / "audits.csv").iloc[0].tolist() == ["=b", "@p", "false_positive", 1, 2]
