"""Where the curves of a pair meet: numbers that belong to no single budget of the tables."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd

from boundary.analysis.estimates.table import POSTERIOR, furthest_budget, select
from boundary.analysis.figures.figure import MOST_CURVES
from boundary.analysis.formatting import (
    budget,
    crossover_text,
    format_of,
    heading,
    interval,
    number,
    probability_text,
    upper_first,
)
from boundary.analysis.report.tables import records_by
from boundary.analysis.result import Analysis
from boundary.analysis.text.verdict import NO_SEARCH, UNCLEAR
from boundary.stats.estimands import ESTIMANDS

HEADINGS = {"crossover": "Crossover, k"}


class Fact(NamedTuple):
    """A number that belongs to no single budget; `labels` are those of its row of the estimates."""

    label: str
    value: str
    interval: str
    extrapolated: bool
    labels: Mapping[str, Any] = {}


def crossing_section(analysis: Analysis, benchmark: str) -> dict[str, Any] | None:
    """The facts of each RL model, by its name."""
    if len(analysis.models) > MOST_CURVES:
        return None
    rows = select(analysis.estimates, benchmark=benchmark)
    words = {
        verdict.model: verdict.no_crossover_word
        for verdict in analysis.verdicts
        if verdict.benchmark == benchmark and verdict.curve_order is not None
    }
    arms = [model for model in analysis.models if model != analysis.base]
    facts = {model: facts_of(rows, model, words.get(model, NO_SEARCH)) for model in arms}
    facts = {model: numbers for model, numbers in facts.items() if numbers}
    return {"facts": facts} if facts else None


def facts_of(rows: pd.DataFrame, model: str, no_crossover: str | None) -> list[Fact]:
    """Pick the numbers that belong to no single budget.

    `no_crossover` stands in place of a crossover where there is none to speak of (`Verdict.no_crossover_word`).
    """
    crossing = {name: record for name, record in ESTIMANDS.items() if record.group == "crossing"}
    numbers = records_by(select(rows, kind=POSTERIOR, model=model, estimand=crossing), "estimand")
    facts, furthest = [], furthest_budget(rows)
    for record in sorted(crossing.values(), key=lambda record: record.reported_at != "none"):
        for row in numbers.get((record.name,), []):
            scale, digits, _ = format_of(record.name)
            k = "" if pd.isna(row["k"]) else budget(row["k"])
            label = HEADINGS.get(record.name, upper_first(heading(record.name, k)))
            is_probability = record.unit == "probability"
            value = row["median" if record.is_budget else "mean"]
            middle = probability_text(value) if is_probability else number(value, scale, digits)
            # A probability is a mean of zeros and ones: quantiles of these would say nothing.
            around = "" if is_probability else interval(row, scale, digits)
            labels = {"estimand": record.name, "column": "median" if record.is_budget else "mean", "k": row["k"]}
            if record.is_budget:
                middle, around, _ = crossover_text(row["median"], row["lower"], row["upper"], furthest)
            if no_crossover and record.name == "crossover":
                by = "by more than the margin" if no_crossover not in (UNCLEAR, NO_SEARCH) else ""
                facts.append(Fact(label, no_crossover, by, False))
            elif no_crossover not in (None, UNCLEAR) and record.name == "no_crossover":
                facts.append(Fact(label, NO_SEARCH, "", False))
            else:
                facts.append(Fact(label, middle, around, bool(row["extrapolated"]), labels))
    return facts
