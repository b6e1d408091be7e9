"""Strata of a benchmark's problems: shrinkage in each, the difference of two, and what was chosen by its zeros."""

from typing import Any

import pandas as pd

from boundary.analysis.estimates.table import POSTERIOR
from boundary.analysis.formatting import Shorten, interval, level_text, middle_column, number, probability_text
from boundary.analysis.result import Analysis
from boundary.analysis.strata.record import DIFFERENCE, named_differences
from boundary.analysis.text.strata import strata_sentences

# Models with a sentence of their own.
MOST_MODELS = 3


def strata_section(analysis: Analysis, benchmark: str) -> dict[str, Any] | None:
    """A table for each column, sentences on the differences, and the notes."""
    strata = analysis.strata
    rows = strata.estimates.loc[strata.estimates["benchmark"] == benchmark]
    notes = [note for note in strata.notes if note.benchmark == benchmark or (len(rows) and note.benchmark == "all")]
    if rows.empty and not notes:
        return None
    columns = list(dict.fromkeys(rows["column"]))
    return {
        "heading": "Strata of problems" if columns else "Which problems these are",
        "columns": [_column(rows.loc[rows["column"] == column], analysis) for column in columns],
        "notes": notes,
        "level": level_text(analysis.request.level),
    }


def _column(rows: pd.DataFrame, analysis: Analysis) -> dict[str, Any]:
    n, margin = float(rows["k"].max()), analysis.request.margin
    rows = rows.loc[rows["kind"] == POSTERIOR]
    arms = list(dict.fromkeys(rows.loc[rows["estimand"] == DIFFERENCE, "model"]))
    surest = _surest(rows, arms)
    sentences = [
        line
        for arm in surest
        for line in strata_sentences(rows.loc[rows["model"] == arm], margin, shorten=analysis.shorten)
    ]
    if len(arms) > len(surest):
        sentences.append(f"These are the surest of {len(arms)} models; the others are in the table of differences.")
    at_n = rows.loc[rows["k"] == n]
    names = list(dict.fromkeys(at_n.loc[at_n["other_stratum"] == "", "stratum"]))
    headings = [
        (name, model)
        for name in ("shrinkage", "pass_at_k")
        for model in dict.fromkeys(at_n.loc[at_n["estimand"] == name, "model"])
    ]
    return {
        "name": str(rows["column"].iloc[0]),
        "n": f"{n:,.0f}",
        "sentences": sentences,
        "headings": [_heading(name, model, n, len(arms), analysis.shorten) for name, model in headings],
        "lines": [_line(at_n.loc[at_n["stratum"] == name], name, headings) for name in names],
        "differences": [
            _difference(row, len(arms), analysis.shorten) for row in _records(at_n.loc[at_n["estimand"] == DIFFERENCE])
        ],
    }


def _surest(rows: pd.DataFrame, arms: list[str]) -> list[str]:
    """The models of which it is surest how strata differ, in their order; all of them where they are few."""
    differences = named_differences(rows.loc[rows["k"] == rows["k"].max()])
    chances = differences.groupby("model")[["prob_positive", "prob_negative"]].max().max(axis=1)
    surest = chances.nlargest(MOST_MODELS).index
    return [arm for arm in arms if len(arms) <= MOST_MODELS or arm in surest]


def _heading(name: str, model: str, n: float, n_arms: int, shorten: Shorten) -> str:
    if name == "shrinkage":
        return "shrinkage, points" if n_arms == 1 else f"shrinkage of {shorten(model)}, points"
    return f"pass@{n:,.0f} of {shorten(model)}, %"


def _line(rows: pd.DataFrame, name: str, headings: list[tuple[str, str]]) -> dict[str, Any]:
    cells = []
    for estimand, model in headings:
        of_cell = _records(rows.loc[(rows["estimand"] == estimand) & (rows["model"] == model)])
        row = of_cell[0] if of_cell else {}
        cells.append({"value": number(row.get(middle_column(row)), 100, 1), "interval": interval(row, 100, 1)})
    own = rows.loc[rows["other_stratum"] == ""]
    return {"name": name, "n_problems": f"{int(own['n_problems'].iloc[0]):,}", "cells": cells}


def _difference(row: dict[Any, Any], n_arms: int, shorten: Shorten) -> dict[str, str]:
    name = f"{row['stratum']} less {row['other_stratum']}"
    return {
        "name": name if n_arms == 1 else f"{shorten(row['model'])}: {name}",
        "value": number(row[middle_column(row)], 100, 1),
        "interval": interval(row, 100, 1),
        "larger": probability_text(row["prob_positive"]),
        "smaller": probability_text(row["prob_negative"]),
    }


def _records(rows: pd.DataFrame) -> list[dict[Any, Any]]:
    return rows.to_dict(orient="records")
