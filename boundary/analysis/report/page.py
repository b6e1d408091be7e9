"""report.html: one page that needs nothing from outside, ready to send to a colleague."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from boundary.analysis.estimates.table import OBSERVED, POSTERIOR, of_posterior
from boundary.analysis.figures.drawing import image
from boundary.analysis.figures.pair import MOST_CURVES, figures_of
from boundary.analysis.formatting import interval, number, of_fewer, points
from boundary.analysis.report.rows import crossing_pairs, samples_per_problem, without_slight_crossovers
from boundary.analysis.report.sections.arms import arms_section
from boundary.analysis.report.sections.claims import claimed
from boundary.analysis.report.sections.counting import counted
from boundary.analysis.report.sections.methods import REFERENCES, methods
from boundary.analysis.report.sections.model_checks import criticised
from boundary.analysis.report.sections.prior_free import beyond, witnesses
from boundary.analysis.report.sections.problems import problem_tables, script, script_policy
from boundary.analysis.report.sections.ranking import ranking
from boundary.analysis.report.sections.reliability import further
from boundary.analysis.report.sections.verdicts import verdict_tables
from boundary.analysis.report.sections.verifier_errors import erring
from boundary.analysis.result import Analysis
from boundary.analysis.text.ranking import panel_sentences
from boundary.plain_text import printable
from boundary.stats.estimands import ESTIMANDS
from boundary.stats.intervals import MARGIN

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Pictures = dict[str, dict[str, bytes]]
"""Per benchmark, each figure's name and its SVG."""

CAPTIONS = {
    "pass_at_k": "Share of problems solved within k samples (pass@k).",
    "shrinkage": "Shrinkage: pass@k of the base model less that of the RL model. Above zero, RL solves less.",
    "histogram": "How the solve rates are spread over the problems; a histogram of c/n adds the noise of c to it.",
    "ranking": "Models ranked by pass@k, with the probability that each is best.",
    "pairs": "Probability that the model in the row solves more than the one in the column; a difference within "
    "the margin counts one half.",
    "trajectory": "Checkpoints of the training run in order: pass@k at small and large budgets.",
    "flows": "Where the problems stand at each budget: kept (both models solve them), lost (base only), gained (RL "
    "only), neither.",
}
# What stands in place of these where no crossover is spoken of.
NO_CROSSING = {
    "crossover": ("none", "by more than the margin", False),
    "no_crossover": ("\N{EN DASH}", "", False),
}
MARKS = ["k", "extrapolated", "n_extrapolated", "n_problems"]
HEADINGS = {
    "kept": "kept: both",
    "lost": "lost: base only",
    "gained": "gained: RL only",
    "neither": "neither",
}


class Cell(NamedTuple):
    """One quantity at one budget: what counts alone say (beyond n: what they allow), and posterior with interval."""

    observed: str
    posterior: str
    interval: str


class Fact(NamedTuple):
    """A number that belongs to no single budget."""

    label: str
    value: str
    interval: str
    extrapolated: bool


class Row(NamedTuple):
    """One budget; `mark` says for how many problems it is beyond the samples."""

    k: str
    extrapolated: bool
    mark: str
    cells: list[Cell]


class Table(NamedTuple):
    """Several quantities over k."""

    caption: str
    headings: list[str]
    rows: list[Row]


class Column(NamedTuple):
    """A quantity of a table: which rows of the estimates hold it, and how its numbers are written."""

    heading: str
    estimand: str
    model: str
    scale: float = 100.0
    digits: int = 1


