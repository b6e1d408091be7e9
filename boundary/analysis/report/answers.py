"""Answers: what is stated of one model on one benchmark, in one line of the summary."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from boundary.analysis.estimates.decisions import EQUIVALENT, NARROWED, OPEN, WIDENED, Decision
from boundary.analysis.estimates.table import POSTERIOR, select
from boundary.analysis.figures.ranking import ranked_models
from boundary.analysis.formatting import (
    CrossoverText,
    benchmark_name,
    budget,
    crossover_text,
    middle_column,
    percentage,
)
from boundary.analysis.report.flags import Flag, flags_of
from boundary.analysis.report.tables import Record, records
from boundary.analysis.result import Analysis
from boundary.analysis.text.verdict import Verdict
from boundary.data.counts import ALL

CHIP_CLASSES = {NARROWED: "narrowed", WIDENED: "widened", EQUIVALENT: "same", OPEN: "open"}
SHOWN = ("pass_at_k", "shrinkage", "crossover", "narrowed", "widened", "best", "rank")


@dataclass(frozen=True)
class Chip:
    """A decision as a label: its word, the probability of the statement, and how it is coloured.

    Parameters
    ----------
    decision
        At one budget.
    converged
        Whether the fit behind it converged; its word is not shown otherwise.
    is_informative
        Whether the counts say anything of it; otherwise its probability is that of the prior, and is not shown.
    """

    decision: Decision
    converged: bool = True
    is_informative: bool = True

    @property
    def word(self) -> str:
        """What the label reads."""
        if not self.converged:
            return "not converged"
        return self.decision.word if self.is_informative else OPEN

    @property
    def colour_class(self) -> str:
        """Class of what has the colour of the word."""
        return CHIP_CLASSES[self.word] if self.converged else "failed"

    @property
    def css_class(self) -> str:
        """Classes of the label."""
        return f"chip {self.colour_class}{' beyond' * self.decision.extrapolated}"

    @property
    def likeliest(self) -> str:
        """Of a decision that is open, the likeliest of the three; empty otherwise."""
        return self.decision.likeliest if self.decision.word == OPEN else ""

    @property
    def percentage(self) -> str:
        """Probability of the likeliest of the three, as it is written."""
        return percentage(self.decision.probability)

    @property
    def estimand(self) -> str:
        """Estimand of the rows of the estimates that hold its probability."""
        return "shrinkage" if self.decision.likeliest == EQUIVALENT else self.decision.likeliest

    @property
    def column(self) -> str:
        """Column of the estimates that holds its probability."""
        return "prob_equivalent" if self.decision.likeliest == EQUIVALENT else "mean"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One model on one benchmark.

    Parameters
    ----------
    benchmark, model, short_name
        What it is about, and the model without its organisation as far as names stay distinct.
    anchor
        Of the benchmark's section.
    rows
        Its posterior rows of the estimates, by estimand and budget; None is the budget of what has none.
    verdict
        None where nothing is stated of the model by itself.
    n, first_k, k, last_k, n_problems, samples
        Samples of nine of ten problems, the smallest reported budget, the largest within them (n where all lie
        beyond), the largest of all, problems, and samples as a phrase.
    converged
        Whether the fit's diagnostics passed.
    flags
        What to know before relying on it.
    """

    benchmark: str
    model: str
    short_name: str
    anchor: str
    rows: Mapping[tuple[str, float | None], Record]
    verdict: Verdict | None
    n: int
    first_k: float
    k: int
    last_k: float
    n_problems: int
    samples: str
    converged: bool
    flags: tuple[Flag, ...]

    @property
    def benchmark_label(self) -> str:
        """The benchmark as readers see it."""
        return benchmark_name(self.benchmark)

    @property
    def at_k(self) -> str:
        """The budget of what is headed "at n", where it is not n; empty otherwise."""
        return "" if self.k == self.n else f"at k = {budget(self.k)}"

    @property
    def crossover(self) -> CrossoverText | None:
        """The crossover as readers see it; None where the verdict does not speak of one."""
        verdict, row = self.verdict, self.row("crossover")
        if verdict is None or verdict.curve_order is None or not verdict.crosses or not row:
            return None
        median, lower, upper = (row[name] for name in ("median", "lower", "upper"))
        return crossover_text(median, lower, upper, verdict.curve_order.max_k, self.n)

    @property
    def chip(self) -> Chip | None:
        """The decision at n."""
        return self._chip_of(None if self.verdict is None else self.verdict.at_n)

    @property
    def beyond_chip(self) -> Chip | None:
        """The decision at the largest budget beyond n."""
        return self._chip_of(None if self.verdict is None else self.verdict.beyond_n)

    def at_first_k(self, heading: str) -> str:
        """What stands behind a number at the smallest budget: which that is, if `heading` is empty, and its mark."""
        places = [] if heading else [f"at k = {budget(self.first_k)}"]
        return ", ".join([*places, *["extrapolated"] * (self.first_k > self.n)])

    def _chip_of(self, decision: Decision | None) -> Chip | None:
        if decision is None or self.verdict is None:
            return None
        return Chip(decision, self.converged, self.verdict.is_informative)

    def row(self, estimand: str, k: float | None = None) -> Record:
        """The posterior row of an estimand at a budget; empty where there is none."""
        return self.rows.get((estimand, k), {})

    @cached_property
    def change_at_one(self) -> Record:
        """Change of pass@1 by RL: shrinkage at k = 1 with its sign changed."""
        row = self.row("shrinkage", 1.0)
        signs = {"mean": "mean", "lower": "upper", "upper": "lower"}
        return {name: -row[source] + 0.0 for name, source in signs.items()} if row else {}


