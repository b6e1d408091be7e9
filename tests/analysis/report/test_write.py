"""The files of the report are the same for the same analysis, under names that are safe on every system."""

import re

import pytest

from boundary.analysis.report.links import file_stems
from boundary.analysis.report.write import write_analysis, write_report
from boundary.errors import InputError


def test_files_written_and_the_same_again(pair, tmp_path):
    first, second = (write_report(pair, tmp_path / name, ["pdf", "png"]) for name in ("a", "b/c"))
    names = {path.name for path in first}
    assert names >= {"report.html", "summary.json", "all-flows.svg", "all-flows.png", "AIME24-pass_at_k.pdf"}
    assert len(first) == 2 + (1 + 9) * 3  # the overview, and three for each benchmark
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_figures_are_vectors_of_the_width_asked_for_and_the_page_is_the_same(pair, tmp_path):
    paths = write_report(pair, tmp_path / "page")
    assert {path.suffix for path in paths[2:]} == {".svg"}
    narrow = write_report(pair, tmp_path / "column", figure_width=3.35)
    assert [path.name for path in narrow] == [path.name for path in paths]
    assert "viewBox='0 0 486 " in paths[2].read_text()
    assert "viewBox='0 0 241.2 " in narrow[2].read_text()
    assert narrow[0].read_text() == paths[0].read_text()


def test_an_impossible_width_is_refused_before_anything_is_written(pair, tmp_path):
    for width in ("wide", "0", 100, "nan", True):
        with pytest.raises(InputError, match=r"'column', 'page' or inches from 2\.5 to 20"):
            write_analysis(pair, tmp_path / "out", figure_width=width)
    assert not (tmp_path / "out").exists()


def test_the_page_has_every_figure(pair, tmp_path):
    paths = write_report(pair, tmp_path)
    page = (tmp_path / "report.html").read_text()
    stems = {path.stem for path in paths[2:]} - {"overview-forest"}
    shown = re.findall(r'<figure class="plots" id="figure-benchmark-\d-(\w+)">', page)
    assert sorted(shown) == sorted(stem.partition("-")[2] for stem in stems)


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


def test_a_benchmark_named_overview_does_not_share_the_files_of_the_overview():
    assert file_stems(("overview", "Overview", "overview-2")) == ["overview-2", "Overview-3", "overview-2-2"]
