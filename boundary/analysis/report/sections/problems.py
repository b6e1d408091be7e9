"""The table of all problems, which problems.js fills, filters and sorts."""

from typing import Any

from boundary.analysis.formatting import benchmark_name, number, probability_number
from boundary.analysis.report.answers import ordered_benchmarks
from boundary.analysis.report.problem_rows import packed_problems
from boundary.analysis.result import Analysis

# Rows that stand in the page for readers without scripts.
MOST_PLAIN = 20
PAIR_EXPLANATION = (
    "P(lost): probability that k samples of the base solve the problem and k of the model do not; P(gained): the "
    "converse. c/n: correct samples. p: solve rate, posterior mean. Solves: probability that k samples solve it; "
    "P(solvable): that this is at least one half. One success: a problem lost or gained that rests on a single correct "
    "sample. Check grading: never correct in one arm and nearly always in the other: more like a change of format than "
    "of ability."
)
ALONE_EXPLANATION = (
    "c/n: correct samples. p: solve rate, posterior mean. Solves: probability that k samples solve the problem; "
    "P(solvable): that this is at least one half."
)


def problems_section(analysis: Analysis) -> dict[str, Any] | None:
    """The packed problems, the first of them as plain rows, and what the table explains."""
    problems = analysis.problems
    if problems.empty:
        return None
    packed = packed_problems(problems, ordered_benchmarks(analysis))
    content = packed.content
    is_pair = "prob_lost" in content["columns"]
    budgets = sorted(set(content["budgets"]))
    return {
        "content": content | {"labels": [benchmark_name(name) for name in content["benchmarks"]]},
        "is_pair": is_pair,
        "n_rows": packed.n_rows,
        "n_packed": packed.n_packed,
        "n_flagged": packed.n_flagged,
        "explanation": PAIR_EXPLANATION if is_pair else ALONE_EXPLANATION,
        "budget": f"k = {budgets[0]}" if len(budgets) == 1 else "k = n of the benchmark",
        "plain_rows": [
            _plain_row(dict(zip(content["columns"], row, strict=True)), content) for row in content["rows"][:MOST_PLAIN]
        ],
    }


def _plain_row(row: dict[str, Any], content: dict[str, Any]) -> dict[str, Any]:
    """The main cells of a row."""
    arms = ["reference_", ""] if "prob_lost" in row else [""]
    return {
        "name": row["problem"],
        "key": f"{content['benchmarks'][row['benchmark']]}/{row['problem']}",
        "benchmark": benchmark_name(content["benchmarks"][row["benchmark"]]),
        "model": content["models"][row["model"]],
        "flag": row["flag"],
        "flows": [probability_number(row[name]) for name in ("prob_lost", "prob_gained") if name in row],
        "counts": [f"{row[f'{arm}n_correct']}/{row[f'{arm}n_samples']}" for arm in arms],
        "rates": [number(row[f"{arm}p_mean"], 1, 3) for arm in arms],
    }
