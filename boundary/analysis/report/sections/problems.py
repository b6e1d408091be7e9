"""The searchable tables of problems; problems.js sorts and searches them."""

from typing import Any

import pandas as pd

from boundary.analysis.formatting import number
from boundary.analysis.result import Analysis

# More arms than this make a page of many megabytes; problems.csv has them all.
MOST_ARMS = 6
EXPLANATION = (
    "c/n: right samples. p: solve rate, posterior mean and interval. Solves in {k}: probability that {k} samples solve "
    "it; P(solvable): that this is at least one half. P(lost): {k} samples of the base solve it and {k} of the model "
    "do not; P(gained): the converse. One success: a problem lost or gained that rests on a single right sample. Check "
    "grading: never right in one arm and nearly always in the other: more like a change of format than of ability."
)


def problems_section(analysis: Analysis, benchmark: str) -> dict[str, Any] | None:
    """A table for each RL model or model alone."""
    tables = problem_tables(analysis.problems, benchmark)
    return {"tables": tables} if tables else None


def problem_tables(problems: pd.DataFrame, benchmark: str) -> list[dict[str, Any]]:
    """Lay out the problems of a benchmark, a table for each arm, the most lost or gained first."""
    rows = problems.loc[problems["benchmark"] == benchmark] if len(problems) else problems
    if rows.empty or rows["model"].nunique() > MOST_ARMS:
        return []
    return [_table(part, str(model)) for model, part in rows.groupby("model", sort=False)]


def _table(part: pd.DataFrame, model: str) -> dict[str, Any]:
    base, k = str(part["reference"].iloc[0]), int(part["k"].iloc[0])
    lost_or_gained = part[["prob_lost", "prob_gained"]].max(axis=1).fillna(0)
    ordered = part.loc[lost_or_gained.sort_values(ascending=False, kind="stable").index]
    arms = [("reference_", "base"), ("", "RL")] if base else [("", "")]
    headings = [f"{word} {name}".strip() for _, word in arms for name in ("c/n", "p", f"solves in {k}", "P(solvable)")]
    flows = {"prob_lost": "P(lost)", "prob_gained": "P(gained)"} if base else {}
    rows = [
        {
            "name": row["problem_id"],
            "cells": [text for prefix, _ in arms for text in _arm(row, prefix)]
            + [number(row[name], 1, 2) for name in flows],
            "flag": row["flag"],
        }
        for row in ordered.to_dict(orient="records")
    ]
    against = f": {model} against its base" if base else f": {model}"
    return {
        "caption": f"Every problem{against}",
        "explanation": EXPLANATION.format(k=k),
        "headings": ["problem", "look twice", *headings, *flows.values()],
        "rows": rows,
    }


def _arm(row: dict[Any, Any], prefix: str) -> list[str]:
    low, high = (number(row[f"{prefix}p_{side}"], 1, 3) for side in ("lower", "upper"))
    return [
        f"{row[f'{prefix}n_correct']:.0f}/{row[f'{prefix}n_samples']:.0f}",
        f"{number(row[f'{prefix}p_mean'], 1, 3)} [{low}, {high}]",
        number(row[f"{prefix}reach_mean"], 1, 3),
        number(row[f"{prefix}prob_solvable"], 1, 2),
    ]
