"""From samples to the record of breadth."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from boundary.analysis.breadth.estimates import ModelAnswers, answers_of_model, benchmark_rows
from boundary.analysis.breadth.matched_temperatures import matched_rows
from boundary.analysis.breadth.record import BREADTH_COLUMNS, Breadth
from boundary.analysis.formatting import benchmark_name, number
from boundary.analysis.guess_floors import MeasuredFloors
from boundary.analysis.notes import Note
from boundary.analysis.request import Request
from boundary.data.answers.given_answers import GivenAnswers
from boundary.data.counts import ALL, Counts
from boundary.stats.solve_rates import SolveRates

MISSING = (
    "Breadth of answers and luck: the counts come without the samples' answers. Analyze the run folder "
    "that boundary sample wrote, or a table with a row a sample and the columns answer and reference."
)

# Samples that are worth less than this share of as many independent guesses are noted.
FAR_BELOW = 0.5
# Of fewer independent guesses a problem intervals with measured floors are too narrow (docs/luck.md).
FEWEST_GUESSES = 2.0


def breadth_of_answers(
    request: Request,
    counts: Counts,
    answers_given: GivenAnswers | None,
    floors: MeasuredFloors,
    rates: Mapping[str, SolveRates],
    adaptive_arms: Sequence[Note],
) -> Breadth:
    """Different answers, entropy, agreement and majority votes of the models of an analysis, and the measured floors.

    Parameters
    ----------
    request, counts
        Of the analysis.
    answers_given
        The answers of the samples; None where there are none.
    floors
        Measured guess floors.
    rates
        Posterior of the solve rates, by the names of the fits.
    adaptive_arms
        Notes on arms whose number of samples depends on the outcome: nothing is estimated of their answers.
    """
    if answers_given is None:
        return Breadth(missing=MISSING)
    adaptive = {note.model for note in adaptive_arms}
    rows: list[dict[str, Any]] = []
    by_benchmark: dict[str, dict[str, ModelAnswers]] = {}
    for benchmark in request.benchmarks:
        answers = {
            model: answers_of_model(answers_given, benchmark, model)
            for model in request.models
            if model not in adaptive
        }
        answers = {model: own for model, own in answers.items() if own.problems}
        by_benchmark[benchmark] = answers
        rows += benchmark_rows(answers, request.base, benchmark, request.level, request.seed)
    at_temperatures, unmatched = matched_rows(request, counts, by_benchmark, rates)
    estimates = pd.DataFrame(rows + at_temperatures, columns=list(BREADTH_COLUMNS))
    in_use = request.verifier is not None and request.verifier.measures_floors
    notes = (*_notes(request, estimates, adaptive), *unmatched, *(_worth_notes(request, floors) if in_use else ()))
    return Breadth(estimates, floors, in_use, notes)


def _worth_notes(request: Request, floors: MeasuredFloors) -> Iterator[Note]:
    """Where samples repeat each other, so that luck makes many of a problem's right, or none."""
    types = floors.types
    rows = types.loc[types["model"].isin(list(request.models)) & types["benchmark"].isin(list(request.benchmarks))]
    for row in rows.loc[rows["worth"] < FAR_BELOW * rows["n_samples"]].to_dict(orient="records"):
        text = (
            f"{row['model']}, {row['benchmark']}: {row['n_samples']:,.0f} samples of a problem with an answer of the "
            f"type {row['answer_type']} are worth about {number(row['worth'], 1.0, 1)} independent guesses, since they "
            "repeat each other. The estimates with measured guess floors reckon with that: luck makes many samples of "
            "a problem right, or none."
        )
        too_few = row["worth"] < FEWEST_GUESSES
        if too_few:
            text += (
                " Of so few guesses luck and skill cannot be told apart well: in simulations 95 % intervals held the "
                "truth in 72 to 90 of 100 cases."
            )
        yield Note(str(row["benchmark"]), str(row["model"]), text, "alarm" if too_few else "remark")


def _notes(request: Request, estimates: pd.DataFrame, adaptive: set[str]) -> Iterator[Note]:
    for model in request.models:
        if model in adaptive:
            text = f"The answers of {request.shorten(model)} are not counted: how many samples it has depends on them."
            yield Note(ALL, model, text, "note")
    for benchmark in request.benchmarks:
        present = set(estimates.loc[estimates["benchmark"] == benchmark, "model"])
        for model in request.models:
            if model not in present and model not in adaptive:
                text = f"The samples of {request.shorten(model)} on {benchmark_name(benchmark)} come without answers."
                yield Note(benchmark, model, text, "note")
