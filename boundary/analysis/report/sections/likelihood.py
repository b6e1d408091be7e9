"""Likelihood of the responses under the base and under the models themselves, and the base's reach by scores."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from boundary.analysis.formatting import interval, number
from boundary.analysis.likelihood.scores import ANY, RIGHT, UNTEMPERED, WRONG
from boundary.analysis.report.tables import records
from boundary.analysis.result import Analysis
from boundary.analysis.text.likelihood import likelihood_sentences, problem_names, reach_sentences
from boundary.data.counts import ALL
from boundary.stats.likelihood.gains import PARTS

# Problems of the table; reach_by_scores.csv has all.
MOST_PROBLEMS = 50
CLASS_WORDS = {ANY: "all", RIGHT: "right", WRONG: "wrong", "reference": "reference answers"}
# Estimands of the table of differences: heading, factor and digits.
DIFFERENCES = {
    "log_probability_difference": ("nats per token", 1.0, 3),
    "superiority": ("P(likelier per token)", 1.0, 2),
    "superiority_total": ("P(likelier as a whole)", 1.0, 2),
    "bits_difference": ("bits per response", 1.0, 1),
    "bits_per_byte_difference": ("bits per byte", 1.0, 3),
}
PART_WORDS = {
    "amplified_by_both": "within reach of the base by counts and scores",
    "amplified_by_counts": "within reach by counts, left open by scores",
    "discovered_by_counts": "out of reach by counts, left open by scores",
    "within_reach_by_scores": "within reach by scores, out of reach by counts",
}


def likelihood_section(analysis: Analysis, benchmark: str) -> dict[str, Any] | None:
    """Sentences and tables of a benchmark; None where nothing of it was scored."""
    rows = analysis.likelihood.rows
    rows = rows.loc[rows["benchmark"] == benchmark]
    if rows.empty:
        return None
    base = analysis.base
    arms = analysis.request.arms if base is not None else ()
    record = analysis.likelihood
    return {
        "sentences": [
            s for arm in arms for s in likelihood_sentences(record, benchmark, str(base), arm, shorten=analysis.shorten)
        ],
        "boxes": list(_boxes(rows)),
        "difference_headings": [heading for heading, *_ in _used_differences(rows).values()],
        "differences": list(_differences(rows)),
        "reach_sentences": [
            s for arm in arms for s in reach_sentences(record, benchmark, str(base), arm, shorten=analysis.shorten)
        ],
        "parts": list(_parts(rows)),
        "n_models": len(arms),
        "problems": list(_problems(record.reach, benchmark)),
        "n_problems": len(_of_benchmark(record.reach, benchmark)),
        "notes": [note for note in record.notes if note.benchmark == benchmark],
    }


def _boxes(rows: pd.DataFrame) -> Iterator[dict[str, str]]:
    """A line for each perplexity, with the bits of a response where these are of the same responses."""
    bits = rows.loc[rows["estimand"] == "bits"]
    of_group = {(row["scorer"], row["model"], row["outcome"]): row for row in records(bits)}
    shown = rows.loc[rows["estimand"].isin(["perplexity", "bits_per_byte"])]
    for row in records(shown):
        per_byte = row["estimand"] == "bits_per_byte"
        beside = of_group.get((row["scorer"], row["model"], row["outcome"]), {})
        beside = {} if per_byte or row["scored_as"] != UNTEMPERED else beside
        yield {
            "scorer": row["scorer"],
            "model": row["model"],
            "outcome": CLASS_WORDS.get(row["outcome"], row["outcome"]),
            "scored_as": "bits per byte" if per_byte else row["scored_as"],
            "mean": number(row["mean"], 1, 3),
            "interval": interval(row, 1, 3),
            "spread": f"{number(row['share_25'], 1, 2)} to {number(row['share_75'], 1, 2)}",
            "bits": number(beside.get("mean"), 1, 1),
            "bits_interval": interval(beside, 1, 1),
            "n": f"{row['n_responses']:,} of {row['n_problems']:,}",
        }


def _used_differences(rows: pd.DataFrame) -> dict[str, tuple[str, float, int]]:
    return {name: value for name, value in DIFFERENCES.items() if (rows["estimand"] == name).any()}


def _differences(rows: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """A line for each scorer, RL model and class of outcomes."""
    estimands = _used_differences(rows)
    part = rows.loc[rows["estimand"].isin(list(estimands)) & (rows["scored_as"] == UNTEMPERED)]
    for (scorer, model, outcome), group in part.groupby(["scorer", "model", "outcome"], sort=False):
        by_name = {row["estimand"]: row for row in records(group)}
        cells = [
            (number(by_name[name]["mean"], factor, digits), interval(by_name[name], factor, digits))
            if name in by_name
            else ("", "")
            for name, (_, factor, digits) in estimands.items()
        ]
        first = next(iter(by_name.values()))
        yield {
            "scorer": scorer,
            "model": model,
            "outcome": CLASS_WORDS[str(outcome)],
            "n_problems": f"{first['n_problems']:,}",
            "cells": cells,
        }


def _parts(rows: pd.DataFrame) -> Iterator[dict[str, str]]:
    for row in records(rows.loc[rows["estimand"].isin(PARTS)]):
        yield {
            "model": row["model"],
            "name": PART_WORDS[row["estimand"]],
            "mean": number(row["mean"], 100, 1),
            "interval": interval(row, 100, 1),
        }


def _of_benchmark(reach: pd.DataFrame, benchmark: str) -> pd.DataFrame:
    return reach if benchmark == ALL else reach.loc[reach["benchmark"] == benchmark]


def _problems(reach: pd.DataFrame, benchmark: str) -> Iterator[dict[str, str]]:
    """Problems of the table, those on which counts and scores disagree first."""
    part = _of_benchmark(reach, benchmark).drop_duplicates(["benchmark", "problem_id", "model"])
    part = part.assign(agrees=part["disagreement"] == "").sort_values(["agrees", "counts_mean"], kind="stable")
    for row in records(part.head(MOST_PROBLEMS)):
        counts, estimate = (
            {side: row[f"{name}_{side}"] for side in ("lower", "upper")} for name in ("counts", "estimate")
        )
        yield {
            "problem": problem_names([row["benchmark"]], [row["problem_id"]], benchmark)[0],
            "model": row["model"],
            "n_right": f"{row['n_right']:,}",
            "counts": number(row["counts_mean"], 100, 1),
            "counts_interval": interval(counts, 100, 1),
            "certain": number(row["certain_bound"], 100, 2) if row["certain_bound"] >= 1e-4 else "under 0.01",
            "bound": number(row["bound_lower"], 100, 2),
            "estimate": number(row["estimate_mean"], 100, 1) or "withheld",
            "estimate_interval": interval(estimate, 100, 1),
            "effective": number(row["effective_responses"], 1, 0),
            "disagreement": row["disagreement"],
        }
