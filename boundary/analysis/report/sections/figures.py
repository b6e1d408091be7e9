"""The figures of a benchmark."""

from typing import Any

from boundary.analysis.figures import FIGURES
from boundary.analysis.formatting import benchmark_name
from boundary.analysis.report.rows import figure_data
from boundary.analysis.result import Analysis


def figures_section(analysis: Analysis, benchmark: str) -> dict[str, Any]:
    """Records of the figures that apply; the page has their pictures."""
    data = figure_data(analysis, benchmark)
    figures = [figure for figure in FIGURES if figure.applies(data)]
    return {"figures": figures, "benchmark": benchmark, "name": benchmark_name(benchmark)}
