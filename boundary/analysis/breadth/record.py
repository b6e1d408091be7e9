"""What an analysis keeps of the answers' breadth, and of luck."""

from dataclasses import dataclass, field

import pandas as pd

from boundary.analysis.guess_floors import MeasuredFloors
from boundary.analysis.notes import Note

BREADTH_COLUMNS = (
    "benchmark",
    "estimand",
    "model",
    "reference",
    "k",
    "target",
    "kind",
    "mean",
    "lower",
    "upper",
    "level",
    "prob_positive",
    "prob_negative",
    "extrapolated",
    "n_problems",
)
DISTINCT_RIGHT, DISTINCT_WRONG = "distinct_right", "distinct_wrong"
ENTROPY, AGREEMENT, MAJORITY = "answer_entropy", "agreement", "majority_vote"
MATCHED_TEMPERATURE, MATCHED_REACHED, MATCHED_SHRINKAGE = (
    "matched_temperature",
    "matched_reached",
    "matched_shrinkage",
)
# Kinds of rows: unbiased estimates from the samples; smoothed Good-Toulmin estimates beyond n; an entropy whose
# interval leaves room for answers that nobody saw; what depends on the posterior of pass@k too.
UNBIASED, GOOD_TOULMIN, WITH_UNSEEN, POSTERIOR = "unbiased", "good_toulmin", "with_unseen", "posterior"


@dataclass(frozen=True)
class Breadth:
    """Different answers, entropy, agreement, majority votes, and the guess floors that the samples show.

    Parameters
    ----------
    estimates
        The tidy table (BREADTH_COLUMNS): rows of a model, and of the base less a model where `reference` names the
        base.
    floors
        Guess floors by problem and by answer type.
    floors_in_use
        Whether the estimates of the analysis reckon with the measured floors.
    notes
        What is to be known of single benchmarks or models.
    missing
        What the data lack for it, and how to get that, in one sentence; empty where they lack nothing.
    """

    estimates: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(BREADTH_COLUMNS)))
    floors: MeasuredFloors = field(default_factory=MeasuredFloors)
    floors_in_use: bool = False
    notes: tuple[Note, ...] = ()
    missing: str = ""
