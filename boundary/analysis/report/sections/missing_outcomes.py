"""Samples that came to no verdict: the main estimates with them as wrong and as missing."""

from typing import Any

from boundary.analysis.checks.missing_outcomes import outcomes_shown
from boundary.analysis.report.rows import without_slight_crossovers
from boundary.analysis.result import Analysis


def missing_outcomes_section(analysis: Analysis, benchmark: str) -> dict[str, Any] | None:
    """A line for each estimate: its name, and its value under either treatment."""
    budgets = {1, analysis.sample_sizes[benchmark].reliable_k, int(analysis.estimates["k"].max())}
    rows = analysis.outcomes.rows
    rows = without_slight_crossovers(rows, analysis) if len(rows) else rows
    lines = outcomes_shown(analysis.outcomes, rows, benchmark, sorted(budgets))
    return {"lines": lines} if lines else None
