"""Rows of the estimates that several parts of the report choose alike."""

import pandas as pd

from boundary.analysis.result import Analysis


def samples_per_problem(analysis: Analysis, benchmark: str) -> int:
    """Samples that nine of ten problems of a benchmark have, of every model: beyond it is extrapolation."""
    return int(analysis.settings["reliable_k"][benchmark])


def crossing_pairs(analysis: Analysis) -> set[tuple[str, str]]:
    """Benchmark and model of the verdicts that speak of a crossover."""
    return {(verdict.benchmark, verdict.model) for verdict in analysis.verdicts if verdict.crosses}


def without_slight_crossovers(rows: pd.DataFrame, analysis: Analysis) -> pd.DataFrame:
    """Rows of estimates less the crossovers that no verdict speaks of: their curves cross within the margin, or not."""
    pairs = pd.Series(list(zip(rows["benchmark"], rows["model"], strict=True)), index=rows.index, dtype=object)
    return rows.loc[(rows["estimand"] != "crossover") | pairs.isin(crossing_pairs(analysis))]
