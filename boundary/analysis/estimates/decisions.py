"""Decisions on a difference at a budget: narrowed, widened, no material difference, or cannot tell yet."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from boundary.analysis.estimates.table import select
from boundary.analysis.formatting import middle_column

# Probability from which a decision is made.
SURE = 0.95
NARROWED, WIDENED, EQUIVALENT, OPEN = "narrowed", "widened", "no material difference", "cannot tell yet"
COLUMNS = ("estimand", "k", "mean", "median", "lower", "upper", "prob_equivalent", "extrapolated")


class Decision(NamedTuple):
    """The decision on an RL model against its base at one budget, with the probabilities behind it.

    Parameters
    ----------
    k, extrapolated
        The budget, and whether it is beyond the samples.
    narrowed, widened, equivalent
        Probabilities that pass@k of RL is lower by more than the margin, higher by more than it, or neither.
    difference, lower, upper
        The shrinkage, pass@k of the base less that of RL, as a share of problems in [-1, 1], and its interval; NaN
        where it is not known. The mean of the posterior, or its median where the mean lies outside of the interval.
    """

    k: float
    extrapolated: bool
    narrowed: float
    widened: float
    equivalent: float
    difference: float = np.nan
    lower: float = np.nan
    upper: float = np.nan

    @property
    def likeliest(self) -> str:
        """The likeliest of the three."""
        return max((EQUIVALENT, NARROWED, WIDENED), key=self._probability)

    @property
    def probability(self) -> float:
        """Probability of the likeliest of the three."""
        return self._probability(self.likeliest)

    @property
    def word(self) -> str:
        """The decision: the likeliest of the three where its probability is `SURE` or more, `OPEN` otherwise."""
        return self.likeliest if self.probability >= SURE else OPEN

    def _probability(self, word: str) -> float:
        return {NARROWED: self.narrowed, WIDENED: self.widened, EQUIVALENT: self.equivalent}[word]

    def as_dict(self) -> dict[str, Any]:
        """The decision for a script, as summary.json has it.

        Returns
        -------
        `k`; whether it is `extrapolated`; `word`, the decision; `likeliest` of narrowed, widened and no material
        difference, with its `probability`; `difference`, pass@k of the base less that of RL, with `lower` and `upper`;
        `prob_narrowed`, `prob_widened` and `prob_equivalent`.
        """
        return {
            "k": self.k,
            "extrapolated": self.extrapolated,
            "word": self.word,
            "likeliest": self.likeliest,
            "probability": self.probability,
            "difference": self.difference,
            "lower": self.lower,
            "upper": self.upper,
            "prob_narrowed": self.narrowed,
            "prob_widened": self.widened,
            "prob_equivalent": self.equivalent,
        }


def decisions(rows: pd.DataFrame) -> list[Decision]:
    """The decision at each budget, in the order of budgets.

    Parameters
    ----------
    rows
        Posterior estimates of one benchmark, pair of models and treatment; budgets without `narrowed` and `widened`
        are left out.
    """
    rows = select(rows, estimand=("shrinkage", NARROWED, WIDENED))
    by_estimand: dict[str, dict[float, list[Any]]] = {"shrinkage": {}, NARROWED: {}, WIDENED: {}}
    for estimand, k, *values in zip(*(rows[column] for column in COLUMNS), strict=True):
        by_estimand[estimand][k] = values
    narrowed, widened = by_estimand[NARROWED], by_estimand[WIDENED]
    return [
        Decision(
            float(k),
            bool(extrapolated),
            *(float(number) for number in (narrowed[k][0], widened[k][0], equivalent)),
            *(float(summary[name]) for name in (middle_column(summary), "lower", "upper")),
        )
        for k, (*numbers, equivalent, extrapolated) in sorted(by_estimand["shrinkage"].items())
        for summary in [dict(zip(COLUMNS[2:6], numbers, strict=True))]
        if k in narrowed and k in widened and np.isfinite(equivalent)
    ]


def decision_at(rows: pd.DataFrame, k: float) -> Decision | None:
    """The decision at one budget, from rows as for `decisions`; None where it is not among them."""
    return next((decision for decision in decisions(rows) if decision.k == k), None)


def decisions_of_pairs(rows: pd.DataFrame) -> Iterator[tuple[str, str, list[Decision]]]:
    """Benchmark, RL model and decisions of each pair among posterior estimates."""
    for (benchmark, model), pair in rows.groupby(["benchmark", "model"], sort=False):
        at_budgets = decisions(pair)
        if at_budgets:
            yield str(benchmark), str(model), at_budgets
