"""The type `Estimand`: a function of the solve rates, with its unit, labels and use in tables, claims and plans."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import xarray as xr

Unit = Literal["share", "points", "problems", "budget", "probability", "rank", "exponent"]
Parameter = Literal["k", "tau", "max_k"]
# At which budgets it is reported: each; half the samples; the largest within the samples; the one of reliability (16);
# or at none, since it has none.
ReportedAt = Literal["each", "half", "within", "reliability", "none"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Estimand:
    """A quantity of interest.

    Parameters
    ----------
    name
        Its key in `ESTIMANDS`, its name in claims and in the column `estimand`.
    draws
        Function from `SolveRates` and `parameters`, in this order, to draws, dimensions (chain, draw, ...). It takes
        `target` by name, and `base` and `rl` where it is of a pair.
    of
        Whether it is of each `model`, of a `pair` (an RL model against its base), or of all `models` together.
    parameters
        What it takes: a budget k, a threshold tau, the largest budget looked at.
    unit
        Unit of the draws: a `share` (of problems, or a rate, in [0, 1]), `points` (a difference of shares), a number of
        `problems`, a `budget`, a `probability`, a `rank`, an `exponent`.
    label, label_at
        What readers call it; and the same at a budget and threshold, for `str.format` with k and tau.
    group
        The table or section that it belongs to; `--estimand GROUP` chooses all of them.
    definition, from_counts, source
        For the table in docs/estimands.md: the formula, how the counts alone estimate it, and the paper.
    unbiased
        Estimate from the counts alone: a function of n_correct and n_samples, each (problem,) or for a pair (problem,
        2) with the base in column 0, and of `k` and `tau` where it takes them. It returns a number, a labelled array
        over tau, or None where there is no estimate. None where the counts have no estimate of it.
    joint
        Where several estimands are computed together: the function that gives them all, by name.
    reported_at
        Budgets at which `analyze` reports it; None where it is not made from the draws of one fit alone.
    main
        Whether it is always reported: the verdict and the figures need it.
    claimable
        Whether a claim can be about it.
    additive
        Whether it is a sum or a mean over problems, so that samples can be planned for it.
    ratio
        Where it is a ratio of two sums of other estimands: the weights of those above and below the line.
    root_of
        Where it is the smallest budget at which another estimand, which is additive, is at least 0: that one's name.
    difference
        Whether it is a difference of shares, so that the margin applies to it.
    budget_multiple
        It looks at so many times its budget k.

    Examples
    --------
    >>> from boundary.stats.estimands import ESTIMANDS
    >>> ESTIMANDS["tail_exponent"].samples_needed(128)
    256
    """

    name: str
    draws: Callable[..., xr.DataArray]
    of: Literal["model", "pair", "models"]
    label: str
    group: str
    definition: str
    parameters: tuple[Parameter, ...] = ("k",)
    unit: Unit = "share"
    label_at: str = ""
    from_counts: str = ""
    source: str = ""
    unbiased: Callable[..., float | xr.DataArray | None] | None = None
    joint: Callable[..., xr.Dataset] | None = None
    reported_at: ReportedAt | None = "each"
    main: bool = False
    claimable: bool = True
    additive: bool = False
    ratio: tuple[Mapping[str, int], Mapping[str, int]] | None = None
    root_of: str = ""
    difference: bool = False
    budget_multiple: int = 1

    def __call__(self, *args: Any, **kwargs: Any) -> xr.DataArray:
        """Draws of the estimand: the same as `draws`."""
        return self.draws(*args, **kwargs)

    @property
    def arguments(self) -> tuple[Parameter, ...]:
        """What a claim writes in parentheses behind its name."""
        return tuple(name for name in self.parameters if name != "max_k")

    @property
    def is_budget(self) -> bool:
        """Whether its draws are themselves budgets, such as those of the crossover."""
        return self.unit == "budget"

    def samples_needed(self, k: float) -> float:
        """Samples of a problem that an estimate at budget k needs."""
        return self.budget_multiple * k
