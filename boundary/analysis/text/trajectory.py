"""Checkpoints of one training run in order: what pass@1 and pass@k do along the way."""

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from boundary.analysis.checkpoints import ENOUGH_CHECKPOINTS
from boundary.analysis.estimates.decisions import EQUIVALENT, NARROWED, OPEN, SURE, WIDENED, decision_at
from boundary.analysis.estimates.ranking import ahead_by_more
from boundary.analysis.estimates.table import POSTERIOR, select
from boundary.analysis.formatting import by_over, number, percentage, points, probability_text
from boundary.analysis.text.pair import decision_words
from boundary.analysis.text.verdict import Verdict
from boundary.stats.intervals import MARGIN


def trajectory_verdict(
    estimates: pd.DataFrame, benchmark: str, steps: Mapping[str, str], n: int, margin: float = MARGIN
) -> Verdict | None:
    """Say what pass@1 and pass@n did from the base to the last checkpoint, and between the first and the last."""
    rows = select(estimates, kind=POSTERIOR, benchmark=benchmark)
    curve = select(rows, estimand="pass_at_k")
    present = [model for model in steps if model in set(curve["model"])]
    if len(present) <= ENOUGH_CHECKPOINTS:
        return None
    budgets = [k for k in dict.fromkeys((1, n)) if (curve["k"] == k).any()]
    details = [detail for k in budgets for detail in _along(rows, present, k, steps, margin)]
    clauses = [clause for k in budgets for clause in _to_the_last(rows, present, k)]
    if not details or not clauses:
        return None
    sentence = f"From the base to the last of {len(present) - 1} checkpoints, {' and '.join(clauses)}."
    text = f"{sentence} Along the {len(present) - 1} checkpoints, {' '.join(details)}"
    return Verdict(benchmark, present[-1], present[0], text, sentence=sentence, subject="checkpoints", n=n)


def _to_the_last(rows: pd.DataFrame, present: Sequence[str], k: int) -> Iterator[str]:
    """What pass@k does from the base to the last checkpoint, and how sure that is, as a clause."""
    curve = select(rows, estimand="pass_at_k", k=k).set_index("model")["mean"]
    ends = f"from {number(curve[present[0]], 100, 1)} % to {number(curve[present[-1]], 100, 1)} %"
    decision = decision_at(select(rows, model=present[-1]), k)
    if decision is None:
        return
    if k > 1:  # what RL did to what can be solved with k samples is what a verdict is about
        direction = {WIDENED: "rises", NARROWED: "falls"}.get(decision.word, "goes")
        yield f"pass@{k} {direction} {ends}: {decision_words(decision)}"
    elif decision.word == OPEN:
        likeliest = {WIDENED: "a rise", NARROWED: "a fall", EQUIVALENT: "no change"}[decision.likeliest]
        yield f"pass@{k} goes {ends} ({likeliest} is likeliest, {percentage(decision.probability)})"
    else:
        verb = {WIDENED: "rises", NARROWED: "falls", EQUIVALENT: "stays about the same,"}[decision.word]
        yield f"pass@{k} {verb} {ends} ({percentage(decision.probability)} sure)"


def _along(
    rows: pd.DataFrame, present: Sequence[str], k: int, steps: Mapping[str, str], margin: float
) -> Iterator[str]:
    """From the base to the last checkpoint, and from the first checkpoint to the last: a sentence each."""
    curve = select(rows, estimand="pass_at_k", k=k).set_index("model")["mean"]
    start, first, last = (number(curve[model], 100, 1) for model in (present[0], present[1], present[-1]))
    decision = decision_at(select(rows, model=present[-1]), k)
    if decision is not None:
        ends = f"from {start} % in the base to {last} % at the last checkpoint"
        yield f"pass@{k} {_change(decision.widened, decision.narrowed, decision.equivalent, ends, margin)}."
    later = _pair_probabilities(select(rows, estimand="better", k=k), present[-1], present[1])
    if later is not None:
        ends = f"from {first} % to {last} %"
        yield f"Between step {steps[present[1]]} and the last checkpoint it {_change(*later, ends, margin)}."


def _change(rises: float, falls: float, equivalent: float, ends: str, margin: float) -> str:
    """What a share does between two checkpoints, as a predicate with its ends and probability."""
    by = by_over(margin)
    probably = f"{by} with probability".strip()
    if rises >= SURE:
        return f"rises {ends} ({probably} {probability_text(rises)})"
    if falls >= SURE:
        return f"falls {ends} ({probably} {probability_text(falls)})"
    no_change = f"no change of more than {points(margin)}" if margin else "no change"
    if equivalent >= SURE:
        changes = f"changes by no more than {points(margin)}" if margin else "does not change"
        return f"{changes}, {ends} (with probability {probability_text(equivalent)})"
    likeliest, probability = max(
        ((no_change, equivalent), (f"a rise{by}", rises), (f"a fall{by}", falls)),
        key=lambda clause: clause[1],
    )
    return (
        f"goes {ends}, and whether it changes cannot be told yet ({likeliest} has probability "
        f"{probability_text(probability)})"
    )


def _pair_probabilities(pairs: pd.DataFrame, model: str, other: str) -> tuple[float, float, float] | None:
    """P(a model is ahead of another by more than the margin), P(it is behind by more), P(neither)."""
    for first, second in ((model, other), (other, model)):
        pair = select(pairs, model=first, reference=second)
        if len(pair):
            flip = first == other
            ahead, behind = (float(ahead_by_more(pair, other=side).iloc[0]) for side in (flip, not flip))
            return ahead, behind, float(pair["prob_equivalent"].iloc[0])
    return None
