"""The files of the report are the same for the same analysis, under names that are safe on every system."""

import re
from html import unescape
from urllib.parse import unquote

import pytest

from boundary.analysis.report.links import file_stems
from boundary.analysis.report.write import write_analysis, write_report
from boundary.errors import InputError


def test_files_written_and_the_same_again(pair, tmp_path):
    first, second = (write_report(pair, tmp_path / name, ["pdf", "png"]) for name in ("a", "b/c"))
    names = {path.name for path in first}
    assert names >= {"report.html", "summary.json", "all-flows.svg", "all-flows.png", "AIME24-pass_at_k.pdf"}
    assert len(first) == 2 + 9 * 3
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_figures_are_vectors_and_those_of_the_page(pair, tmp_path):
    paths = write_report(pair, tmp_path)
    assert {path.suffix for path in paths[2:]} == {".svg"}
    pictures = re.findall(r'src="data:image/svg\+xml;charset=utf-8,([^"]*)"', (tmp_path / "report.html").read_text())
    files = [path.read_text() for path in paths[2:]]
    assert [unquote(unescape(picture)) for picture in pictures] == files


@pytest.mark.parametrize("formats", ["gif", ["pdf", "jpeg"]])
def test_unknown_formats_are_refused_before_anything_is_written(pair, tmp_path, formats):
    with pytest.raises(InputError, match=r"no figure format '(gif|jpeg)'\. Choose from svg, pdf, png"):
        write_analysis(pair, tmp_path / "out", formats)
    assert not (tmp_path / "out").exists()


def test_file_stems_are_safe_and_distinct():
    stems = file_stems(("a/b", "a b", "A-B", "..", "all", "MATH-500"))
    assert len({stem.lower() for stem in stems}) == len(stems)
    assert all(re.fullmatch(r"[\w.-]+", stem) and not stem.startswith(".") for stem in stems)
    assert stems[-1] == "MATH-500"
