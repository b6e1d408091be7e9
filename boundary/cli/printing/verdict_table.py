"""The verdicts of an analysis as a table: a row a pair, or where there are many, the models side by side."""

from collections import Counter
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any

from boundary.cli.printing.fields import SPACE, table_or_fields
from boundary.cli.terminal import cell_text, shortened

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import RenderableType
    from rich.text import Text

    from boundary.analysis.formatting import Shorten
    from boundary.analysis.result import Analysis
    from boundary.analysis.text.verdict import Verdict

# Mark and style of each verdict; the mark says the same without colours.
MARKS = {
    "narrowed": ("▼", "bold red"),
    "widened": ("▲", "bold green"),
    "no material difference": ("=", "bold cyan"),
    "cannot tell yet": ("?", "yellow"),
}
# Columns of a name: at most on a terminal, and at least before other columns are left out.
NAME_COLUMNS, LEAST_NAME_COLUMNS = 34, 10
# Widths above this are of no terminal.
WIDEST = 1000
LEGEND = (
    "Shrinkage: how many points fewer RL solves than its base. P: probability of the verdict, or where it is open, of "
    "the likeliest (▼ ▲ =)."
)
# Rows of a table on a terminal; more pairs stand side by side, and more benchmarks are in the report alone.
MOST_ROWS, MOST_BENCHMARKS = 16, 20
NOTHING, EXTRAPOLATED = "\N{EN DASH}", "*"


def pair_table(verdicts: "Sequence[Verdict]", width: int) -> "RenderableType":
    """A row for each verdict: benchmark, model, verdict, crossover, shrinkage at n, probability.

    Parameters
    ----------
    verdicts
        Of RL models against their base.
    width
        Columns to write in.
    """
    from rich.text import Text

    shorten = shortener_of(verdicts)
    names = {
        "benchmark": [benchmark_label(verdict.benchmark) for verdict in verdicts],
        "model": [model_label(verdict.model, shorten) for verdict in verdicts],
    }
    names = _told_apart(names, width)
    columns = {
        "verdict": [_word(verdict) for verdict in verdicts],
        "crossover": [Text(_crossover(verdict)) for verdict in verdicts],
        "shrinkage at n": [Text(_difference(verdict)) for verdict in verdicts],
        "P": [Text(_probability(verdict)) for verdict in verdicts],
    }
    if _room_for_names(names, columns, width) < LEAST_NAME_COLUMNS:
        columns["crossover"] = [Text(_crossover(verdict, with_interval=False)) for verdict in verdicts]
    return table_of_columns(names, columns, width, right=("P",))


