"""Fits of the mean of a value over responses: by problem, model and class of outcomes, with all models together."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from boundary.analysis.likelihood.scores import ANY, RIGHT, WRONG
from boundary.stats.likelihood.cells import cells_of
from boundary.stats.likelihood.means import fit_means, pooled
from boundary.stats.random_keys import fit_key


class Group(NamedTuple):
    """Responses of a model: all of them, the right or the wrong ones."""

    model: str
    outcome: str = ANY


class GroupMeans(NamedTuple):
    """Posterior of a group's mean value on each problem.

    Parameters
    ----------
    draws
        (chain, draw, problem).
    unshrunk
        The same for means over problems (`boundary.stats.likelihood.means.Means`).
    present
        Which problems have responses of the group.
    n
        Responses of each problem.
    """

    draws: np.ndarray
    unshrunk: np.ndarray
    present: np.ndarray
    n: np.ndarray


class Fits(NamedTuple):
    """Posterior means of one value of each group, and what they are drawn with."""

    groups: dict[Group, GroupMeans]
    label: str
    seed: int
    new_problems: bool

    def pooled(self, group: Group) -> np.ndarray:
        """Draws (chain, draw) of the mean over the problems that have responses of the group."""
        means = self.groups[group]
        return self._mean(means.unshrunk[:, :, means.present])

    def difference(self, group: Group, reference: Group) -> tuple[np.ndarray, np.ndarray]:
        """Draws (chain, draw, problem) of group less reference on the problems that have both, and which these are."""
        first, second = self.groups[group], self.groups[reference]
        shared = first.present & second.present
        return (first.draws - second.draws)[:, :, shared], shared

    def pooled_difference(self, group: Group, reference: Group) -> np.ndarray:
        """Draws (chain, draw) of the mean difference over those problems."""
        first, second = self.groups[group], self.groups[reference]
        return self._mean((first.unshrunk - second.unshrunk)[:, :, first.present & second.present])

    def _mean(self, draws: np.ndarray) -> np.ndarray:
        return pooled(draws, fit_key(self.seed, "new problems"), self.new_problems)


def fit_groups(
    rows: pd.DataFrame,
    values: np.ndarray,
    lengths: np.ndarray,
    models: Sequence[str],
    n_problems: int,
    label: str,
    seed: int,
    new_problems: bool,
) -> Fits:
    """Fit the mean of a value, of all responses of each model, and of its right and wrong ones.

    Parameters
    ----------
    rows
        Columns model, problem (a number) and outcome.
    values, lengths
        Of each response; lengths of at least 1, in tokens or bytes.
    models
        Models with rows.
    n_problems
        Problems of the benchmark.
    label
        Names the fit, for its random numbers.
    seed
        Of the analysis.
    new_problems
        Whether pooled values are about new problems.
    """
    problem, outcome = rows["problem"].to_numpy(), rows["outcome"].to_numpy(dtype=object)
    model = pd.Index(models).get_indexer(pd.Index(rows["model"]))
    used = (model >= 0) & np.isfinite(values)
    groups: dict[Group, GroupMeans] = {}
    for classes in ((ANY,), (RIGHT, WRONG)):
        place = (
            np.zeros(len(rows), dtype=int) if classes == (ANY,) else pd.Index(classes).get_indexer(pd.Index(outcome))
        )
        chosen_rows = used & (place >= 0)
        if not chosen_rows.any():
            continue
        group = model * len(classes) + place
        cells = cells_of(
            values[chosen_rows],
            lengths[chosen_rows],
            problem[chosen_rows],
            group[chosen_rows],
            n_problems,
            len(models) * len(classes),
        )
        share = None if classes == (ANY,) else _logit_share(cells.n, len(classes))
        fit = fit_means(cells, fit_key(seed, f"{label}: {' '.join(classes)}"), share)
        for i, name in enumerate(Group(model, outcome) for model in models for outcome in classes):
            if fit.present[:, i].any():
                groups[name] = GroupMeans(fit.means[..., i], fit.unshrunk[..., i], fit.present[:, i], cells.n[:, i])
    return Fits(groups, label, seed, new_problems)


def _logit_share(n: np.ndarray, n_classes: int) -> np.ndarray:
    """Logit of each class's share of a model's responses to a problem, half a response added to either side."""
    by_model = n.reshape(len(n), -1, n_classes)
    remaining = by_model.sum(axis=2, keepdims=True) - by_model
    return np.asarray(np.log((by_model + 0.5) / (remaining + 0.5)).reshape(n.shape))
