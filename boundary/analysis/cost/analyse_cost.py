"""The cost part of an analysis."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from boundary.analysis.cost.estimates import cost_rows
from boundary.analysis.cost.lengths import ModelLengths, has_lengths, lengths_of_model
from boundary.analysis.cost.record import (
    COST_COLUMNS,
    MISSING,
    OF_MEANS,
    OF_MEANS_BY_OUTCOME,
    CostEstimates,
)
from boundary.analysis.cost.token_limit import limit_rows
from boundary.analysis.estimates.table import without_minus_zero
from boundary.analysis.fitting import Panel
from boundary.analysis.notes import Note
from boundary.analysis.progress import Progress
from boundary.analysis.request import Request
from boundary.data.counts import ALL, Counts
from boundary.stats.solve_rates import SolveRates

TYPES = {"extrapolated": bool, "n_problems": int}


def analyse_cost(
    request: Request,
    panels: Sequence[Panel],
    fits: Sequence[SolveRates],
    counts: Counts,
    samples: pd.DataFrame | None,
    progress: Progress,
    cut_notes: tuple[Note, ...] = (),
) -> CostEstimates:
    """What models solve at equal tokens or money, wherever lengths of attempts are known.

    Parameters
    ----------
    request
        Level, margin, seed, prices.
    panels, fits
        Each fit and its posterior.
    counts, samples
        Where the lengths come from.
    progress
        Told of each fit.
    cut_notes
        On samples that were cut at a token limit before.

    Returns
    -------
    CostEstimates
        With `missing`, and without rows, where no length is known.
    """
    if not has_lengths(counts, samples):
        return CostEstimates(notes=cut_notes, missing=MISSING)
    rows: list[dict[str, Any]] = []
    notes = list(cut_notes)
    for done, (panel, rates) in enumerate(zip(panels, fits, strict=True)):
        progress(f"Cost: {panel.benchmark}", done, len(panels))
        lengths = {
            model: of_model
            for model in panel.models
            if (of_model := lengths_of_model(panel, model, counts, samples, request.outcomes_as_missing)) is not None
        }
        if len(lengths) == len(panel.models):
            rows += cost_rows(request, panel, rates, lengths)
            notes += _length_notes(panel, lengths)
        else:
            absent = ", ".join(model for model in panel.models if model not in lengths)
            text = f"Cost is not estimated: fewer than half of the problems have a length of attempts of {absent}."
            notes.append(Note(panel.benchmark, panel.arm, text, "note"))
    of_limits, limit_notes = limit_rows(request, panels, samples)
    rows += of_limits
    notes += limit_notes
    if not rows:
        return CostEstimates(notes=tuple(notes), missing=MISSING)
    notes += _target_note(request)
    table = pd.DataFrame(rows, columns=list(COST_COLUMNS)).astype(TYPES)
    return CostEstimates(without_minus_zero(table), tuple(dict.fromkeys(notes)))


def _length_notes(panel: Panel, lengths: Mapping[str, ModelLengths]) -> Iterator[Note]:
    """What lengths rest on, where it is less than samples."""
    sentences = {
        OF_MEANS_BY_OUTCOME: "only mean lengths of right and wrong attempts are known: how they spread around these is "
        "supposed (log-normal, 0.6 of the mean), and matters at budgets of few attempts.",
        OF_MEANS: "only mean lengths of all attempts are known: how much longer wrong ones are than right ones is "
        "taken to be uncertain (0.7 to 3.3 times), and makes intervals wide.",
    }
    for origin, sentence in sentences.items():
        models = [model for model, of_model in lengths.items() if of_model.origin == origin]
        if models:
            yield Note(panel.benchmark, panel.arm, f"Of {' and '.join(models)} {sentence}", "note")


def _target_note(request: Request) -> list[Note]:
    if request.target == "benchmark":
        return []
    text = (
        "Cost is about these problems, not about new ones of the same kind: nothing is known of the latter's lengths."
    )
    return [Note(ALL, "", text, "note")]
