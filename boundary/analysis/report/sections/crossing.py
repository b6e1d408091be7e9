"""Where the curves of a pair meet: numbers that belong to no single budget of the tables."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd

from boundary.analysis.estimates.table import POSTERIOR, furthest_budget, select
from boundary.analysis.figures.figure import MOST_CURVES
from boundary.analysis.formatting import budget, crossover_text, format_of, heading, interval, number, upper_first
from boundary.analysis.report.rows import crossing_pairs
from boundary.analysis.report.tables import records_by
from boundary.analysis.result import Analysis
from boundary.stats.estimands import ESTIMANDS

HEADINGS = {"crossover": "Crossover, k"}
# What stands in place of these where no crossover is spoken of: value, interval, whether it is extrapolated.
NO_CROSSING = {
    "crossover": ("none", "by more than the margin", False),
    "no_crossover": ("\N{EN DASH}", "", False),
}


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
    rows, pairs = select(analysis.estimates, benchmark=benchmark), crossing_pairs(analysis)
    arms = [model for model in analysis.models if model != analysis.base]
    facts = {model: facts_of(rows, model, (benchmark, model) in pairs) for model in arms}
    facts = {model: numbers for model, numbers in facts.items() if numbers}
    return {"facts": facts} if facts else None


def facts_of(rows: pd.DataFrame, model: str, crosses: bool) -> list[Fact]:
    """Pick the numbers that belong to no single budget; of a crossover only where there is one to speak of."""
    crossing = {name: record for name, record in ESTIMANDS.items() if record.group == "crossing"}
    numbers = records_by(select(rows, kind=POSTERIOR, model=model, estimand=crossing), "estimand")
    facts, furthest = [], furthest_budget(rows)
    for record in sorted(crossing.values(), key=lambda record: record.reported_at != "none"):
        for row in numbers.get((record.name,), []):
            scale, digits, _ = format_of(record.name)
            k = "" if pd.isna(row["k"]) else budget(row["k"])
            label = HEADINGS.get(record.name, upper_first(heading(record.name, k)))
            middle = number(row["median" if record.is_budget else "mean"], scale, digits)
            # A probability is a mean of zeros and ones: quantiles of these would say nothing.
            around = "" if record.unit == "probability" else interval(row, scale, digits)
            labels = {"estimand": record.name, "column": "median" if record.is_budget else "mean", "k": row["k"]}
            if record.name == "crossover":
                middle, around, _ = crossover_text(row["median"], row["lower"], row["upper"], furthest)
            fact = Fact(label, middle, around, bool(row["extrapolated"]), labels)
            facts.append(fact if crosses else Fact(fact.label, *NO_CROSSING.get(record.name, fact[1:])))
    return facts
