"""What an analysis keeps of the cost of solving problems."""

from dataclasses import dataclass, field

import pandas as pd

from boundary.analysis.notes import Note

TOKENS, MONEY = "tokens", "USD"
# Kinds of rows beside `posterior` and `observed` (estimates from counts cut at a limit): points of a curve.
CURVE = "curve"
COST_COLUMNS = (
    "benchmark",
    "estimand",
    "model",
    "reference",
    "cost",
    "unit",
    "k",
    "share",
    "token_limit",
    "kind",
    "prior",
    "lengths",
    "mean",
    "median",
    "lower",
    "upper",
    "level",
    "standard_error",
    "prob_positive",
    "prob_negative",
    "prob_equivalent",
    "prob_narrowed",
    "prob_widened",
    "extrapolated",
    "n_problems",
    "r_hat",
    "ess_bulk",
    "ess_tail",
)
# Where the lengths of attempts come from: the column `lengths`.
OF_SAMPLES, OF_MEANS_BY_OUTCOME, OF_MEANS = "samples", "means by outcome", "means"
MISSING = (
    "Cost is not estimated, since no lengths of attempts are known: add a column mean_tokens (better also "
    "mean_tokens_correct and mean_tokens_wrong) to the counts, or give samples with n_tokens (--samples FILE)."
)


@dataclass(frozen=True)
class CostEstimates:
    """Solved problems against tokens or money, with intervals from the joint posterior.

    Parameters
    ----------
    estimates
        One row a number (`COST_COLUMNS`). Rows of the kind `curve` are points of the figure, about sixty a curve; those
        of the kind `observed` are unbiased estimates with all samples cut at `token_limit`.
    notes
        What the lengths rest on, and what was cut at a token limit.
    missing
        What the data lack for it, and how to get that, in one sentence; empty where they lack nothing.
    """

    estimates: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(COST_COLUMNS)))
    notes: tuple[Note, ...] = ()
    missing: str = ""
