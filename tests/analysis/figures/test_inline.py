"""Figures of the page: their numbers are those of the tables, their text is text, and nothing in them runs or loads."""

import json
import re
from dataclasses import replace
from itertools import chain
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from boundary.analysis.estimates.curves import CURVE_COLUMNS
from boundary.analysis.estimates.table import select
from boundary.analysis.figures import (
    COLUMN_WIDTH,
    FIGURES,
    OVERVIEW_FIGURES,
    PAGE_WIDTH,
    STYLE_SHEET,
    FigureData,
    inline_svg,
)
from boundary.analysis.figures.palette import PAGE, RL_LOOKS, VARIABLES, contrast
from boundary.analysis.figures.solve_rates import MOST_MARKS, compared_counts, marks_of
from boundary.stats.solve_rates import SolveRates

N = 128
BY_NAME = {figure.name: figure for figure in (*FIGURES, *OVERVIEW_FIGURES)}
HOSTILE = "<script>alert('x')</script> & \"$q$\" \x1b\u202e \N{CJK UNIFIED IDEOGRAPH-6A21}" + "-very-long" * 20
ELEMENTS = {"svg", "title", "desc", "g", "path", "text", "use", "defs", "clipPath", "rect", "image"}


def element_of(name, data, prefix="f1-", width=PAGE_WIDTH, **options):
    """The root element of a figure in the page."""
    svg = inline_svg(BY_NAME[name].figure(data, width), prefix, **options)
    return ElementTree.fromstring(svg)


def numbers(text):
    return np.array([np.nan if word == "-" else float(word) for word in text.split()])


def curves_from(estimates):
    """Curves of many budgets, which pass through the posterior estimates."""
    rows = []
    posterior = select(estimates, kind="posterior", estimand=("pass_at_k", "shrinkage"))
    for labels, part in posterior.groupby(["benchmark", "estimand", "model", "reference"], sort=False):
        part = part.sort_values("k")
        k = np.unique(np.round(np.geomspace(1, part["k"].max(), 60)))
        k = np.union1d(k, part["k"])
        values = {name: np.interp(np.log(k), np.log(part["k"]), part[name]) for name in ("mean", "lower", "upper")}
        rows.append(pd.DataFrame({"k": k, "level": 0.95, "extrapolated": k > N} | values))
        rows[-1][["benchmark", "estimand", "model", "reference"]] = labels
    return pd.concat(rows, ignore_index=True)[list(CURVE_COLUMNS)]


def problems_of(counts, benchmark, base, rl):
    """A table of problems with made-up posteriors: plug-ins and a fixed width."""
    wide = counts.loc[counts["benchmark"] == benchmark].pivot_table(
        index="problem_id", columns="model", values="n_correct"
    )
    columns = {"benchmark": benchmark, "problem_id": wide.index, "model": rl, "reference": base}
    for prefix, model in (("", rl), ("reference_", base)):
        p = wide[model].to_numpy() / N
        columns |= {f"{prefix}n_samples": N, f"{prefix}n_correct": wide[model].to_numpy()}
        columns |= {f"{prefix}p_mean": p, f"{prefix}p_lower": p * 0.9, f"{prefix}p_upper": np.minimum(p + 0.05, 1)}
    return pd.DataFrame(columns)


@pytest.fixture(scope="module")
def data(pair, shipped_counts):
    """One benchmark of a pair, with everything that figures may be drawn from."""
    base, rl = pair.models
    counts = shipped_counts.loc[shipped_counts["benchmark"] == "AIME24"]
    wide = counts.pivot_table(index="problem_id", columns="model", values="n_correct")[[base, rl]].to_numpy()
    rng = np.random.default_rng(0)
    p = rng.beta(wide + 0.5, N - wide + 0.5, size=(2, 50, *wide.shape))
    rates = SolveRates(
        p, n_correct=wide.astype(int), n_samples=np.full(wide.shape, N), prior="made_up", new_p=p, models=(base, rl)
    )
    return FigureData(
        pair.estimates,
        "AIME24",
        N,
        curves=curves_from(pair.estimates),
        problems=problems_of(shipped_counts, "AIME24", base, rl),
        rates={rl: rates},
    )


