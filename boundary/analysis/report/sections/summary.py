"""The summary: a line for each benchmark and model, whose intervals together are a forest plot."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from boundary.analysis.formatting import budget, level_text, points
from boundary.analysis.report.answers import Answer, answers
from boundary.analysis.report.interval_drawing import IntervalAxis
from boundary.analysis.result import Analysis


class Group(NamedTuple):
    """The answers on one benchmark."""

    label: str
    anchor: str
    n_problems: int
    samples: str
    answers: list[Answer]


def summary_section(analysis: Analysis) -> dict[str, Any] | None:
    """The groups of answers, and the axis of their intervals."""
    lines = answers(analysis)
    if not lines:
        return None
    is_pair = analysis.base is not None
    margin = analysis.request.margin
    rows = [answer.row("shrinkage", answer.k) for answer in lines]
    groups = list(_groups(lines))
    table = analysis.table()
    return {
        "is_pair": is_pair,
        "markdown": table.to_markdown(),
        "latex": table.to_latex(),
        "groups": groups,
        "several_models": any(len(group.answers) > 1 for group in groups),
        "is_ranked": any(answer.row("best", answer.first_k) for answer in lines),
        "axis": IntervalAxis.of(rows, margin) if is_pair else IntervalAxis.of_shares(),
        "margin": points(margin),
        "level": level_text(analysis.request.level),
        "has_flags": any(answer.flags for answer in lines),
        "has_beyond": any(answer.last_k > answer.n for answer in lines),
        "first_k": budget(lines[0].first_k) if len({answer.first_k for answer in lines}) == 1 else "",
        "last_k": budget(lines[0].last_k) if len({answer.last_k for answer in lines}) == 1 else "",
    }


def _groups(lines: Sequence[Answer]) -> Iterator[Group]:
    for _, group in groupby(lines, key=lambda answer: answer.benchmark):
        own_answers = list(group)
        first = own_answers[0]
        n_problems = max(answer.n_problems for answer in own_answers)
        yield Group(first.benchmark_label, first.anchor, n_problems, first.samples, own_answers)
