"""Rows of the estimates that several parts of the report choose alike."""

import pandas as pd

from boundary.analysis.figures.figure import FigureData
from boundary.analysis.result import Analysis


def figure_data(analysis: Analysis) -> dict[str, FigureData]:
    """The data that the figures of each benchmark are drawn from."""
    rows, steps = without_slight_crossovers(analysis.estimates, analysis), analysis.settings["checkpoint_steps"]
    unconverged = unconverged_fits(analysis)
    several_arms = len(analysis.request.arms) > 1
    return {
        benchmark: FigureData(
            rows,
            benchmark,
            analysis.sample_sizes[benchmark].reliable_k,
            steps,
            curves=analysis.curves,
            problems=analysis.problems,
            rates={
                arm: analysis.rates[name]
                for arm in analysis.request.arms
                if (name := f"{benchmark}: {arm}" if several_arms else benchmark) in analysis.rates
            },
            likelihood=analysis.likelihood.rows,
            breadth=breadth_rows(analysis, benchmark),
            seed=analysis.request.seed,
            unconverged=unconverged,
            uninformative=uninformative_pairs(analysis),
            cost=analysis.cost.estimates,
            training_runs=analysis.training_runs.estimates,
            trajectory=_of_benchmark(analysis.trajectory.estimates, benchmark),
            strata=_of_benchmark(analysis.strata.estimates, benchmark),
        )
        for benchmark in analysis.benchmarks
    }


def _of_benchmark(rows: pd.DataFrame, benchmark: str) -> pd.DataFrame:
    return rows.loc[rows["benchmark"] == benchmark]


def breadth_rows(analysis: Analysis, benchmark: str) -> pd.DataFrame:
    """Rows of breadth of one benchmark that are about the target of the analysis; those at matched temperatures too."""
    rows = analysis.breadth.estimates
    is_target = rows["target"].eq(analysis.request.target) | rows["estimand"].str.startswith("matched")
    return rows.loc[is_target & rows["benchmark"].eq(benchmark)]


def unconverged_fits(analysis: Analysis) -> frozenset[tuple[str, str]]:
    """Benchmark and model of each fit that did not converge."""
    failed = analysis.diagnostics.loc[~analysis.diagnostics["ok"].astype(bool)]
    return frozenset(zip(failed["benchmark"], failed["model"], strict=True))


def uninformative_pairs(analysis: Analysis) -> frozenset[tuple[str, str]]:
    """Benchmark and model of the pairs of which the counts say nothing: neither solved any problem, or each all."""
    return frozenset((verdict.benchmark, verdict.model) for verdict in analysis.verdicts if not verdict.is_informative)


def crossing_pairs(analysis: Analysis) -> set[tuple[str, str]]:
    """Benchmark and model of the verdicts that mention a crossover."""
    return {(verdict.benchmark, verdict.model) for verdict in analysis.verdicts if verdict.crosses}


def without_slight_crossovers(rows: pd.DataFrame, analysis: Analysis) -> pd.DataFrame:
    """Rows of estimates without crossovers that no verdict mentions, since the curves do not cross by a margin."""
    is_kept = (rows["estimand"] != "crossover").to_numpy(dtype=bool, copy=True)
    pairs = crossing_pairs(analysis)
    crossovers = rows.loc[~is_kept, ["benchmark", "model"]].itertuples(index=False, name=None)
    is_kept[~is_kept] = [pair in pairs for pair in crossovers]
    return rows.loc[is_kept]
