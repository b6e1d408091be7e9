"""Kinds of more data (levers): how wide the interval would be along each, and how much of it is enough."""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np

TIMES = (2, 4, 8)
# The search for a width ends at so many times what is there.
FURTHEST = 64
# The part of outcomes between the ends of the range of widths.
RANGE = (0.1, 0.9)


class Outlook(NamedTuple):
    """What more data would give: widths of the interval, one or one for each simulated outcome, and what it costs.

    Parameters
    ----------
    sizes
        Runs or checkpoints, problems and samples of a problem then, by the name of their column.
    n_more
        Further samples of all models.
    tokens
        Further tokens; NaN where they are not known.
    widths
        Of the interval, in shares of problems.
    extrapolated
        Whether the budget k is beyond the samples then.
    """

    sizes: dict[str, float]
    n_more: int
    tokens: float
    widths: np.ndarray
    extrapolated: bool


class Lever(NamedTuple):
    """One kind of more data.

    Parameters
    ----------
    name
        `runs`, `checkpoints`, `problems` or `samples`.
    outlook
        What so many times what is there would give.
    one_more
        How many times what is there one more run, checkpoint between each two, problem or sample of each is.
    """

    name: str
    outlook: Callable[[float], Outlook]
    one_more: float


class Goal(NamedTuple):
    """What is asked for: a width with a chance, or the best use of a number of further samples.

    Parameters
    ----------
    width
        Of the interval, in shares of problems; None where none is asked for.
    chance
        Probability with which it is to be reached.
    budget
        Further samples that may be spent; None where nothing is said.
    """

    width: float | None
    chance: float
    budget: int | None

    def chance_of(self, widths: np.ndarray) -> float:
        """Share of outcomes with an interval that is no wider; NaN of a single, expected width."""
        return float("nan") if self.width is None or len(widths) == 1 else float((widths <= self.width).mean())

    def is_reached(self, widths: np.ndarray) -> bool:
        """Whether a width was asked for and is reached: by the expected width, or with the chance."""
        if self.width is None:
            return False
        return bool(widths[0] <= self.width) if len(widths) == 1 else self.chance_of(widths) >= self.chance


class Setting(Protocol):
    """A method with its runs, or a training run with its checkpoints: what can be enlarged."""

    @property
    def today(self) -> Outlook:
        """What there is."""

    @property
    def levers(self) -> list[Lever]:
        """What there can be more of."""


def design_rows(setting: Setting, goal: Goal) -> list[dict[str, Any]]:
    """Rows of the table of designs: today, multiples of each lever, and those that the goal asks for."""
    rows = [_row("now", 1.0, setting.today, goal)]
    for lever in setting.levers:
        times: list[float] = list(TIMES)
        if goal.width is not None and (enough := _least_times(lever, goal)) is not None:
            times.append(enough)
        if goal.budget is not None:
            times.append(_affordable(lever, goal.budget))
        outlooks = {t: lever.outlook(t) for t in sorted(set(times)) if t > 1}
        rows += [_row(lever.name, t, outlook, goal) for t, outlook in outlooks.items()]
    return rows


def _row(name: str, times: float, outlook: Outlook, goal: Goal) -> dict[str, Any]:
    low, middle, high = np.quantile(outlook.widths, [RANGE[0], 0.5, RANGE[1]])
    around = np.quantile(outlook.widths, 0.5 + 0.5 * np.array([-1, 1]) / np.sqrt(len(outlook.widths)))
    return {
        "more": name,
        "times": times,
        **outlook.sizes,
        "n_more": outlook.n_more,
        "tokens": outlook.tokens,
        "width": middle,
        # Standard error of the median by its order statistics; a single width is an expected one.
        "width_error": float(np.diff(around)[0]) / 2 if len(outlook.widths) > 1 else 0.0,
        "width_lower": low,
        "width_upper": high,
        "chance": goal.chance_of(outlook.widths),
        "extrapolated": outlook.extrapolated,
    }


def _least_times(lever: Lever, goal: Goal) -> float | None:
    """Least number of times that reaches the width, to a twentieth or one more run; None where none does."""

    def is_enough(times: float) -> bool:
        return goal.is_reached(lever.outlook(times).widths)

    if is_enough(1.0):
        return 1.0
    low, high = 1.0, 2.0
    while not is_enough(high):
        low, high = high, 2 * high
        if high > FURTHEST:
            return None
    step = lever.one_more - 1
    while high - low > max(step, 0.05 * low) * 1.001:
        middle = low + step * round((high - low) / step / 2)
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    return high


def _affordable(lever: Lever, budget: int) -> float:
    """Largest number of times, at most `FURTHEST`, within the budget; 1 where not even the least of it is."""
    step = lever.one_more - 1
    per_step = max(lever.outlook(2.0).n_more * step, 1)
    return min(float(1 + step * np.floor(budget / per_step + 1e-9)), float(FURTHEST))
