"""Right answers with valid reasoning: how many there are, and CoT-pass@k beside pass@k."""

from typing import Any

from boundary.analysis.checks.valid_reasoning import valid_shown
from boundary.analysis.result import Analysis


def valid_reasoning_section(analysis: Analysis, benchmark: str) -> dict[str, Any] | None:
    """Shares of right answers with valid reasoning, lines of estimates, and the rates of the judge's errors."""
    shown = valid_shown(analysis.estimates, analysis.counts, benchmark)
    return None if shown is None else {**shown, "judge_errors": analysis.settings["judge_errors"]}
