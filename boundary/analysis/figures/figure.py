"""The types of figures: `FigureData`, which is drawn, and `ReportFigure`, with function, panels and caption."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from boundary.analysis.estimates.table import select
from boundary.analysis.figures.drawing import Layout, arm_colours, base_model, new_figure

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
    """

    estimates: pd.DataFrame
    benchmark: str
    n: int
    checkpoint_steps: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def rows(self) -> pd.DataFrame:
        """Estimates of the benchmark."""
        return select(self.estimates, benchmark=self.benchmark)

    @cached_property
    def base(self) -> str | None:
        """The base model; None where no pair was compared."""
        return base_model(self.estimates)

    @cached_property
    def colours(self) -> dict[str, str]:
        """The colour of every model, the same on each benchmark."""
        return arm_colours(self.estimates)

    @cached_property
    def models(self) -> list[str]:
        """Models with a curve of pass@k on the benchmark."""
        return [str(model) for model in select(self.rows, estimand="pass_at_k")["model"].unique()]


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
        Its panels; one where not given.
    """

    name: str
    draw: Callable[[Any, FigureData], None]
    applies: Callable[[FigureData], bool]
    caption: str
    layout: Callable[[FigureData], Layout] = lambda data: Layout()

    def figure(self, data: FigureData) -> Figure:
        """Draw a new figure, in the style of the report."""
        return new_figure(self.layout(data), self.draw, data)


def has_rows(estimand: str, most_models: int = MOST_CURVES) -> Callable[[FigureData], bool]:
    """Condition that an estimand has rows, of no more models than the figure can hold."""
    return lambda data: not select(data.rows, estimand=estimand).empty and len(data.models) <= most_models
