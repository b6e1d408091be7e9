"""Figures, drawn from the estimates, the curves and the table of problems.

`FIGURES` has one record each: the report, the files and the names that may be removed from a folder derive from it. To
add one, write its function in a module of its own and its line here. `OVERVIEW_FIGURES` are of a whole analysis.

Read first `figure` (what a record says, and what a function is given), then `pass_at_k`, the simplest.

- `figure`: the types `ReportFigure` and `FigureData`.
- `layout`, `palette`, `header`, `drawing`, `axis_marks`: sizes and files; colours, markers and dashes; titles and
  legends; axes, curves and labels; ticks. `messages`: what the titles say.
- `cost`: of its own table, over tokens or money in place of k.
- `pass_at_k`, `shrinkage`, `flows`, `histogram`, `counts`, `solve_rates`, `ranking`, `trajectory`, `forest`,
  `likelihood`, `breadth`, `temperatures`, `runs`, `strata`: the functions.
- `tipping_point`: a figure of the section on errors of the verifier, drawn from its own table.
- `svg`, `tags`, `inline`: a figure as SVG, by itself or as an element of the page, whose script and style are
  `page_figures.js` and `page_figures.css`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from boundary.analysis.figures.breadth import breadth_layout, draw_breadth, has_breadth
from boundary.analysis.figures.cost import draw_cost, has_cost
from boundary.analysis.figures.counts import counts_layout, draw_counts, has_counts
from boundary.analysis.figures.figure import FigureData, ReportFigure, has_rows
from boundary.analysis.figures.flows import draw_flows, flows_layout
from boundary.analysis.figures.forest import draw_forest, forest_layout, has_forest
from boundary.analysis.figures.histogram import draw_histogram, histogram_layout
from boundary.analysis.figures.inline import SCRIPT, STYLE_SHEET, inline_svg
from boundary.analysis.figures.layout import image
from boundary.analysis.figures.likelihood import draw_likelihood, has_likelihood, likelihood_layout
from boundary.analysis.figures.pass_at_k import draw_pass_at_k
from boundary.analysis.figures.ranking import draw_pairs, draw_ranking, pairs_layout, ranking_layout
from boundary.analysis.figures.runs import draw_runs, has_runs, runs_layout
from boundary.analysis.figures.shrinkage import draw_shrinkage, shrinkage_layout
from boundary.analysis.figures.solve_rates import draw_solve_rates, has_solve_rates, solve_rates_layout
from boundary.analysis.figures.strata import draw_strata, has_strata, strata_layout
from boundary.analysis.figures.temperatures import draw_temperatures, has_temperatures, temperatures_layout
from boundary.analysis.figures.trajectory import draw_trajectory, has_trajectory, trajectory_layout
from boundary.analysis.figures.widths import COLUMN_WIDTH, PAGE_WIDTH
from boundary.analysis.options import ALL_FIGURES, NO_FIGURES
from boundary.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "COLUMN_WIDTH",
    "FIGURES",
    "OVERVIEW_FIGURES",
    "PAGE_WIDTH",
    "SCRIPT",
    "STYLE_SHEET",
    "FigureData",
    "ReportFigure",
    "chosen_figures",
    "draw_figures",
    "image",
    "inline_svg",
]

PASS_AT_K = "Share of problems solved within k samples (pass@k)."
SHRINKAGE = "Shrinkage: pass@k of the base model less that of the RL model. Above zero, RL solves less."
FLOWS = (
    "Where the problems stand at each budget: kept (both models solve them), lost (base only), gained (RL only), "
    "neither. Computed at the marked budgets, joined smoothly."
)
HISTOGRAM = "How the solve rates are spread over the problems; a histogram of c/n adds the noise of c to it."
COUNTS = "How many problems have how many correct samples, and how many the fitted population leads one to expect."
SOLVE_RATES = (
    "Solve rates of the two models, problem by problem: above the line RL is correct more often. The scale spreads "
    "both ends, so that the error of a rate is about the same everywhere."
)
RANKING = "Models ranked by pass@k, with the probability that each is best."
PAIRS = (
    "Probability that the model in the row solves more than the one in the column; a difference within the margin "
    "counts one half."
)
TRAJECTORY = "Checkpoints of the training run as one trajectory: pass@1 and pass@n over the steps."
STRATA = "Shrinkage in groups of problems, partially pooled, with intervals."
LIKELIHOOD = (
    "Perplexity of a token: each model's responses, all, right and wrong, under the base and under the model itself, "
    "and the reference answers under the base."
)
COST = "Share of problems solved against the budget of a problem, spent on attempts until one is right."
BREADTH = (
    "Different answers within k samples of a problem, wrong and right ones. Where a problem has one right answer, the "
    "curve of right ones is pass@k from the counts."
)
TEMPERATURES = (
    "Entropy of the answers over the temperature, and shrinkage at the temperature at which the RL model's answers "
    "have the entropy of the base's."
)
FOREST = "Shrinkage at the largest budget within the samples, with its interval; hollow marks: cannot tell yet."

RUNS = (
    "Shrinkage of each training run, of the mean of its method over all runs that there might be, and of a "
    "new run, at the largest budget within the samples."
)

# Two panels for each RL model: beside a base, three of them are as many as anybody looks at.
MOST_FLOWS = 4
# In the order of the report.
FIGURES = [
    ReportFigure("pass_at_k", draw_pass_at_k, has_rows("pass_at_k"), PASS_AT_K),
    ReportFigure("shrinkage", draw_shrinkage, has_rows("shrinkage"), SHRINKAGE, shrinkage_layout),
    ReportFigure("flows", draw_flows, has_rows("lost", MOST_FLOWS), FLOWS, flows_layout),
    ReportFigure("solve_rates", draw_solve_rates, has_solve_rates, SOLVE_RATES, solve_rates_layout),
    ReportFigure("histogram", draw_histogram, has_rows("accuracy_histogram", 4), HISTOGRAM, histogram_layout),
    ReportFigure("counts", draw_counts, has_counts, COUNTS, counts_layout),
    ReportFigure("ranking", draw_ranking, has_rows("best", 100), RANKING, ranking_layout),
    ReportFigure("pairs", draw_pairs, has_rows("better", 100), PAIRS, pairs_layout),
    ReportFigure("cost", draw_cost, has_cost, COST),
    ReportFigure("trajectory", draw_trajectory, has_trajectory, TRAJECTORY, trajectory_layout),
    ReportFigure("training_runs", draw_runs, has_runs, RUNS, runs_layout),
    ReportFigure("strata", draw_strata, has_strata, STRATA, strata_layout),
    ReportFigure("likelihood", draw_likelihood, has_likelihood, LIKELIHOOD, likelihood_layout),
    ReportFigure("breadth", draw_breadth, has_breadth, BREADTH, breadth_layout),
    ReportFigure("temperatures", draw_temperatures, has_temperatures, TEMPERATURES, temperatures_layout),
]
# Of a whole analysis, from the data of any of its benchmarks.
OVERVIEW_FIGURES = [ReportFigure("forest", draw_forest, has_forest, FOREST, forest_layout)]


def draw_figures(data: FigureData, width: float = PAGE_WIDTH) -> dict[str, Figure]:
    """Draw each figure of one benchmark that there is something to draw for.

    Parameters
    ----------
    data
        What is drawn.
    width
        Of each figure, inches.

    Returns
    -------
    dict of str to Figure
        By name: three for a pair, one for a model alone, more with the table of problems, a histogram of solve rates,
        several models or checkpoints. Curves of more than eight models tell nobody anything: these get the ranking
        alone.
    """
    return {figure.name: figure.figure(data, width) for figure in FIGURES if figure.applies(data)}


def chosen_figures(names: str | Sequence[str]) -> frozenset[str] | None:
    """Names of the figures to write as files; None for all.

    Parameters
    ----------
    names
        `all`, `none`, or names of `FIGURES` and `OVERVIEW_FIGURES`.

    Raises
    ------
    InputError
        If there is no such figure.

    Examples
    --------
    >>> chosen_figures("none"), chosen_figures(["pass_at_k"])
    (frozenset(), frozenset({'pass_at_k'}))
    """
    words = [names] if isinstance(names, str) else list(names)
    if words == [ALL_FIGURES]:
        return None
    choices = [record.name for record in (*OVERVIEW_FIGURES, *FIGURES)]
    for word in words:
        if word not in choices and words != [NO_FIGURES]:
            hint = did_you_mean(word, choices)
            raise InputError(f"There is no figure '{word}'.{hint} Choose all, none, or of: {', '.join(choices)}.")
    return frozenset(words) - {NO_FIGURES}
