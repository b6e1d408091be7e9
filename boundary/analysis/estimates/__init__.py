"""The estimates: from the posterior of a fit to the rows of estimates.csv and problems.csv.

Read first: table.py (the columns, the kinds of rows, `select` to filter them), then estimate.py (`estimate`: all rows
of one fit). It collects posterior.py (summaries of draws), observed.py (unbiased estimates from the counts alone) and
prior_free.py (bounds beyond n without a prior, simultaneous bands).

Beside it: curves.py (pass@k and shrinkage at about sixty budgets, for figures), ranking.py (several models: rank,
P(best), P(better)), problems.py (one row a problem), sample_sizes.py (how many samples each benchmark has),
decisions.py (narrowed, widened, no material difference, or cannot tell yet). Which estimands there are is in
`boundary.stats.estimands.ESTIMANDS`.
"""
