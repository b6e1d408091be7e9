"""The page on importing names every format, and every option of each."""

import inspect
import re
from pathlib import Path

import pytest

from boundary.data.formats import FORMATS

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "import.md").read_text()


@pytest.mark.parametrize("name", FORMATS)
def test_formats_are_documented(name):
    rows = re.findall(rf"^\| `{re.escape(name)}` \|.*$", PAGE, flags=re.MULTILINE)
    assert len(rows) == 1
    parameters = inspect.signature(FORMATS[name].read).parameters.values()
    options = {parameter.name for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY}
    assert set(re.findall(r"`(\w+)=", rows[0])) == options


def test_no_format_is_made_up():
    assert set(re.findall(r"^\| `([a-z-]+)` \|.*\|.*\|.*\|$", PAGE, flags=re.MULTILINE)) <= {
        *FORMATS,
        "errors",
        "checked",
    }
