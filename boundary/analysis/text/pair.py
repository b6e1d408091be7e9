"""What the estimates say of an RL model against its base: one plain sentence, the details, and what would settle it."""

from collections.abc import Iterator, Sequence

import numpy as np

from boundary.analysis.estimates.decisions import EQUIVALENT, NARROWED, OPEN, SURE, WIDENED, Decision
from boundary.analysis.formatting import (
    by_over,
    crossover_text,
    number,
    percentage,
    points,
    probability_text,
    upper_first,
)
from boundary.stats.estimands.crossing import LIKELY, CrossingBudget, CurveOrder

# Differences below this, .05 points, are 0.0 points when written.
SMALLEST = 0.0005
NOT_CONVERGED = "A fit did not converge, so that no number here is to be relied on"


def pair_sentence(
    name: str,
    n: int,
    decision: Decision,
    first: Decision | None,
    order: CurveOrder | None,
    crossover: CrossingBudget | None,
    extremes: str = "",
) -> str:
    """One sentence: where RL is ahead and where behind, the difference at a budget, and the decision there.

    Parameters
    ----------
    name
        The RL model, as readers know it.
    n
        Largest budget within the samples.
    decision
        The decision that the sentence ends with.
    first
        The decision at k = 1, where there is one; a difference there that is sure opens the sentence where neither
        curve is ahead throughout.
    order, crossover
        How the curves run, and where RL is overtaken by its base.
    extremes
        That a model solved nothing or everything; it then stands in place of how the curves run.
    """
    lead = extremes or (curve_clause(name, n, order, crossover) if order is not None and n > 1 else "")
    if not lead and first is not None and first.likeliest != EQUIVALENT and first.word != OPEN and decision.k > 1:
        lead = f"{name} solves {difference(first, of_base=True)} at k = 1"
    at = f"at {budget_words(decision, n)}"
    if not lead:
        return f"{upper_first(at)} {name} solves {difference(decision, of_base=True)}: {decision_words(decision)}."
    subject, of_base = (name, True) if extremes else ("it", False)
    return f"{lead}; {at} {subject} solves {difference(decision, of_base=of_base)}: {decision_words(decision)}."


def unconverged_sentence(name: str, n: int, decision: Decision) -> str:
    """The sentence on a pair whose fit did not converge: what its draws give, and that nothing is sure."""
    return (
        f"{NOT_CONVERGED}: at {budget_words(decision, n)} {name} solves {difference(decision, of_base=True)}, {OPEN}."
    )


def budget_words(decision: Decision, n: int) -> str:
    """The budget of a decision; one beyond the samples is marked."""
    return f"k = {decision.k:.0f}" + (f" (extrapolated beyond n = {n})" if decision.extrapolated else "")


def decision_words(decision: Decision) -> str:
    """The decision and how sure it is; of one that is open, which of the three is likeliest.

    Examples
    --------
    >>> decision_words(Decision(16, False, narrowed=0.97, widened=0.0, equivalent=0.03))
    'narrowed (97 % sure)'
    >>> decision_words(Decision(16, False, narrowed=0.7, widened=0.1, equivalent=0.2))
    'cannot tell yet (likeliest: narrowed, 70 %)'
    """
    if decision.word == OPEN:
        return f"{OPEN} (likeliest: {decision.likeliest}, {percentage(decision.probability)})"
    return f"{decision.word} ({percentage(decision.probability)} sure)"


def difference(decision: Decision, *, of_base: bool) -> str:
    """How many points fewer or more RL solves, with the interval; `of_base`: and that it is compared with its base.

    Examples
    --------
    >>> difference(Decision(16, False, 0.99, 0.0, 0.01, 0.018, 0.01, 0.027), of_base=True)
    '1.8 points fewer than its base [1.0, 2.7]'
    >>> difference(Decision(16, False, 0.2, 0.5, 0.3, -0.005, -0.021, 0.012), of_base=False)
    '0.5 points more [1.2 fewer to 2.1 more]'
    """
    mean, lower, upper = decision.difference, decision.lower, decision.upper
    if max(abs(lower), abs(upper)) < SMALLEST:
        return "as many as its base (difference below 0.05 points)"
    if abs(mean) < SMALLEST:
        return f"about as many as its base [{_side(upper)} to {_side(lower)}]"
    sign = 1 if mean > 0 else -1
    near, far = (lower, upper) if sign > 0 else (upper, lower)
    ends = f"{_side(near)} to {_side(far)}"
    if sign * near > -SMALLEST:
        ends = ", ".join(number(sign * end, 100, 1) for end in (near, far))
    return f"{_side(mean, ' points')}{' than its base' if of_base else ''} [{ends}]"


def _side(shrinkage: float, unit: str = "") -> str:
    """A shrinkage as so many fewer or more."""
    return f"{number(abs(shrinkage), 100, 1)}{unit} {'fewer' if shrinkage > 0 else 'more'}"


def curve_clause(name: str, n: int, order: CurveOrder, crossover: CrossingBudget | None) -> str:
    """Where RL is ahead of its base and where behind; empty where none of it is likely.

    Parameters
    ----------
    name, n, order, crossover
        As for `pair_sentence`.
    """
    if order.crosses_twice >= LIKELY:
        is_so, cross = ("is", "cross") if order.crosses_twice >= SURE else ("is probably", "probably cross")
        return f"{name} {is_so} ahead of its base at some k and behind it at others: the curves {cross} more than once"
    if max(order.crosses, order.crosses_back) >= LIKELY:
        sides = "ahead of", "behind"
        if order.crosses >= order.crosses_back:
            return _crossing_clause(name, n, order.crosses, sides, crossover, order.max_k)
        return _crossing_clause(name, n, order.crosses_back, sides[::-1], order.catches_up, order.max_k)
    if max(order.ahead, order.behind) >= SURE:
        return f"{name} is {'ahead of' if order.ahead >= SURE else 'behind'} its base at every k up to {n}"
    return ""


