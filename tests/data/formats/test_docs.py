"""The page on importing has a row for each format, as its record says, and an example of each option."""

import re
from pathlib import Path

import pytest

from boundary.data.formats import FORMATS

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "import.md").read_text()


@pytest.mark.parametrize("format", FORMATS.values(), ids=FORMATS)
def test_formats_are_documented(format):
    assert PAGE.splitlines().count(format.documentation) == 1
    assert {example.partition("=")[0] for example in format.examples} == set(format.options)


@pytest.mark.parametrize("name", FORMATS)
def test_formats_have_a_row_on_what_is_kept_and_refused(name):
    section = PAGE.split("## What is kept, and what is refused")[1].split("\n## ")[0]
    (row,) = [line for line in section.splitlines() if line.startswith(f"| `{name}` |")]
    assert row.count("|") == 6


def test_no_format_is_made_up():
    assert set(re.findall(r"^\| `([a-z-]+)` \|.*\|.*\|.*\|$", PAGE, flags=re.MULTILINE)) <= {
        *FORMATS,
        "errors",
        "checked",
    }
