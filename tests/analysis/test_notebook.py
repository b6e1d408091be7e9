"""What a notebook shows of results: short, escaped, and right."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from boundary.data.counts import Counts
from boundary.stats.solve_rates import SolveRates

HOSTILE = "<img src=x onerror=alert(1)>\x1b[2J"


def tags(shown):
    return set(re.findall(r"</?([a-z0-9]+)", shown))


@pytest.mark.parametrize("name", ["pair", "arms", "single", "failed"])
def test_an_analysis_is_a_few_lines_and_prints_its_verdicts(name, request):
    analysis = request.getfixturevalue(name)
    assert len(repr(analysis)) < 700
    assert len(repr(analysis).splitlines()) == 3
    assert ("NOT CONVERGED" in repr(analysis)) == (name == "failed")
    printed = str(analysis)
    assert all(heading in printed for heading in analysis.table().headings)
    shown = analysis._repr_html_()
    assert tags(shown) <= {"p", "strong", "table", "caption", "thead", "tbody", "tr", "th", "td", "small"}
    assert len(shown) < 6000


def test_a_name_that_is_no_name_is_shown_and_not_run(pair):
    verdicts = [replace(verdict, model=HOSTILE, sentence=f"{HOSTILE} is ahead.") for verdict in pair.verdicts]
    hostile = replace(
        pair,
        request=replace(pair.request, arms=(HOSTILE,)),
        verdicts=verdicts,
        estimates=pair.estimates.replace({"model": {pair.models[1]: HOSTILE}}),
    )
    assert "<img" not in hostile._repr_html_()
    assert "&lt;img src=x onerror=alert(1)&gt;" in hostile._repr_html_()
    for shown in (hostile._repr_html_(), repr(hostile), str(hostile)):
        assert "\x1b" not in shown


def test_solve_rates_are_two_lines_and_a_small_table():
    p = np.full((2, 50, 3, 2), 0.25)
    rates = SolveRates(
        p,
        np.array([[1, 2], [0, 4], [3, 8]]),
        np.array([[8, 8], [8, 8], [4, 8]]),
        "independent",
        models=("base", HOSTILE),
    )
    assert repr(rates).splitlines()[0] == (
        "SolveRates: 2 x 50 posterior draws (chains x draws) of the solve rates of 3 problems under 2 models, prior "
        "independent"
    )
    assert len(repr(rates)) < 400
    assert "\x1b" not in repr(rates)
    shown = rates._repr_html_()
    assert "<td>4 to 8</td><td>4 of 20</td><td>0.250</td>" in shown
    assert "<img" not in shown


def test_counts_are_a_few_lines_and_a_small_table():
    frame = pd.DataFrame({"model": ["base", HOSTILE[:-4]] * 2, "problem_id": list("aabb"), "n_samples": 8})
    frame["n_correct"] = [1, 2, 3, 4]
    counts = Counts.from_frame(frame)
    assert repr(counts).startswith("Counts from DataFrame: 4 rows (one a model, benchmark and problem)\nmodels: base, ")
    assert len(repr(counts)) < 300
    shown = counts._repr_html_()
    assert "<td>default</td><td>base</td><td>2</td><td>8</td><td>25.0</td>" in shown
    assert "<img" not in shown


def test_many_models_are_not_all_named():
    frame = pd.DataFrame({"model": [f"m{i}" for i in range(90)], "problem_id": "a", "n_samples": 8, "n_correct": 1})
    counts = Counts.from_frame(frame)
    assert "m3 and 86 more" in repr(counts)
    assert "50 more rows are not shown." in counts._repr_html_()
