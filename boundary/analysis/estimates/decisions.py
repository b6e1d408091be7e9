"""What is said of a difference at a budget: narrowed, widened, no material difference, or cannot tell yet."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from boundary.analysis.formatting import chance, points

# Probability from which a call is made.
SURE = 0.95
NARROWED, WIDENED, EQUIVALENT, OPEN = "narrowed", "widened", "no material difference", "cannot tell yet"


class Call(NamedTuple):
    """What is said of an RL model against its base at one budget.

    Parameters
    ----------
    k, extrapolated
        The budget, and whether it is beyond the samples.
    narrowed, widened, equivalent
        Probabilities that pass@k of RL is lower by more than the margin, higher by more than it, or neither.
    """

    k: float
    extrapolated: bool
    narrowed: float
    widened: float
    equivalent: float

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
        """The likeliest of the three where it is sure enough."""
        return self.likeliest if self.probability >= SURE else OPEN

    def _probability(self, word: str) -> float:
        return {NARROWED: self.narrowed, WIDENED: self.widened, EQUIVALENT: self.equivalent}[word]

    def described(self) -> dict[str, Any]:
        """The call for a script."""
        return {
            "k": self.k,
            "extrapolated": self.extrapolated,
            "word": self.word,
            "likeliest": self.likeliest,
            "prob_narrowed": self.narrowed,
            "prob_widened": self.widened,
            "prob_equivalent": self.equivalent,
        }


def calls(rows: pd.DataFrame) -> list[Call]:
    """The call at each budget, in the order of budgets.

    Parameters
    ----------
    rows
        Posterior estimates of one benchmark, pair of models and treatment; budgets without `narrowed` and `widened`
        are left out.
    """
    shrinkage = rows.loc[rows["estimand"] == "shrinkage"].sort_values("k")
    chances = {name: rows.loc[rows["estimand"] == name].set_index("k")["mean"] for name in (NARROWED, WIDENED)}
    return [
        Call(
            float(row["k"]),
            bool(row["extrapolated"]),
            float(chances[NARROWED][row["k"]]),
            float(chances[WIDENED][row["k"]]),
            float(row["prob_equivalent"]),
        )
        for row in shrinkage.to_dict(orient="records")
        if all(row["k"] in known.index for known in chances.values()) and np.isfinite(row["prob_equivalent"])
    ]


def call_at(rows: pd.DataFrame, k: float) -> Call | None:
    """The call at one budget, from rows as for `calls`."""
    return next((call for call in calls(rows) if call.k == k), None)


def calls_of_pairs(rows: pd.DataFrame) -> Iterator[tuple[str, str, list[Call]]]:
    """Benchmark, RL model and calls of each pair among posterior estimates."""
    for (benchmark, model), pair in rows.groupby(["benchmark", "model"], sort=False):
        at_budgets = calls(pair)
        if at_budgets:
            yield str(benchmark), str(model), at_budgets


def likeliest_words(call: Call, margin: float) -> str:
    """What is likeliest where nothing is sure, as a clause."""
    direction = {NARROWED: "a narrowing", WIDENED: "a widening", EQUIVALENT: EQUIVALENT}[call.likeliest]
    by = "" if call.likeliest == EQUIVALENT else f" by more than {points(margin)}"
    return f"{direction}{by} is likeliest, with probability {chance(call.probability)}"
