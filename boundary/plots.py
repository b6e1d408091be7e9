"""Figures of an analysis on matplotlib axes, for papers and notebooks.

Every figure of the report is a function of its name. Each takes an `Analysis` and, where there are some, your axes;
what it returns is the axes drawn on, to be changed as you like. `save` writes a figure with its text as text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from boundary.analysis.figures import FIGURES, OVERVIEW_FIGURES
from boundary.analysis.figures.header import is_narrow
from boundary.analysis.figures.layout import Layout, fit_header, image, report_style, set_panels
from boundary.analysis.figures.tipping_point import draw_tipping_point, tipping_point_layout
from boundary.analysis.figures.widths import NARROW
from boundary.analysis.options import chosen_width
from boundary.analysis.report.rows import figure_data
from boundary.data.counts import ALL
from boundary.errors import InputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from boundary.analysis.result import Analysis

_RECORDS = {record.name: record for record in (*FIGURES, *OVERVIEW_FIGURES)}
_FORMATS = ("pdf", "png", "svg")


def pass_at_k(
    result: Analysis, ax: Axes | None = None, *, benchmark: str | None = None, width: float | str = "page"
) -> Any:
    """Draw pass@k of every model over k: posterior with its band, and the unbiased estimates as points.

    Parameters
    ----------
    result
        What `boundary.analyze` returns.
    ax
        Axes to draw on; a new figure where not given.
    benchmark
        Whose problems; all of them where there are several and none is named.
    width
        Of a new figure: `column` (3.35 inches), `page` (6.75) or inches. Below 5.5 inches names stand above the panel.

    Returns
    -------
    The axes drawn on.

    Raises
    ------
    InputError
        If there is nothing to draw, or no such benchmark.
    """
    return _draw("pass_at_k", result, ax, benchmark, width)


def shrinkage(
    result: Analysis, ax: Axes | None = None, *, benchmark: str | None = None, width: float | str = "page"
) -> Any:
    """Draw pass@k of the base less that of each RL model over k, with the crossover.

    Parameters
    ----------
    result
        What `boundary.analyze` returns.
    ax
        Axes to draw on; a new figure where not given.
    benchmark
        Whose problems; all of them where there are several and none is named.
    width
        Of a new figure: `column` (3.35 inches), `page` (6.75) or inches. Below 5.5 inches names stand above the panel.

    Returns
    -------
    The axes drawn on.

    Raises
    ------
    InputError
        If there is nothing to draw, or no such benchmark.
    """
    return _draw("shrinkage", result, ax, benchmark, width)


def flows(result: Analysis, ax: Any | None = None, *, benchmark: str | None = None, width: float | str = "page") -> Any:
    """Draw how many problems are kept, lost, gained and solved by neither; two panels for each RL model.

    Parameters
    ----------
    result
        What `boundary.analyze` returns.
    ax
        Array of as many axes as there are panels; a new figure where not given. An error says how many they are.
    benchmark
        Whose problems; all of them where there are several and none is named.
    width
        Of a new figure: `column` (3.35 inches), `page` (6.75) or inches. Below 5.5 inches names stand above the panel.

    Returns
    -------
    Array of the axes drawn on; the axes itself where there is one panel.

    Raises
    ------
    InputError
        If there is nothing to draw, or no such benchmark.
    """
    return _draw("flows", result, ax, benchmark, width)


def solve_rates(
    result: Analysis, ax: Any | None = None, *, benchmark: str | None = None, width: float | str = "page"
) -> Any:
    """Draw the solve rate of RL against that of the base, problem by problem; a panel for each RL model.

    Parameters
    ----------
    result
        What `boundary.analyze` returns.
    ax
        Array of as many axes as there are panels; a new figure where not given. An error says how many they are.
    benchmark
        Whose problems; all of them where there are several and none is named.
    width
        Of a new figure: `column` (3.35 inches), `page` (6.75) or inches. Below 5.5 inches names stand above the panel.

    Returns
    -------
    Array of the axes drawn on; the axes itself where there is one panel.

    Raises
    ------
    InputError
        If there is nothing to draw, or no such benchmark.
    """
    return _draw("solve_rates", result, ax, benchmark, width)


def histogram(
    result: Analysis, ax: Any | None = None, *, benchmark: str | None = None, width: float | str = "page"
) -> Any:
    """Draw how the solve rates are spread over the problems; a panel for each RL model.

    Parameters
    ----------
    result
        What `boundary.analyze` returns.
    ax
        Array of as many axes as there are panels; a new figure where not given. An error says how many they are.
    benchmark
        Whose problems; all of them where there are several and none is named.
    width
        Of a new figure: `column` (3.35 inches), `page` (6.75) or inches. Below 5.5 inches names stand above the panel.

    Returns
    -------
    Array of the axes drawn on; the axes itself where there is one panel.

    Raises
    ------
    InputError
        If there is nothing to draw, or no such benchmark.
    """
    return _draw("histogram", result, ax, benchmark, width)


def counts(
    result: Analysis, ax: Any | None = None, *, benchmark: str | None = None, width: float | str = "page"
) -> Any:
    """Draw how many problems have how many right samples, and the posterior predictive; a panel for each model.

    Parameters
    ----------
    result
        What `boundary.analyze` returns.
    ax
        Array of as many axes as there are panels; a new figure where not given. An error says how many they are.
    benchmark
        Whose problems; all of them where there are several and none is named.
    width
        Of a new figure: `column` (3.35 inches), `page` (6.75) or inches. Below 5.5 inches names stand above the panel.

    Returns
    -------
    Array of the axes drawn on; the axes itself where there is one panel.

    Raises
    ------
    InputError
        If there is nothing to draw, or no such benchmark.
    """
    return _draw("counts", result, ax, benchmark, width)


def ranking(
    result: Analysis, ax: Any | None = None, *, benchmark: str | None = None, width: float | str = "page"
) -> Any:
    """Draw the models in their order with intervals and P(best); a panel for k = 1 and one for n.

    Parameters
    ----------
    result
        What `boundary.analyze` returns.
    ax
        Array of as many axes as there are panels; a new figure where not given. An error says how many they are.
    benchmark
        Whose problems; all of them where there are several and none is named.
    width
        Of a new figure: `column` (3.35 inches), `page` (6.75) or inches. Below 5.5 inches names stand above the panel.

    Returns
    -------
    Array of the axes drawn on; the axes itself where there is one panel.

    Raises
    ------
    InputError
        If there is nothing to draw, or no such benchmark.
    """
    return _draw("ranking", result, ax, benchmark, width)


def pairs(result: Analysis, ax: Any | None = None, *, benchmark: str | None = None, width: float | str = "page") -> Any:
    """Draw the probability that one model solves more than another; a panel for k = 1 and one for n.

    Parameters
    ----------
    result
        What `boundary.analyze` returns.
    ax
        Array of as many axes as there are panels; a new figure where not given. An error says how many they are.
    benchmark
        Whose problems; all of them where there are several and none is named.
    width
        Of a new figure: `column` (3.35 inches), `page` (6.75) or inches. Below 5.5 inches names stand above the panel.

    Returns
    -------
    Array of the axes drawn on; the axes itself where there is one panel.

    Raises
    ------
    InputError
        If there is nothing to draw, or no such benchmark.
    """
    return _draw("pairs", result, ax, benchmark, width)


def trajectory(
    result: Analysis, ax: Any | None = None, *, benchmark: str | None = None, width: float | str = "page"
) -> Any:
    """Draw pass@1 and pass@n over the steps of training, as one trajectory; a panel for each training run.

    Parameters
    ----------
    result
        What `boundary.analyze` returns.
    ax
        Array of as many axes as there are training runs; a new figure where not given. An error says how many they are.
    benchmark
        Whose problems; all of them where there are several and none is named.
    width
        Of a new figure: `column` (3.35 inches), `page` (6.75) or inches. Below 5.5 inches names stand above the panel.

    Returns
    -------
    Array of the axes drawn on; the axes itself where there is one panel.

    Raises
    ------
    InputError
        If there is nothing to draw, or no such benchmark.
    """
    return _draw("trajectory", result, ax, benchmark, width)


def cost(result: Analysis, ax: Axes | None = None, *, benchmark: str | None = None, width: float | str = "page") -> Any:
    """Draw the share of problems solved against tokens or money, of an analysis that knows lengths of attempts.

    Parameters
    ----------
    result
        What `boundary.analyze` returns.
    ax
        Axes to draw on; a new figure where not given.
    benchmark
        Whose problems; all of them where there are several and none is named.
    width
        Of a new figure: `column` (3.35 inches), `page` (6.75) or inches. Below 5.5 inches names stand above the panel.

    Returns
    -------
    The axes drawn on.

    Raises
    ------
    InputError
        If there is nothing to draw, or no such benchmark.
    """
    return _draw("cost", result, ax, benchmark, width)


def likelihood(
    result: Analysis, ax: Axes | None = None, *, benchmark: str | None = None, width: float | str = "page"
) -> Any:
    """Draw the perplexity of each model's responses under the base and under itself, with their spread.

    Parameters
    ----------
    result
        What `boundary.analyze` returns, of counts with scores.
    ax
        Axes to draw on; a new figure where not given.
    benchmark
        Whose problems; all of them where there are several and none is named.
    width
        Of a new figure: `column` (3.35 inches), `page` (6.75) or inches. Below 5.5 inches names stand above the panel.

    Returns
    -------
    The axes drawn on.

    Raises
    ------
    InputError
        If there is nothing to draw, or no such benchmark.
    """
    return _draw("likelihood", result, ax, benchmark, width)


def breadth(
    result: Analysis, ax: Any | None = None, *, benchmark: str | None = None, width: float | str = "page"
) -> Any:
    """Draw how many different wrong and right answers the models give within k samples, a panel each.

    Parameters
    ----------
    result
        What `boundary.analyze` returns.
    ax
        Array of two axes; a new figure where not given.
    benchmark
        Whose problems; all of them where there are several and none is named.
    width
        Of a new figure: `column` (3.35 inches), `page` (6.75) or inches. Below 5.5 inches names stand above the panel.

    Returns
    -------
    Array of the axes drawn on.

    Raises
    ------
    InputError
        If there is nothing to draw, or no such benchmark.
    """
    return _draw("breadth", result, ax, benchmark, width)


def temperatures(
    result: Analysis, ax: Any | None = None, *, benchmark: str | None = None, width: float | str = "page"
) -> Any:
    """Draw answer entropy over the temperature, and shrinkage at the temperature of equal entropy, a panel each.

    Parameters
    ----------
    result
        What `boundary.analyze` returns.
    ax
        Array of two axes; a new figure where not given.
    benchmark
        Whose problems; all of them where there are several and none is named.
    width
        Of a new figure: `column` (3.35 inches), `page` (6.75) or inches. Below 5.5 inches names stand above the panel.

    Returns
    -------
    Array of the axes drawn on.

    Raises
    ------
    InputError
        If there is nothing to draw, or no such benchmark.
    """
    return _draw("temperatures", result, ax, benchmark, width)


def strata(
    result: Analysis, ax: Any | None = None, *, benchmark: str | None = None, width: float | str = "page"
) -> Any:
    """Draw shrinkage at n in each stratum of the problems; a panel for each column that makes strata.

    Parameters
    ----------
    result
        What `boundary.analyze` returns, of counts with strata.
    ax
        Array of as many axes as there are panels; a new figure where not given. An error says how many they are.
    benchmark
        Whose problems; all of them where there are several and none is named.
    width
        Of a new figure: `column` (3.35 inches), `page` (6.75) or inches. Below 5.5 inches names stand above the panel.

    Returns
    -------
    Array of the axes drawn on; the axes itself where there is one panel.

    Raises
    ------
    InputError
        If there is nothing to draw, or no such benchmark.
    """
    return _draw("strata", result, ax, benchmark, width)


def training_runs(
    result: Analysis, ax: Axes | None = None, *, benchmark: str | None = None, width: float | str = "page"
) -> Any:
    """Draw the shrinkage of each training run, of its method's mean and of a new run, of counts with several runs.

    Parameters
    ----------
    result
        What `boundary.analyze` returns, of counts with the columns method and training_run.
    ax
        Axes to draw on; a new figure where not given.
    benchmark
        Whose problems; all of them where there are several and none is named.
    width
        Of a new figure: `column` (3.35 inches), `page` (6.75) or inches. Below 5.5 inches names stand above the panel.

    Returns
    -------
    The axes drawn on.

    Raises
    ------
    InputError
        If there is nothing to draw, or no such benchmark.
    """
    return _draw("training_runs", result, ax, benchmark, width)


def forest(result: Analysis, ax: Axes | None = None, *, width: float | str = "page") -> Any:
    """Draw shrinkage at n of every benchmark and RL model, with intervals.

    Parameters
    ----------
    result
        What `boundary.analyze` returns.
    ax
        Axes to draw on; a new figure where not given.
    width
        Of a new figure: `column` (3.35 inches), `page` (6.75) or inches. Below 5.5 inches names stand above the panel.

    Returns
    -------
    The axes drawn on.

    Raises
    ------
    InputError
        If there is nothing to draw.
    """
    return _draw("forest", result, ax, None, width)


def tipping_point(
    result: Analysis,
    ax: Axes | None = None,
    *,
    benchmark: str | None = None,
    model: str | None = None,
    width: float | str = "page",
) -> Any:
    """Draw shrinkage over the false-positive rate of the verifier, of an analysis with `error_curve=True`.

    Parameters
    ----------
    result
        What `boundary.analyze` returns.
    ax
        Axes to draw on; a new figure where not given.
    benchmark
        Whose problems; the first one where none is named.
    model
        Which RL model; the first one where none is named.
    width
        Of a new figure: `column` (3.35 inches), `page` (6.75) or inches. Below 5.5 inches names stand above the panel.

    Returns
    -------
    The axes drawn on.

    Raises
    ------
    InputError
        If there are no such curves.
    """
    rows = result.tipping_points
    for column, name in (("benchmark", benchmark), ("model", model)):
        if len(rows):
            rows = rows.loc[rows[column] == (rows[column].iloc[0] if name is None else name)]
    if rows.empty:
        raise InputError("There is no such curve in this result. Analyze with error_curve=True, and name what it has.")
    if ax is not None:
        draw_tipping_point(ax, rows)
        return ax
    inches = chosen_width(width)
    return _new_axes(tipping_point_layout(inches < NARROW), draw_tipping_point, rows, inches)


def save(ax: Any, path: str | Path) -> None:
    """Write the figure of some axes as a file: the same bytes for the same figure, text as text.

    Parameters
    ----------
    ax
        Axes that a function of this module returned, or an array of them.
    path
        File name that ends in `.pdf`, `.svg` or `.png` (200 dots an inch).

    Raises
    ------
    InputError
        If the name ends otherwise.
    """
    path = Path(path)
    kind = path.suffix.removeprefix(".").lower()
    if kind not in _FORMATS:
        raise InputError(
            f"'{path}' names no format of figures. Let it end in {', '.join('.' + name for name in _FORMATS)}."
        )
    path.write_bytes(image(np.ravel(ax)[0].figure, kind))


def _draw(name: str, result: Analysis, ax: Any, benchmark: str | None, width: float | str) -> Any:
    """Draw a figure of a benchmark on some axes, or on those of a new figure."""
    data = figure_data(result)
    if benchmark is None:
        benchmark = ALL if ALL in data else next(iter(data))
    if benchmark not in data:
        raise InputError(f"No benchmark '{benchmark}' in this result. It has: {', '.join(data)}.")
    record, of_benchmark = _RECORDS[name], data[benchmark]
    if not record.applies(of_benchmark):
        raise InputError(
            f"There is nothing to draw in '{name}' for the benchmark '{benchmark}': {_possible(result, benchmark)}"
        )
    if ax is None:
        inches = chosen_width(width)
        return _new_axes(record.layout(of_benchmark, inches < NARROW), record.draw, of_benchmark, inches)
    layout = record.layout(of_benchmark, is_narrow(np.ravel(ax)[0]))
    _check_number(name, layout, np.size(ax))
    import matplotlib as mpl

    with mpl.rc_context({"text.parse_math": False}):  # a dollar in a name is a dollar
        record.draw(ax if np.ndim(ax) or layout.rows * layout.columns > 1 else np.ravel(ax)[0], of_benchmark)
    return ax


def _new_axes(layout: Layout, draw: Callable[[Any, Any], None], data: Any, width: float) -> Any:
    """The axes of a new figure of pyplot, which shows it in a notebook."""
    import matplotlib.pyplot as plt

    with report_style():
        figure: Figure = plt.figure()
        set_panels(figure, layout, width)
        axes = figure.subplots(layout.rows, layout.columns)
        draw(axes, data)
        fit_header(figure, layout, width)
    return axes


def _check_number(name: str, layout: Layout, n_axes: int) -> None:
    panels = layout.rows * layout.columns
    if n_axes != panels:
        words = f"{panels} axes ({layout.rows} rows, {layout.columns} columns)" if panels > 1 else "one axes"
        raise InputError(f"'{name}' draws on {words}, and got {n_axes}.")


def _possible(result: Analysis, benchmark: str) -> str:
    data = figure_data(result)[benchmark]
    names: Sequence[str] = [name for name, record in _RECORDS.items() if record.applies(data)]
    return f"there are {', '.join(names)}."