def model_matrix(verdicts: "Sequence[Verdict]", width: int) -> "RenderableType":
    """A row for each benchmark, a column for each RL model: the mark of the verdict, and the shrinkage at n."""
    benchmarks = list(dict.fromkeys(verdict.benchmark for verdict in verdicts))
    models = list(dict.fromkeys(verdict.model for verdict in verdicts))
    by_place = {(verdict.benchmark, verdict.model): verdict for verdict in verdicts}
    benchmarks = benchmarks[:MOST_BENCHMARKS]
    most = max((width - NAME_COLUMNS // 2) // len(models) - SPACE, 7)
    columns = {
        f"{place}": [_short_cell(by_place.get((benchmark, model))) for benchmark in benchmarks]
        for place, model in enumerate(models)
    }
    shorten = shortener_of(verdicts)
    labels = [shortened(model_label(model, shorten), most) for model in models]
    names = {"benchmark": [benchmark_label(benchmark) for benchmark in benchmarks]}
    return table_of_columns(names, columns, width, headings=["benchmark", *labels])


def verdict_counts(verdicts: "Sequence[Verdict]") -> str:
    """How many of the verdicts are which, with the mark of each.

    Parameters
    ----------
    verdicts
        Of RL models against their base.
    """
    counts = Counter(verdict.word for verdict in verdicts)
    return ", ".join(f"{mark} {word} {counts[word]}" for word, (mark, _) in MARKS.items())


def is_extrapolated(verdict: "Verdict") -> bool:
    """Whether a number of a verdict's row lies beyond the samples."""
    at = verdict.crossover
    return verdict.at_n is None or (verdict.crosses and at is not None and verdict.n < at.median < float("inf"))


def model_table(
    analysis: "Analysis", benchmarks: Sequence[str], width: int, most: int | None = None
) -> "tuple[RenderableType, int]":
    """A row for each benchmark and model without a base: pass@k at the ends of the samples, and how they rank.

    Parameters
    ----------
    benchmarks
        Those to show.
    width
        Columns to write in.
    most
        Most rows; None for all.

    Returns
    -------
    The table, the best model at the smallest k of each benchmark first, and how many rows were left out.
    """
    from rich.text import Text

    from boundary.analysis.estimates.table import POSTERIOR, select
    from boundary.analysis.formatting import shortener

    rows = select(analysis.estimates, kind=POSTERIOR, benchmark=tuple(benchmarks))
    best = select(rows, estimand="best").sort_values("k", kind="stable").drop_duplicates(["benchmark", "model"])
    curves = select(rows, estimand="pass_at_k")
    if not curves["extrapolated"].all():
        curves = curves.query("not extrapolated")
    places = [place for name in benchmarks for place in _best_first(curves.loc[curves["benchmark"] == name])]
    shown = places[:most]
    ends = {place: rows.iloc[[0, -1]] for place, rows in curves.groupby(["benchmark", "model"], sort=False)}
    shorten = shortener(map(str, rows["model"].unique()))
    names = {
        "benchmark": [benchmark_label(benchmark) for benchmark, _ in shown],
        "model": [model_label(model, shorten) for _, model in shown],
    }
    columns = {}
    for end, which in ((0, "smallest k"), (-1, "largest k")):
        of_end = [ends[place].iloc[end] for place in shown]
        k = _shared_budget([row["k"] for row in of_end])
        columns[f"pass@{k}, %" if k else f"{which}, %"] = [Text(_share(row, with_k=not k)) for row in of_end]
    if len(best):
        chances = best.set_index(["benchmark", "model"])["mean"]
        k = _shared_budget([*best["k"]])
        columns[f"P(best at {k})" if k else "P(best)"] = [
            Text(_short_probability(chances.get(place, float("nan")))) for place in shown
        ]
    return table_of_columns(_told_apart(names, width), columns, width), len(places) - len(shown)


def _shared_budget(budgets: Sequence[float]) -> str:
    """The budget of every row of a column, as it is written; empty where they differ."""
    from boundary.analysis.formatting import budget

    return budget(next(iter(budgets))) if len(set(budgets)) == 1 else ""


def _best_first(curves: "pd.DataFrame") -> list[tuple[str, str]]:
    """Benchmark and model of the curves of a benchmark, that which solves most at the smallest budget first."""
    first = curves.loc[curves["k"] == curves["k"].min()].sort_values("mean", ascending=False, kind="stable")
    return [(str(benchmark), str(model)) for benchmark, model in zip(first["benchmark"], first["model"], strict=True)]


def table_of_columns(
    names: "Mapping[str, Sequence[str]]",
    columns: "Mapping[str, Sequence[Text]]",
    width: int,
    *,
    headings: Sequence[str] = (),
    right: Sequence[str] = (),
) -> "RenderableType":
    """A table without lines, or a field on each line; names get what room the other columns leave.

    Parameters
    ----------
    names, columns
        Cells by the heading of their column.
    width
        Columns of the terminal.
    headings
        In place of the keys.
    right
        Columns whose cells stand to the right.
    """
    from rich.text import Text

    most = max(_room_for_names(names, columns, width), LEAST_NAME_COLUMNS)
    most = most if width > WIDEST else min(most, NAME_COLUMNS)
    short_names = {key: [Text(shortened(name, most)) for name in column] for key, column in names.items()}
    whole_names = [[Text(name) for name in row] for row in zip(*names.values(), strict=True)]
    return table_or_fields({**short_names, **columns}, width, headings=headings, right=right, names=whole_names)


def _told_apart(names: "dict[str, list[str]]", width: int) -> "dict[str, list[str]]":
    """The columns of names on a terminal without those that say the same in every row; at least one of them."""
    if width > WIDEST:
        return names
    return {heading: cells for heading, cells in names.items() if len(set(cells)) > 1} or dict([*names.items()][:1])


def _room_for_names(names: "Mapping[str, Sequence[str]]", columns: "Mapping[str, Sequence[Text]]", width: int) -> int:
    """Columns for each name beside the other columns; short names leave theirs to the long ones."""
    from rich.cells import cell_len

    columns_of_others = sum(
        SPACE + max(cell_len(heading), *(cell.cell_len for cell in cells)) for heading, cells in columns.items()
    )
    left = width - columns_of_others - SPACE * (len(names) - 1)
    longest = sorted(max(cell_len(name) for name in [heading, *cells]) for heading, cells in names.items())
    for n_columns, columns_of_name in zip(range(len(longest), 1, -1), longest[:-1], strict=True):
        if columns_of_name < left // n_columns:
            left -= columns_of_name
        else:
            return left // n_columns
    return left


def benchmark_label(benchmark: str) -> str:
    """The name of a benchmark for a cell."""
    from boundary.analysis.formatting import benchmark_name

    return cell_text(benchmark_name(benchmark))


def model_label(model: str, shorten: "Shorten") -> str:
    """The name of a model for a cell, as short as those beside it allow."""
    return cell_text(shorten(model))


def shortener_of(verdicts: "Sequence[Verdict]") -> "Shorten":
    """Writes the names of all models that verdicts are about as short as they stay distinct."""
    from boundary.analysis.formatting import shortener

    models = (model for verdict in verdicts for model in (verdict.model, verdict.reference) if model is not None)
    return shortener(dict.fromkeys(models))


def _word(verdict: "Verdict") -> "Text":
    from rich.text import Text

    mark, style = MARKS.get(str(verdict.word), (" ", ""))
    return Text(f"{mark} {verdict.word or NOTHING}", style=style)


def _crossover(verdict: "Verdict", with_interval: bool = True) -> str:
    """Budget from which the RL model is behind, with its interval; a star where it is extrapolated."""
    from boundary.analysis.formatting import crossover_text

    at = verdict.crossover
    if verdict.curve_order is None:
        return NOTHING
    word = verdict.no_crossover_word
    if word is not None or at is None or not isfinite(at.median):
        return (word or "unclear").replace("up to k = ", "to ")
    crossover = crossover_text(*at, furthest=verdict.curve_order.max_k, n=verdict.n)
    text = str(crossover) if with_interval else crossover.middle
    return text.replace("beyond ", ">") + EXTRAPOLATED * bool(crossover.mark)


def _difference(verdict: "Verdict") -> str:
    """The shrinkage with its interval; where it is not at n, its budget too."""
    from boundary.analysis.formatting import budget, number

    decision = verdict.decision
    if decision is None:
        return NOTHING
    mean, lower, upper = (number(value, 100, 1) for value in (decision.difference, decision.lower, decision.upper))
    at = "" if decision.k == verdict.n else f" at k = {budget(decision.k)}"
    return f"{mean} [{lower}, {upper}]{EXTRAPOLATED if decision.extrapolated else ''}{at}"


def _probability(verdict: "Verdict") -> str:
    """Probability of the verdict; where it is open, of the likeliest, with its mark."""
    decision = verdict.decision
    if decision is None or verdict.probability is None:
        return NOTHING
    text = _short_probability(verdict.probability)
    return text if verdict.word == decision.likeliest else f"{MARKS[decision.likeliest][0]} {text}"


def _short_probability(probability: float) -> str:
    """A probability in four characters; a dash where it is not known."""
    from boundary.analysis.formatting import probability_text

    if probability != probability:
        return NOTHING
    return probability_text(probability).replace("over ", ">").replace("under ", "<")


def _short_cell(verdict: "Verdict | None") -> "Text":
    from rich.text import Text

    from boundary.analysis.formatting import number

    if verdict is None or verdict.decision is None:
        return Text(NOTHING)
    mark, style = MARKS[str(verdict.word)]
    return Text(f"{mark} {number(verdict.decision.difference, 100, 1)}", style=style)


def _share(row: "pd.Series[Any]", with_k: bool) -> str:
    from boundary.analysis.formatting import budget, middle_column, number

    mean, lower, upper = (number(row[name], 100, 1) for name in (middle_column(row.to_dict()), "lower", "upper"))
    at = f" (k = {budget(row['k'])})" if with_k else ""
    return f"{mean} [{lower}, {upper}]{EXTRAPOLATED if row['extrapolated'] else ''}{at}"
