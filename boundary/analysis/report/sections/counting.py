"""The report's part on what was counted: when sampling stopped, samples without a verdict, valid reasoning."""

from typing import Any

from boundary.analysis.checks.missing_outcomes import outcomes_shown
from boundary.analysis.checks.valid_reasoning import valid_shown
from boundary.analysis.report.rows import samples_per_problem, without_slight_crossovers
from boundary.analysis.result import Analysis
from boundary.data.counts import ALL


def counted(analysis: Analysis, benchmark: str) -> dict[str, Any]:
    """What the template shows of one benchmark: `counting` (sentences), `outcomes` and `valid` (tables)."""
    budgets = {1, samples_per_problem(analysis, benchmark), int(analysis.estimates["k"].max())}
    rows = analysis.outcomes.rows
    rows = without_slight_crossovers(rows, analysis) if len(rows) else rows
    stopped = [one for one in analysis.stopped if benchmark in (ALL, one.benchmark)]
    others = (*analysis.unequal, *analysis.outcomes.remarks)
    counting: list[Any] = [*stopped, *(one for one in others if one.benchmark == benchmark)]
    return {
        "counting": counting,
        "outcomes": outcomes_shown(analysis.outcomes, rows, benchmark, sorted(budgets)),
        "valid": valid_shown(analysis.estimates, analysis.counts, benchmark),
        "judge": analysis.settings.get("judge_errors", {}),
    }
