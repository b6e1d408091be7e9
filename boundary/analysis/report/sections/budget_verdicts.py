"""The tables of decisions at each budget, with the probabilities behind them."""

from typing import Any

import pandas as pd

from boundary.analysis.estimates.decisions import decisions_of_pairs
from boundary.analysis.estimates.table import POSTERIOR, select
from boundary.analysis.formatting import points, probability_text
from boundary.analysis.report.rows import uninformative_pairs
from boundary.analysis.result import Analysis


def budget_verdicts_section(analysis: Analysis, benchmark: str) -> dict[str, Any]:
    """A table for each RL model of which the counts say something, and the margin in words."""
    uninformative = uninformative_pairs(analysis)
    tables = [
        table
        for table in verdict_tables(select(analysis.estimates, benchmark=benchmark))
        if (benchmark, table["model"]) not in uninformative
    ]
    return {"tables": tables, "margin": points(analysis.request.margin)}


def verdict_tables(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """A table for each RL model, a line for each budget, from the estimates of one benchmark."""
    posterior = select(rows, kind=POSTERIOR)
    shrinkage = select(posterior, estimand="shrinkage").set_index(["model", "k"])
    signs = {at: (row["prob_positive"], row["prob_negative"]) for at, row in shrinkage.iterrows()}
    tables = []
    for _, model, at_budgets in decisions_of_pairs(posterior):
        lines = [
            {
                "k": f"{decision.k:.0f}",
                "extrapolated": decision.extrapolated,
                "word": decision.word,
                "probabilities": [
                    probability_text(probability)
                    for probability in (
                        decision.narrowed,
                        decision.equivalent,
                        decision.widened,
                        *signs[model, decision.k],
                    )
                ],
            }
            for decision in at_budgets
        ]
        tables.append({"caption": f"Verdict at each budget: {model} against its base", "model": model, "rows": lines})
    return tables
