"""The section on multiplicity where several benchmarks or RL models are compared at once."""

from typing import Any

from boundary.analysis.result import Analysis
from boundary.analysis.text.ranking import panel_sentences


def comparisons_section(analysis: Analysis) -> dict[str, Any] | None:
    """Sentences; none where there is one comparison."""
    sentences = list(panel_sentences(analysis.estimates))
    return {"sentences": sentences} if sentences else None
