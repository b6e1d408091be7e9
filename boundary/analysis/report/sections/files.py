"""The section on files and provenance: what was written beside the page, the command, and the hash of the counts."""

from typing import Any

from boundary.analysis.formatting import benchmark_name
from boundary.analysis.report.answers import ordered_benchmarks
from boundary.analysis.report.provenance import counts_hash
from boundary.analysis.result import Analysis


def files_section(analysis: Analysis) -> dict[str, Any]:
    """The benchmarks whose figures are files, and what identifies the counts."""
    table = analysis.counts.table
    return {
        "figure_benchmarks": [
            ("", "whole analysis"),
            *((name, benchmark_name(name)) for name in ordered_benchmarks(analysis)),
        ],
        "source": analysis.counts.source,
        "counts_hash": counts_hash(analysis.counts),
        "n_rows": len(table),
        "n_samples": int(table["n_samples"].sum()),
        "seed": analysis.request.seed,
        "missing_parts": analysis.missing_parts,
    }
