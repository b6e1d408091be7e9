"""Every source that the report cites is in references.toml, and every one there is cited."""

import re
from pathlib import Path

import pytest

from boundary.analysis import report
from boundary.analysis.report.references import cite, references

FOLDER = Path(report.__file__).parent
CITATION = re.compile(r"\bcite\(([^)]*)\)")


def cited_keys():
    """Keys in the templates and modules of the report, docstrings with their examples left out."""
    keys = set()
    for path in (*FOLDER.rglob("*.j2"), *FOLDER.rglob("*.py")):
        text = re.sub(r'(?s)""".*?"""', "", path.read_text(encoding="utf-8"))
        for arguments in CITATION.findall(text):
            keys |= set(re.findall(r"""["']([\w-]+)["']""", arguments))
    return keys


def test_every_citation_has_an_entry_and_every_entry_a_citation():
    assert cited_keys() == {reference.key for reference in references()}


def test_no_number_of_a_source_is_written_by_hand():
    for path in (*FOLDER.rglob("*.j2"), *FOLDER.rglob("*.py")):
        text = re.sub(r'(?s)""".*?"""', "", path.read_text(encoding="utf-8"))
        assert re.findall(r"(?<= )\[\d(?:, \d)*\]", text) == [], path.name


def test_numbers_are_those_of_the_list(pair):
    from boundary.analysis.report.page import report_html

    html = report_html(pair, pictures={benchmark: {} for benchmark in pair.benchmarks})
    items = re.findall("<li>(.*?)</li>", html.split('<ol class="references">')[1])
    assert len(items) == len(references())
    for number, (item, reference) in enumerate(zip(items, references(), strict=True), start=1):
        assert cite(reference.key) == f"[{number}]"
        assert item.startswith(reference.line.split(" (")[0])
        assert reference.bibtex.startswith(f"@misc{{{reference.key},")


def test_a_key_that_there_is_not_is_an_error():
    with pytest.raises(ValueError, match="not in"):
        cite("nobody1900")