def _crossing_clause(
    name: str, n: int, probability: float, sides: Sequence[str], at: CrossingBudget | None, max_k: int
) -> str:
    is_so = "is" if probability >= SURE else "is probably"
    if at is None or not np.isfinite(at.median):
        return f"{name} {is_so} {sides[0]} its base first and {sides[1]} it later"
    crossover = crossover_text(*at, furthest=max_k, n=n)
    mark = f" ({crossover.mark})" if crossover.mark else ""
    return f"{name} {is_so} {sides[0]} its base up to k = {crossover}{mark}"


def pair_details(n: int, end_decisions: Sequence[Decision], order: CurveOrder | None, margin: float) -> Iterator[str]:
    """The probabilities behind the sentence, what they are of, and the decision beyond the samples.

    Parameters
    ----------
    n, order
        As for `pair_sentence`.
    end_decisions
        The decision that the sentence states, and where that lies within the samples, one beyond them.
    margin
        Difference of pass@k that matters.
    """
    yield _probabilities(end_decisions[0], margin)
    if order is not None and n > 1:
        yield from _order_details(n, order, margin)
    if end_decisions[-1].extrapolated:
        yield f"Beyond n = {n} the data alone cannot say."
    for extrapolated in end_decisions[1:]:
        yield (
            f"Extrapolated to k = {extrapolated.k:.0f}, it solves {difference(extrapolated, of_base=True)}: "
            f"{decision_words(extrapolated)}."
        )


def _probabilities(decision: Decision, margin: float) -> str:
    by, at = by_over(margin), f"pass@{decision.k:.0f}"
    if decision.word == OPEN:
        narrowed, widened, equivalent = map(
            probability_text, (decision.narrowed, decision.widened, decision.equivalent)
        )
        return (
            f"{at} is lower than that of its base{by} with probability {narrowed}, higher{by} with probability "
            f"{widened}, and neither with probability {equivalent}."
        )
    meaning = {
        NARROWED: f"is lower than that of its base{by}",
        WIDENED: f"is higher than that of its base{by}",
        EQUIVALENT: f"differs from that of its base by at most {points(margin)}" if margin else "is that of its base",
    }[decision.word]
    return f"{upper_first(decision.word)}: {at} {meaning}, with probability {probability_text(decision.probability)}."


def _order_details(n: int, order: CurveOrder, margin: float) -> Iterator[str]:
    by = by_over(margin)
    crossings = (("ahead", "behind", order.crosses), ("behind", "ahead", order.crosses_back))
    likely = [crossing for crossing in crossings if crossing[2] >= LIKELY]
    for earlier, later, probability in likely:
        yield (
            f"It is {earlier}{by} at some k and {later}{by} at a larger one with probability "
            f"{probability_text(probability)}."
        )
    if order.crosses_twice >= LIKELY:
        together = probability_text(order.crosses_twice)
        yield f"Both hold together, so that the curves cross more than once, with probability {together}."
    if not likely and max(order.ahead, order.behind) >= SURE:
        side, probability = ("ahead", order.ahead) if order.ahead >= SURE else ("behind", order.behind)
        yield f"It is {side}{by} at every k up to {n} with probability {probability_text(probability)}."


def next_step_of_pair(decision: Decision, n: int, margin: float, new_problems: bool) -> str:
    """What would settle an open decision; empty where it is not open.

    Parameters
    ----------
    decision
        The decision within the samples.
    n
        Largest budget within the samples.
    margin
        Difference of pass@k that matters.
    new_problems
        Whether the decision is on new problems of the same kind.
    """
    if decision.word != OPEN:
        return ""
    if n <= 1:
        return "One sample of each problem tells little about larger k: draw more samples of each."
    if new_problems:
        return "More problems of this kind, and more samples of each, would narrow the interval."
    over = f"over {points(margin)} " if margin else ""
    question = {
        NARROWED: f"RL solves {over}fewer",
        WIDENED: f"RL solves {over}more",
        EQUIVALENT: f"the two differ by at most {points(margin)}" if margin else "the two are the same",
    }[decision.likeliest]
    return (
        f"More samples of each problem would narrow the interval. How many would settle whether {question}, and of "
        f"which problems: boundary plan COUNTS --claim '{claim_of(decision, margin)}'"
    )


def claim_of(decision: Decision, margin: float) -> str:
    """The likeliest of the three decisions as a claim for `boundary plan`.

    Examples
    --------
    >>> claim_of(Decision(16, False, narrowed=0.7, widened=0.1, equivalent=0.2), 0.005)
    'shrinkage(16) > 0.5%'
    """
    shrinkage, least = f"shrinkage({decision.k:.0f})", f"{100 * margin:.6g}%"
    if decision.likeliest == EQUIVALENT:
        return f"{shrinkage} > -{least} and {shrinkage} < {least}"
    return f"{shrinkage} > {least}" if decision.likeliest == NARROWED else f"{shrinkage} < -{least}"
