"""What an analysis keeps of strata."""

from dataclasses import dataclass, field

import pandas as pd

from boundary.analysis.notes import Note

DIFFERENCE = "shrinkage_difference"
# The stratum of problems without a value.
NO_VALUE = "(no value)"
STRATA_COLUMNS = (
    "benchmark",
    "estimand",
    "model",
    "reference",
    "column",
    "stratum",
    "other_stratum",
    "k",
    "kind",
    "mean",
    "median",
    "lower",
    "upper",
    "level",
    "prob_positive",
    "prob_negative",
    "prob_equivalent",
    "extrapolated",
    "n_problems",
)
MISSING = (
    "Strata are not compared: name a column that is constant for each problem, as level or contaminated, with --strata "
    "(strata= from Python)."
)


@dataclass(frozen=True)
class Strata:
    """Pass@k and shrinkage in groups of problems.

    Parameters
    ----------
    estimates
        The tidy table (`STRATA_COLUMNS`): pass@k of each model and shrinkage of each pair in each stratum, and
        `shrinkage_difference`, that of a stratum less that of another one.
    notes
        How strata were made, which have few problems, and where problems may have been chosen because the base failed.
    missing
        What is lacking for it, and how to get that, in one sentence; empty where nothing is.
    """

    estimates: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(STRATA_COLUMNS)))
    notes: tuple[Note, ...] = ()
    missing: str = ""


def named_differences(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of differences between strata that have a value, or of all where there are no others.

    Nobody asks about the problems without a value, and a pair with them is not to be called the surest one.
    """
    differences = rows.loc[rows["estimand"] == DIFFERENCE]
    are_named = (differences[["stratum", "other_stratum"]] != NO_VALUE).all(axis=1)
    return differences.loc[are_named] if are_named.any() else differences
