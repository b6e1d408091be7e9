"""Figures, drawn from the estimates table alone.

`FIGURES` has one record each: the report, the files and the names that may be removed from a folder derive from it. To
add one, write its function in a module of its own and its line here.

Read first `figure` (what a record says, and what a function is given), then `pass_at_k`, the simplest.

- `figure`: the types `ReportFigure` and `FigureData`.
- `drawing`: style, layouts, axes, curves, labels.
- `pass_at_k`, `shrinkage`, `flows`, `histogram`, `ranking`, `trajectory`: the functions.
- `tipping_point`: a figure of the section on errors of the verifier, drawn from its own table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from boundary.analysis.figures.figure import FigureData, ReportFigure, has_rows
from boundary.analysis.figures.flows import draw_flows, flows_layout
from boundary.analysis.figures.histogram import draw_histogram, histogram_layout
from boundary.analysis.figures.pass_at_k import draw_pass_at_k
from boundary.analysis.figures.ranking import draw_pairs, draw_ranking, pairs_layout, ranking_layout
from boundary.analysis.figures.shrinkage import draw_shrinkage, shrinkage_layout
from boundary.analysis.figures.trajectory import draw_trajectory, has_trajectory, trajectory_layout

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PASS_AT_K = "Share of problems solved within k samples (pass@k)."
SHRINKAGE = "Shrinkage: pass@k of the base model less that of the RL model. Above zero, RL solves less."
FLOWS = (
    "Where the problems stand at each budget: kept (both models solve them), lost (base only), gained (RL only), "
    "neither."
)
HISTOGRAM = "How the solve rates are spread over the problems; a histogram of c/n adds the noise of c to it."
RANKING = "Models ranked by pass@k, with the probability that each is best."
PAIRS = (
    "Probability that the model in the row solves more than the one in the column; a difference within the margin "
    "counts one half."
)
TRAJECTORY = "Checkpoints of the training run in order: pass@k at small and large budgets."

# In the order of the report.
FIGURES = [
    ReportFigure("pass_at_k", draw_pass_at_k, has_rows("pass_at_k"), PASS_AT_K),
    ReportFigure("shrinkage", draw_shrinkage, has_rows("shrinkage"), SHRINKAGE, shrinkage_layout),
    ReportFigure("flows", draw_flows, has_rows("lost"), FLOWS, flows_layout),
    ReportFigure("histogram", draw_histogram, has_rows("accuracy_histogram", 4), HISTOGRAM, histogram_layout),
    ReportFigure("ranking", draw_ranking, has_rows("best", 100), RANKING, ranking_layout),
    ReportFigure("pairs", draw_pairs, has_rows("better", 100), PAIRS, pairs_layout),
    ReportFigure("trajectory", draw_trajectory, has_trajectory, TRAJECTORY, trajectory_layout),
]


def draw_figures(data: FigureData) -> dict[str, Figure]:
    """Draw each figure of one benchmark that there is something to draw for.

    Returns
    -------
    dict of str to Figure
        By name: three for a pair, one for a model alone, more with a histogram of solve rates, several models or
        checkpoints. Curves of more than eight models tell nobody anything: these get the ranking alone.
    """
    return {figure.name: figure.figure(data) for figure in FIGURES if figure.applies(data)}