def report_html(analysis: Analysis, pictures: Pictures | None = None) -> str:
    """Render the page.

    Parameters
    ----------
    analysis
        What `boundary.analyze` returns.
    pictures
        The figures as SVG where they are at hand; drawn otherwise.

    Returns
    -------
    str
        A whole HTML document: styles and figures inside it, no script, no request to anywhere.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("boundary.analysis.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    if pictures is None:
        pictures = {
            benchmark: {name: image(figure, "svg") for name, figure in drawn_figures(analysis, benchmark).items()}
            for benchmark in analysis.benchmarks
        }
    sections = [_section(analysis, benchmark, pictures[benchmark]) for benchmark in analysis.benchmarks]
    code = script() if any(section["problems"] for section in sections) else ""
    return environment.get_template("report.html.j2").render(
        analysis=analysis,
        sections=sections,
        script=code,
        script_policy=script_policy(code) if code else "'none'",
        several=list(panel_sentences(analysis.estimates)),
        diagnostics=analysis.diagnostics.to_dict(orient="records"),
        number=number,
        criticised=criticised(analysis.criticism, without_slight_crossovers(analysis.criticism.sensitivity, analysis)),
        claimed=claimed(analysis.claims),
        arms=arms_section(analysis),
        erring=erring(analysis.error_curves, analysis.settings.get("verifier_errors", {})),
        settings=list(_settings(analysis)),
        methods=methods(analysis),
        references=REFERENCES,
    )


def _shown(value: Any) -> Any:
    """What stands in the page for a value: names of others' files may hold what turns the direction of writing."""
    return type(value)(printable(str(value))) if isinstance(value, str) else value


def drawn_figures(analysis: Analysis, benchmark: str) -> "dict[str, Figure]":
    """Draw the figures of one benchmark."""
    return figures_of(
        without_slight_crossovers(analysis.estimates, analysis),
        benchmark,
        samples_per_problem(analysis, benchmark),
        analysis.settings.get("checkpoint_steps"),
    )


def _section(analysis: Analysis, benchmark: str, pictures: dict[str, bytes]) -> dict[str, Any]:
    """Gather what one benchmark's part of the page shows."""
    rows = analysis.estimates.loc[analysis.estimates["benchmark"] == benchmark]
    failed = analysis.diagnostics.loc[
        (analysis.diagnostics["benchmark"] == benchmark) & ~analysis.diagnostics["ok"].astype(bool)
    ]
    return {
        "name": title(benchmark),
        "anchor": f"benchmark-{analysis.benchmarks.index(benchmark) + 1}",
        "n_problems": int(rows["n_problems"].max()),
        "samples": analysis.settings["sample_sizes"][benchmark],
        "verdicts": [said for said in analysis.verdicts if said.benchmark == benchmark],
        "failures": [
            (model if len(analysis.models) > 2 else "", m)
            for model, m in zip(failed["model"], failed["message"], strict=True)
        ],
        "arm_remarks": analysis.arms.of(benchmark),
        "figures": [
            {"caption": CAPTIONS[name], "source": "data:image/svg+xml;base64," + base64.b64encode(svg).decode("ascii")}
            for name, svg in pictures.items()
        ],
        "facts": _all_facts(rows, analysis, benchmark),
        "tables": _tables(analysis, rows),
        "verdict_tables": verdict_tables(rows),
        "margin": points(_margin(analysis)),
        "ranking": ranking(rows, samples_per_problem(analysis, benchmark), _margin(analysis)),
        "beyond": beyond(rows, samples_per_problem(analysis, benchmark), _margin(analysis)),
        "further": further(rows, analysis.models, analysis.base),
        "problems": problem_tables(analysis.problems, benchmark),
        **counted(analysis, benchmark),
    }


def _settings(analysis: Analysis) -> Iterator[tuple[str, str]]:
    """Write each setting on a line."""
    for name, value in analysis.settings.items():
        if name in ("n_samples", "sample_sizes") or value is None or value in ([], {}):
            continue  # the samples are shown with each benchmark
        if isinstance(value, Mapping):
            value = ", ".join(f"{inner} {its}" for inner, its in value.items())
        elif isinstance(value, list | tuple):
            value = ", ".join(map(str, value))
        yield name.replace("_", " "), str(value)


def title(benchmark: str) -> str:
    """Name a benchmark for readers."""
    return "All benchmarks" if benchmark == "all" else benchmark


def _margin(analysis: Analysis) -> float:
    return float(analysis.settings.get("margin", MARGIN))


def _all_facts(rows: pd.DataFrame, analysis: Analysis, benchmark: str) -> dict[str, list[Fact]]:
    if len(analysis.models) > MOST_CURVES:
        return {}
    crossing = crossing_pairs(analysis)
    arms = [model for model in analysis.models if model != analysis.base]
    facts = {model: _facts(rows, model, (benchmark, model) in crossing) for model in arms}
    return {model: numbers for model, numbers in facts.items() if numbers}


