"""What the table of strata says, in sentences."""

from typing import Any

import pandas as pd

from boundary.analysis.estimates.decisions import SURE
from boundary.analysis.formatting import Shorten, interval, number, percentage, points, short_name
from boundary.analysis.strata.record import named_differences


def strata_sentences(rows: pd.DataFrame, margin: float, *, shorten: Shorten = short_name) -> list[str]:
    """Sentences on one column and one model of a benchmark: the pair of strata that differs most surely.

    Parameters
    ----------
    rows
        Of the column, the model and the benchmark (`boundary.analysis.strata.record.STRATA_COLUMNS`).
    margin
        Difference that matters, as a share of problems.
    """
    differences = named_differences(rows.loc[rows["k"] == rows["k"].max()])
    if differences.empty:
        return []
    chances = differences[["prob_positive", "prob_negative"]].max(axis=1)
    surest = differences.iloc[int(chances.to_numpy().argmax())].to_dict()
    is_selected = len(differences) > 1
    return [_difference_sentence(surest, is_selected, margin, shorten)]


def _difference_sentence(row: dict[Any, Any], is_selected: bool, margin: float, shorten: Shorten) -> str:
    first, second = row["stratum"], row["other_stratum"]
    is_larger = row["prob_positive"] >= row["prob_negative"]
    if not is_larger:
        first, second = second, first
        row = row | {
            "mean": -row["mean"],
            "lower": -row["upper"],
            "upper": -row["lower"],
            "prob_positive": row["prob_negative"],
        }
    quantity = f"shrinkage of {shorten(row['model'])} at k = {row['k']:,.0f}"
    size = f"{number(row['mean'], 100, 1)} points {interval(row, 100, 1)}"
    chance = percentage(float(row["prob_positive"]))
    note = " Of several pairs this is the surest one, which chance favours." if is_selected else ""
    condition = f"{row['column']} = {first} than where it is {second}"
    if row["prob_positive"] >= SURE:
        return f"The {quantity} is larger where {condition}, by {size} (probability {chance}).{note}"
    if row["prob_equivalent"] >= SURE:
        differs = f"differs by no more than {points(margin)}" if margin else "is the same"
        return f"The {quantity} {differs} between {first} and {second} of {row['column']}."
    return (
        f"Whether the {quantity} differs between strata of {row['column']} cannot be told yet: it is larger where "
        f"{condition} with probability {chance}, by {size}.{note}"
    )
