"""The worked notebook runs, and its page and notebook are of the same cells."""

import importlib.util
import json
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture(scope="module")
def script():
    """The script that makes the notebook, which is in no package."""
    spec = importlib.util.spec_from_file_location("make_worked_example", DOCS / "make_worked_example.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def done(script):
    return script.executed(script.SCRIPT.read_text(encoding="utf-8"))


def without_numbers(text):
    """A text with its numbers, signs and spaces left out: these differ between versions of jax."""
    return re.sub(r"[\s\d.,\u2212-]+", " ", text)


def test_every_cell_runs_and_shows_something(done):
    code = [cell for cell in done if cell.is_code]
    assert len(code) >= 8
    assert all(cell.outputs for cell in code)


def test_the_page_and_the_notebook_have_these_cells(script, done):
    page = script.PAGE.read_text(encoding="utf-8")
    notebook = json.loads(script.NOTEBOOK.read_text(encoding="utf-8"))
    sources = ["".join(cell["source"]) for cell in notebook["cells"]]
    assert sources == [cell.source for cell in done], "Run: python docs/make_worked_example.py"
    assert [source for source in sources if source not in page] == []


def test_the_page_has_the_tables_of_this_run(script, done):
    text, figures = script.page(done)
    headers = re.compile(r"<th>([^<]*)</th>")
    page = script.PAGE.read_text(encoding="utf-8")
    assert list(map(without_numbers, headers.findall(text))) == list(map(without_numbers, headers.findall(page)))
    assert all((script.FIGURES / name).exists() for name in figures)
