"""Sentences about the estimates.

Read first `verdict`: what the estimates of one benchmark say about an RL model against its base, or about one model.

- `verdict`: the type `Verdict`, and the sentences of a pair or a model alone.
- `ranking`: several models: which is best, how many pairs are told apart, several comparisons at once.
- `trajectory`: the checkpoints of one training run in order, and what pass@k does along the way.
- `verdicts`: the verdicts of a whole analysis, in order.

How numbers and names are written is in `boundary.analysis.formatting`; the words of a decision (narrowed, widened, no
material difference, cannot tell yet) are in `boundary.analysis.estimates.decisions`.
"""
