"""A section or a figure that is added as one line is in what `boundary analyze` writes."""

import importlib.util
import sys

import pandas as pd
import pytest
from click.testing import CliRunner

from boundary.analysis.figures import FIGURES
from boundary.analysis.figures.figure import ReportFigure, has_rows
from boundary.analysis.output.folder import may_remove
from boundary.analysis.report.section import Section
from boundary.analysis.report.sections import SECTIONS
from boundary.cli.main import main

MODULE = """
def toy_section(analysis, benchmark):
    return {"sentence": f"<{benchmark}> has {len(analysis.models)} models."}


def silent_section(analysis):
    return None
"""
TEMPLATE = """<p class="toy">{{ sentence }}</p>
"""


@pytest.fixture
def counts(tmp_path):
    """Twelve problems of two benchmarks, 16 samples of each of two models."""
    correct = {"base": [0, 1, 2, 3, 5, 8, 9, 11, 13, 14, 15, 16], "rl": [0, 0, 1, 6, 9, 12, 14, 16, 16, 16, 16, 16]}
    rows = [
        (model, "easy" if i > 5 else "hard", f"p{i}", 16, c)
        for model, column in correct.items()
        for i, c in enumerate(column)
    ]
    path = tmp_path / "counts.csv"
    columns = ["model", "benchmark", "problem_id", "n_samples", "n_correct"]
    pd.DataFrame(rows, columns=columns).to_csv(path, index=False)
    return path


def analyze(counts, folder):
    options = ["--base", "base", "--benchmark", "easy", "--prior", "independent", "--k", "1,16", "-o", str(folder)]
    result = CliRunner().invoke(main, ["analyze", str(counts), *options], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return (folder / "report.html").read_text(encoding="utf-8")


def test_a_section_is_a_module_a_template_and_a_line(counts, tmp_path, monkeypatch):
    (tmp_path / "toy.py").write_text(MODULE)
    (tmp_path / "toy.html.j2").write_text(TEMPLATE)
    (tmp_path / "toy.css").write_text(".toy { color: red; }")
    (tmp_path / "toy.js").write_text("document.title += '!';")
    spec = importlib.util.spec_from_file_location("toy", tmp_path / "toy.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "toy", module)
    spec.loader.exec_module(module)
    toy = Section("toy", "A toy", of_benchmark=module.toy_section)
    silent = Section("toy", "Nothing to show", of_analysis=module.silent_section)
    SECTIONS.extend([toy, silent])
    try:
        html = analyze(counts, tmp_path / "out")
    finally:
        del SECTIONS[-2:]
    assert '<h3 id="benchmark-1-toy">A toy</h3>' in html
    assert "Nothing to show" not in html
    assert '<p class="toy">&lt;easy&gt; has 2 models.</p>' in html
    assert ".toy { color: red; }" in html
    assert "<script>document.title += '!';</script>" in html
    assert html.split("</head>")[0].count("sha256-") == 5  # style, page, figures, table of problems, and this one


def test_a_figure_is_a_function_and_a_line(counts, tmp_path):
    def draw_toy(axes, data):
        axes.plot([0, 1], [0, 1])
        axes.set_title(data.benchmark)

    FIGURES.append(ReportFigure("toy", draw_toy, has_rows("shrinkage"), "A toy figure."))
    try:
        html = analyze(counts, tmp_path / "out")
        assert may_remove("figures/easy-toy.svg")
    finally:
        FIGURES.pop()
    assert html.count("<figcaption>A toy figure. ") == 1
    assert (tmp_path / "out" / "figures" / "easy-toy.svg").read_bytes().startswith(b"<svg ")
    assert not may_remove("figures/easy-toy.svg")


def test_every_section_has_its_files_and_a_name_of_its_own():
    assert len({section.name for section in SECTIONS}) == len(SECTIONS)
    for section in SECTIONS:
        assert (section.folder / section.template).is_file(), section.name
        assert (section.folder / f"{section.name}.py").is_file(), section.name
        assert (section.of_benchmark is None) != (section.of_analysis is None), section.name


def test_every_template_belongs_to_a_section():
    names = {section.name for section in SECTIONS}
    stems = {path.name.split(".")[0] for path in SECTIONS[0].folder.iterdir() if path.suffix in (".j2", ".css", ".js")}
    assert stems == names