@pytest.fixture(scope="module")
def renamed(data):
    """The same with names that are hostile and very long."""
    base, rl = data.models
    names = {base: HOSTILE, rl: HOSTILE + "2"}
    estimates, curves, problems = (
        table.replace({"model": names, "reference": names, "benchmark": {"AIME24": HOSTILE}})
        for table in (data.estimates, data.curves, data.problems)
    )
    problems["problem_id"] = [f"{HOSTILE}{i}" for i in range(len(problems))]
    return FigureData(estimates, HOSTILE, N, curves=curves, problems=problems)


def test_problems_that_both_models_fail_are_on_neither_side():
    counts = {"reference_n_correct": [0, 1, 2, 0], "reference_n_samples": [4, 8, 4, 0]}
    rows = pd.DataFrame(counts | {"n_correct": [0, 2, 3, 1], "n_samples": [128, 16, 8, 8]})
    assert compared_counts(rows) == (0, 1)


def test_the_counts_of_a_fit_that_did_not_converge_confirm_nothing(data):
    unconverged = replace(data, unconverged=frozenset({("AIME24", data.models[1])}))
    titles = [panel.texts for panel in BY_NAME["counts"].figure(unconverged).axes]
    assert len(titles) == 2
    assert all("Fit did not converge" in [text.get_text() for text in texts] for texts in titles)


def test_every_new_figure_applies(data):
    names = {figure.name for figure in FIGURES if figure.applies(data)}
    assert {"pass_at_k", "shrinkage", "flows", "solve_rates", "counts"} == names
    assert BY_NAME["forest"].applies(data)


@pytest.mark.parametrize("width", [COLUMN_WIDTH, PAGE_WIDTH])
@pytest.mark.parametrize("name", ["pass_at_k", "shrinkage", "flows", "solve_rates", "counts", "forest"])
def test_nothing_runs_or_loads_ids_are_unique_and_colours_are_variables(data, name, width):
    root = element_of(name, data, "f7x-", width, description="What it shows.")
    assert {element.tag for element in root.iter()} <= ELEMENTS
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    assert all(one_id.startswith("f7x-") for one_id in ids)
    for element in root.iter():
        assert not [name for name in element.attrib if name.startswith("on") or name == "style"]
        assert (element.get("href") or "#f7x-").startswith(("#f7x-", "data:image/png;base64,"))
        for side in ("fill", "stroke"):
            assert (element.get(side) or "none") == "none" or element.get(side).startswith("var(--figure-")
    assert root.get("role") == "img"
    assert root.find("desc").text.startswith("What it shows.")
    assert {root.get("aria-labelledby"), root.get("aria-describedby")} <= set(ids)


@pytest.mark.parametrize("estimand", ["pass_at_k", "shrinkage"])
def test_numbers_of_curves_are_those_of_the_curves(data, estimand):
    root = element_of(estimand, data)
    lines = {line.get("data-model"): line for line in root.iter("path") if line.get("data-k")}
    rows = data.curves.loc[(data.curves["benchmark"] == "AIME24") & (data.curves["estimand"] == estimand)]
    assert set(lines) == set(rows["model"])
    for model, line in lines.items():
        curve = rows.loc[rows["model"] == model]
        np.testing.assert_array_equal(numbers(line.get("data-k")), curve["k"])
        for name, column in (("value", "mean"), ("lower", "lower"), ("upper", "upper")):
            np.testing.assert_allclose(numbers(line.get(f"data-{name}")), curve[column], rtol=6e-4)


def test_alternative_text_has_the_numbers_of_the_estimates(data):
    text = element_of("pass_at_k", data).find("desc").text
    row = select(data.rows, kind="posterior", estimand="pass_at_k", model=data.base, k=128).iloc[0]
    low, middle, high = (f"{100 * float(f'{row[name]:.4g}'):.1f} %" for name in ("lower", "mean", "upper"))
    assert f"{middle} [{low}, {high}] at k = 128" in text
    assert "at k = 1024" in text


def test_the_narrow_variant_has_its_numbers_in_the_wide_one(data):
    wide = element_of("pass_at_k", data, "w-")
    narrow = element_of("pass_at_k", data, "n-", COLUMN_WIDTH, numbers_in="w-")
    assert narrow.get("aria-labelledby") == "w-t"
    assert narrow.find("title") is None
    marked = [element.get("data-model") for element in narrow.iter() if element.get("data-numbered") is not None]
    assert marked == [element.get("data-model") for element in wide.iter() if element.get("data-value")]
    assert not [element for element in narrow.iter() if element.get("data-value")]


