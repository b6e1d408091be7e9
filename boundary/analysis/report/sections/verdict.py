"""The top of the page: the answer in a sentence, how sure it is, what would settle it, and one figure."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from boundary.analysis.estimates.decisions import EQUIVALENT, NARROWED, OPEN, WIDENED
from boundary.analysis.formatting import benchmark_name, probability_number
from boundary.analysis.report.answers import CHIP_CLASSES, Answer, answers
from boundary.analysis.report.interval_drawing import IntervalAxis
from boundary.analysis.report.tables import Record, records
from boundary.analysis.result import Analysis
from boundary.data.counts import ALL

# So many of the models that are ranked have their numbers on top.
MOST_LEADERS = 3
# So many models are listed; of more the words are counted.
MOST_LISTED = 6
# The first of these that was drawn stands on top.
FIGURES_OF_PAIRS = ("trajectory", "pass_at_k", "ranking", "shrinkage")
FIGURES_OF_MODELS = ("ranking", "pass_at_k")


def verdict_section(analysis: Analysis) -> dict[str, Any] | None:
    """The pooled answer; where the benchmarks are not pooled, the answers on each."""
    lines = answers(analysis)
    if not lines:
        return None
    benchmark = _headline_benchmark(analysis)
    shown = [answer for answer in lines if benchmark in (None, answer.benchmark)]
    is_single = len(shown) == 1
    failed = analysis.diagnostics.loc[~analysis.diagnostics["ok"].astype(bool), "benchmark"]
    claims = [] if analysis.claims.empty else records(analysis.claims)
    return {
        "main": shown[0] if is_single else None,
        "is_informative": not is_single or shown[0].verdict is None or shown[0].verdict.is_informative,
        "is_pair": analysis.base is not None,
        "sentences": [analysis.answer.sentence, *analysis.answer.details],
        "open_word": OPEN,
        "words": [] if is_single else _words(shown),
        "listed": [] if is_single or analysis.base is None else shown[:MOST_LISTED],
        "leaders": shown[:MOST_LEADERS] if benchmark and shown[0].row("best", shown[0].first_k) else [],
        "n_more": max(len(shown) - MOST_LISTED, 0),
        "several_benchmarks": benchmark is None,
        "axis": IntervalAxis.of([answer.row("shrinkage", answer.k) for answer in shown], analysis.request.margin),
        "failed": [benchmark_name(name) for name in dict.fromkeys(failed)],
        "unmet": [row["name"] for row in claims if row["met"] is False],
        "claims_text": _claims_text(claims),
        "figure_benchmark": benchmark or shown[0].benchmark,
        "figure_names": FIGURES_OF_MODELS if analysis.base is None else FIGURES_OF_PAIRS,
        "benchmark_label": benchmark_name(benchmark or shown[0].benchmark),
    }


def _claims_text(claims: Sequence[Record]) -> str:
    """How many claims there are, and that those of which it is required are probable enough; else how probable."""
    if not claims:
        return ""
    claims_words = "1 claim" if len(claims) == 1 else f"{len(claims)} claims"
    n_required = sum(row["met"] is not None for row in claims)
    if n_required:
        of_required = "" if n_required == len(claims) else f" of {n_required} with a required probability"
        return f"{claims_words}, none{of_required} less probable than required."
    if len(claims) > MOST_LISTED:
        return f"{claims_words}."
    probabilities = (f"{row['name']} {probability_number(row['probability'], 3)}" for row in claims)
    of_claims = "its probability" if len(claims) == 1 else "their probabilities"
    return f"{claims_words} and {of_claims}: {', '.join(probabilities)}."


def _headline_benchmark(analysis: Analysis) -> str | None:
    """The benchmark whose answer stands on top: the pooled one, or the only one."""
    if ALL in analysis.benchmarks:
        return ALL
    return analysis.benchmarks[0] if len(analysis.benchmarks) == 1 else None


def _words(shown: Sequence[Answer]) -> list[tuple[str, str, int]]:
    """Each word with its class and how many answers have it."""
    numbers = Counter(answer.verdict.word for answer in shown if answer.verdict is not None)
    return [
        (word, CHIP_CLASSES[word], numbers[word]) for word in (NARROWED, WIDENED, EQUIVALENT, OPEN) if numbers[word]
    ]
