"""The searchable tables of problems in the report, and the script that searches them."""

import base64
import hashlib
from importlib.resources import files
from typing import Any

import pandas as pd

from boundary.analysis.formatting import number

# More arms than this make a page of many megabytes; problems.csv has them all.
MOST_ARMS = 6
EXPLANATION = (
    "c/n: right samples. p: solve rate, posterior mean and interval. Solves in {k}: probability that {k} samples solve "
    "it; P(solvable): that this is at least one half. P(lost): {k} samples of the base solve it and {k} of the model "
    "do not; P(gained): the converse. One success: a problem lost or gained that rests on a single right sample. Check "
    "grading: never right in one arm and nearly always in the other: more like a change of format than of ability."
)


def script() -> str:
    """The script that sorts and searches; the page's policy lets this very text run and no other."""
    return (files("boundary.analysis.report") / "templates" / "problems.js").read_text(encoding="utf-8")


def script_policy(text: str) -> str:
    """Source expression for a content security policy that allows one inline script."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def problem_tables(problems: pd.DataFrame, benchmark: str) -> list[dict[str, Any]]:
    """Lay out the problems of a benchmark, a table for each arm, the most lost or gained first."""
    mine = problems.loc[problems["benchmark"] == benchmark] if len(problems) else problems
    if mine.empty or mine["model"].nunique() > MOST_ARMS:
        return []
    return [_table(part, str(model)) for model, part in mine.groupby("model", sort=False)]


def _table(part: pd.DataFrame, model: str) -> dict[str, Any]:
    base, k = str(part["reference"].iloc[0]), int(part["k"].iloc[0])
    moved = part[["prob_lost", "prob_gained"]].max(axis=1).fillna(0)
    ordered = part.loc[moved.sort_values(ascending=False, kind="stable").index]
    arms = [("reference_", "base"), ("", "RL")] if base else [("", "")]
    headings = [f"{word} {name}".strip() for _, word in arms for name in ("c/n", "p", f"solves in {k}", "P(solvable)")]
    rows = [
        {
            "name": row["problem_id"],
            "cells": [text for prefix, _ in arms for text in _arm(row, prefix)] + (_moved(row) if base else []),
            "flag": row["flag"],
        }
        for row in ordered.to_dict(orient="records")
    ]
    against = f": {model} against its base" if base else f": {model}"
    return {
        "caption": f"Every problem{against}",
        "explanation": EXPLANATION.format(k=k),
        "headings": ["problem", "look twice", *headings, *(["P(lost)", "P(gained)"] if base else [])],
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


def _moved(row: dict[Any, Any]) -> list[str]:
    return [number(row[name], 1, 2) for name in ("prob_lost", "prob_gained")]
