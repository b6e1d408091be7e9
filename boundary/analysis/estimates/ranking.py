"""Several models on the same problems: ranks, P(best), and every pair, with a word on how many pairs there are."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import pandas as pd
import xarray as xr

from boundary.analysis.estimates.decisions import OPEN, SURE, calls_of_pairs
from boundary.analysis.estimates.table import EstimateTable, Quantity, of_posterior
from boundary.analysis.formatting import chance, number, points, short
from boundary.analysis.text.verdict import Verdict
from boundary.errors import InputError
from boundary.stats.estimands import pass_at_k
from boundary.stats.estimands.ranking import bests, pairwise, ranks
from boundary.stats.intervals import MARGIN, signs
from boundary.stats.solve_rates import SolveRates, Target

RANKINGS = frozenset({"rank", "best", "better"})
# Models are ranked where there are so many.
ENOUGH_MODELS = 3


def check_rankable(estimands: Sequence[str] | None, models: Sequence[str], base: str | None, target: Target) -> None:
    """Refuse estimands that would have no rows.

    Raises
    ------
    InputError
        For `rank`, `best` or `better` where models are not ranked, and for `reach`, which is a problem's.
    """
    for name in estimands or ():
        if name == "reach":
            raise InputError(
                "'reach' is a quantity of one problem and has no row in estimates.csv. Leave it out: problems.csv has "
                "the reach of every problem, and pass_at_k is its mean."
            )
        if name in RANKINGS and target != "benchmark":
            raise InputError(
                f"'{name}' ranks models on these very problems, not on new ones. Leave it out, or say --target "
                "benchmark."
            )
        if name in RANKINGS and len(models) < (2 if base is None else ENOUGH_MODELS):
            raise InputError(
                f"'{name}' compares several models, and there are too few here: {', '.join(models)}. Leave it out, add "
                "RL models, or rank two or more models without a base (--rank; rank=True from Python)."
            )


def coverage_of(fits: Mapping[str, SolveRates], budgets: Sequence[int], target: Target) -> xr.DataArray:
    """Draws of pass@k of several models, each from its own fit: dimensions (chain, draw, k, model).

    Given the counts, the solve rates of models fitted apart are independent, so draws of one number in each fit make a
    joint draw.
    """
    curves = [pass_at_k(rates, budgets, target=target).sel(model=[model]) for model, rates in fits.items()]
    return xr.concat(curves, "model")


def ranking_rows(table: EstimateTable, coverage: xr.DataArray, n: int, wanted: frozenset[str]) -> None:
    """Add the rank of each model, P(best) and P(better) of each pair, at each budget.

    Parameters
    ----------
    table
        Where the rows go; models whose pass@k differ by no more than its margin tie.
    coverage
        Draws of pass@k, from `coverage_of`.
    n
        Largest budget within the samples of every model; beyond it the rows are marked extrapolated.
    wanted
        Which of `rank`, `best`, `better`.
    """
    models, budgets = ([*coverage.coords[name].to_numpy()] for name in ("model", "k"))
    for name, draws in (("rank", ranks(coverage, table.margin)), ("best", bests(coverage, table.margin))):
        if name in wanted:
            table.add_posterior(
                [
                    Quantity(name, draws.sel(model=model, k=k), str(model), k=float(k), extrapolated=bool(k > n))
                    for model in models
                    for k in budgets
                ]
            )
    if "better" in wanted:
        wins = pairwise(coverage, table.margin)
        for k in budgets:
            values, curves = wins.sel(k=k).to_numpy(), coverage.sel(k=k).transpose(..., "model").to_numpy()
            for a, b in combinations(range(len(models)), 2):
                pair = str(models[a]), str(models[b]), int(k), float(values[a, b])
                table.add_probability("better", *pair, k > n, signs(curves[..., a] - curves[..., b], table.margin))


class Tally(NamedTuple):
    """Of pairs of models: how many there are, are told apart, are alike to within the margin, and may be wrong."""

    pairs: int
    told_apart: int
    alike: int
    expected_wrong: float


def multiplicity(rows: pd.DataFrame, k: float) -> Tally | None:
    """How many pairs of models there are at a budget, how many are told apart, and how many of these to expect wrong.

    Parameters
    ----------
    rows
        Estimates of one benchmark.

    Returns
    -------
    Told apart are pairs of which one model is ahead of the other by more than the margin with probability .95 or more;
    alike are those that differ by no more than it with that probability; `expected_wrong` is the sum over both of 1
    less this probability. None without pairs.
    """
    pairs = rows.loc[(rows["estimand"] == "better") & (rows["k"] == k)]
    if pairs.empty:
        return None
    apart, alike = ahead_by_more(pairs).combine(ahead_by_more(pairs, other=True), max), pairs["prob_equivalent"]
    sure, same = apart.loc[apart >= SURE], alike.loc[alike >= SURE]
    return Tally(len(pairs), len(sure), len(same), float((1 - sure).sum() + (1 - same).sum()))


def ahead_by_more(pairs: pd.DataFrame, other: bool = False) -> "pd.Series[float]":
    """Of rows `better`: P(the model, or the other one, is ahead by more than the margin).

    The mean of such a row counts a tie, which is a difference within the margin, one half.
    """
    ahead: pd.Series[float] = (1 - pairs["mean"] if other else pairs["mean"]) - pairs["prob_equivalent"] / 2
    return ahead


def ranking_verdict(
    estimates: pd.DataFrame,
    benchmark: str,
    n: int,
    margin: float = MARGIN,
    warnings: Sequence[str] = (),
    solved: Mapping[str, int] | None = None,
) -> Verdict | None:
    """Say which model is best at k = 1 and at n, how surely, and how many pairs are told apart.

    Parameters
    ----------
    warnings
        Sentences to stand behind.
    solved
        Correct samples of each model.
    """
    rows = estimates.loc[(estimates["benchmark"] == benchmark) & of_posterior(estimates)]
    best = rows.loc[rows["estimand"] == "best"]
    if best.empty:
        return None
    budgets = [k for k in dict.fromkeys((1.0, float(n))) if (best["k"] == k).any()] or [float(best["k"].min())]
    names = list(dict.fromkeys(best["model"]))
    leader = str(best.loc[best["k"] == budgets[0]].sort_values("mean")["model"].iloc[-1])
    if solved and not any(solved.get(name, 1) for name in names):
        sentences = [f"None of the {len(names)} models solved any problem."]
    else:
        sentences = [f"Of {len(names)} models, {'; '.join(_best_at(rows, k) for k in budgets)}."]
        tally = multiplicity(rows, budgets[0])
        sentences += [] if tally is None else [multiplicity_text(tally, f"k = {budgets[0]:.0f}", margin)]
    return Verdict(benchmark, leader, None, " ".join([*sentences, *warnings]), cautions=tuple(warnings))


def multiplicity_text(tally: Tally, where: str, margin: float) -> str:
    """Write what `multiplicity` counted."""
    same = f", and {tally.alike:,} differ by no more than that" if tally.alike else ""
    wrong = number(tally.expected_wrong, 1, 1)
    return (
        f"{tally.told_apart:,} of {tally.pairs:,} pair{'s' * (tally.pairs != 1)} differ by more than {points(margin)} "
        f"at {where}{same} (each by itself with probability {SURE:.2f} or more; {wrong} of these are expected to be "
        "wrong)."
    )


def _best_at(rows: pd.DataFrame, k: float) -> str:
    best = rows.loc[(rows["estimand"] == "best") & (rows["k"] == k)].sort_values("mean", kind="stable").iloc[-1]
    curve = rows.loc[(rows["estimand"] == "pass_at_k") & (rows["k"] == k) & (rows["model"] == best["model"])].iloc[0]
    share, lower, upper = (number(curve[name], 100, 1) for name in ("mean", "lower", "upper"))
    mark = ", extrapolated" if bool(best["extrapolated"]) else ""
    name = short(str(best["model"]))
    about = f"probability {chance(best['mean'])}; pass@{k:.0f} {share} % [{lower}, {upper}]{mark}"
    if best["mean"] < 0.5:
        return f"none is likelier than not to be the best at k = {k:.0f}; first is {name} ({about})"
    return f"{name} is likeliest to be the best at k = {k:.0f} ({about})"


def panel_rows(estimates: pd.DataFrame) -> pd.DataFrame:
    """Every panel (a benchmark and an RL model) with its shrinkage at the largest budget within its samples.

    Returns
    -------
    Rows of the estimates, `all` left out, since it repeats the benchmarks.
    """
    rows = estimates.loc[
        (estimates["estimand"] == "shrinkage")
        & of_posterior(estimates)
        & ~estimates["extrapolated"]
        & (estimates["benchmark"] != "all")
    ]
    return rows.loc[rows.groupby(["benchmark", "model"], sort=False)["k"].idxmax()]


def panel_sentences(estimates: pd.DataFrame) -> Iterator[str]:
    """What to bear in mind where several panels are compared."""
    panels = panel_rows(estimates)
    at_n = panels.set_index(["benchmark", "model"])["k"]
    posterior = estimates.loc[of_posterior(estimates) & (estimates["benchmark"] != "all")]
    verdicts = [
        call
        for benchmark, model, each in calls_of_pairs(posterior)
        for call in each
        if at_n.get((benchmark, model)) == call.k
    ]
    if len(verdicts) < 2:
        return
    words = Counter(call.word for call in verdicts)
    counted = ", ".join(f"{word} in {words[word]}" for word in dict.fromkeys([*sorted({*words} - {OPEN}), OPEN]))
    wrong = sum(1 - call.probability for call in verdicts if call.word != OPEN)
    yield (
        f"{len(verdicts)} panels (a benchmark and an RL model each) are compared at k = n: {counted}. Each verdict by "
        f"itself has a probability of {SURE:.2f} or more; {number(wrong, 1, 2)} of them are expected to be wrong."
    )
    if panels.duplicated(["benchmark", "reference"]).any():
        yield (
            "Panels of one benchmark and base share their base model's samples: an unlucky draw of these moves all of "
            "their shrinkages the same way."
        )
