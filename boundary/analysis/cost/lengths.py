"""Lengths of the attempts of a fit: from samples where these have tokens, else from mean tokens of the counts."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from boundary.analysis.cost.record import OF_MEANS, OF_MEANS_BY_OUTCOME, OF_SAMPLES
from boundary.analysis.fitting import Panel
from boundary.data.counts import Counts
from boundary.data.records import CORRECT
from boundary.data.token_means import MEAN_TOKENS
from boundary.stats.cost.lengths import ObservedLengths, lengths_of_means, lengths_of_samples

# Lengths are used where at least this share of the problems has some; those of the others follow from these.
ENOUGH = 0.5
PROBLEM = ["benchmark", "problem_id"]


class ModelLengths(NamedTuple):
    """Lengths of one model's attempts on the problems of a fit, and where they come from."""

    lengths: ObservedLengths
    origin: str


def has_lengths(counts: Counts, samples: pd.DataFrame | None) -> bool:
    """Whether there is any length of an attempt."""
    has_means = MEAN_TOKENS[0] in counts.table and bool(counts.table[MEAN_TOKENS[0]].notna().any())
    return has_means or (samples is not None and "n_tokens" in samples and bool(samples["n_tokens"].notna().any()))


def lengths_of_model(
    panel: Panel, model: str, counts: Counts, samples: pd.DataFrame | None, left_out: Sequence[str] = ()
) -> ModelLengths | None:
    """What is known of the lengths of a model's attempts; None where too few problems have any.

    Parameters
    ----------
    panel
        The fit, whose problems are meant.
    model
        One of its models.
    counts
        With columns `mean_tokens` and the like, or without.
    samples
        With a column `n_tokens`, or without; None where there are none.
    left_out
        Outcomes whose samples are taken for missing.
    """
    return _of_samples(panel, model, samples, left_out) or _of_means(panel, model, counts)


def _of_samples(panel: Panel, model: str, samples: pd.DataFrame | None, left_out: Sequence[str]) -> ModelLengths | None:
    if samples is None or "n_tokens" not in samples:
        return None
    rows = samples.loc[(samples["model"] == model) & samples["n_tokens"].notna()]
    rows = rows.loc[~rows["outcome"].isin(list(left_out))]
    problems = pd.MultiIndex.from_tuples(panel.counts.pairs, names=PROBLEM)
    place = problems.get_indexer(pd.MultiIndex.from_frame(rows[PROBLEM].astype(str)))
    rows, place = rows.loc[place >= 0], place[place >= 0]
    if len(np.unique(place)) < ENOUGH * len(problems):
        return None
    right = (rows["outcome"] == CORRECT).to_numpy()
    tokens = rows["n_tokens"].to_numpy(dtype=float)
    return ModelLengths(lengths_of_samples(place, right, tokens, len(problems)), OF_SAMPLES)


def _of_means(panel: Panel, model: str, counts: Counts) -> ModelLengths | None:
    columns = [name for name in MEAN_TOKENS if name in counts.table]
    if MEAN_TOKENS[0] not in columns:
        return None
    rows = counts.table.loc[counts.table["model"] == model].set_index(PROBLEM)[columns]
    means = rows.reindex(pd.MultiIndex.from_tuples(panel.counts.pairs)).astype(float)
    if means[MEAN_TOKENS[0]].notna().mean() < ENOUGH:
        return None
    column = panel.counts.models.index(model)
    n, c = panel.counts.n_samples[:, column], panel.counts.n_correct[:, column]
    mean, *by_outcome = (means[name].to_numpy() for name in columns)
    if len(by_outcome) == 2 and by_outcome[1][n > c].size and np.isfinite(by_outcome[1][n > c]).mean() >= ENOUGH:
        return ModelLengths(lengths_of_means(n, c, mean, *by_outcome), OF_MEANS_BY_OUTCOME)
    return ModelLengths(lengths_of_means(n, c, mean), OF_MEANS)
