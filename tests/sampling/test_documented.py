"""docs/sampling.md names every engine with its options, every verifier, template and preset."""

import re
from pathlib import Path

import pytest

from boundary.sampling.benchmarks.presets import presets
from boundary.sampling.engines.opening import SPREADING, engine_function, own_options
from boundary.sampling.engines.table import ENGINES
from boundary.sampling.prompts import template_names
from boundary.sampling.verifiers.table import VERIFIERS

PAGE = Path(__file__).parents[2] / "docs" / "sampling.md"


@pytest.fixture(scope="module")
def words():
    if not PAGE.exists():
        pytest.skip("installed without the docs")
    quoted = re.findall(r"`([^`\n]+)`", PAGE.read_text(encoding="utf-8"))
    # `math-eval-aime|amc` stands for math-eval-aime and math-eval-amc.
    families = [name.rpartition("-")[0] + f"-{last}" for name in quoted for last in name.rpartition("-")[2].split("|")]
    return {*quoted, *families}


@pytest.mark.parametrize("name", ENGINES)
def test_every_engine_and_its_options_are_documented(words, name):
    options = own_options(engine_function(ENGINES[name].function))
    assert {name, *options} - {"base_url"} <= words  # --base-url has a paragraph
    assert set(ENGINES[name].identifying_options) <= set(options)


def test_the_options_of_workers_are_documented(words):
    assert set(own_options(engine_function(SPREADING))) <= words


@pytest.mark.parametrize("names", [VERIFIERS, template_names(), presets()], ids=["verifiers", "templates", "presets"])
def test_every_name_is_documented(words, names):
    assert set(names) <= words
