"""Trajectory: the checkpoints of a training run analysed together, from the fits of their pairs.

Read first `record`, what an analysis keeps of it.

- `measure`: what the fits of a run say of a quantity at each step.
- `rows`: rows of the table, from joint draws over the steps.
- `trajectories`: all of it, for `boundary.analyze`.
"""