def answers(analysis: Analysis) -> list[Answer]:
    """The answers of an analysis: the pooled benchmark first; within one the RL models, or ranked models, in order."""
    by_fit: dict[tuple[str, str], dict[tuple[str, float | None], Record]] = {}
    for row in records(select(analysis.estimates, kind=POSTERIOR, estimand=SHOWN)):
        k = row["k"] if row["k"] == row["k"] else None
        shown = row | {"mean": row[middle_column(row)]}
        by_fit.setdefault((row["benchmark"], row["model"]), {})[row["estimand"], k] = shown
    verdicts = {
        (verdict.benchmark, verdict.model): verdict
        for verdict in analysis.verdicts
        if verdict.subject in ("pair", "model")
    }
    failed = set(
        map(tuple, analysis.diagnostics.loc[~analysis.diagnostics["ok"].astype(bool), ["benchmark", "model"]].values)
    )
    lines = []
    for benchmark in ordered_benchmarks(analysis):
        for model in _models(analysis, benchmark):
            rows = by_fit.get((benchmark, model), {})
            if not rows:
                continue
            converged = (benchmark, model) not in failed
            lines.append(_answer(analysis, benchmark, model, rows, verdicts.get((benchmark, model)), converged))
    return lines


def ordered_benchmarks(analysis: Analysis) -> list[str]:
    """The benchmarks in the order of the page: the pooled one first."""
    return sorted(analysis.benchmarks, key=lambda benchmark: benchmark != ALL)


def anchor_of(analysis: Analysis, benchmark: str) -> str:
    """Anchor of a benchmark's section."""
    return f"benchmark-{analysis.benchmarks.index(benchmark) + 1}"


def _models(analysis: Analysis, benchmark: str) -> list[str]:
    """RL models, or models alone; ranked ones by pass@1."""
    models = [model for model in analysis.models if model != analysis.base]
    if analysis.base is not None or len(models) < 2:
        return models
    rows = select(analysis.estimates, kind=POSTERIOR, benchmark=benchmark, estimand=("pass_at_k", "best"))
    return ranked_models(rows, float(rows["k"].min())) or models if len(rows) else models


def _answer(
    analysis: Analysis,
    benchmark: str,
    model: str,
    rows: Mapping[tuple[str, float | None], Record],
    verdict: Verdict | None,
    converged: bool,
) -> Answer:
    sizes = analysis.sample_sizes[benchmark]
    curve: dict[float, Any] = {k: row for (name, k), row in rows.items() if name == "pass_at_k" and k is not None}
    budgets = sorted(curve)
    return Answer(
        benchmark=benchmark,
        model=model,
        short_name=analysis.shorten(model),
        anchor=anchor_of(analysis, benchmark),
        rows=rows,
        verdict=verdict,
        n=sizes.reliable_k,
        first_k=budgets[0] if budgets else 1.0,
        k=max((int(k) for k in budgets if k <= sizes.reliable_k), default=sizes.reliable_k),
        last_k=budgets[-1] if budgets else float(sizes.reliable_k),
        n_problems=int(next(iter(rows.values()))["n_problems"]),
        samples=sizes.in_words,
        converged=converged,
        flags=flags_of(analysis, benchmark, model, verdict, converged),
    )
