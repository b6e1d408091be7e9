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
from boundary.analysis.trajectory.record import FALLS_TO_LAST, RISES_TO_LAST
from boundary.stats.intervals import MARGIN

AS_ONE = "as one trajectory, which borrows strength across them so that its numbers differ from those of a pair"


def trajectory_verdict(
    estimates: pd.DataFrame,
    benchmark: str,
    steps: Mapping[str, str],
    n: int,
    margin: float = MARGIN,
    trajectory: pd.DataFrame | None = None,
) -> Verdict | None:
    """Say what pass@1 and pass@n did from the base to the last checkpoint, and between the first and the last.

    Parameters
    ----------
    estimates
        Of the pairs: what the sentence of the verdict states, as the tables of verdicts do.
    benchmark
        Its name.
    steps
        Labels of the steps by model, the base first.
    n
        Largest budget within the samples.
    margin
        Difference of pass@k that matters.
    trajectory
        Rows of trajectory.csv, which what happens along the checkpoints is told from; the pairs where they lack it.
    """
    rows = select(estimates, kind=POSTERIOR, benchmark=benchmark)
    curve = select(rows, estimand="pass_at_k")
    present = [model for model in steps if model in set(curve["model"])]
    if len(present) <= ENOUGH_CHECKPOINTS:
        return None
    budgets = [k for k in dict.fromkeys((1, n)) if (curve["k"] == k).any()]
    joined = _of_trajectory(trajectory, benchmark, present)
    along = rows if joined is None else joined
    details = [detail for k in budgets for detail in _along(along, present, k, steps, margin)]
    clauses = [clause for k in budgets for clause in _to_the_last(rows, present, k)]
    if not details or not clauses:
        return None
    sentence = f"From the base to the last of {len(present) - 1} checkpoints, {' and '.join(clauses)}."
    as_one = "" if joined is None else f" {AS_ONE}"
    text = f"{sentence} Along the {len(present) - 1} checkpoints{as_one}, {' '.join(details)}"
    return Verdict(benchmark, present[-1], present[0], text, sentence=sentence, subject="checkpoints", n=n)


def _of_trajectory(trajectory: pd.DataFrame | None, benchmark: str, present: Sequence[str]) -> pd.DataFrame | None:
    """Rows of the trajectory at these checkpoints of one run; None where it does not have them all."""
    if trajectory is None or trajectory.empty:
        return None
    rows = select(trajectory, kind=POSTERIOR, benchmark=benchmark, model=tuple(present))
    for _, of_run in rows.groupby("training_run", sort=False):
        if set(present) <= set(of_run["model"]):
            return of_run
    return None


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
    later = _later_probabilities(select(rows, k=k), present[-1], present[1])
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


def _later_probabilities(rows: pd.DataFrame, model: str, other: str) -> tuple[float, float, float] | None:
    """P(a model is ahead of an earlier one by more than the margin), P(it is behind by more), P(neither)."""
    sides = [select(rows, estimand=name, model=other)["mean"] for name in (RISES_TO_LAST, FALLS_TO_LAST)]
    if all(map(len, sides)):
        rises, falls = (float(side.iloc[0]) for side in sides)
        return rises, falls, 1 - rises - falls
    pairs = select(rows, estimand="better")
    for first, second in ((model, other), (other, model)):
        pair = select(pairs, model=first, reference=second)
        if len(pair):
            flip = first == other
            ahead, behind = (float(ahead_by_more(pair, other=side).iloc[0]) for side in (flip, not flip))
            return ahead, behind, float(pair["prob_equivalent"].iloc[0])
    return None
