"""What an analysis keeps of the likelihood of samples under models."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from boundary.analysis.notes import Note

# Columns of likelihood.csv; those of estimates.csv have their meaning from there.
ROW_COLUMNS = (
    "benchmark",
    "estimand",
    "scorer",
    "model",
    "reference",
    "outcome",
    "scored_as",
    "k",
    "target",
    "kind",
    "mean",
    "median",
    "lower",
    "upper",
    "level",
    "prob_positive",
    "prob_negative",
    "n_problems",
    "n_responses",
    "share_05",
    "share_25",
    "share_50",
    "share_75",
    "share_95",
    "r_hat",
    "ess_bulk",
    "ess_tail",
)
# Of likelihood_problems.csv.
PROBLEM_COLUMNS = (
    "benchmark",
    "problem_id",
    "estimand",
    "scorer",
    "model",
    "reference",
    "outcome",
    "mean",
    "median",
    "lower",
    "upper",
    "level",
    "prob_positive",
    "n_responses",
    "n_responses_reference",
)
# Of reach_by_scores.csv: what the scores say of the base's solve rate, beside what its counts say.
REACH_COLUMNS = (
    "benchmark",
    "problem_id",
    "model",
    "reference",
    "scored_as",
    "n_right",
    "n_distinct_bound",
    "counts_mean",
    "counts_lower",
    "counts_upper",
    "certain_bound",
    "bound_mean",
    "bound_lower",
    "estimate_mean",
    "estimate_lower",
    "estimate_upper",
    "effective_responses",
    "pareto_k",
    "level",
    "prob_scores_higher",
    "disagreement",
)
HIGHER, LOWER = "scores higher", "scores lower"


@dataclass(frozen=True)
class Likelihood:
    """Likelihood of the samples of each model under the base model and under the model itself.

    Parameters
    ----------
    rows
        Pooled over problems, one row a number (ROW_COLUMNS).
    problems
        The same problem by problem (PROBLEM_COLUMNS).
    reach
        What the scores say of the base's solve rate on each problem, beside its counts (REACH_COLUMNS).
    perplexities
        Draws (chain, draw) of the pooled perplexity by benchmark, scorer and model, for claims.
    notes
        How the values are to be read.
    missing
        What the data lack for it, and how to get that, in one sentence; empty where they lack nothing.
    """

    rows: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(ROW_COLUMNS)))
    problems: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(PROBLEM_COLUMNS)))
    reach: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(REACH_COLUMNS)))
    perplexities: Mapping[tuple[str, str, str], np.ndarray] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    missing: str = ""
