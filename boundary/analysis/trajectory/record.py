"""What an analysis keeps of training runs."""

from dataclasses import dataclass, field

import pandas as pd

from boundary.analysis.checkpoints import TrainingRun
from boundary.analysis.notes import Note

# The kind of rows of a step between checkpoints, for the band.
BETWEEN = "between"
PEAK, ONSET, FALL_TO_LAST, RELATIVE_WIDTH, EXPECTED_WIDTH = (
    "peak",
    "fall_onset",
    "fall_to_last",
    "relative_width",
    "expected_width",
)
# Probabilities that pass@k falls, or rises, by more than the margin from a checkpoint to the last one.
FALLS_TO_LAST, RISES_TO_LAST = "falls_to_last", "rises_to_last"
# Designs of which the expected width is given: column `design`.
TODAY, MORE_PROBLEMS, MORE_SAMPLES, MORE_CHECKPOINTS = (
    "today",
    "twice the problems",
    "twice the samples",
    "twice the checkpoints",
)
TRAJECTORY_COLUMNS = (
    "benchmark",
    "estimand",
    "model",
    "reference",
    "training_run",
    "step",
    "step_label",
    "k",
    "design",
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
    "Checkpoints are not joined into a trajectory: that needs a base and two checkpoints of a training run, with their "
    "steps in a column checkpoint_step of the counts."
)


@dataclass(frozen=True)
class Trajectories:
    """Training runs, each as one trajectory.

    Parameters
    ----------
    estimates
        The tidy table (`TRAJECTORY_COLUMNS`): pass@k and shrinkage at k = 1 and n at each step and between steps;
        `peak`, the probability that a checkpoint is the best of its run; `fall_onset`, the probability that breadth
        lies below the base's from a checkpoint on up to the last one (without a model: that it does not at the last
        one); `narrowed` and `widened`, the probabilities that pass@k is lower and higher than the base's by more than
        the margin; `fall_to_last`, pass@n less that of the last checkpoint, with the probabilities `falls_to_last` and
        `rises_to_last` that it falls and rises by more than the margin; `relative_width`, the mean width of intervals
        of shrinkage over that of the pairs apart; `expected_width`, that of shrinkage at the last checkpoint with more
        data.
    runs
        The training runs.
    notes
        What is to be known of single benchmarks or runs.
    missing
        What the data lack for it, and how to get that, in one sentence; empty where they lack nothing.
    """

    estimates: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(TRAJECTORY_COLUMNS)))
    runs: tuple[TrainingRun, ...] = ()
    notes: tuple[Note, ...] = ()
    missing: str = ""
