"""Checkpoints of a training run as one trajectory: a random walk over steps, with exact normal algebra.

Read first `walk`.

- `walk`: joint draws of a quantity at all steps, measured or between, with hyperparameters integrated over a grid.
- `errors`: how much of a posterior's error two checkpoints share, since they are asked the same problems.
- `events`: from which step on breadth lies below the base's.
"""

from boundary.stats.trajectory.errors import ErrorParts, error_parts, error_parts_of
from boundary.stats.trajectory.events import fall_onset
from boundary.stats.trajectory.walk import (
    INFLATION,
    Measurements,
    WalkPosterior,
    from_scale,
    shrinkage_spread,
    to_scale,
    walk_posterior,
)

__all__ = [
    "INFLATION",
    "ErrorParts",
    "Measurements",
    "WalkPosterior",
    "error_parts",
    "error_parts_of",
    "fall_onset",
    "from_scale",
    "shrinkage_spread",
    "to_scale",
    "walk_posterior",
]