def test_the_same_figure_gives_the_same_element(data):
    once, again = (inline_svg(BY_NAME["counts"].figure(data), "f-") for _ in range(2))
    assert once == again


@pytest.mark.parametrize("width", [COLUMN_WIDTH, PAGE_WIDTH])
@pytest.mark.parametrize("name", ["pass_at_k", "shrinkage", "flows", "solve_rates", "forest"])
def test_hostile_and_very_long_names_survive(renamed, name, width):
    root = element_of(name, renamed, width=width)
    assert {element.tag for element in root.iter()} <= ELEMENTS
    models = {element.get("data-model") for element in root.iter() if element.get("data-model")}
    assert models <= {name.replace("\x1b", r"\x1b").replace("\u202e", r"\u202e") for name in (HOSTILE, HOSTILE + "2")}


@given(st.text(min_size=1, max_size=30))
def test_any_name_is_escaped(name):
    from boundary.analysis.figures.svg import attribute_text

    element = ElementTree.fromstring(f"<g{attribute_text({'data-model': name})}/>")
    assert list(element.attrib) == ["data-model"]


def test_marks_hold_every_problem_once_and_their_number_is_bounded(data):
    marks = marks_of(data.problems, "AIME24")
    assert sorted(chain.from_iterable(marks.problems)) == sorted(
        f"AIME24/{problem}" for problem in data.problems["problem_id"]
    )
    rng = np.random.default_rng(0)
    many = pd.DataFrame({"problem_id": np.arange(9000)})
    for prefix in ("", "reference_"):
        many[f"{prefix}n_samples"], many[f"{prefix}n_correct"] = 10_000, rng.integers(0, 10_001, len(many))
        for part in ("mean", "lower", "upper"):
            many[f"{prefix}p_{part}"] = many[f"{prefix}n_correct"] / 10_000
    marks = marks_of(many, "B")
    assert len(marks.problems) <= MOST_MARKS
    assert marks.sizes.sum() == len(many)


def test_marks_of_the_scatter_name_their_problems(data):
    root = element_of("solve_rates", data)
    marks = [element for element in root.iter() if element.get("data-base")]
    problems = [
        json.loads(mark.get("data-problems")) if mark.get("data-problems") else [mark.get("data-problem")]
        for mark in marks
    ]
    assert sorted(chain.from_iterable(problems)) == sorted(
        f"AIME24/{problem}" for problem in data.problems["problem_id"]
    )
    values = {mark.get("data-problem"): float(mark.get("data-value")) for mark in marks if mark.get("data-problem")}
    rates = data.problems.set_index("problem_id")["p_mean"]
    assert all(abs(value - rates[problem.removeprefix("AIME24/")]) < 1e-3 for problem, value in values.items())


def style_colours():
    """Variables of the style sheet: those of light screens, and those of dark ones."""
    blocks = re.findall(r"\.plot \{([^}]*--figure-base[^}]*)\}", STYLE_SHEET.read_text(encoding="utf-8"))
    return [dict(re.findall(r"(--figure-[\w-]+): (#\w{6})", block)) for block in blocks]


def test_style_sheet_has_the_colours_of_the_palette():
    light, dark = style_colours()
    assert light == {name: colour for colour, name in VARIABLES.items()}
    assert set(dark) == set(light)


@pytest.mark.parametrize(("scheme", "page"), [(0, PAGE), (1, "#14181d")])
def test_names_can_be_read(scheme, page):
    colours = style_colours()[scheme]
    names = ["base", "ink", "muted", *(f"rl-{i}" for i in range(1, 8))]
    assert {
        name: contrast(colours[f"--figure-{name}"], page)
        for name in names
        if contrast(colours[f"--figure-{name}"], page) < 4.5
    } == {}


def test_models_differ_by_marker_and_dash_too():
    assert len({look.marker for look in RL_LOOKS}) == len({look.dash for look in RL_LOOKS}) == len(RL_LOOKS)


def test_script_and_style_name_no_address():
    folder = Path(STYLE_SHEET).parent
    for name in ("page_figures.js", "page_figures.css"):
        text = (folder / name).read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?:|@import|url\(|fetch\(|XMLHttp|eval\(|innerHTML", text)
