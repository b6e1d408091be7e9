"""What an analysis keeps of training runs."""

from dataclasses import dataclass, field

import pandas as pd

from boundary.analysis.notes import Note

RUN_COLUMNS = (
    "benchmark",
    "estimand",
    "of",
    "method",
    "model",
    "reference",
    "k",
    "n_runs",
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
    "r_hat",
    "ess_bulk",
    "ess_tail",
)
# The column `of`: what a row is of.
RUN, AVERAGE, METHOD, NEW_RUN = "run", "average_of_runs", "method", "new_run"
AFTER_SELECTION, SELECTION_BOUND, STRONGEST_BASE = "after_selection", "selection_bound", "strongest_base"
WIDTH_NOW, TWICE_RUNS, TWICE_SAMPLES = "now", "twice_the_runs", "twice_the_samples"
# Estimands that estimates.csv does not have.
SPREAD, DIFFERENCE, BEST_METHOD, DROP, STRONGEST, WIDTH = (
    "run_spread",
    "method_difference",
    "best_method",
    "selection_drop",
    "strongest",
    "interval_width",
)
STRONGEST_NAME = "strongest base"
# Intervals, or parts of them, that are narrower read as 0 in tables: half of a tenth of a point.
LEAST_WIDTH = 0.0005
# Of a method with fewer runs the spread between them is known so little that it has to be said.
FEW_RUNS = 4
MISSING = (
    "Variation between training runs is not in the intervals: no RL method has two runs here. Train it again with "
    "another seed, and add the columns method and training_run to the counts."
)


@dataclass(frozen=True)
class TrainingRuns:
    """What several runs of a method say of it, what is left of chosen models, and the strongest of several bases.

    Parameters
    ----------
    estimates
        One row a number (`RUN_COLUMNS`); all are about these problems.
    notes
        What was read from the columns, and what is not in an interval.
    missing
        What the data lack for variation between runs, in one sentence; empty where they lack nothing.
    """

    estimates: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(RUN_COLUMNS)))
    notes: tuple[Note, ...] = ()
    missing: str = ""


def largest_budget(rows: pd.DataFrame) -> float:
    """The largest budget within the samples, or the smallest there is."""
    within = rows.loc[~rows["extrapolated"].astype(bool), "k"]
    return float(within.max() if len(within) else rows["k"].min())
