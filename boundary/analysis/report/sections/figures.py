"""The figures of a benchmark."""

from typing import Any

from boundary.analysis.figures import FIGURES
from boundary.analysis.result import Analysis


def figures_section(analysis: Analysis, benchmark: str) -> dict[str, Any]:
    """Records of all figures; the page has the pictures of those that apply."""
    anchor = f"benchmark-{analysis.benchmarks.index(benchmark) + 1}"
    return {"figures": FIGURES, "benchmark": benchmark, "anchor": anchor}
