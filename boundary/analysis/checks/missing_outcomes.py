"""Missing outcomes: samples without a verdict on an answer, such as truncated ones, as wrong or as never drawn."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from boundary.analysis.checks.refit import REFIT_ESTIMANDS, refit
from boundary.analysis.estimates.decisions import decisions
from boundary.analysis.estimates.table import OBSERVED, POSTERIOR, select
from boundary.analysis.formatting import EXTRAPOLATED, interval, middle_column, number
from boundary.analysis.notes import Note
from boundary.analysis.options import CLASSES, recorded_classes
from boundary.analysis.progress import Progress
from boundary.analysis.request import Request
from boundary.analysis.verifier_errors import MisclassificationRates
from boundary.data.counts import ALL, Counts

WRONG, MISSING = "wrong", "missing"
# The report warns, and shows both treatments, where an arm has at least this share of missing outcomes.
MANY = 0.01
# With more models the counts are not fitted again: that would double the time.
MOST_MODELS = 8


@dataclass(frozen=True)
class MissingOutcomes:
    """How many samples have a missing outcome, and the main estimates with these as wrong and as missing.

    Parameters
    ----------
    rows
        The columns of estimates.csv behind `treatment` (wrong or missing) and `as_missing` (which classes).
    shares
        One row a benchmark, model and class: `n` samples and their `share` of all.
    remarks
        Shares that are large, and verdicts that depend on the treatment.
    """

    rows: pd.DataFrame = field(default_factory=pd.DataFrame)
    shares: pd.DataFrame = field(default_factory=pd.DataFrame)
    remarks: tuple[Note, ...] = ()


def as_missing(counts: Counts, classes: Sequence[str]) -> Counts:
    """Counts as if samples of some classes had never been drawn.

    Notes
    -----
    n_samples loses them; their columns become 0. This is right where the reason for the missing outcome has nothing
    to do with whether the sample would have been correct: a server's fault, hardly a length limit.
    """
    if not classes:
        return counts
    table = counts.table.copy()
    columns = [f"n_{name}" for name in classes]
    table["n_samples"] -= table[columns].fillna(0).sum(axis=1).astype("int64")
    table[columns] = 0
    return Counts(table, counts.source, counts.default_base, counts.remarks)


def missing_outcomes(
    request: Request,
    estimates: pd.DataFrame,
    counts: Counts,
    progress: Progress,
    *,
    error_rates: MisclassificationRates | None = None,
    adaptive_arms: tuple[Note, ...] = (),
) -> MissingOutcomes:
    """The main estimates under both treatments of missing outcomes, side by side.

    Parameters
    ----------
    request
        Its `outcomes_as_missing` are the classes that the analysis takes for missing. Where it names none, the other
        treatment takes all of them for missing.
    estimates
        Of the analysis.
    counts
        Counts of the analysed models before any samples were taken for missing.
    progress, error_rates, adaptive_arms
        As for `boundary.analysis.checks.refit.refit`.

    Returns
    -------
    Empty where every sample was right or wrong.
    """
    missing_classes = request.outcomes_as_missing
    shares = outcome_shares(counts, request.benchmarks)
    if shares.empty:
        return MissingOutcomes()
    classes = tuple(missing_classes) or tuple(name for name in CLASSES if name in set(shares["outcome"]))
    rows = pd.DataFrame()
    if len(request.models) <= MOST_MODELS:
        other_counts = counts if missing_classes else as_missing(counts, classes)
        refitted = refit(
            request,
            estimates,
            other_counts,
            progress,
            "missing outcomes",
            error_rates=error_rates,
            adaptive_arms=adaptive_arms,
        )
        main = select(estimates, kind=(POSTERIOR, OBSERVED), estimand=REFIT_ESTIMANDS)
        tables = {MISSING: main, WRONG: refitted} if missing_classes else {WRONG: main, MISSING: refitted}
        rows = pd.concat([_labelled(tables[name], name, classes) for name in (WRONG, MISSING)], ignore_index=True)
    remarks = [*_share_remarks(shares, request.base), *_treatment_remarks(rows, shares, classes)]
    return MissingOutcomes(rows, shares, tuple(remarks))


def outcome_shares(counts: Counts, benchmarks: Sequence[str]) -> pd.DataFrame:
    """Numbers and shares of missing outcomes by class: columns benchmark, model, outcome, n, share."""
    rows = []
    for benchmark in benchmarks:
        problems = counts.table if benchmark == ALL else counts.table.loc[counts.table["benchmark"] == benchmark]
        for model, arm in problems.groupby("model", sort=False):
            for name in recorded_classes(counts):
                n = int(arm[f"n_{name}"].fillna(0).sum())
                rows.append((benchmark, model, name, n, n / max(int(arm["n_samples"].sum()), 1)))
    table = pd.DataFrame(rows, columns=["benchmark", "model", "outcome", "n", "share"])
    return table.loc[table.groupby("outcome")["n"].transform("sum") > 0].reset_index(drop=True)


def _labelled(rows: pd.DataFrame, treatment: str, classes: Sequence[str]) -> pd.DataFrame:
    labels = {"treatment": treatment, "as_missing": " ".join(classes) if treatment == MISSING else ""}
    return pd.concat([pd.DataFrame(labels, index=rows.index), rows], axis=1)


def _estimate_text(row: dict[Any, Any]) -> str:
    mark = EXTRAPOLATED * bool(row["extrapolated"])
    return f"{number(row[middle_column(row)], 100, 1)} {interval(row, 100, 1)}{mark}"


def _share_remarks(shares: pd.DataFrame, base: str | None) -> Iterator[Note]:
    """An alarm for each benchmark and class where an arm has many missing outcomes; it names the arm with the most."""
    for (benchmark, outcome), rows in shares.groupby(["benchmark", "outcome"], sort=False):
        if rows["share"].max() < MANY:
            continue
        ordered = rows.sort_values("share", ascending=False)
        listing = ", ".join(
            f"{m} {number(s, 100, 1)} %" for m, s in zip(ordered["model"], ordered["share"], strict=True)
        )
        text = f"Samples that ended as {str(outcome).replace('_', ' ')}: {listing}."
        most, least = ordered.iloc[0], ordered.iloc[-1]
        if len(ordered) > 1 and most["share"] >= 2 * least["share"]:
            role = ", the base" if most["model"] == base else ""
            text += f" Counted as wrong they weigh most on {most['model']}{role}, so that it may look worse than it is."
        yield Note(str(benchmark), str(most["model"]), text, "alarm")


def _treatment_remarks(rows: pd.DataFrame, shares: pd.DataFrame, classes: Sequence[str]) -> Iterator[Note]:
    """Each shrinkage under both treatments, where missing outcomes are many or the verdict depends on the treatment."""
    if rows.empty:
        return
    many = shares.groupby("benchmark")["share"].max()
    posterior = select(rows, kind=POSTERIOR)
    pairs = posterior.loc[posterior["reference"].fillna("") != ""]
    for (benchmark, model), pair in pairs.groupby(["benchmark", "model"], sort=False):
        treatments = {name: pair.loc[pair["treatment"] == name] for name in (WRONG, MISSING)}
        words = {
            name: {decision.k: decision.word for decision in decisions(table)} for name, table in treatments.items()
        }
        changed = [k for k, word in words[WRONG].items() if words[MISSING].get(k, word) != word]
        if changed or many[str(benchmark)] >= MANY:
            text = _treatment_text(str(model), treatments, words, changed, classes)
            yield Note(str(benchmark), str(model), text, "alarm" if changed else "remark")


def _treatment_text(
    model: str,
    treatments: Mapping[str, pd.DataFrame],
    words: Mapping[str, Mapping[float, str]],
    changed: Sequence[float],
    classes: Sequence[str],
) -> str:
    wrong = select(treatments[WRONG], estimand="shrinkage")
    k = changed[-1] if changed else wrong.loc[~wrong["extrapolated"], "k"].max()
    k = wrong["k"].min() if pd.isna(k) else k
    at_k = [select(table, estimand="shrinkage", k=float(k)) for table in treatments.values()]
    estimates = " or ".join(_estimate_text(row) for table in at_k for row in table.to_dict(orient="records"))
    beyond_n = {
        name: set(select(table, estimand="shrinkage").query("extrapolated")["k"]) for name, table in treatments.items()
    }
    verdicts = " or ".join(f"{words[name].get(k)}{EXTRAPOLATED * (k in beyond_n[name])}" for name in (WRONG, MISSING))
    is_beyond = any(k in budgets for budgets in beyond_n.values())
    same = f"the verdict is the same{', as far as an extrapolation tells' if is_beyond else ''}"
    end = f"the verdict there is {verdicts}" if changed else same
    places = [f"{b:.0f}{EXTRAPOLATED * any(b in budgets for budgets in beyond_n.values())}" for b in changed]
    elsewhere = f"; it differs at k = {', '.join(places)}" if len(changed) > 1 else ""
    return (
        f"With {', '.join(classes).replace('_', ' ')} samples as wrong or as missing, the shrinkage of {model} at "
        f"k = {k:.0f} is {estimates} points: {end}{elsewhere}."
    )
