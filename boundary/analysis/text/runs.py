"""Sentences on training runs, chosen models and several bases, each of which says no more than its number."""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from boundary.analysis.formatting import (
    Shorten,
    budget,
    interval,
    level_text,
    likeliest,
    listed,
    middle_column,
    number,
    probability_text,
    short_name,
)
from boundary.analysis.runs.record import (
    AFTER_SELECTION,
    BEST_METHOD,
    DIFFERENCE,
    DROP,
    FEW_RUNS,
    LEAST_WIDTH,
    METHOD,
    NEW_RUN,
    SELECTION_BOUND,
    SPREAD,
    STRONGEST,
    STRONGEST_BASE,
    TWICE_RUNS,
    TWICE_SAMPLES,
    WIDTH,
    WIDTH_NOW,
    largest_budget,
)

Row = dict[Any, Any]
MOST_SENTENCES = 6


def runs_sentences(rows: pd.DataFrame, n_samples: Mapping[str, int], *, shorten: Shorten = short_name) -> list[str]:
    """Sentences on one benchmark.

    Parameters
    ----------
    rows
        Rows of runs.csv of the benchmark; none give no sentence.
    n_samples
        Samples of each model there, the base's and the arms'.
    """
    if rows.empty:
        return []
    k = largest_budget(rows)
    sentences = [*runs_answers(rows, shorten=shorten), *_narrowing_sentences(rows.loc[rows["k"] == k], k, n_samples)]
    if (rows["of"] == METHOD).any() and rows.loc[rows["of"] == METHOD, "n_runs"].replace(0, FEW_RUNS).min() < FEW_RUNS:
        sentences.append(
            "Two or three runs hardly tell how much runs differ: intervals of their method and of a new run are wide, "
            "and rest on the prior of the spread too."
        )
    return sentences


def runs_answers(rows: pd.DataFrame, most_methods: int = MOST_SENTENCES, *, shorten: Shorten = short_name) -> list[str]:
    """What several runs, choices and several bases of one benchmark answer, from the same rows.

    Of more methods than `most_methods` only which is the best.
    """
    if rows.empty:
        return []
    k = largest_budget(rows)
    at_k = rows.loc[rows["k"] == k]
    methods = list(_method_sentences(at_k, k))
    return [
        *(methods if len(methods) <= most_methods else []),
        *_best_sentences(at_k, k),
        *_choice_sentences(rows, shorten),
        *_base_sentences(at_k, k, shorten),
    ]


def _rows_of(rows: pd.DataFrame, estimand: str, of: str) -> list[Row]:
    return rows.loc[(rows["estimand"] == estimand) & (rows["of"] == of)].to_dict(orient="records")


def _value(row: Row, digits: int = 1) -> str:
    return f"{number(row[middle_column(row)], 100, digits)} {interval(row, 100, digits)}"


def _median(row: Row) -> str:
    """The median with its interval: few runs leave the posterior of a method skew, and its mean away from the runs."""
    return f"{number(row['median'], 100, 1)} {interval(row, 100, 1)}"


def _method_sentences(rows: pd.DataFrame, k: float) -> Iterator[str]:
    by_method = {
        (estimand, of): {row["method"]: row for row in _rows_of(rows, estimand, of)}
        for estimand, of in (("pass_at_k", METHOD), ("shrinkage", METHOD), ("shrinkage", NEW_RUN), (SPREAD, METHOD))
    }
    for name, row in list(by_method["pass_at_k", METHOD].items())[:MOST_SENTENCES]:
        expected = f"the expected pass@{budget(k)} is {_median(row)} %"
        text = f"{name}, {row['n_runs']} runs: over all runs there might be, {expected}"
        shrinkage = by_method["shrinkage", METHOD].get(name)
        if shrinkage is not None:
            new_run = by_method["shrinkage", NEW_RUN][name]
            text += (
                f" and the expected shrinkage {_median(shrinkage)} points; a new run would have a shrinkage in "
                f"{interval(new_run, 100, 1)}"
            )
        spread = by_method[SPREAD, METHOD][name]
        yield (
            f"{text} (posterior medians with {level_text(row['level'])} intervals). Its runs differ by "
            f"{_median(spread)} points (standard deviation)."
        )


def _best_sentences(rows: pd.DataFrame, k: float) -> Iterator[str]:
    best = _rows_of(rows, BEST_METHOD, METHOD)
    if not best:
        return
    leaders = likeliest([row["method"] for row in best], [row["mean"] for row in best])
    of_methods = f"Of {len(best)} methods with several runs"
    if len(leaders) > 1:
        text = f"{of_methods} {listed(leaders)} are about equally likely to have the best mean at k = {budget(k)}"
    else:
        chance = probability_text(max(row["mean"] for row in best))
        text = f"{of_methods} the mean of {leaders[0]} is the best at k = {budget(k)} with probability {chance}"
    if len(best) == 2:
        difference = _rows_of(rows, DIFFERENCE, METHOD)[0]
        text += (
            f" (pass@{budget(k)} of {difference['method']} less that of {difference['reference']}: "
            f"{_median(difference)} points)"
        )
    yield f"{text}."


