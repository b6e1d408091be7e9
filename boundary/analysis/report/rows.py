"""What several sections of the report read of an analysis: its settings, and rows of its estimates."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from boundary.analysis.figures.figure import FigureData
from boundary.analysis.result import Analysis
from boundary.stats.intervals import MARGIN


def settings_of(analysis: Analysis) -> Mapping[str, Any]:
    """Every setting by name, for the list of settings and summary.json."""
    return analysis.settings


def margin_of(analysis: Analysis) -> float:
    """Difference of pass@k that matters."""
    return float(analysis.settings.get("margin", MARGIN))


def verifier_errors_of(analysis: Analysis) -> Mapping[str, Any]:
    """Rates of the verifier's errors that the estimates suppose; empty where verdicts are taken as they are."""
    return analysis.settings.get("verifier_errors", {})  # type: ignore[no-any-return]


def judge_errors_of(analysis: Analysis) -> Mapping[str, Any]:
    """The same of the judge of reasoning."""
    return analysis.settings.get("judge_errors", {})  # type: ignore[no-any-return]


def samples_in_words(analysis: Analysis, benchmark: str) -> str:
    """How many samples the problems of a benchmark have."""
    return str(analysis.settings["sample_sizes"][benchmark])


def samples_per_problem(analysis: Analysis, benchmark: str) -> int:
    """Samples that nine of ten problems of a benchmark have, of every model: beyond it is extrapolation."""
    return int(analysis.settings["reliable_k"][benchmark])


def rows_of(analysis: Analysis, benchmark: str) -> pd.DataFrame:
    """Estimates of one benchmark."""
    return analysis.estimates.loc[analysis.estimates["benchmark"] == benchmark]


def figure_data(analysis: Analysis, benchmark: str) -> FigureData:
    """What the figures of one benchmark are drawn from."""
    return FigureData(
        without_slight_crossovers(analysis.estimates, analysis),
        benchmark,
        samples_per_problem(analysis, benchmark),
        analysis.settings.get("checkpoint_steps") or {},
    )


def crossing_pairs(analysis: Analysis) -> set[tuple[str, str]]:
    """Benchmark and model of the verdicts that speak of a crossover."""
    return {(verdict.benchmark, verdict.model) for verdict in analysis.verdicts if verdict.crosses}


def without_slight_crossovers(rows: pd.DataFrame, analysis: Analysis) -> pd.DataFrame:
    """Rows of estimates less the crossovers that no verdict speaks of: their curves cross within the margin, or not."""
    pairs = pd.Series(list(zip(rows["benchmark"], rows["model"], strict=True)), index=rows.index, dtype=object)
    return rows.loc[(rows["estimand"] != "crossover") | pairs.isin(crossing_pairs(analysis))]
