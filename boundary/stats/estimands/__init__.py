"""What is estimated: each quantity of interest as a function from draws of the solve rates to draws of the quantity.

Every function takes `SolveRates` and returns a labelled array with dimensions (chain, draw, ...); `ESTIMANDS` has a
record for each. Read `estimand` first (what a record holds), then `coverage`. To add one, write its function and its
record.

- `estimand`, `records`: the type `Estimand`, and `ESTIMANDS` with one for each.
- `coverage`: what k samples solve, and what one model solves that the other does not.
- `crossing`: the budget at which one curve meets the other.
- `reliability`: how often problems are solved, rather than whether.
- `support`: rates of kept, lost and gained problems, where a gain comes from, and how the curve ends.
- `ranking`: several models against each other.
- `unbiased`: estimates from the counts alone, within the samples drawn.
"""

from boundary.stats.estimands.coverage import (
    delta_se,
    flows,
    gained,
    kept,
    lost,
    narrowed,
    neither,
    pass_at_k,
    reach,
    shrinkage,
    widened,
)
from boundary.stats.estimands.crossing import crossover, no_crossover, sampling_speedup, uncrossed
from boundary.stats.estimands.estimand import Estimand
from boundary.stats.estimands.ranking import best, better, rank
from boundary.stats.estimands.records import ESTIMANDS
from boundary.stats.estimands.reliability import accuracy_histogram, cover_at_tau, g_pass_at_k, mg_pass_at_k, pass_hat_k
from boundary.stats.estimands.support import (
    amplified,
    discovered,
    gains,
    ndr,
    nscr,
    sds,
    srr,
    support_rates,
    tail_exponent,
)

__all__ = [
    "ESTIMANDS",
    "Estimand",
    "accuracy_histogram",
    "amplified",
    "best",
    "better",
    "cover_at_tau",
    "crossover",
    "delta_se",
    "discovered",
    "flows",
    "g_pass_at_k",
    "gained",
    "gains",
    "kept",
    "lost",
    "mg_pass_at_k",
    "narrowed",
    "ndr",
    "neither",
    "no_crossover",
    "nscr",
    "pass_at_k",
    "pass_hat_k",
    "rank",
    "reach",
    "sampling_speedup",
    "sds",
    "shrinkage",
    "srr",
    "support_rates",
    "tail_exponent",
    "uncrossed",
    "widened",
]
