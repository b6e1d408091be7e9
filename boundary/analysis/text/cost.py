"""What the cost table says, in sentences: the crossover, the difference, an attempt's cost, coverage at cost."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from boundary.analysis.estimates.decisions import SURE, Decision
from boundary.analysis.estimates.table import POSTERIOR
from boundary.analysis.formatting import Shorten, by_over, cost_text, number, probability_text, short_name
from boundary.analysis.text.pair import decision_words, difference
from boundary.stats.estimands.crossing import LIKELY

SHARES_IN_WORDS = {0.25: "a quarter", 0.5: "half"}
MONEY = "USD"


class CostSentences(NamedTuple):
    """Sentences on one model: who solves more at equal cost, the main one first; what attempts and coverage cost."""

    comparison: list[str]
    details: list[str]

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self.comparison or self.details)


def cost_sentences(
    rows: pd.DataFrame, model: str, reference: str | None, margin: float, *, shorten: Shorten = short_name
) -> CostSentences:
    """Sentences on one model, or on an RL model against its base.

    Parameters
    ----------
    rows
        Of one benchmark, with the columns of cost.csv.
    model
        The model.
    reference
        Its base; None of a model alone.
    margin
        Difference that matters, as a share of problems.

    Returns
    -------
    None of either kind where there are no rows.
    """
    posterior = rows.loc[rows["kind"] == POSTERIOR]
    if posterior.loc[posterior["model"] == model].empty:
        return CostSentences([], [])
    if reference is None:
        return CostSentences(
            [], [*_attempt_sentences(posterior, [model], shorten), *_coverage_sentences(posterior, [model], shorten)]
        )
    pair = posterior.loc[(posterior["model"] == model) & (posterior["reference"] == reference)]
    return CostSentences(
        [
            *_crossing_sentences(pair, model, reference, margin, posterior, shorten),
            *_difference_sentences(pair, model, shorten),
        ],
        [
            *_attempt_sentences(posterior, [reference, model], shorten),
            *_matched_sentences(pair, model, reference, shorten),
            *_coverage_sentences(posterior, [reference, model], shorten),
        ],
    )


def equal_words(unit: str) -> str:
    """How budgets are equal: in tokens, or in money."""
    return "For equal money" if unit == MONEY else "At equal tokens"


def _row(rows: pd.DataFrame, estimand: str, **labels: Any) -> dict[Any, Any] | None:
    """The only row of an estimand; None where there is none."""
    chosen_rows = rows.loc[rows["estimand"] == estimand]
    for name, value in labels.items():
        chosen_rows = chosen_rows.loc[chosen_rows[name] == value]
    return chosen_rows.iloc[0].to_dict() if len(chosen_rows) else None


def _interval(row: dict[Any, Any], digits: int = 2) -> str:
    lower, upper = (cost_text(row[side], row["unit"], digits, with_unit=False) for side in ("lower", "upper"))
    return f"[{lower}, {upper}]"


def _crossing_sentences(
    pair: pd.DataFrame, model: str, reference: str, margin: float, rows: pd.DataFrame, shorten: Shorten
) -> Iterator[str]:
    """Where RL is overtaken by its base, if that is likely by more than the margin; else how likely it is."""
    crossing, absent = _row(pair, "crossover_cost"), _row(pair, "no_crossover_cost")
    chance, back = _row(pair, "crosses_at_cost"), _row(pair, "crosses_back_at_cost")
    if crossing is None or absent is None or chance is None or back is None:
        return
    unit, name, base = crossing["unit"], shorten(model), shorten(reference)
    at_equal, last = equal_words(unit), cost_text(absent["cost"], unit)
    extrapolation = " (extrapolated beyond the samples)" if crossing["extrapolated"] else ""
    if chance["mean"] >= LIKELY and np.isfinite(crossing["median"]):
        is_so = "stays" if chance["mean"] >= SURE else "probably stays"
        if back["mean"] >= LIKELY:
            is_so = "is" if chance["mean"] >= SURE else "is probably"
        attempt = _row(rows, "attempt_cost", model=reference)
        attempts = (
            "" if attempt is None else f", the cost of {crossing['median'] / attempt['mean']:,.0f} attempts of {base}"
        )
        yield (
            f"{at_equal} {name} {is_so} ahead up to {cost_text(crossing['median'], unit)} a problem "
            f"{_interval(crossing)}{extrapolation}{attempts}, and is behind from there on."
        )
        if back["mean"] >= LIKELY:
            yield "At some smaller budgets it is behind too: the curves cross more than once."
    elif absent["mean"] == absent["mean"]:
        yield (
            f"{at_equal} the probability that {name} is ahead of {base} at some budget and behind it at a larger one"
            f"{',' * bool(margin)}{by_over(margin)}{',' * bool(margin)} is {probability_text(chance['mean'])} up to "
            f"{last} a problem."
        )
    leads = _row(pair, "leads_at_cost")
    if absent["mean"] >= 0.005 and leads is not None and leads["mean"] >= LIKELY:
        yield (
            f"Given that {name} is ahead at some budget (probability {probability_text(leads['mean'])}), {base} does "
            f"not catch up by {last} a problem with probability {probability_text(absent['mean'])}."
        )


def _difference_sentences(pair: pd.DataFrame, model: str, shorten: Shorten) -> Iterator[str]:
    """The difference and the decision at the largest reported budget within the samples."""
    rows = pair.loc[(pair["estimand"] == "shrinkage_at_cost") & ~pair["extrapolated"].astype(bool)]
    if rows.empty:
        return
    row = rows.sort_values("cost").iloc[-1]
    decision = Decision(
        float(row["cost"]),
        False,
        *(float(row[f"prob_{name}"]) for name in ("narrowed", "widened", "equivalent")),
        *(float(row[name]) for name in ("mean", "lower", "upper")),
    )
    yield (
        f"With {cost_text(row['cost'], row['unit'])} a problem, within the samples, {shorten(model)} solves "
        f"{difference(decision, of_base=True)}: {decision_words(decision)}."
    )


def _attempt_sentences(rows: pd.DataFrame, models: list[str], shorten: Shorten) -> Iterator[str]:
    """What an attempt costs in the mean over problems."""
    parts = []
    for model in models:
        of_model = {name: _row(rows, f"attempt_cost{name}", model=model) for name in ("", "_correct", "_wrong")}
        whole = of_model[""]
        if whole is None:
            return
        text = f"{cost_text(whole['mean'], whole['unit'], 3)} {_interval(whole, 3)} with {shorten(model)}"
        right, wrong = of_model["_correct"], of_model["_wrong"]
        if right is not None and wrong is not None and whole["lengths"] != "means":
            ends = (cost_text(part["mean"], part["unit"], 3, with_unit=False) for part in (right, wrong))
            text += " (right ones {}, wrong ones {})".format(*ends)
        parts.append(text)
    yield f"An attempt takes {' and '.join(parts)}, in the mean over problems."


def _matched_sentences(pair: pd.DataFrame, model: str, reference: str, shorten: Shorten) -> Iterator[str]:
    row = _row(pair, "matched_attempts")
    if row is not None:
        middle, lower, upper = (number(row[name], 1, 0) for name in ("mean", "lower", "upper"))
        means, pay = ("money", "pays") if row["unit"] == MONEY else ("tokens", "pay")
        yield (
            f"The {means} of {row['k']:,.0f} attempts of {shorten(reference)} {pay} for {middle} [{lower}, {upper}] "
            f"of {shorten(model)}."
        )


def _coverage_sentences(rows: pd.DataFrame, models: list[str], shorten: Shorten) -> Iterator[str]:
    """What it costs to solve a share of the problems: one half, or the largest share below that all models reach."""
    for share in (0.5, 0.25):
        found_rows = [_row(rows, "cost_to_solve", model=model, share=share) for model in models]
        costs = [row for row in found_rows if row is not None and np.isfinite(row["median"])]
        if len(costs) == len(models):
            parts = []
            for row, model in zip(costs, models, strict=True):
                extrapolation = ", extrapolated," if row["extrapolated"] else ""
                parts.append(
                    f"{cost_text(row['median'], row['unit'])} {_interval(row)}{extrapolation} with {shorten(model)}"
                )
            yield f"To solve {SHARES_IN_WORDS[share]} of the problems takes {' and '.join(parts)}, a problem."
            return
