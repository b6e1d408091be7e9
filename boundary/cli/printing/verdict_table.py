"""The verdicts of an analysis as a table: a row a pair, or where there are many, the models side by side."""

from collections import Counter
from collections.abc import Sequence
from math import isfinite
from typing import TYPE_CHECKING

from boundary.cli.terminal import cell_text, shortened

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table
    from rich.text import Text

    from boundary.analysis.result import Analysis
    from boundary.analysis.text.verdict import Verdict

# Mark and style of each verdict; the mark says the same without colours.
MARKS = {
    "narrowed": ("▼", "bold red"),
    "widened": ("▲", "bold green"),
    "no material difference": ("=", "bold cyan"),
    "cannot tell yet": ("?", "yellow"),
}
# Columns of a name, in a wide terminal and in a narrow one.
NAME_COLUMNS, NARROW_NAME_COLUMNS, NARROW = 34, 18, 100
# Rows of a table on a terminal; more pairs stand side by side, and more benchmarks are in the report alone.
MOST_ROWS, MOST_BENCHMARKS = 16, 20
NOTHING, BEYOND = "\N{EN DASH}", "*"


def pair_table(verdicts: "Sequence[Verdict]", width: int) -> "Table":
    """A row for each verdict: benchmark, model, verdict, crossover, shrinkage at n, probability.

    Parameters
    ----------
    verdicts
        Of RL models against their base.
    width
        Columns to write in.
    """
    with_models = len({verdict.model for verdict in verdicts}) > 1
    headings = ["benchmark", *["model"] * with_models, "verdict", "crossover k", "shrinkage at n, points", "P(verdict)"]
    table = plain_table(headings, right=headings[-1:])
    for verdict in verdicts:
        names = [benchmark_label(verdict.benchmark), *[model_label(verdict.model)] * with_models]
        row = [*(name_cell(name, width) for name in names), _word(verdict), _crossover(verdict), _difference(verdict)]
        table.add_row(*row, _probability(verdict))
    return table


