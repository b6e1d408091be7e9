"""The types of figures: `FigureData`, which is drawn, and `ReportFigure`, with function, panels and caption."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from boundary.analysis.estimates.decisions import OPEN, Decision, decisions_of_pairs
from boundary.analysis.estimates.predictive_counts import predictive_counts
from boundary.analysis.estimates.table import POSTERIOR, select
from boundary.analysis.figures.curve import Curve, curve_of
from boundary.analysis.figures.drawing import base_model, looks_of_models
from boundary.analysis.figures.layout import Layout, new_figure
from boundary.analysis.figures.palette import Look
from boundary.analysis.figures.widths import NARROW, PAGE_WIDTH
from boundary.analysis.formatting import Shorten, shortener
from boundary.stats.solve_rates import SolveRates

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# A figure of curves can hold at most so many models.
MOST_CURVES = 8


@dataclass(frozen=True, eq=False)
class FigureData:
    """The estimates and settings that the figures of one benchmark are drawn from.

    Parameters
    ----------
    estimates
        The tidy table of an analysis: all benchmarks, since a model has one colour in all figures.
    benchmark
        Whose rows to draw.
    n
        Samples per problem; budgets beyond it are shaded as extrapolated.
    checkpoint_steps
        Step of each checkpoint of a training run, in order (`boundary.analysis.checkpoints.checkpoint_steps`).
    curves
        Pass@k and shrinkage at many budgets (`boundary.analysis.estimates.curves`); without them the curves are
        those of the estimates.
    problems
        The table of problems (`boundary.analysis.estimates.problems`), for the scatter of solve rates.
    rates
        Posterior of each RL model on the benchmark, or of each model alone, for the histogram of counts.
    likelihood
        Rows of likelihood.csv (`boundary.analysis.likelihood.record.ROW_COLUMNS`); empty where nothing was scored.
    breadth
        Rows of breadth of the benchmark (`boundary.analysis.breadth.record.BREADTH_COLUMNS`); empty without answers.
    seed
        Seed of what is drawn at random: the predicted counts.
    unconverged
        Benchmark and model (of a pair, the RL model) of each fit that did not converge: nothing is decided from it.
    uninformative
        Benchmark and RL model of each pair that solved nothing, or everything: nothing is decided from it either.
    cost
        Solved problems against tokens or money (`boundary.analysis.cost.record.COST_COLUMNS`).
    training_runs
        Methods and their runs (`boundary.analysis.runs.record.RUN_COLUMNS`).
    trajectory, strata
        Rows of the benchmark of training runs (`boundary.analysis.trajectory.record.TRAJECTORY_COLUMNS`) and of strata
        (`boundary.analysis.strata.record.STRATA_COLUMNS`); empty where there are none.
    """

    estimates: pd.DataFrame
    benchmark: str
    n: int
    checkpoint_steps: Mapping[str, str] = field(default_factory=dict)
    curves: pd.DataFrame = field(default_factory=pd.DataFrame)
    problems: pd.DataFrame = field(default_factory=pd.DataFrame)
    rates: Mapping[str, SolveRates] = field(default_factory=dict)
    likelihood: pd.DataFrame = field(default_factory=pd.DataFrame)
    breadth: pd.DataFrame = field(default_factory=pd.DataFrame)
    seed: int = 0
    unconverged: frozenset[tuple[str, str]] = frozenset()
    uninformative: frozenset[tuple[str, str]] = frozenset()
    cost: pd.DataFrame = field(default_factory=pd.DataFrame)
    training_runs: pd.DataFrame = field(default_factory=pd.DataFrame)
    trajectory: pd.DataFrame = field(default_factory=pd.DataFrame)
    strata: pd.DataFrame = field(default_factory=pd.DataFrame)

    @cached_property
    def cost_rows(self) -> pd.DataFrame:
        """Cost of the benchmark; empty where there is none."""
        return self.cost if self.cost.empty else self.cost.loc[self.cost["benchmark"] == self.benchmark]

    @cached_property
    def rows(self) -> pd.DataFrame:
        """Estimates of the benchmark."""
        return select(self.estimates, benchmark=self.benchmark)

    @cached_property
    def base(self) -> str | None:
        """The base model; None where no pair was compared."""
        return base_model(self.estimates)

    @cached_property
    def shorten(self) -> Shorten:
        """Writes the name of a model as short as those of all models allow."""
        return shortener(map(str, self.estimates["model"].unique()))

    @cached_property
    def looks(self) -> dict[str, Look]:
        """The look of every model, the same on each benchmark."""
        return looks_of_models(self.estimates)

    @cached_property
    def models(self) -> list[str]:
        """Models with a curve of pass@k on the benchmark."""
        return [str(model) for model in select(self.rows, estimand="pass_at_k")["model"].unique()]

    @cached_property
    def rl_models(self) -> list[str]:
        """Those of them that are compared with the base."""
        return [model for model in self.models if model != self.base]

    @cached_property
    def curve_rows(self) -> pd.DataFrame:
        """The curves of the benchmark; empty where there are none."""
        if self.curves.empty:
            return self.curves
        return self.curves.loc[self.curves["benchmark"] == self.benchmark]

    def curve(self, estimand: str, model: str) -> Curve:
        """The posterior of pass@k or shrinkage of a model over k."""
        if not self.curve_rows.empty:
            rows = self.curve_rows.loc[self.curve_rows["estimand"] == estimand]
            # Only as far as the estimates go, since these are what is reported.
            curve = curve_of(rows.loc[rows["k"] <= self.rows["k"].max()], model, None)
            if len(curve.k):
                return curve
        return curve_of(select(self.rows, estimand=estimand), model)

    def looks_of(self, rows: pd.DataFrame) -> dict[str, Look]:
        """Models that have rows, each with the look that it has in every figure."""
        present = set(rows["model"])
        return {model: look for model, look in self.looks.items() if model in present}

    @cached_property
    def predicted_counts(self) -> dict[str, pd.DataFrame | None]:
        """The histogram of counts of each model with its predictive, the base first."""
        level = float(self.rows["level"].dropna().iloc[0])
        first = next(iter(self.rates.values()))
        of_model = {self.base: first} if self.base in first.models else {}
        return {
            str(model): predictive_counts(rates, str(model), level, self.seed)
            for model, rates in (of_model | dict(self.rates)).items()
        }

    @cached_property
    def decisions(self) -> dict[str, Decision]:
        """Of each RL model the decision at the largest budget within its samples."""
        return {model: decision for (_, model), decision in decisions_at_n(self.rows).items()}

    @cached_property
    def unconverged_models(self) -> set[str]:
        """Models of the benchmark whose fits did not converge."""
        return {model for benchmark, model in self.unconverged if benchmark == self.benchmark}

    def word(self, benchmark: str, model: str, decision: Decision | None) -> str:
        """The word of a decision; open where there is none, its fit did not converge, or the counts say nothing."""
        is_open = (benchmark, model) in self.unconverged | self.uninformative
        return OPEN if decision is None or is_open else decision.word


def decisions_at_n(estimates: pd.DataFrame) -> dict[tuple[str, str], Decision]:
    """Of each benchmark and RL model the decision at the largest budget within its samples."""
    rows = select(estimates, kind=POSTERIOR, estimand=("shrinkage", "narrowed", "widened"))
    at_n = {}
    for benchmark, model, at_budgets in decisions_of_pairs(rows):
        within = [decision for decision in at_budgets if not decision.extrapolated]
        if within:
            at_n[benchmark, model] = within[-1]
    return at_n


@dataclass(frozen=True)
class ReportFigure:
    """One kind of figure.

    Parameters
    ----------
    name
        Name in the names of its files, in letters, digits and underscores: `<benchmark>-<name>.svg`.
    draw
        Function that draws `FigureData` on one axes, or on an array of axes as `matplotlib.figure.Figure.subplots`
        gives it where `layout` has several panels.
    applies
        Whether there is something to draw.
    caption
        What the figure shows, for the report.
    layout
        Its panels, from what is drawn and whether it is narrow (a column of a paper, a phone): then there is no room
        for names beside the panels.
    """

    name: str
    draw: Callable[[Any, FigureData], None]
    applies: Callable[[FigureData], bool]
    caption: str
    layout: Callable[[FigureData, bool], Layout] = lambda data, narrow: Layout(right=0.12 if narrow else 1.75)

    def figure(self, data: FigureData, width: float = PAGE_WIDTH) -> Figure:
        """Draw a new figure, in the style of the report; its width in inches."""
        return new_figure(self.layout(data, width < NARROW), self.draw, data, width=width)


def has_rows(estimand: str, most_models: int = MOST_CURVES) -> Callable[[FigureData], bool]:
    """Condition that an estimand has rows, of no more models than the figure can hold."""
    return lambda data: not select(data.rows, estimand=estimand).empty and len(data.models) <= most_models
