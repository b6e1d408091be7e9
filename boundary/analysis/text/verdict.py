"""What the estimates of one benchmark say, in sentences that a person understands at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any, Literal

import pandas as pd

from boundary.analysis.estimates.decisions import OPEN, Decision, decisions
from boundary.analysis.estimates.table import POSTERIOR, select
from boundary.analysis.formatting import Shorten, behind_colon, budget, middle_column, number, short_name
from boundary.analysis.request import EstimateOptions
from boundary.analysis.text.extremes import Totals, both_extreme, cautions, extreme_clause, totals_of
from boundary.analysis.text.pair import (
    NOT_CONVERGED,
    next_step_of_pair,
    pair_details,
    pair_sentence,
    unconverged_sentence,
)
from boundary.stats.estimands.crossing import LIKELY, CrossingBudget, CurveOrder, curve_order
from boundary.stats.intervals import MARGIN
from boundary.stats.solve_rates import SolveRates

# Probability up to which there is no crossover.
UNLIKELY = 0.05
# In place of a crossover: where it is neither likely nor improbable, and where none was looked for.
UNCLEAR, NO_SEARCH = "unclear", "\N{EN DASH}"
RUN_AGAIN = "Run again with another seed, or with more draws from Python."
NOTHING_TO_COMPARE = "Problems that a model solves at times, and fails at times, are needed for a comparison."
# A pair is an RL model and its base; the others are a model alone, a ranking of models, and checkpoints in order.
Subject = Literal["pair", "model", "ranking", "checkpoints"]


@dataclass(frozen=True)
class Verdict:
    """The verdict on one model, or on an RL model and its base, on one benchmark.

    Parameters
    ----------
    benchmark, model, reference
        What it is about; `reference` is the base of a pair.
    text
        The whole in sentences: `sentence`, then details and cautions; not `next_step`.
    decisions
        Of a pair: the decision at the largest budget within the samples, and at the largest of all.
    curve_order
        Of a pair: how the curves run against each other.
    cautions
        Sentences of `text` that warn of few problems or samples.
    sentence
        The verdict in one plain sentence.
    next_step
        What would settle a pair that is open, in a sentence; what a comparison needs where neither model, or each,
        solved anything; empty of any other that is settled.
    subject
        What is judged: `pair`, `model`, `ranking` or `checkpoints`.
    n
        Largest budget within the samples.
    crossover
        Of a pair: the budget at which RL is overtaken by its base, whether or not that is likely.
    is_converged
        Whether the diagnostics of its fits passed. Where they did not, nothing is sure.
    leads_at
        Of a ranking: the budget at which `model` is likeliest to solve most.
    is_informative
        Whether the counts say anything of a pair: not where neither model solved any problem, or each solved all.
    """

    benchmark: str
    model: str
    reference: str | None
    text: str
    decisions: tuple[Decision, ...] = ()
    curve_order: CurveOrder | None = None
    cautions: tuple[str, ...] = ()
    sentence: str = ""
    next_step: str = ""
    subject: Subject = "pair"
    n: int = 0
    crossover: CrossingBudget | None = None
    is_converged: bool = True
    leads_at: float = 1.0
    is_informative: bool = True

    @property
    def at_n(self) -> Decision | None:
        """The decision at the largest budget within the samples."""
        return next((decision for decision in self.decisions if not decision.extrapolated), None)

    @property
    def beyond_n(self) -> Decision | None:
        """The decision at the largest budget beyond the samples, which is extrapolated."""
        return next((decision for decision in self.decisions if decision.extrapolated), None)

    @property
    def decision(self) -> Decision | None:
        """The decision that `word` and `sentence` state: within the samples, or where there is none, beyond them."""
        return self.at_n or self.beyond_n

    @property
    def word(self) -> str | None:
        """The decision in words; None where nothing is compared.

        `cannot tell yet` where a fit did not converge, or neither model solved any problem, or each solved all.
        """
        if self.decision is None:
            return None
        return self.decision.word if self.is_converged and self.is_informative else OPEN

    @property
    def probability(self) -> float | None:
        """Probability of `word`, or where that is open, of the likeliest; None where there is none to rely on."""
        is_known = self.decision is not None and self.is_converged and self.is_informative
        return self.decision.probability if self.decision is not None and is_known else None

    @property
    def crosses(self) -> bool:
        """Whether the text speaks of a crossover: RL ahead by more than the margin first, and later behind by more."""
        return self.curve_order is not None and self.curve_order.crosses >= LIKELY

    @property
    def no_crossover_word(self) -> str | None:
        """What stands in place of a crossover that is not likely; None where it is likely.

        `none up to k = ...` where it is improbable up to the largest budget looked at, `unclear` where it is neither
        that nor likely, and a dash where no budget above 1 was asked for, or the counts say nothing.
        """
        order = self.curve_order
        if order is None or self.crosses:
            return None
        # A search goes to k = 2 at the least, asked for or not.
        is_asked = order.max_k > 2 or any(decision.k > 1 for decision in self.decisions)
        if not (is_asked and self.is_informative):
            return NO_SEARCH
        return f"none up to k = {budget(order.max_k)}" if order.crosses <= UNLIKELY else UNCLEAR

    def as_dict(self) -> dict[str, Any]:
        """The verdict for a script, as summary.json has it.

        Returns
        -------
        `benchmark`, `model`, `reference`, `subject`, `sentence`, `text`, `next_step`, `n`, `converged` and `cautions`
        as the fields; `word`, the decision; `direction`, the likeliest of narrowed, widened and no material difference,
        and `probability`, that of `direction` (None where a fit did not converge); `at_n` and `beyond`, the decisions
        within the samples and beyond them (`Decision.as_dict`; None where there is none), and `calls`, the two in a
        list (none of these where the counts say nothing: `is_informative`); `crossover` of a pair: the probability
        that RL is ahead by more than the margin first and behind later,
        whether it is `spoken_of`, its `median`, `lower` and `upper` (the text "none" where the base does not catch up),
        whether that is `extrapolated`, and the same where RL catches up with a base that is ahead first.
        """
        calls = [decision.as_dict() for decision in self.decisions if self.is_informative]
        return {
            "benchmark": self.benchmark,
            "model": self.model,
            "reference": self.reference,
            "subject": self.subject,
            "sentence": self.sentence,
            "text": self.text,
            "next_step": self.next_step,
            "word": self.word,
            "direction": self.decision.likeliest if self.decision is not None and self.is_informative else None,
            "probability": self.probability,
            "n": self.n,
            "at_n": next((call for call in calls if not call["extrapolated"]), None),
            "beyond": next((call for call in calls if call["extrapolated"]), None),
            "calls": calls,
            "crossover": None if self.curve_order is None else self._crossover_as_dict(self.curve_order),
            "converged": self.is_converged,
            "cautions": list(self.cautions),
        }

    def _crossover_as_dict(self, order: CurveOrder) -> dict[str, Any]:
        return {
            "probability": order.crosses,
            "spoken_of": self.crosses,
            **_budget_as_dict(self.crossover, self.n),
            "probability_of_catching_up": order.crosses_back,
            "catches_up": None if order.catches_up is None else _budget_as_dict(order.catches_up, self.n),
        }


def _budget_as_dict(at: CrossingBudget | None, n: int) -> dict[str, Any]:
    """Median and interval of a budget, `none` where it is infinite, and whether its median lies beyond the samples."""
    if at is None:
        return dict.fromkeys(("median", "lower", "upper", "extrapolated"))
    ends = {name: value if isfinite(value) or value != value else "none" for name, value in at._asdict().items()}
    return {**ends, "extrapolated": None if at.median != at.median else at.median > n}


def unconverged(verdict_of_several: Verdict) -> Verdict:
    """The verdict on several models where a fit of theirs did not converge: it says so first, and what to do."""
    sentence, text = (
        behind_colon(NOT_CONVERGED, part) for part in (verdict_of_several.sentence, verdict_of_several.text)
    )
    return replace(verdict_of_several, sentence=sentence, text=text, next_step=RUN_AGAIN, is_converged=False)


def verdict_of_fit(
    estimates: pd.DataFrame,
    rates: SolveRates,
    benchmark: str,
    model: str,
    reference: str | None,
    options: EstimateOptions,
    level: float,
    is_converged: bool = True,
    expected_lead: float = 0.0,
    *,
    shorten: Shorten = short_name,
) -> Verdict:
    """The verdict on one fit: its estimates, its samples and how its curves run; parameters as for `verdict`."""
    order = None
    if reference is not None:
        pair: dict[str, Any] = {"base": reference, "rl": model, "target": options.target}
        order = curve_order(rates, options.max_k, options.margin, level, **pair)
    return verdict(
        estimates,
        benchmark,
        model,
        reference,
        rates.reliable_k,
        margin=options.margin,
        order=order,
        totals=totals_of(rates),
        is_converged=is_converged,
        with_errors=rates.errors is not None,
        expected_lead=expected_lead,
        shorten=shorten,
    )


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
    is_converged: bool = True,
    with_errors: bool = False,
    expected_lead: float = 0.0,
    shorten: Shorten = short_name,
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
    is_converged
        Whether the fit's diagnostics passed.
    with_errors
        Whether the verifier was taken to err.
    expected_lead
        Logits by which the prior of a pair expects RL ahead of its base.
    """
    rows = select(estimates, kind=POSTERIOR)
    at_budgets = [] if reference is None else decisions(select(rows, model=model))
    ends, crossover = _end_decisions(at_budgets), _crossover(rows)
    extremes = extreme_clause(model, reference, totals or {}, with_errors, shorten=shorten)
    no_more_to_say = both_extreme(model, reference, totals or {}) if is_converged and not with_errors else ""
    details: list[str] = []
    if no_more_to_say:
        sentence = no_more_to_say
    elif reference is None:
        sentence, details = _alone(rows, shorten(model), n, extremes)
        sentence = sentence if is_converged else behind_colon(NOT_CONVERGED, sentence)
    elif ends and is_converged:
        first = next((decision for decision in at_budgets if decision.k == 1), None)
        sentence = pair_sentence(shorten(model), n, ends[0], first, order, crossover, extremes)
        details = list(pair_details(n, ends, order, margin))
    else:
        sentence = _without_estimates(shorten(model), n, ends)
    on_new_problems = bool((rows["target"] == "superpopulation").any())
    if on_new_problems and not no_more_to_say:
        sentence = behind_colon("On new problems like these", sentence)
    details += ["All of this allows for errors of the verifier."] if with_errors else []
    next_step = "" if is_converged else RUN_AGAIN
    if is_converged and ends:
        next_step = next_step_of_pair(ends[0], n, margin, on_new_problems)
    warnings = cautions(
        int(rows["n_problems"].max()) if len(rows) else 0,
        n,
        totals or {},
        on_new_problems=on_new_problems,
        expected_lead=0.0 if reference is None else expected_lead,
        shorten=shorten,
    )
    return Verdict(
        benchmark,
        model,
        reference,
        " ".join([sentence, *details, *warnings]),
        ends,
        order,
        warnings,
        sentence=sentence,
        next_step=NOTHING_TO_COMPARE if no_more_to_say else next_step,
        subject="model" if reference is None else "pair",
        n=n,
        crossover=crossover,
        is_converged=is_converged,
        is_informative=not no_more_to_say,
    )


