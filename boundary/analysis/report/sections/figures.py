"""The figures of a benchmark."""

from typing import Any

from boundary.analysis.figures import FIGURES
from boundary.analysis.formatting import benchmark_name
from boundary.analysis.result import Analysis


def figures_section(analysis: Analysis, benchmark: str) -> dict[str, Any]:
    """Records of all figures; the page has the pictures of those that apply."""
    return {"figures": FIGURES, "benchmark": benchmark, "name": benchmark_name(benchmark)}
