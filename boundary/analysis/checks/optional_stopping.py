"""Optional stopping: arms whose number of samples depends on the outcome, as declared or as the counts show."""

from collections.abc import Mapping

import pandas as pd

from boundary.analysis.notes import Note
from boundary.data.counts import Counts
from boundary.errors import InputError, did_you_mean
from boundary.stats.optional_stopping import StoppingRule, stopping_rule

# A column of this name, or the option --stopping, declares the rule by which sampling stopped.
COLUMN = "stopping"
FIXED, FIRST, ADAPTIVE = "fixed", "first success", "adaptive"
RULES = (FIXED, FIRST, ADAPTIVE)
NO_UNBIASED_ESTIMATES = (
    "Estimates from the counts alone are withheld, since the unbiased estimators hold for an n that does not depend on "
    "the outcome; the posterior stands, since its likelihood is the same whatever made sampling stop."
)


def adaptive_arms(counts: Counts, stopping: str | None = None) -> tuple[Note, ...]:
    """A note for each arm whose sampling stopped because of the outcomes so far.

    Parameters
    ----------
    counts
        A column `stopping` in them declares the rule of an arm; where there is none it is recognised.
    stopping
        Declares one rule for all: `fixed`, `first success` or `adaptive`.

    Raises
    ------
    InputError
        For an unknown rule.

    Notes
    -----
    See `boundary.stats.optional_stopping.stopping_rule` for what is recognised.
    """
    if stopping is not None:
        _check_rule(stopping, "--stopping")
    notes = []
    for (benchmark, model), rows in counts.table.groupby(["benchmark", "model"], sort=False):
        reason = _reason(rows, stopping or _declared(rows, counts.source))
        if reason:
            text = f"The number of samples depends on the outcome: {reason}. {NO_UNBIASED_ESTIMATES}"
            notes.append(Note(str(benchmark), str(model), text, "alarm"))
    return tuple(notes)


def _check_rule(rule: str, source: str) -> None:
    if rule not in RULES:
        raise InputError(
            f"{source}: '{rule}' is no stopping rule.{did_you_mean(rule, RULES)} Choose one of: {', '.join(RULES)}."
        )


def _declared(rows: pd.DataFrame, source: str) -> str | None:
    rules = [" ".join(str(rule).split()) for rule in rows[COLUMN].dropna().unique()] if COLUMN in rows else []
    rules = [rule for rule in rules if rule]
    for rule in rules:
        _check_rule(rule, f"{source}, column {COLUMN}")
    return next((rule for rule in rules if rule != FIXED), rules[0] if rules else None)


def _reason(rows: pd.DataFrame, rule: str | None) -> str:
    """Why n depends on the outcome; empty where it does not."""
    if rule is not None:
        reasons: Mapping[str, str] = {
            FIXED: "",
            FIRST: "sampling is declared to have stopped at the first success",
            ADAPTIVE: "it is declared that what was seen decided how many samples were drawn",
        }
        return reasons[rule]
    recognised = stopping_rule(rows["n_correct"].to_numpy(), rows["n_samples"].to_numpy())
    return "" if recognised is None else _recognised_reason(recognised, rows)


def _recognised_reason(rule: StoppingRule, rows: pd.DataFrame) -> str:
    early = int((rows["n_samples"] < rule.most).sum())
    successes = "a success" if rule.successes == 1 else f"{rule.successes} successes"
    blocks = f" (n is a multiple of {rule.block})" if rule.block > 1 else ""
    return (
        f"{early} of {len(rows)} problems end below {rule.most:,} samples, each of them with {successes}{blocks}, and "
        "the share of successes falls as n grows, as it does where sampling stops at a success (if it did not, declare "
        "--stopping fixed)"
    )