def _narrowing_sentences(rows: pd.DataFrame, k: float, n_samples: Mapping[str, int]) -> Iterator[str]:
    """What would narrow the interval of each method's shrinkage, and what each costs in samples."""
    widths: dict[str, dict[str, Row]] = {}
    for row in rows.loc[rows["estimand"] == WIDTH].to_dict(orient="records"):
        widths.setdefault(row["method"], {})[row["of"]] = row
    arms = {
        method: [str(model) for model in group["model"].unique() if model in n_samples]
        for method, group in rows.loc[rows["of"] == "run"].groupby("method", sort=False)
    }
    for method, of_method in list(widths.items())[:MOST_SENTENCES]:
        now, runs, samples = (of_method[of] for of in (WIDTH_NOW, TWICE_RUNS, TWICE_SAMPLES))
        of_runs = sum(n_samples[arm] for arm in arms.get(method, []))
        of_all = of_runs + n_samples.get(str(now["reference"]), 0)
        if not of_runs or now["mean"] < LEAST_WIDTH:
            continue
        gains = [(now["mean"] - row["mean"]) / cost for row, cost in ((runs, of_runs), (samples, of_all))]
        better = "more runs" if gains[0] > gains[1] else "more samples"
        more = "Neither" if max(gains) * of_runs < 0.001 else f"Per sample, {better} of {method}"
        start = f"{more} would narrow" + (" the interval most" if more != "Neither" else " it much")
        yield (
            f"{start}: that of its mean shrinkage at k = {budget(k)}, about {number(now['mean'], 100, 1)} points wide, "
            f"would be {number(runs['mean'], 100, 1)} with twice the runs ({now['n_runs']} more, trained anew, with "
            f"{of_runs:,} samples) and {number(samples['mean'], 100, 1)} with twice the samples of every run and the "
            f"base ({of_all:,} more)."
        )


def _choice_sentences(rows: pd.DataFrame, shorten: Shorten) -> Iterator[str]:
    k = rows["k"].min()
    at_least = rows.loc[rows["k"] == k]
    after = {row["model"]: row for row in _rows_of(at_least, "pass_at_k", AFTER_SELECTION)}
    for drop in _rows_of(at_least, DROP, AFTER_SELECTION):
        row, name = after[drop["model"]], shorten(drop["model"])
        error = f"{number(abs(drop['mean']), 100, 1)} points too {'high' if drop['mean'] >= 0 else 'low'}"
        yield (
            f"{name} was chosen among {drop['n_runs']} candidates that are all here. Its estimate of pass@{budget(k)} "
            f"alone is expected to be {error}; with the choice reckoned with, pass@{budget(k)} is {_value(row)} %."
        )
    bounds = {row["model"]: row for row in _rows_of(rows, "pass_at_k", SELECTION_BOUND)}
    for drop in _rows_of(rows, DROP, SELECTION_BOUND):
        row, name = bounds[drop["model"]], shorten(drop["model"])
        yield (
            f"{name} is the best of {drop['n_runs']} candidates, and the counts do not have, or do not name, all of "
            "them. Had all been equally good, choosing the best pass@1 would flatter it by "
            f"{number(drop['mean'], 100, 1)} points on average, by the error of its samples alone; otherwise by less. "
            "However good the others were, if they had as many samples its pass@1 is in "
            f"{interval(row, 100, 1)} % with {level_text(row['level'])} confidence."
        )


def _base_sentences(rows: pd.DataFrame, k: float, shorten: Shorten) -> Iterator[str]:
    chances = _rows_of(rows, STRONGEST, STRONGEST_BASE)
    if not chances:
        return
    leaders = likeliest([shorten(row["model"]) for row in chances], [row["mean"] for row in chances])
    if len(leaders) > 1:
        start = f"{listed(leaders)} are about equally likely to be the strongest at k = {budget(k)}"
    else:
        chance = probability_text(max(row["mean"] for row in chances))
        start = f"{leaders[0]} is the strongest at k = {budget(k)} with probability {chance}"
    row = _rows_of(rows, "pass_at_k", STRONGEST_BASE)[0]
    yield f"Of {len(chances)} bases {start}; the strongest, whichever it is, solves {_value(row)} %."
    against = [
        f"{shorten(row['model'])} {_value(row)}" for row in _rows_of(rows, "shrinkage", STRONGEST_BASE)[:MOST_SENTENCES]
    ]
    if against:
        yield (
            f"Against the strongest base shrinkage at k = {budget(k)} is, in points: {'; '.join(against)}. "
            f"Verdicts are against {shorten(chances[0]['model'])} alone."
        )
