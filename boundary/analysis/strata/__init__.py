"""Strata: shrinkage in groups of a benchmark's problems, and what differs between two of them.

Read first `record`, what an analysis keeps of it.

- `groups`: from a column of the counts to the stratum of each problem.
- `rows`: rows of the table of one fit.
- `strata`: all of it, for `boundary.analyze`.
"""
