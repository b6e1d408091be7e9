"""Samples that came to no verdict on an answer, truncated ones above all: counted as wrong, or as never drawn."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from boundary.analysis.checks.refit import REFIT_ESTIMANDS, refit
from boundary.analysis.estimates.decisions import calls
from boundary.analysis.estimates.table import OBSERVED, of_posterior
from boundary.analysis.fitting import Progress
from boundary.analysis.formatting import interval, number
from boundary.analysis.notes import Note
from boundary.analysis.request import CLASSES, Request, recorded_classes
from boundary.analysis.verifier_errors import MisclassificationRates
from boundary.data.counts import ALL, Counts

WRONG, MISSING = "wrong", "missing"
# From this share of an arm's samples on the report says so, and shows both treatments.
MANY = 0.01
# Beyond this many models a second fit of each would take as long as all else.
MOST_MODELS = 8


@dataclass(frozen=True)
class Outcomes:
    """What was counted apart from right and wrong, and what becomes of the estimates either way.

    Parameters
    ----------
    rows
        The columns of estimates.csv behind `treatment` (wrong or missing) and `as_missing` (which classes).
    shares
        One row a benchmark, model and class: `n` samples and their `share` of all.
    remarks
        What follows, in words.
    """

    rows: pd.DataFrame = field(default_factory=pd.DataFrame)
    shares: pd.DataFrame = field(default_factory=pd.DataFrame)
    remarks: tuple[Note, ...] = ()


def as_missing(counts: Counts, classes: Sequence[str]) -> Counts:
    """Counts as if samples of some classes had never been drawn.

    Notes
    -----
    n_samples loses them; their columns become 0. Right where what made a sample end so has nothing to do with whether
    it would have been correct: a server's fault, hardly a length limit.
    """
    if not classes:
        return counts
    table = counts.table.copy()
    columns = [f"n_{name}" for name in classes]
    table["n_samples"] -= table[columns].fillna(0).sum(axis=1).astype("int64")
    table[columns] = 0
    return Counts(table, counts.source, counts.default_base, counts.remarks)


def outcomes(
    request: Request,
    estimates: pd.DataFrame,
    counts: Counts,
    progress: Progress,
    *,
    rates: MisclassificationRates | None = None,
    stopped: tuple[Note, ...] = (),
) -> Outcomes:
    """Both treatments of what came to no verdict, side by side.

    Parameters
    ----------
    request
        Says which classes are taken for missing in the analysis; where there are none, the other treatment takes all.
    estimates
        Of the analysis.
    counts
        As they came, of the analysed models.
    progress, rates, stopped
        As for `boundary.analysis.checks.refit.refit`.

    Returns
    -------
    Empty where every sample was right or wrong.
    """
    missing = request.outcomes_as_missing
    shares = outcome_shares(counts, request.benchmarks)
    if shares.empty:
        return Outcomes()
    classes = tuple(missing) or tuple(name for name in CLASSES if name in set(shares["outcome"]))
    rows = pd.DataFrame()
    if len(request.models) <= MOST_MODELS:
        otherwise = counts if missing else as_missing(counts, classes)
        other = refit(request, estimates, otherwise, progress, "read otherwise", rates=rates, stopped=stopped)
        mine = estimates.loc[_main(estimates)]
        pair = {MISSING: mine, WRONG: other} if missing else {WRONG: mine, MISSING: other}
        rows = pd.concat([_marked(pair[name], name, classes) for name in (WRONG, MISSING)], ignore_index=True)
    remarks = [*_share_remarks(shares, request.base), *_turn_remarks(rows, shares, classes)]
    return Outcomes(rows, shares, tuple(remarks))


def outcome_shares(counts: Counts, benchmarks: Sequence[str]) -> pd.DataFrame:
    """How many samples of each model and benchmark came to which end: columns benchmark, model, outcome, n, share."""
    rows = []
    for benchmark in benchmarks:
        here = counts.table if benchmark == ALL else counts.table.loc[counts.table["benchmark"] == benchmark]
        for model, mine in here.groupby("model", sort=False):
            for name in recorded_classes(counts):
                n = int(mine[f"n_{name}"].fillna(0).sum())
                rows.append((benchmark, model, name, n, n / max(int(mine["n_samples"].sum()), 1)))
    table = pd.DataFrame(rows, columns=["benchmark", "model", "outcome", "n", "share"])
    return table.loc[table.groupby("outcome")["n"].transform("sum") > 0].reset_index(drop=True)


def _main(estimates: pd.DataFrame) -> "pd.Series[bool]":
    return estimates["estimand"].isin(REFIT_ESTIMANDS) & (of_posterior(estimates) | (estimates["kind"] == OBSERVED))


def _marked(rows: pd.DataFrame, treatment: str, classes: Sequence[str]) -> pd.DataFrame:
    front = {"treatment": treatment, "as_missing": " ".join(classes) if treatment == MISSING else ""}
    return pd.concat([pd.DataFrame(front, index=rows.index), rows], axis=1)


def _said(row: dict[Any, Any]) -> str:
    if row["estimand"] == "crossover":
        return f"{number(row['median'], 1, 0)} {interval(row, 1, 0)}"
    return f"{number(row['mean'], 100, 1)} {interval(row, 100, 1)}"


def _share_remarks(shares: pd.DataFrame, base: str | None) -> Iterator[Note]:
    """A plain warning where an arm has many samples without a verdict; which arm has more is said."""
    for (benchmark, outcome), rows in shares.groupby(["benchmark", "outcome"], sort=False):
        if rows["share"].max() < MANY:
            continue
        ordered = rows.sort_values("share", ascending=False)
        said = ", ".join(f"{m} {number(s, 100, 1)} %" for m, s in zip(ordered["model"], ordered["share"], strict=True))
        text = f"Samples that ended as {str(outcome).replace('_', ' ')}: {said}."
        most, least = ordered.iloc[0], ordered.iloc[-1]
        if len(ordered) > 1 and most["share"] >= 2 * least["share"]:
            role = ", the base" if most["model"] == base else ""
            text += f" Counted as wrong they weigh most on {most['model']}{role}, so that it may look worse than it is."
        yield Note(str(benchmark), str(most["model"]), text, "alarm")


def _turn_remarks(rows: pd.DataFrame, shares: pd.DataFrame, classes: Sequence[str]) -> Iterator[Note]:
    """What becomes of each shrinkage where such samples are taken for missing, if they are many or it matters."""
    if rows.empty:
        return
    many = shares.groupby("benchmark")["share"].max()
    pairs = rows.loc[of_posterior(rows) & (rows["reference"].fillna("") != "")]
    for (benchmark, model), pair in pairs.groupby(["benchmark", "model"], sort=False):
        treatments = {name: pair.loc[pair["treatment"] == name] for name in (WRONG, MISSING)}
        words = {name: {call.k: call.word for call in calls(table)} for name, table in treatments.items()}
        turned = [k for k, word in words[WRONG].items() if words[MISSING].get(k, word) != word]
        if turned or many[str(benchmark)] >= MANY:
            text = _turn_text(str(model), treatments, words, turned, classes)
            yield Note(str(benchmark), str(model), text, "alarm" if turned else "remark")


def _turn_text(
    model: str,
    treatments: Mapping[str, pd.DataFrame],
    words: Mapping[str, Mapping[float, str]],
    turned: Sequence[float],
    classes: Sequence[str],
) -> str:
    wrong = treatments[WRONG].loc[treatments[WRONG]["estimand"] == "shrinkage"]
    k = turned[-1] if turned else wrong.loc[~wrong["extrapolated"], "k"].max()
    k = wrong["k"].min() if pd.isna(k) else k
    at = [table.loc[(table["estimand"] == "shrinkage") & (table["k"] == k)] for table in treatments.values()]
    either = " or ".join(_said(row) for table in at for row in table.to_dict(orient="records"))
    verdicts = f"{words[WRONG].get(k)} or {words[MISSING].get(k)}"
    end = f"the verdict there is {verdicts}" if turned else "the verdict is the same"
    elsewhere = f"; it differs at k = {', '.join(f'{b:.0f}' for b in turned)}" if len(turned) > 1 else ""
    return (
        f"With {', '.join(classes).replace('_', ' ')} samples as wrong or as missing, the shrinkage of {model} at "
        f"k = {k:.0f} is {either} points: {end}{elsewhere}."
    )
