"""What the estimates of one benchmark say, in sentences that a person understands at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from boundary.analysis.estimates.decisions import EQUIVALENT, OPEN, SURE, Decision, decisions, likeliest_words
from boundary.analysis.estimates.table import POSTERIOR, select
from boundary.analysis.formatting import number, points, probability_text, short_name, upper_first
from boundary.analysis.request import EstimateOptions
from boundary.stats.estimands.crossing import LIKELY, CrossingBudget, CurveOrder, curve_order
from boundary.stats.intervals import MARGIN
from boundary.stats.solve_rates import SolveRates

# Fewer problems, or fewer samples of each, are a reason for caution.
FEW_PROBLEMS, FEW_SAMPLES = 20, 16
# Differences below this are 0.0 points when written.
SMALLEST = 0.0005


@dataclass(frozen=True)
class Verdict:
    """The verdict on one model, or on an RL model and its base, on one benchmark.

    Parameters
    ----------
    benchmark, model, reference
        What it is about; `reference` is the base of a pair.
    text
        The sentences.
    decisions
        Of a pair: the decision at the largest budget within the samples, and at the largest of all.
    curve_order
        Of a pair: how the curves run against each other.
    cautions
        Sentences of `text` that warn of few problems or samples.
    """

    benchmark: str
    model: str
    reference: str | None
    text: str
    decisions: tuple[Decision, ...] = ()
    curve_order: CurveOrder | None = None
    cautions: tuple[str, ...] = ()

    @property
    def crosses(self) -> bool:
        """Whether the text speaks of a crossover: RL ahead by more than the margin first, and later behind by more."""
        return self.curve_order is not None and self.curve_order.crosses >= LIKELY

    def as_dict(self) -> dict[str, Any]:
        """The verdict for a script: its sentences, its decisions with their probabilities, its cautions."""
        curve_order = self.curve_order
        crossing = None if curve_order is None else {"probability": curve_order.crosses, "spoken_of": self.crosses}
        return {
            "benchmark": self.benchmark,
            "model": self.model,
            "reference": self.reference,
            "text": self.text,
            "word": self.decisions[0].word if self.decisions else None,
            "calls": [decision.as_dict() for decision in self.decisions],
            "crossover": crossing,
            "cautions": list(self.cautions),
        }


class Totals(NamedTuple):
    """All samples of one model on a benchmark, and the fewest and most of a problem."""

    n_correct: int
    n_samples: int
    fewest: int
    most: int


def totals_of(rates: SolveRates) -> dict[str, Totals]:
    """Samples of each model of a fit."""
    columns = zip(rates.models, rates.n_correct.T, rates.n_samples.T, strict=True)
    return {model: Totals(int(c.sum()), int(n.sum()), int(n.min()), int(n.max())) for model, c, n in columns}


def verdict_of_fit(
    estimates: pd.DataFrame,
    rates: SolveRates,
    benchmark: str,
    model: str,
    reference: str | None,
    options: EstimateOptions,
    level: float,
) -> Verdict:
    """The verdict on one fit: its estimates, its samples and how its curves run; parameters as for `verdict`."""
    order = None
    if reference is not None:
        pair: dict[str, Any] = {"base": reference, "rl": model, "target": options.target}
        order = curve_order(rates, options.max_k, options.margin, level, **pair)
    about = benchmark, model, reference, rates.reliable_k
    return verdict(estimates, *about, margin=options.margin, order=order, totals=totals_of(rates))


def verdict(
    estimates: pd.DataFrame,
    benchmark: str,
    model: str,
    reference: str | None,
    n: int,
    *,
    margin: float = MARGIN,
    order: CurveOrder | None = None,
    totals: Mapping[str, Totals] | None = None,
) -> Verdict:
    """State what the estimates of one benchmark say about one model, or about an RL model against its base.

    Parameters
    ----------
    estimates
        Rows of this benchmark and model.
    n
        Largest budget within the samples drawn of every problem.
    margin
        Difference of pass@k that matters.
    order
        How the curves of the pair run against each other.
    totals
        Samples of each model.
    """
    rows = select(estimates, kind=POSTERIOR)
    warnings = cautions(int(rows["n_problems"].max()) if len(rows) else 0, n)
    end_decisions = []
    if reference is not None:
        at_budgets = decisions(select(rows, model=model))
        for extrapolated in (False, True):
            end_decisions += [decision for decision in at_budgets if decision.extrapolated is extrapolated][-1:]
    extremes, nothing_else = _extremes(model, reference, totals or {})
    if nothing_else:
        sentences = extremes
    elif reference is None:
        sentences = [*extremes, _alone(rows, short_name(model), n)]
    else:
        sentences = [*extremes, *_pair(rows, short_name(model), n, end_decisions, order, margin)]
    text = " ".join([*sentences, *warnings])
    return Verdict(benchmark, model, reference, text, tuple(end_decisions), order, warnings)


def cautions(n_problems: int, n: int) -> tuple[str, ...]:
    """Sentences that warn of few problems, or of few samples of each."""
    sentences = []
    if n_problems < FEW_PROBLEMS:
        moves = number(1 / max(n_problems, 1), 100, 0)
        few = f"Caution: there {'is one problem' if n_problems == 1 else f'are {n_problems} problems'} only"
        sentences.append(f"{few}, so that each moves pass@k by up to {moves} points.")
    if n < FEW_SAMPLES:
        samples = "one sample" if n == 1 else f"{n} samples"
        sentences.append(f"Caution: with {samples} of each problem the estimates rest much on the prior.")
    return tuple(sentences)


def _extremes(model: str, reference: str | None, totals: Mapping[str, Totals]) -> tuple[list[str], bool]:
    """Sentences on models that solved nothing or everything, and whether no more is to be said."""
    pair = [model] if reference is None else [model, reference]
    sampled = {name: totals[name] for name in pair if name in totals and totals[name].n_samples}
    none = [name for name, total in sampled.items() if total.n_correct == 0]
    every = [name for name, total in sampled.items() if total.n_correct == total.n_samples]
    if reference is not None and len(none) == 2:
        return [f"Neither model solved any problem in {_samples(sampled)} each."], True
    if reference is not None and len(every) == 2:
        return [f"Both models solved every problem in every sample, {_samples(sampled)} each."], True
    nothing = [f"{short_name(name)} solved no problem in {_samples({name: sampled[name]})} each." for name in none]
    everything = [
        f"{short_name(name)} solved every problem in every sample, {_samples({name: sampled[name]})} each."
        for name in every
    ]
    return [*nothing, *everything], False


def _samples(totals: Mapping[str, Totals]) -> str:
    fewest, most = min(total.fewest for total in totals.values()), max(total.most for total in totals.values())
    if fewest == most:
        return f"{most:,} sample{'s' * (most != 1)}"
    return f"{fewest:,} to {most:,} samples"


def _row(rows: pd.DataFrame, estimand: str, k: float | None = None) -> pd.Series | None:
    rows = select(rows, estimand=estimand, k=k)
    return None if rows.empty else rows.iloc[0]


def _alone(rows: pd.DataFrame, model: str, n: int) -> str:
    curve = select(rows, estimand="pass_at_k")
    within = curve.loc[~curve["extrapolated"]]
    if within.empty:
        text = f"{model}: every budget asked for lies beyond the samples"
    else:
        shares = [
            f"{_share(row)} of the problems with k = {row['k']:.0f}" for _, row in within.iloc[[0, -1]].iterrows()
        ]
        text = f"{model} solves " + " and ".join(dict.fromkeys(shares))
    extrapolated = curve.loc[curve["extrapolated"]]
    if len(extrapolated):
        last = extrapolated.iloc[-1]
        text += f"; beyond n = {n} the data alone cannot say (extrapolated: {_share(last)} at k = {last['k']:.0f})"
    return text + "."


def _share(row: pd.Series) -> str:
    mean, lower, upper = (number(row[name], 100, 1) for name in ("mean", "lower", "upper"))
    return f"{mean} % [{lower}, {upper}]"


def _pair(
    rows: pd.DataFrame, model: str, n: int, end_decisions: list[Decision], order: CurveOrder | None, margin: float
) -> list[str]:
    """The decision within the samples, the order of the curves, and the decision beyond the samples."""
    sentences = [_within(rows, model, decision, margin) for decision in end_decisions if not decision.extrapolated]
    sentences.append(_curve_order_text(rows, n, order, margin))
    sentences += [_extrapolation(rows, n, decision, margin) for decision in end_decisions if decision.extrapolated]
    return [sentence for sentence in sentences if sentence] or [f"{model}: nothing was compared with its base."]


def _within(rows: pd.DataFrame, model: str, decision: Decision, margin: float) -> str:
    row = _row(rows, "shrinkage", decision.k)
    assert row is not None  # the decision was made from it
    start = f"{decision.word.capitalize()} at k = {decision.k:.0f}: {model} solves {_difference(row)}"
    if decision.word == OPEN:
        return f"{start}. {upper_first(likeliest_words(decision, margin))}."
    return f"{start} ({_surety(decision, margin)})."


def _extrapolation(rows: pd.DataFrame, n: int, decision: Decision, margin: float) -> str:
    """The sentences on budgets beyond the samples: the data alone say nothing; the extrapolation is named as one."""
    row = _row(rows, "shrinkage", decision.k)
    assert row is not None  # the decision was made from it
    doubt = likeliest_words(decision, margin) if decision.word == OPEN else _surety(decision, margin)
    return (
        f"Beyond n = {n} the data alone cannot say. Extrapolated to k = {decision.k:.0f}: {decision.word}, "
        f"{_difference(row)} ({doubt})."
    )


def _surety(decision: Decision, margin: float) -> str:
    if decision.word == EQUIVALENT:
        return f"within {points(margin)} with probability {probability_text(decision.probability)}"
    return f"by more than {points(margin)} with probability {probability_text(decision.probability)}"


def _curve_order_text(rows: pd.DataFrame, n: int, order: CurveOrder | None, margin: float) -> str:
    """Where the curves cross, or who is ahead throughout; what holds at k = 1 where neither is likely."""
    if order is not None and max(order.crosses, order.crosses_back) >= LIKELY:
        return _crossing(rows, n, order)
    if order is not None and n > 1 and max(order.ahead, order.behind) >= SURE:
        side, probability = ("ahead", order.ahead) if order.ahead >= SURE else ("behind", order.behind)
        return (
            f"It is {side} by more than {points(margin)} at every k up to {n} with probability "
            f"{probability_text(probability)}."
        )
    first = _row(rows, "shrinkage", 1)
    if first is None or n == 1:
        return ""
    return f"At k = 1 it solves {_difference(first)}."


def _crossing(rows: pd.DataFrame, n: int, order: CurveOrder) -> str:
    if min(order.crosses, order.crosses_back) >= LIKELY:
        return "The two curves cross more than once."
    if order.crosses_back >= LIKELY:
        sides, probability, at = ("behind", "ahead"), order.crosses_back, order.catches_up
    else:
        sides, probability, at = ("ahead", "behind"), order.crosses, None
        if (row := _row(rows, "crossover")) is not None:
            at = CrossingBudget(float(row["median"]), float(row["lower"]), float(row["upper"]))
    is_so = "is" if probability >= SURE else "is probably"
    such = f"probability of such a crossover: {probability_text(probability)}"
    if at is None or not np.isfinite(at.median):
        return f"It {is_so} {sides[0]} first and {sides[1]} later ({such})."
    upper = number(at.upper, 1, 0) if np.isfinite(at.upper) else f"beyond {order.max_k}"
    around = f"{number(at.median, 1, 0)} [{number(at.lower, 1, 0)}, {upper}]"
    mark = "extrapolated; " if at.median > n else ""
    return f"It {is_so} {sides[0]} up to k of about {around}, {sides[1]} from there on ({mark}{such})."


def _difference(row: pd.Series) -> str:
    """A shrinkage as points less or more than the base, with its interval."""
    if max(abs(row["lower"]), abs(row["upper"])) < SMALLEST:
        return "as much as its base to within 0.1 points"
    if abs(row["mean"]) < SMALLEST:
        return f"about as much as its base [{_side(-row['upper'])} to {_side(-row['lower'])}]"
    sign = 1 if row["mean"] > 0 else -1
    mean, *bounds = (number(sign * row[name], 100, 1) for name in ("mean", "lower", "upper"))
    lower, upper = bounds if sign > 0 else reversed(bounds)
    return f"{mean} points {'less' if sign > 0 else 'more'} than its base [{lower}, {upper}]"


def _side(gain: float) -> str:
    """One end of an interval of RL less base."""
    return f"{number(abs(gain), 100, 1)} points {'more' if gain > 0 else 'less'}"
