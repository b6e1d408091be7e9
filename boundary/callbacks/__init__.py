"""Counts from inside a training or an evaluation, without files of samples in between.

Read first: `checkpoint_counts`, which gathers verdicts by training step and problem, writes them as a table of counts,
and gives pass@k with intervals as numbers for a log. Then:

- `trl`: a reward function of TRL's trainers that counts what it judges, and a callback that writes and logs the counts.
- `inspect_ai`: a hook that writes counts of an evaluation, and a reducer and metrics of pass@k with an interval.
- `trackers`: pass@k with intervals for W&B and MLflow.

Each module loads the package it is for only when one of its functions is called.
"""

from boundary.callbacks.checkpoint_counts import CheckpointCounts

__all__ = ["CheckpointCounts"]