def model_matrix(verdicts: "Sequence[Verdict]", width: int) -> "Table":
    """A row for each benchmark, a column for each RL model: the mark of the verdict, and the shrinkage at n."""
    benchmarks = list(dict.fromkeys(verdict.benchmark for verdict in verdicts))
    models = list(dict.fromkeys(verdict.model for verdict in verdicts))
    by_place = {(verdict.benchmark, verdict.model): verdict for verdict in verdicts}
    columns = max((width - NARROW_NAME_COLUMNS) // len(models) - 2, 6)
    table = plain_table(["benchmark", *(shortened(model_label(model), columns) for model in models)])
    for benchmark in benchmarks[:MOST_BENCHMARKS]:
        cells = [_short_cell(by_place.get((benchmark, model))) for model in models]
        table.add_row(name_cell(benchmark_label(benchmark), NARROW - 1), *cells)
    return table


def verdict_counts(verdicts: "Sequence[Verdict]") -> str:
    """How many of the verdicts are which, with the mark of each.

    Parameters
    ----------
    verdicts
        Of RL models against their base.
    """
    counts = Counter(verdict.word for verdict in verdicts)
    return ", ".join(f"{mark} {word}: {counts[word]}" for word, (mark, _) in MARKS.items())


def model_table(analysis: "Analysis", width: int) -> "Table":
    """A row for each benchmark and model without a base: pass@k at k = 1 and at n, and how it ranks at k = 1."""
    from boundary.analysis.estimates.table import POSTERIOR, select

    rows = select(analysis.estimates, kind=POSTERIOR)
    is_ranked = bool((rows["estimand"] == "best").any())
    headings = ["benchmark", "model", "pass@1, %", "pass@n, %", *["P(best at k = 1)"] * is_ranked]
    table = plain_table(headings, right=headings[-1:] if is_ranked else [])
    for benchmark in analysis.benchmarks:
        own = select(rows, benchmark=benchmark)
        curves, best = select(own, estimand="pass_at_k"), select(own, estimand="best", k=1).set_index("model")["mean"]
        first = select(curves, k=1).set_index("model")
        models = [str(model) for model in dict.fromkeys(curves["model"])]
        if len(first):
            models.sort(key=lambda model: -float(first["mean"].get(model, 0)))
        for model in models[: max(MOST_ROWS // len(analysis.benchmarks), 3)]:
            within = select(curves, model=model).query("not extrapolated")
            cells = [_share(within.iloc[[end]]) for end in (0, -1)] if len(within) else [NOTHING, NOTHING]
            names = (name_cell(name, width) for name in (benchmark_label(benchmark), model_label(model)))
            table.add_row(*names, *cells, *[f"{best.get(model, float('nan')):.2f}"] * is_ranked)
    return table


def plain_table(headings: Sequence[str], right: Sequence[str] = ()) -> "Table":
    """A table without lines, its headings faint.

    Parameters
    ----------
    headings
        Of the columns.
    right
        Those whose cells stand to the right.
    """
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for heading in headings:
        table.add_column(Text(heading), justify="right" if heading in right else "left")
    return table


def benchmark_label(benchmark: str) -> str:
    """The name of a benchmark for a cell."""
    from boundary.analysis.formatting import benchmark_name

    return cell_text(benchmark_name(benchmark))


def model_label(model: str) -> str:
    """The name of a model for a cell, without its organisation."""
    from boundary.analysis.formatting import short_name

    return cell_text(short_name(model))


def name_cell(name: str, width: int) -> "Text":
    """A name in as many columns as there is room for, on one line."""
    from rich.text import Text

    most = NARROW_NAME_COLUMNS if width < NARROW else NAME_COLUMNS if width < 1000 else width
    return Text(shortened(name, most), no_wrap=True)


def _word(verdict: "Verdict") -> "Text":
    from rich.text import Text

    mark, style = MARKS.get(str(verdict.word), (" ", ""))
    return Text(f"{mark} {verdict.word or NOTHING}", style=style)


def _crossover(verdict: "Verdict") -> str:
    """Budget from which the RL model is behind, with its interval; a star where it is extrapolated."""
    from boundary.analysis.formatting import budget

    at = verdict.crossover
    if not verdict.crosses or at is None or not isfinite(at.median):
        return NOTHING
    furthest = "" if verdict.curve_order is None else budget(verdict.curve_order.max_k)
    upper = budget(at.upper) if isfinite(at.upper) else f">{furthest}"
    return f"{budget(at.median)} [{budget(at.lower)}, {upper}]{BEYOND if at.median > verdict.n else ''}"


def _difference(verdict: "Verdict") -> str:
    from boundary.analysis.formatting import number

    decision = verdict.decision
    if decision is None:
        return NOTHING
    mean, lower, upper = (number(value, 100, 1) for value in (decision.difference, decision.lower, decision.upper))
    return f"{mean} [{lower}, {upper}]{BEYOND if decision.extrapolated else ''}"


def _probability(verdict: "Verdict") -> str:
    """Probability of the verdict; where it is open, of the likeliest, with its mark."""
    from boundary.analysis.formatting import probability_text

    decision = verdict.decision
    if decision is None or verdict.probability is None:
        return NOTHING
    text = probability_text(verdict.probability).replace("over ", ">").replace("under ", "<")
    return text if verdict.word == decision.likeliest else f"{MARKS[decision.likeliest][0]} {text}"


def _short_cell(verdict: "Verdict | None") -> "Text":
    from rich.text import Text

    from boundary.analysis.formatting import number

    if verdict is None or verdict.decision is None:
        return Text(NOTHING)
    mark, style = MARKS[str(verdict.word)]
    return Text(f"{mark} {number(verdict.decision.difference, 100, 1)}", style=style)


def _share(rows: "pd.DataFrame") -> str:
    from boundary.analysis.formatting import number

    row = rows.iloc[0]
    mean, lower, upper = (number(row[name], 100, 1) for name in ("mean", "lower", "upper"))
    return f"{mean} [{lower}, {upper}]"
