"""The report's tables of verdicts: what is said at each budget, and the probabilities behind it."""

from typing import Any

import pandas as pd

from boundary.analysis.estimates.decisions import decisions_of_pairs
from boundary.analysis.estimates.table import of_posterior
from boundary.analysis.formatting import number


def verdict_tables(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """A table for each RL model, a line for each budget, from the estimates of one benchmark."""
    posterior = rows.loc[of_posterior(rows)]
    shrinkage = posterior.loc[posterior["estimand"] == "shrinkage"].set_index(["model", "k"])
    signs = {at: (row["prob_positive"], row["prob_negative"]) for at, row in shrinkage.iterrows()}
    tables = []
    for _, model, at_budgets in decisions_of_pairs(posterior):
        lines = [
            {
                "k": f"{call.k:.0f}",
                "extrapolated": call.extrapolated,
                "word": call.word,
                "chances": [
                    number(chance, 1, 2)
                    for chance in (call.narrowed, call.equivalent, call.widened, *signs[model, call.k])
                ],
            }
            for call in at_budgets
        ]
        tables.append({"caption": f"Verdict at each budget: {model} against its base", "rows": lines})
    return tables
