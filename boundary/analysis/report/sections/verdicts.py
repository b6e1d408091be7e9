"""The first section on a benchmark: whether its fits converged, the verdicts, remarks on settings and counts."""

from typing import Any

from boundary.analysis.notes import Note
from boundary.analysis.result import Analysis
from boundary.data.counts import ALL


def verdicts_section(analysis: Analysis, benchmark: str) -> dict[str, Any]:
    """Fits that did not converge (model and message), verdicts, and remarks on how models were sampled and counted."""
    rows = analysis.diagnostics.loc[analysis.diagnostics["benchmark"] == benchmark]
    failed = rows.loc[~rows["ok"].astype(bool)]
    return {
        "failures": [
            (model if len(analysis.models) > 2 else "", message)
            for model, message in zip(failed["model"], failed["message"], strict=True)
        ],
        "verdicts": [verdict.text for verdict in analysis.verdicts if verdict.benchmark == benchmark],
        "arm_remarks": analysis.arms.of(benchmark),
        "count_remarks": notes_on_counts_of(analysis, benchmark),
    }


def notes_on_counts_of(analysis: Analysis, benchmark: str) -> list[Note]:
    """Notes on optional stopping, problems with fewer samples, missing outcomes and suspect counts of a benchmark."""
    stopping = [note for note in analysis.optional_stopping if benchmark in (ALL, note.benchmark)]
    remarks = (*analysis.unequal_samples, *analysis.missing_outcomes.remarks)
    return [*stopping, *(note for note in remarks if note.benchmark == benchmark)]
