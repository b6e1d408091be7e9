"""Rows of the estimates that several parts of the report choose alike."""

import pandas as pd

from boundary.analysis.figures.figure import FigureData
from boundary.analysis.result import Analysis


def figure_data(analysis: Analysis, benchmark: str) -> FigureData:
    """The data that the figures of one benchmark are drawn from."""
    return FigureData(
        without_slight_crossovers(analysis.estimates, analysis),
        benchmark,
        analysis.sample_sizes[benchmark].reliable_k,
        analysis.settings["checkpoint_steps"],
    )


def crossing_pairs(analysis: Analysis) -> set[tuple[str, str]]:
    """Benchmark and model of the verdicts that mention a crossover."""
    return {(verdict.benchmark, verdict.model) for verdict in analysis.verdicts if verdict.crosses}


def without_slight_crossovers(rows: pd.DataFrame, analysis: Analysis) -> pd.DataFrame:
    """Rows of estimates without crossovers that no verdict mentions, since the curves do not cross by a margin."""
    pairs = pd.Series(list(zip(rows["benchmark"], rows["model"], strict=True)), index=rows.index, dtype=object)
    return rows.loc[(rows["estimand"] != "crossover") | pairs.isin(crossing_pairs(analysis))]
