"""The verdict table: a row for each benchmark and model, the pooled benchmarks first."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from boundary.analysis.estimates.decisions import OPEN
from boundary.analysis.estimates.table import POSTERIOR, select
from boundary.analysis.formatting import (
    Shorten,
    benchmark_name,
    budget,
    crossover_text,
    level_text,
    points,
    probability_text,
    shortener,
)
from boundary.analysis.tables.estimate_table import interval_text, target_words
from boundary.analysis.tables.result_table import Cell, ResultTable
from boundary.analysis.text.verdict import Verdict
from boundary.data.counts import ALL
from boundary.stats.intervals import MARGIN

PAIR_HEADINGS = (
    "benchmark",
    "model",
    "verdict",
    "pass@1 change",
    "crossover",
    "shrinkage at n",
    "probability",
    "problems",
    "n",
)


def verdict_table(
    verdicts: Sequence[Verdict], estimates: pd.DataFrame, reliable_k: Mapping[str, int], margin: float = MARGIN
) -> ResultTable:
    """The verdicts of an analysis as a table, or where nothing is compared with a base, what each model solves.

    Parameters
    ----------
    verdicts, estimates
        Those of the analysis.
    reliable_k
        Largest budget within the samples, by benchmark.
    margin
        Difference of pass@k that matters.
    """
    pairs = [verdict for verdict in verdicts if verdict.subject == "pair" and verdict.reference is not None]
    if not pairs:
        return _share_table(select(estimates, kind=POSTERIOR), reliable_k)
    rows = select(estimates, kind=POSTERIOR, estimand="shrinkage", k=1)
    first = {(row["benchmark"], row["model"]): row for row in rows.to_dict("records")}
    sizes = estimates.groupby(["benchmark", "model"])["n_problems"].max().to_dict()
    pairs.sort(key=lambda verdict: verdict.benchmark != ALL)
    at = [(verdict.benchmark, verdict.model) for verdict in pairs]
    records = [
        _record(verdict, first.get(key, {}), int(sizes.get(key, 0))) for verdict, key in zip(pairs, at, strict=True)
    ]
    level = level_text(float(estimates["level"].dropna().iloc[0]))
    target = str(select(estimates, kind=POSTERIOR)["target"].iloc[0])
    caption = (
        f"Each RL model against its base: verdict at k = n, with a margin of {points(margin)}; change of pass@1 and "
        f"shrinkage in percentage points, crossover in samples k, each with its {level} interval. Shrinkage is "
        f"positive where the base solves more.{target_words(target)}"
    )
    shorten = shortener(map(str, estimates["model"].unique()))
    lines = tuple(_line(verdict, record, shorten) for verdict, record in zip(pairs, records, strict=True))
    return ResultTable(caption, PAIR_HEADINGS, 3, lines, pd.DataFrame(records))


def _record(verdict: Verdict, first: Mapping[Any, Any], n_problems: int) -> dict[str, Any]:
    """The numbers of a pair."""
    decision, crossover = verdict.decision, verdict.crossover if verdict.crosses else None
    missing = (np.nan, np.nan, np.nan)
    change = [-first[name] + 0.0 for name in ("mean", "upper", "lower")] if first else missing
    shrinkage = missing if decision is None else (decision.difference, decision.lower, decision.upper)
    numbers = {
        "pass_at_1_change": change,
        "crossover": missing if crossover is None else (crossover.median, crossover.lower, crossover.upper),
        "shrinkage": shrinkage,
    }
    return {
        "benchmark": verdict.benchmark,
        "model": verdict.model,
        "reference": verdict.reference,
        "verdict": verdict.word,
        "likeliest": None if decision is None else decision.likeliest,
        "probability": verdict.probability,
        **{name + end: value for name, three in numbers.items() for end, value in zip(ENDS, three, strict=True)},
        "prob_crossover": np.nan if verdict.curve_order is None else verdict.curve_order.crosses,
        "k": np.nan if decision is None else decision.k,
        "extrapolated": decision is not None and decision.extrapolated,
        "n_problems": n_problems,
        "n": verdict.n,
        "converged": verdict.is_converged,
    }


ENDS = ("", "_lower", "_upper")


def _line(verdict: Verdict, record: Mapping[str, Any], shorten: Shorten) -> tuple[Cell, ...]:
    """The cells of a pair."""
    beyond_n = bool(record["extrapolated"])
    probability = "" if verdict.probability is None else probability_text(verdict.probability)
    word = verdict.word or ""
    if not verdict.is_converged:
        word = f"{OPEN}: not converged"
    elif verdict.word == OPEN:
        probability = f"{probability} {record['likeliest']}"
    at = "" if record["k"] in (verdict.n, np.nan) or record["k"] != record["k"] else f" at k = {budget(record['k'])}"
    shrinkage = _three(record, "shrinkage", "shrinkage")
    return (
        Cell(benchmark_name(verdict.benchmark)),
        Cell(shorten(verdict.model)),
        Cell(word, beyond_n),
        Cell(_three(record, "pass_at_1_change", "shrinkage")),
        _crossover_cell(verdict),
        Cell(f"{shrinkage}{at}", beyond_n),
        Cell(probability, beyond_n),
        Cell(f"{record['n_problems']:,}"),
        Cell(f"{verdict.n:,}"),
    )


def _three(record: Mapping[str, Any], name: str, estimand: str) -> str:
    row = dict(zip(("mean", "lower", "upper"), (record[name + end] for end in ENDS), strict=True))
    return interval_text(row, estimand)


def _crossover_cell(verdict: Verdict) -> Cell:
    """The crossover where the verdict speaks of one; how far there is none where that there is one is improbable."""
    if verdict.curve_order is None:
        return Cell("")
    if verdict.no_crossover_word or verdict.crossover is None:
        return Cell(verdict.no_crossover_word or "unclear")
    crossover = crossover_text(*verdict.crossover, furthest=verdict.curve_order.max_k, n=verdict.n)
    return Cell(str(crossover), bool(crossover.mark))


def _share_table(rows: pd.DataFrame, reliable_k: Mapping[str, int]) -> ResultTable:
    """What each model solves with one sample and with n, and how probably it is the best; the best first."""
    curve = select(rows, estimand="pass_at_k")
    best = {
        (row["benchmark"], row["model"], row["k"]): row["mean"]
        for row in select(rows, estimand="best").to_dict("records")
    }
    records = []
    for benchmark, of_benchmark in sorted(curve.groupby("benchmark", sort=False), key=lambda group: group[0] != ALL):
        n = reliable_k[str(benchmark)]
        within = sorted(of_benchmark.loc[~of_benchmark["extrapolated"].astype(bool), "k"].unique())
        budgets = list(dict.fromkeys([*within[:1], *within[-1:]])) or [of_benchmark["k"].max()]
        models = [
            {row["k"]: row for row in of_model.to_dict("records") if row["k"] in budgets}
            for _, of_model in of_benchmark.groupby("model", sort=False)
        ]
        if best:
            models.sort(key=lambda at: -at[budgets[0]]["mean"] if budgets[0] in at else 0)
        for at in models:
            for k, row in at.items():
                prob_best = best.get((benchmark, row["model"], k), np.nan)
                records.append({**{name: row[name] for name in SHARE_COLUMNS}, "prob_best": prob_best, "n": n})
    return _share_cells(pd.DataFrame(records), bool(best))


SHARE_COLUMNS = (
    *("benchmark", "model", "k", "mean", "lower", "upper", "level"),
    *("extrapolated", "n_problems", "target"),
)


def _share_cells(frame: pd.DataFrame, with_best: bool) -> ResultTable:
    """The cells of what each model solves: at the smallest and at the largest budget within the samples."""
    groups = [group.to_dict("records") for _, group in frame.groupby(["benchmark", "model"], sort=False)]
    ends = [(group[0], group[-1]) for group in groups]
    same_k = [len({pair[end]["k"] for pair in ends}) == 1 for end in (0, 1)]
    places = [
        f"k = {budget(ends[0][end]['k'])}" if same_k[end] else f"the {name} k"
        for end, name in enumerate(("smallest", "largest"))
    ]
    shares = [f"solved at {place}, %" for place in places]
    shorten = shortener(map(str, frame["model"].unique()))
    lines = []
    for pair in ends:
        cells = [_share_cell(row, with_k=not same) for row, same in zip(pair, same_k, strict=True)]
        bests = [Cell(probability_text(row["prob_best"]), bool(row["extrapolated"])) for row in pair if with_best]
        labels = Cell(benchmark_name(str(pair[0]["benchmark"]))), Cell(shorten(str(pair[0]["model"])))
        lines.append((*labels, *cells, *bests, Cell(f"{pair[0]['n_problems']:,}"), Cell(f"{pair[0]['n']:,}")))
    level = level_text(float(frame["level"].iloc[0]) if len(frame) else 0.95)
    of_target = target_words(str(frame["target"].iloc[0])) if len(frame) else ""
    of_best = [f"P(best at {place})" for place in places] if with_best else []
    return ResultTable(
        f"Problems that each model solves, %: posterior means with {level} intervals.{of_target}",
        ("benchmark", "model", *shares, *of_best, "problems", "n"),
        2,
        tuple(lines),
        frame,
    )


def _share_cell(row: Mapping[Any, Any], with_k: bool) -> Cell:
    at = f" (k = {budget(row['k'])})" if with_k else ""
    return Cell(f"{interval_text(dict(row), 'pass_at_k')}{at}", bool(row["extrapolated"]))
