"""Statements about pass@k that need no prior for the solve rates, to stand beside the posterior.

- `bounds`: the range of pass@k and of shrinkage beyond n that the counts allow, by linear programming. Read it first.
- `intervals`: an estimate and an interval of pass@k at every k, in milliseconds, for logs of a training.
- `good_toulmin`: estimates beyond n, up to n log n, as in the counting of unseen species.
- `bands`: simultaneous bands over all k, of posterior draws and of a bootstrap over problems.
"""
