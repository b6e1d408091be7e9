"""Tables at the edge of what there is: written whole, with warnings as errors, and without a number that is none."""

import re

import pandas as pd
import pytest

import boundary as bd
from boundary.analysis.figures import draw_figures
from boundary.analysis.report.links import LONGEST_STEM, file_stems
from boundary.analysis.report.rows import figure_data
from boundary.errors import InputError

COLUMNS = ["model", "benchmark", "problem_id", "n_samples", "n_correct"]
FULL = [(8, c) for c in range(9)]


def table_of(counts):
    """Counts by benchmark and model, each a list of (n_samples, n_correct)."""
    rows = [
        (model, benchmark, f"p{i}", n, c)
        for benchmark, models in counts.items()
        for model, problems in models.items()
        for i, (n, c) in enumerate(problems)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def analysed(counts, **options):
    return bd.analyze(table_of(counts), **{"base": "b", "prior": "independent", "seed": 1} | options)


@pytest.mark.parametrize(
    "counts",
    [
        {"A": {"b": [(8, 3)], "r": [(8, 5)]}},
        {"A": {"b": FULL, "r": [(0, 0), *FULL[1:]]}},
        {"$b_{$ {level} <b> 50 %": {"b": [(8, 8)] * 2, "r": [(8, 8)] * 2}},
    ],
    ids=["one problem", "one without samples", "odd name"],
)
def test_whatever_there_is_is_written(counts, tmp_path):
    analysed(counts, k=[1, 16], common_problems=True).write(tmp_path)
    for path in tmp_path.glob("*.csv"):
        cells = re.split("[,\n]", path.read_text())
        assert not {cell for cell in cells if cell.lower() == "nan" or re.fullmatch(r"-0(\.0*)?", cell)}, path
    page = (tmp_path / "report.html").read_text("utf-8")
    words = re.sub(r"<style>.*?</style>|<script>.*?</script>|<[^>]*>", " ", page, flags=re.DOTALL)
    assert not re.search(r"\b(nan|NaN|inf)\b|-0\.0", words)


def test_problems_without_samples_are_no_problems():
    with pytest.raises(InputError, match="no row has a sample"):
        analysed({"A": {"b": [(0, 0)] * 3, "r": [(0, 0)] * 3}})
    with pytest.raises(InputError, match="r lacks 1 of 9 problems"):
        analysed({"A": {"b": FULL, "r": [(0, 0), *FULL[1:]]}})


def test_every_budget_may_lie_beyond_the_samples():
    table = table_of({"A": {"b": FULL, "r": FULL, "s": FULL}})
    table["checkpoint_step"] = table["model"].map({"b": 0, "r": 10, "s": 20})
    analysis = bd.analyze(table, base="b", prior="independent", k=[1000])
    assert "trajectory" in draw_figures(figure_data(analysis)["A"])
    assert analysis.estimates.loc[analysis.estimates["k"] == 1000, "extrapolated"].all()


def test_what_is_given_twice_counts_once():
    once, twice = (
        analysed({"A": {"b": FULL, "r": FULL}}, rl=rl, benchmarks=names, k=k)
        for rl, names, k in ((["r"], ["A"], [1, 4]), (["r", "r"], ["A", "A"], [4, 1, 4]))
    )
    pd.testing.assert_frame_equal(once.estimates, twice.estimates)


def test_a_claim_is_judged_on_the_fit_of_its_own_benchmark():
    """The name of one fit of two benchmarks is also that of a benchmark and a model."""
    counts = {"A": {"b": FULL, "r": FULL}, "A: r": {"b": [(8, 0)] * 9, "r": [(8, 8)] * 9}}
    claims = {"here": {"claim": "pass_at_k(1) rl > base", "benchmark": "A"}}
    probability = analysed(counts, k=[1], claims=claims).claims["probability"].item()
    assert 0.2 < probability < 0.8
    ambiguous = {"A": {"b": FULL, "b: r": FULL, "r": FULL}, "A: b": {"b": FULL, "r": FULL}}
    with pytest.raises(InputError, match="are both 'A: b: r'"):
        analysed(ambiguous)


def test_file_names_of_any_benchmarks():
    names = (
        "a/b",
        "..",
        ".",
        "x" * 300,
        "x" * 301,
        "\N{CJK UNIFIED IDEOGRAPH-6570}",
        "A",
        "a",
        "$x^$",
        "-",
        "con",
        "all",
    )
    stems = file_stems(names)
    assert len({stem.lower() for stem in stems}) == len(names)
    assert all(re.fullmatch(r"[A-Za-z0-9_][\w.-]*", stem, re.ASCII) for stem in stems)
    assert max(map(len, stems)) <= LONGEST_STEM + 3
