"""The figures of the pages are drawn by the script that is kept, and every figure has a page."""

import importlib.util
import re
import xml.etree.ElementTree
from pathlib import Path

import pandas as pd
import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"


def load(name):
    """A script of docs/, which is in no package."""
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


FIGURES, SIZES = load("make_figures"), load("make_sample_sizes")
# Of one small benchmark, which is fitted fast.
SMALL = {name: {"benchmarks": ("AIME24",)} for name in ("answer", "margin")}


@pytest.mark.parametrize("name", FIGURES.FIGURES)
def test_each_figure_is_drawn_and_shown(name):
    svg = FIGURES.svg(FIGURES.FIGURES[name], **SMALL.get(name, {}))
    root = xml.etree.ElementTree.fromstring(svg)
    assert "prefers-color-scheme:dark" in svg
    assert not [colour for colour in re.findall(r"(?:fill|stroke): (#\w+)", svg) if colour in FIGURES.ON_DARK]
    kept = xml.etree.ElementTree.fromstring((FIGURES.FOLDER / f"{name}.svg").read_text(encoding="utf-8"))
    assert root.get("viewBox") == kept.get("viewBox")
    pages = "\n".join(page.read_text(encoding="utf-8") for page in DOCS.glob("*.md"))
    assert re.search(rf"!\[[^\]]+\]\(figures/{name}\.svg\)", pages)


def test_the_page_has_the_table_of_the_results():
    page = SIZES.PAGE.read_text(encoding="utf-8")
    assert SIZES.page_with_table(page, pd.read_csv(SIZES.RESULTS)) == page, "Run: python docs/make_sample_sizes.py"


def test_one_row_of_the_table_is_made_anew():
    truths = FIGURES.small_model_counts()["p"].to_numpy()[None, :, None].repeat(2, axis=2)
    rows = pd.DataFrame(SIZES.widths(truths, problems=(20,), samples=(8,), budgets=(1, 8), repeats=1))
    assert rows["half_width"].between(0.001, 0.5).all()
    assert "| 20 | 8 |" in SIZES.table(rows)