def _facts(rows: pd.DataFrame, model: str, crosses: bool) -> list[Fact]:
    """Pick the numbers that belong to no single budget; of a crossover only where there is one to speak of."""
    mine = rows.loc[(rows["model"] == model) & of_posterior(rows)]
    facts = []
    for estimand, label, scale, digits in (
        ("crossover", "Crossover, k", 1.0, 0),
        ("no_crossover", "P(no crossover up to k = {k})", 1.0, 2),
        ("sampling_speedup", "Base samples that equal one of RL", 1.0, 0),
        ("delta_se", "\N{GREEK CAPITAL LETTER DELTA}SE at k = {k}, points", 100.0, 1),
    ):
        for row in mine.loc[mine["estimand"] == estimand].to_dict(orient="records"):
            middle = row["median"] if ESTIMANDS[estimand].is_budget else row["mean"]
            k = "" if pd.isna(row["k"]) else budget(row["k"])
            # A probability is a mean of zeros and ones: quantiles of these would say nothing.
            around = "" if estimand == "no_crossover" else interval(row, scale, digits)
            fact = Fact(label.format(k=k), number(middle, scale, digits), around, bool(row["extrapolated"]))
            facts.append(fact if crosses else Fact(fact.label, *NO_CROSSING.get(estimand, fact[1:])))
    return facts


def _tables(analysis: Analysis, rows: pd.DataFrame) -> list[Table]:
    """Lay out the estimates over k: coverage, and for each RL model what it kept, lost and gained."""
    if analysis.base is None and len(analysis.models) > MOST_CURVES:
        return []
    if analysis.base is None:
        columns = [Column(model, "pass_at_k", model) for model in analysis.models]
        return [_table("pass@k, %", columns, rows)]
    tables = []
    for model in analysis.models:
        if model != analysis.base and (rows["model"] == model).any():
            coverage = [
                Column(f"{analysis.base} (base)", "pass_at_k", analysis.base),
                Column(f"{model} (RL)" if len(analysis.models) <= 2 else model, "pass_at_k", model),
                Column("shrinkage, points", "shrinkage", model),
            ]
            counted = [Column(words, flow, model, scale=1.0) for flow, words in HEADINGS.items()]
            tables.append(_table(f"pass@k, %, and shrinkage: {model} against its base", coverage, rows))
            tables.append(_table(f"Problems kept, lost and gained: {model} against its base", counted, rows))
    return tables


def _table(caption: str, columns: Sequence[Column], rows: pd.DataFrame) -> Table:
    """Fill one table, a row for each budget."""
    found: dict[Any, dict[str, dict[Any, Any]]] = {}
    for row in rows.to_dict(orient="records"):
        found.setdefault((row["estimand"], row["model"], row["k"]), {})[row["kind"]] = row
    # The last column is the RL model's: another one's may have budgets of its own, where its samples are more or fewer.
    mine = rows.loc[(rows["estimand"] == columns[-1].estimand) & (rows["model"] == columns[-1].model)]
    mine = mine.loc[of_posterior(mine)].drop_duplicates("k").sort_values("k")
    lines = []
    for k, extrapolated, short, every in mine[MARKS].itertuples(index=False):
        mark = "" if not short else "extrapolated" if short == every else f"{short:,} of {every:,} extrapolated"
        lines.append(Row(budget(k), bool(extrapolated), mark, [_cell(found, column, k) for column in columns]))
    return Table(caption, [column.heading for column in columns], lines)


def _cell(found: dict[Any, dict[str, dict[Any, Any]]], column: Column, k: float) -> Cell:
    here = found.get((column.estimand, column.model, k), {})
    posterior, observed = here.get(POSTERIOR, {}), here.get(OBSERVED, {})
    alone = number(observed.get("mean"), column.scale, column.digits)
    return Cell(
        alone + of_fewer(observed, posterior) if alone else witnesses(here, column.scale, column.digits),
        number(posterior.get("mean"), column.scale, column.digits),
        interval(posterior, column.scale, column.digits),
    )


def budget(k: float) -> str:
    """Write a budget."""
    return f"{k:,.0f}" if k >= 10_000 else f"{k:.0f}"
