"""Breadth of a benchmark's answers: different ones, entropy, agreement and majority votes."""

from typing import Any, NamedTuple

import pandas as pd

from boundary.analysis.breadth.record import (
    AGREEMENT,
    DISTINCT_RIGHT,
    DISTINCT_WRONG,
    ENTROPY,
    MAJORITY,
    MATCHED_SHRINKAGE,
)
from boundary.analysis.formatting import Shorten, interval, level_text, number
from boundary.analysis.result import Analysis
from boundary.analysis.text.breadth import breadth_sentences, matched_sentences


class Column(NamedTuple):
    """A column of the table: its estimand and budget, what heads it, and how its numbers are written."""

    estimand: str
    k: float | None
    text: str
    scale: float
    digits: int


def breadth_section(analysis: Analysis, benchmark: str) -> dict[str, Any] | None:
    """Sentences, a line for each model and each difference, and lines at matched temperatures."""
    rows = analysis.breadth.estimates
    rows = rows.loc[rows["benchmark"] == benchmark]
    if rows.empty:
        return None
    target = analysis.request.target
    own = rows.loc[rows["target"] == target]
    columns = _columns(own)
    return {
        "sentences": breadth_sentences(rows, target, shorten=analysis.shorten),
        "matched": list(matched_sentences(rows, shorten=analysis.shorten)),
        "matched_lines": [
            _matched_line(row, analysis.shorten) for row in _records(rows.loc[rows["estimand"] == MATCHED_SHRINKAGE])
        ],
        "columns": [column.text for column in columns],
        "lines": _lines(analysis, own, columns),
        "notes": [note.text for note in analysis.breadth.notes if note.benchmark in (benchmark, "all")],
        "level": level_text(analysis.request.level),
        "new_problems": target == "superpopulation",
    }


def _columns(rows: pd.DataFrame) -> list[Column]:
    """Different answers at n and 2n, majority votes at the most voters, entropy and agreement."""
    columns = []
    distinct = rows.loc[rows["estimand"] == DISTINCT_WRONG]
    within = sorted(distinct.loc[~distinct["extrapolated"].astype(bool), "k"].unique())
    if not within:
        return []
    n = within[-1]
    if (rows.loc[rows["estimand"] == DISTINCT_RIGHT, "extrapolated"].astype(bool)).any():
        columns.append(Column(DISTINCT_RIGHT, n, f"different right answers in {n:.0f} samples", 1.0, 2))
    columns.append(Column(DISTINCT_WRONG, n, f"different wrong answers in {n:.0f} samples", 1.0, 1))
    if (distinct["k"] == 2 * n).any():
        columns.append(Column(DISTINCT_WRONG, 2 * n, f"in {2 * n:.0f} (extrapolated)", 1.0, 1))
    votes = rows.loc[rows["estimand"] == MAJORITY, "k"]
    if len(votes):
        columns.append(Column(MAJORITY, votes.max(), f"maj@{votes.max():.0f}, %", 100.0, 1))
    columns.append(Column(ENTROPY, None, "answer entropy, nats", 1.0, 2))
    return [*columns, Column(AGREEMENT, None, "two samples agree, %", 100.0, 1)]


def _lines(analysis: Analysis, rows: pd.DataFrame, columns: list[Column]) -> list[dict[str, Any]]:
    """A line for each model, and for the base less each RL model."""
    lines = []
    for reference in ("", analysis.base):
        of_kind = rows.loc[rows["reference"] == reference]
        for model in analysis.models:
            cells = of_kind.loc[of_kind["model"] == model]
            if len(cells):
                name = analysis.shorten(model) if not reference else f"base less {analysis.shorten(model)}"
                lines.append(
                    {"name": name, "is_difference": bool(reference), "cells": [_cell(cells, c) for c in columns]}
                )
    return lines


def _cell(rows: pd.DataFrame, column: Column) -> dict[str, str]:
    own = rows.loc[rows["estimand"] == column.estimand]
    if column.k is not None:
        own = own.loc[own["k"] == column.k]
    if own.empty:
        return {"value": "\N{EN DASH}", "interval": ""}
    row = own.iloc[0].to_dict()
    return {
        "value": number(row["mean"], column.scale, column.digits),
        "interval": interval(row, column.scale, column.digits).replace(" ", "\N{NO-BREAK SPACE}"),
    }


def _matched_line(row: dict[Any, Any], shorten: Shorten) -> dict[str, Any]:
    return {
        "model": shorten(row["model"]),
        "k": f"{row['k']:.0f}",
        "extrapolated": bool(row["extrapolated"]),
        "shrinkage": number(row["mean"], 100.0, 1),
        "interval": interval(row, 100.0, 1),
        "base_ahead": number(row["prob_positive"], 1.0, 2),
        "rl_ahead": number(row["prob_negative"], 1.0, 2),
    }


def _records(rows: pd.DataFrame) -> list[dict[Any, Any]]:
    return rows.to_dict(orient="records")