def _without_estimates(name: str, n: int, end_decisions: Sequence[Decision]) -> str:
    """The sentence on a pair of which nothing can be relied on, or nothing was estimated."""
    if end_decisions:
        return unconverged_sentence(name, n, end_decisions[0])
    return f"{name}: nothing was compared with its base."


def _end_decisions(at_budgets: Sequence[Decision]) -> tuple[Decision, ...]:
    """The decision at the largest budget within the samples, and at the largest beyond them."""
    sides = (
        [decision for decision in at_budgets if decision.extrapolated is is_extrapolated]
        for is_extrapolated in (False, True)
    )
    return tuple(decisions_of_side[-1] for decisions_of_side in sides if decisions_of_side)


def _crossover(rows: pd.DataFrame) -> CrossingBudget | None:
    rows = select(rows, estimand="crossover")
    if rows.empty:
        return None
    return CrossingBudget(*(float(rows[name].iloc[0]) for name in CrossingBudget._fields))


def _alone(rows: pd.DataFrame, name: str, n: int, extremes: str) -> tuple[str, list[str]]:
    """The sentence on a model alone, and what is extrapolated."""
    curve = select(rows, estimand="pass_at_k")
    within, extrapolated = curve.loc[~curve["extrapolated"]], curve.loc[curve["extrapolated"]]
    limit = f"Beyond n = {n} the data alone cannot say."
    if within.empty and extrapolated.empty:
        return f"Of {name} no pass@k was estimated.", []
    if within.empty:
        shares = _shares(extrapolated.iloc[[-1]])
        return f"{name} solves {shares} (extrapolated: every budget lies beyond n = {n}).", [limit]
    lead = f"{extremes}; it is estimated to solve" if extremes else f"{name} solves"
    sentence = f"{lead} {_shares(within.iloc[sorted({0, len(within) - 1})])}."
    if extrapolated.empty:
        return sentence, []
    return sentence, [limit, f"Extrapolated, it solves {_shares(extrapolated.iloc[[-1]])}."]


def _shares(curve: pd.DataFrame) -> str:
    """Shares of the problems that are solved at some budgets."""
    shares: list[str] = []
    for row in curve.to_dict("records"):
        k = row["k"]
        mean, lower, upper = (number(row[name], 100, 1) for name in (middle_column(row), "lower", "upper"))
        of_problems = "" if shares else " of the problems"
        samples = "one sample" if k == 1 else f"{k:.0f} samples" if not shares else f"{k:.0f}"
        shares.append(f"{mean} % [{lower}, {upper}]{of_problems} with {samples}")
    return " and ".join(shares)
